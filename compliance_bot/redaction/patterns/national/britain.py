"""British and Irish numbers: health service, national insurance, tax, passport, driving licence, PPS."""

from __future__ import annotations

from stdnum.gb import nhs, utr
from stdnum.ie import pps

from compliance_bot.redaction.patterns.national.format import Format, layouts, matches, words

FORMATS = (
    Format(
        type="UK_NHS",
        shapes=("9999999999",),
        check=nhs.is_valid,
        words=words("nhs", r"national health service", r"health service (?:number|no)", r"health and care number"),
    ),
    Format(
        type="UK_NINO",
        shapes=("AA999999A", "AA999999"),
        form=matches("(?!BG|GB|NK|KN|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z][0-9]{6}[A-D]?"),
        alone=0.6,
        layouts=layouts("9", "2 2 2 2 1", "2 6 1"),
        words=words(r"national insurance", "nino", r"ni (?:number|no)", r"n\.i\."),
    ),
    Format(
        type="UK_UTR",
        shapes=("9999999999",),
        check=utr.is_valid,
        words=words("utr", r"unique tax(?:payer)?(?: reference)?", r"self assessment", r"tax reference"),
    ),
    Format(
        type="UK_PASSPORT",
        shapes=("999999999", "AA9999999"),
        words=words(r"(?:uk|british|united kingdom|hm) passport\w{0,3}", "hmpo"),
    ),
    Format(
        type="UK_DRIVING_LICENCE",
        shapes=("XXXXX999999XXXAA",),
        form=matches(
            "(?!9)[A-Z9]{5}[0-9](?:0[1-9]|1[0-2]|5[1-9]|6[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9][A-Z9]{2}[A-Z0-9][A-Z]{2}"
        ),
        alone=0.8,
        layouts=layouts("16", "5 6 5", "5 6 3 2"),
        words=words(r"driv\w{2,5} licen[cs]e", "dvla", r"licen[cs]e (?:number|no)"),
    ),
    Format(
        type="UK_DRIVING_LICENCE",  # Northern Ireland
        shapes=("99999999",),
        words=words(r"driving licence(?: number| no)?", "dva"),
    ),
    Format(
        type="IE_PPS",
        shapes=("9999999A", "9999999AA"),
        check=pps.is_valid,
        words=words(r"pps[n]?", r"personal public service", r"rsi", r"irish (?:tax|social)\w{0,3}"),
    ),
)
