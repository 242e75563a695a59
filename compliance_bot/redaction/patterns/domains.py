"""The commonest top-level domains, sorted by how much one proves. A list in the code: nothing is fetched.

Not the registry's list of 1,400: with all of them, `activity.Ma` and `v.St` are addresses.
"""

from __future__ import annotations

# A name with one of these is an address by itself.
SURE = frozenset(
    """com net org edu gov mil int biz info eu uk de fr ch ca au jp cn ru br mx ar cl co nl pl cz sk dk fi se gr hu ro
    bg hr rs si ee lt lv ie lu li tr ua il za nz in kr tw hk sg my ph th vn id pk ae sa qa kw eg ma ng ke gh pe ve
    uy ec io ai app dev cloud online site shop store tech blog xyz bank insurance law legal health hospital clinic
    finance news media agency email travel london berlin paris wien ngo foundation consulting solutions systems
    network digital club pro jobs museum coop aero mobi gle gl tv fm gg ly fyi page link""".split()
)
# These are words of English, German, French, Spanish or Italian as well, ends of file names, or for examples: they
# need a path, a second dot, or a word such as "visit" before them.
ALSO_WORDS = frozenset(
    """it es at be is me to us no so am as by do id in my pm st la ma pro info name email page link store site online
    shop app law legal health news media live life world today one int tel pub care work works group team example
    test local localhost internal invalid onion lan home corp""".split()
)
FILES = frozenset("py sh rs pl ps cc md mk ml zip mov".split())

KNOWN = SURE | ALSO_WORDS | FILES
