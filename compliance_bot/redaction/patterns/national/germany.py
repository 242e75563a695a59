"""German numbers: tax, pension, health insurance, identity card, passport, physicians, companies, driving licences."""

from __future__ import annotations

from stdnum.de import stnr, vat
from stdnum.iso7064 import mod_11_10

from compliance_bot.redaction.patterns.national import checks
from compliance_bot.redaction.patterns.national.format import Format, layouts, matches, words

# No vowels, none that look like digits; one letter at least.
_is_document = matches("(?=[0-9]*[A-Z])[CFGHJKLMNPRTVWXYZ0-9]{8}[0-9]")
_CARD_WORDS = words(
    r"(?:personal)?ausweis\w{0,12}",
    "perso",
    r"(?:german|national) id(?:entity)?(?: card)?\w{0,3}",
    r"id(?:entity)? card",
)
_PASS_WORDS = words(r"(?:reise)?pass(?: nr| nummer|nummer)?", r"german passport\w{0,3}", "passport")


def _is_tax_id(value: str) -> bool:
    # stdnum asks for exactly one repeated digit; since 2016 any may come up to three times.
    return value[0] != "0" and max(map(value[:10].count, value)) <= 3 and mod_11_10.is_valid(value)


FORMATS = (
    Format(
        type="DE_TAX_ID",
        shapes=("99999999999",),
        check=_is_tax_id,
        words=words(
            r"steuerliche identifikation\w{0,7}",
            r"steuer id\w{0,4}",
            r"steuer identifikation\w{0,8}",
            "idnr",
            "tin",
            r"tax id(?:entification)?(?: number)?",
        ),
    ),
    Format(
        type="DE_TAX_NUMBER",
        shapes=("9999999999", "99999999999", "9999999999999"),
        form=stnr.is_valid,
        words=words(r"steuer ?(?:nummer|nr)", r"st\.? ?nr", "finanzamt", "tax number"),
        layouts=layouts("2 3 5", "3 3 5", "3 4 4"),
    ),
    Format(
        type="DE_SOCIAL_SECURITY",
        shapes=("99999999A999",),
        check=checks.is_pension_number,
        alone=0.75,
        layouts=layouts("12", "2 6 1 3", "2 6 1 2 1", "8 1 3", "2 6 4"),
        words=words(
            r"(?:renten|sozial)versicherung\w{0,10}",
            r"versicherungs ?(?:nummer|nr)",
            "rvnr",
            "svnr",
            "sv nr",
            r"(?:german )?social (?:security|insurance)(?: number)?",
        ),
    ),
    Format(
        type="DE_HEALTH_INSURANCE",
        shapes=("A999999999",),
        check=checks.is_insured_number,
        words=words(
            r"kranken(?:versich\w{0,16}|kasse\w{0,5})",
            r"versicherten ?(?:nummer|nr)",
            r"gesundheitskarte\w?",
            "kvnr",
            "egk",
            r"versicherungs ?(?:nummer|nr)",
            "aok",
            "barmer",
            "dak",
            "techniker",
            r"health insurance\w{0,3}",
        ),
    ),
    Format(
        type="DE_ID_CARD",
        shapes=("XXXXXXXX9",),
        form=_is_document,
        check=checks.is_icao,
        words=_CARD_WORDS,
    ),
    Format(
        type="DE_ID_CARD",  # before 2010; four digits of authority, five of serial, check digit and D on some
        shapes=("A99999999", "9999999999A"),
        form=matches("T[0-9]{8}|[0-9]{10}D"),
        words=_CARD_WORDS,
    ),
    Format(type="DE_PASSPORT", shapes=("XXXXXXXX9",), form=_is_document, check=checks.is_icao, words=_PASS_WORDS),
    Format(
        type="DE_VAT_ID",
        shapes=("AA999999999",),
        form=matches("DE.*"),
        check=vat.is_valid,
        alone=1.0,
        layouts=layouts("11", "2 9", "5 3 3", "2 3 3 3"),
        words=words(r"u(?:m)?s(?:a)?t(?:z)?(?:steuer)? ?id\w{0,25}", r"vat(?: id| number| no)?"),
    ),
    Format(
        type="DE_LANR",
        shapes=("999999999",),
        check=checks.is_physician_number,
        words=words("lanr", r"(?:lebenslange )?arzt ?(?:nummer|nr)", r"arztnr"),
    ),
    Format(
        type="DE_BSNR",
        shapes=("999999999",),
        words=words("bsnr", r"(?:neben|haupt)?betriebsst[äa]e?tten ?(?:nummer|nr)"),
    ),
    Format(
        type="DE_HANDELSREGISTER",
        shapes=("AAA999", "AAA9999", "AAA99999", "AAA999999"),
        form=matches("HR[AB][0-9]+"),
        alone=0.7,
        layouts=layouts(*(f"3 {n}" for n in range(3, 7)), *map(str, range(6, 10))),
        words=words(r"handelsregister\w{0,8}", "amtsgericht", "registergericht"),
    ),
    Format(
        type="DE_FUEHRERSCHEIN",
        shapes=("XXX99999999", "XX99999999X", "X9999999999"),
        form=matches("[A-Z][0-9A-Z]{2}[0-9]{7}[0-9A-Z]"),
        words=words(r"f(?:ü|ue)hrerschein\w{0,8}", r"fahrerlaubnis\w{0,8}", r"german driv\w{2,5} licen[cs]e"),
    ),
)
