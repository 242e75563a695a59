"""Spanish and Portuguese numbers: identity, tax, social security, companies, passport, driving licence."""

from __future__ import annotations

from stdnum.es import cif, dni, nie
from stdnum.pt import cc
from stdnum.pt import nif as portuguese

from compliance_bot.redaction.patterns.national import checks
from compliance_bot.redaction.patterns.national.format import Format, layouts, matches, words

_IDENTITY = words(
    r"d\.? ?n\.? ?i\.?",
    r"n\.? ?i\.? ?f\.?",
    r"n\.? ?i\.? ?e\.?",
    r"documento nacional(?: de identidad)?",
    "identidad",
    r"spanish (?:id|tax|national)\w{0,3}",
    r"n[úu]mero de identificaci[óo]n",
    "extranjero",
)
_LICENCE = words(r"(?:permiso|carn[ée]t?|licencia) de conduc\w{2,6}", r"spanish driv\w{2,5} licen[cs]e")

FORMATS = (
    Format(
        type="ES_DRIVER_LICENSE",
        shapes=("99999999A", "A9999999A"),
        check=lambda value: dni.is_valid(value) or nie.is_valid(value),
        words=_LICENCE,
    ),
    Format(
        type="ES_NIF",
        shapes=("99999999A",),
        check=dni.is_valid,
        alone=0.6,
        layouts=layouts("9", "8 1", "2 3 3 1", "2 3 4"),
        words=_IDENTITY,
    ),
    Format(
        type="ES_NIF",  # children and foreigners without a number of their own
        shapes=("A9999999A",),
        form=matches("[KLM].*"),
        check=lambda value: dni.calc_check_digit(value[1:8]) == value[8],
        words=_IDENTITY,
    ),
    Format(
        type="ES_NIE",
        shapes=("A9999999A",),
        form=matches("[XYZ].*"),
        check=nie.is_valid,
        alone=0.6,
        layouts=layouts("9", "1 7 1", "8 1", "1 8"),
        words=_IDENTITY,
    ),
    Format(
        type="ES_CIF",
        shapes=("A9999999X",),
        form=matches("[ABCDEFGHJNPQRSUVW].*"),
        check=cif.is_valid,
        words=words(r"c\.? ?i\.? ?f\.?", r"n\.? ?i\.? ?f\.?", r"vat(?: id| number)?", r"registro mercantil"),
    ),
    Format(
        type="ES_PASSPORT",
        shapes=("AAA999999", "AAA999999A", "AA999999"),
        words=words(r"pasaportes?", r"spanish passport\w{0,3}"),
    ),
    Format(
        type="ES_SOCIAL_SECURITY",
        shapes=("999999999999",),
        check=checks.is_spanish_social_security,
        alone=0.6,
        layouts=layouts("2 8 2"),
        words=words(
            r"seguridad social",
            "nuss",
            "nass?",
            r"afiliaci[óo]n",
            r"spanish social security\w{0,3}",
            r"n\.? ?s\.? ?s\.?",
        ),
    ),
    Format(
        type="PT_NIF",
        shapes=("999999999",),
        check=portuguese.is_valid,
        words=words(
            r"n\.? ?i\.? ?f\.?",
            "contribuinte",
            r"n[úu]mero fiscal",
            r"identifica[çc][ãa]o fiscal",
            r"portuguese tax\w{0,3}",
        ),
    ),
    Format(
        type="PT_CITIZEN_CARD",
        shapes=("999999999AA9",),
        check=cc.is_valid,
        alone=0.75,
        layouts=layouts("8 1 3", "12", "9 3"),
        words=words(r"cart[ãa]o de cidad[ãa]o", r"portuguese id\w{0,8}", "cc"),
    ),
)
