"""Italian numbers: fiscal code, VAT, health card, identity card, passport, driving licence."""

from __future__ import annotations

from stdnum.it import codicefiscale, iva

from compliance_bot.redaction.patterns.national.format import Format, layouts, matches, words

FORMATS = (
    Format(
        type="IT_FISCAL_CODE",
        # Digits become letters where two people would have the same code ("omocodia").
        shapes=("AAAAAAXXAXXAXXXA",),
        check=codicefiscale.is_valid,
        alone=1.0,
        layouts=layouts("16", "6 5 5", "3 3 5 5", "3 3 5 4 1", "6 5 4 1"),
        words=words(r"cod(?:ice|\.)? ?fisc(?:ale|\.)?", r"c\.? ?f\.?", r"fiscal code", r"italian tax\w{0,3}"),
    ),
    Format(
        type="IT_VAT_CODE",
        shapes=("99999999999",),
        check=iva.is_valid,
        words=words(
            r"p(?:art)?(?:ita)?\.? ?iva",
            r"vat(?: id| number| code| no)?",
            r"cod(?:ice|\.)? ?fisc(?:ale|\.)?",
            "p\\.iva",
        ),
    ),
    Format(
        type="IT_VAT_CODE",
        shapes=("AA99999999999",),
        form=matches("IT.*"),
        check=iva.is_valid,
        alone=1.0,
        layouts=layouts("13", "2 11"),
        words=words("p\\.? ?iva", r"partita iva", "vat"),
    ),
    Format(
        type="IT_HEALTH_CARD",
        shapes=("99999999999999999999",),
        form=matches("8038[0-9]{16}"),
        alone=0.6,
        layouts=layouts("20"),
        words=words(r"tessera sanitaria", r"health card"),
    ),
    Format(
        type="IT_IDENTITY_CARD",
        shapes=("AA9999999", "9999999AA", "AA99999AA"),
        layouts=layouts("2 7", "2 5 2"),
        words=words(
            r"carta (?:d')?(?:di )?identit[àa]'?(?: elettronica)?",
            r"c\.?i\.?e?\.?",
            r"documento(?: di riconoscimento| n)?",
            r"italian id\w{0,8}(?: card)?",
        ),
    ),
    Format(
        type="IT_PASSPORT",
        shapes=("AA9999999", "A999999"),
        layouts=layouts("2 7"),
        words=words(r"passaport[oi]", r"italian passport\w{0,3}"),
    ),
    Format(
        type="IT_DRIVER_LICENSE",
        shapes=("AA9999999A", "X9XXXXXXXA"),
        form=matches("[A-Z]{2}[0-9]{7}[A-Z]|U1[A-Z0-9]{7}[A-Z]"),
        words=words(r"patent[ei](?: di guida)?", r"licenza di guida", r"italian driv\w{2,5} licen[cs]e"),
    ),
)
