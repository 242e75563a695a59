"""Numbers that states give to people: for tax, health, insurance, driving, identity; one file a country or region.

Each country is a tuple of `Format`s, pure data. `numbers` scans for all of them in one pass. Check digits are
python-stdnum's where it has them. Passports and plates that only a word can tell are in the modules beside this one.
"""
