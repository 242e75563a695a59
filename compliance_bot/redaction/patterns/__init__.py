"""Scans for values that have a shape: one noun a module, no Presidio, no model.

Each scan is a generator `(text) -> Found…` over text in the normal form of `normalise`, linear in its length whatever
the text is. `scans` lists them with the types they can find.
"""
