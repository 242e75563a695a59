"""Personal numbers of Sweden, Finland, Denmark, Norway and Iceland."""

from __future__ import annotations

from stdnum.fi import hetu
from stdnum.is_ import kennitala
from stdnum.no import fodselsnummer
from stdnum.se import personnummer

from compliance_bot.redaction.patterns.national import checks
from compliance_bot.redaction.patterns.national.format import Format, layouts, matches, words


def _is_finnish(value: str) -> bool:
    return hetu.is_valid(value if len(value) == 11 else f"{value[:6]}-{value[6:]}")


FORMATS = (
    Format(
        type="SE_PERSONNUMMER",
        shapes=("999999999999",),
        form=matches("(?:18|19|20).*"),
        check=personnummer.is_valid,
        alone=1.0,
        layouts=layouts("12", "8 4"),
        words=words(
            r"person ?(?:nummer|nr)", r"samordnings ?nummer", r"swedish (?:id|personal|tax)\w{0,3}", r"personal number"
        ),
    ),
    Format(
        type="SE_PERSONNUMMER",
        shapes=("9999999999",),
        check=personnummer.is_valid,
        alone=0.6,
        layouts=layouts("6 4"),
        marks="-+",
        words=words(
            r"person ?(?:nummer|nr)", r"samordnings ?nummer", r"swedish (?:id|personal|tax)\w{0,3}", r"personal number"
        ),
    ),
    Format(
        type="FI_PERSONAL_IDENTITY_CODE",
        shapes=("999999999A", "9999999999", "999999A999A", "999999A9999"),
        check=_is_finnish,
        alone=0.9,
        layouts=layouts("6 4", "11"),
        marks="-+A",
        words=words(
            "hetu", r"henkil[öo]tunnus", r"sotu", r"personbeteckning", r"finnish (?:id|personal|social)\w{0,3}"
        ),
    ),
    Format(
        type="DK_CPR",
        shapes=("9999999999",),
        form=checks.is_danish,
        layouts=layouts("6 4"),
        words=words(r"cpr(?: nummer| nr)?", r"person ?(?:nummer|nr)", r"danish (?:id|personal|cpr)\w{0,3}"),
    ),
    Format(
        type="NO_FODSELSNUMMER",
        shapes=("99999999999",),
        check=fodselsnummer.is_valid,
        alone=0.6,
        layouts=layouts("11", "6 5"),
        words=words(
            r"f[øo]dsels ?(?:nummer|nr)", r"person ?(?:nummer|nr)", r"d ?nummer", r"norwegian (?:id|national)\w{0,3}"
        ),
    ),
    Format(
        type="IS_KENNITALA",
        shapes=("9999999999",),
        check=kennitala.is_valid,
        alone=0.6,
        layouts=layouts("6 4"),
        marks="-",
        words=words("kennitala", r"kt", r"icelandic (?:id|national)\w{0,3}"),
    ),
)
