"""Numbers of central, eastern and south-eastern Europe and of Turkey."""

from __future__ import annotations

from stdnum.bg import egn
from stdnum.cz import rc
from stdnum.ee import ik
from stdnum.gr import amka
from stdnum.hr import oib
from stdnum.lt import asmens
from stdnum.pl import nip, pesel
from stdnum.ro import cnp
from stdnum.si import emso
from stdnum.tr import tckimlik

from compliance_bot.redaction.patterns.national.format import Format, layouts, words

FORMATS = (
    Format(
        type="PL_PESEL",
        shapes=("99999999999",),
        check=pesel.is_valid,
        words=words("pesel", r"polish (?:id|national)\w{0,3}"),
    ),
    Format(
        type="PL_NIP",
        shapes=("9999999999",),
        check=nip.is_valid,
        words=words("nip", r"numer identyfikacji podatkowej", r"polish tax\w{0,3}"),
    ),
    Format(
        type="CZ_BIRTH_NUMBER",
        shapes=("9999999999",),
        check=rc.is_valid,
        alone=0.6,
        layouts=layouts("6 4"),
        marks="/",
        words=words(
            r"rodn[ée] [čc][íi]slo", r"r\. ?[čc]\.", r"(?:czech|slovak) (?:id|birth|personal)\w{0,3}", r"birth number"
        ),
    ),
    Format(
        type="RO_CNP",
        shapes=("9999999999999",),
        check=cnp.is_valid,
        alone=0.6,
        layouts=layouts("13"),
        words=words("cnp", r"cod(?:ul)? numeric personal", r"romanian (?:id|personal)\w{0,3}"),
    ),
    Format(
        type="BG_EGN",
        shapes=("9999999999",),
        check=egn.is_valid,
        words=words("egn", "егн", r"bulgarian (?:id|personal)\w{0,3}"),
    ),
    Format(
        type="HR_OIB",
        shapes=("99999999999",),
        check=oib.is_valid,
        words=words("oib", r"osobni identifikacijski broj", r"croatian (?:id|tax|personal)\w{0,3}"),
    ),
    Format(
        type="SI_EMSO",
        shapes=("9999999999999",),
        check=emso.is_valid,
        words=words(r"em[šs]o", "jmbg", r"matična številka"),
    ),
    Format(
        type="EE_ISIKUKOOD",
        shapes=("99999999999",),
        check=ik.is_valid,
        words=words(r"isikukood\w{0,2}", r"estonian (?:id|personal)\w{0,3}"),
    ),
    Format(
        type="LT_ASMENS_KODAS",
        shapes=("99999999999",),
        check=asmens.is_valid,
        words=words(r"asmens koda\w", r"lithuanian (?:id|personal)\w{0,3}"),
    ),
    Format(
        type="GR_AMKA",
        shapes=("99999999999",),
        check=amka.is_valid,
        words=words("amka", "αμκα", r"greek social\w{0,3}"),
    ),
    Format(
        type="TR_NATIONAL_ID",
        shapes=("99999999999",),
        check=tckimlik.is_valid,
        words=words(r"t\.?c\.?(?: kimlik)?(?: no| numaras[ıi])?", "tckn", "kimlik", r"turkish (?:id|national)\w{0,3}"),
    ),
)
