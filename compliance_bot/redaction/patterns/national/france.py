"""French numbers: social security, tax, companies of one person, identity card, passport, driving licence."""

from __future__ import annotations

from stdnum.fr import nif, nir, siren, siret

from compliance_bot.redaction.patterns.national.format import Format, layouts, matches, words

# Sex, year, month (from 20 on: unknown), department, commune, order, and maybe the key.
_is_person = matches(
    "[1278][0-9]{2}(?:0[1-9]|1[0-2]|2[0-9]|3[0-9]|4[0-2])(?:0[1-9]|[1-8][0-9]|9[0-57-9]|2[AB])[0-9]{6}(?:[0-9]{2})?"
)


FORMATS = (
    Format(
        type="FR_NIR",
        shapes=("999999999999999", "999999A99999999"),
        form=_is_person,
        check=nir.is_valid,
        alone=1.0,
        layouts=layouts("15", "13 2", "1 2 2 2 3 3 2", "1 2 2 5 3 2", "1 2 2 2 6 2"),
        words=words(
            r"s[ée]curit[ée] sociale",
            "nir",
            "n[°ºo]? ?ss",
            r"carte vitale",
            r"n(?:°|º|um[ée]ro)? d'assur[ée]\w{0,2}",
            r"french social security\w{0,3}",
            "insee",
            "num[ée]ro de s[ée]cu",
            r"immatriculation",
        ),
    ),
    Format(
        type="FR_NIR",  # without its key
        shapes=("9999999999999", "999999A999999"),
        form=_is_person,
        words=words(r"s[ée]curit[ée] sociale", "nir", r"carte vitale", "num[ée]ro de s[ée]cu"),
        layouts=layouts("1 2 2 2 3 3"),
    ),
    Format(
        type="FR_TAX_ID",
        shapes=("9999999999999",),
        form=matches("[0-3].*"),
        check=nif.is_valid,
        alone=0.75,
        layouts=layouts("2 2 3 3 3"),
        words=words(
            r"num[ée]ro fiscal",
            r"n[°º] fiscal",
            "spi",
            r"r[ée]f[ée]rence fiscale",
            r"identifiant fiscal",
            r"num[ée]ro d'imposition",
            "french tax\\w{0,3}",
            "nif",
            "tin",
        ),
    ),
    Format(
        type="FR_SIRET",
        shapes=("99999999999999",),
        check=siret.is_valid,
        alone=0.75,
        layouts=layouts("3 3 3 5", "9 5"),
        words=words("siret", r"[ée]tablissement"),
    ),
    Format(
        type="FR_SIREN",
        shapes=("999999999",),
        check=siren.is_valid,
        words=words("siren", r"rcs(?: [a-zé-]{2,20})?", r"registre du commerce"),
    ),
    Format(
        type="FR_ID_CARD",
        shapes=("999999999999", "XXXXXXXXX"),
        form=matches("[0-9]{12}|(?=.*[0-9].*[0-9])[A-Z0-9]{9}"),
        words=words(r"carte (?:nationale )?d'identit[ée]\w{0,12}", "cni", r"french id\w{0,8}(?: card)?"),
    ),
    Format(
        type="FR_PASSPORT",
        shapes=("99AA99999",),
        words=words(r"passeports?", r"french passport\w{0,3}", "passport"),
    ),
    Format(
        type="FR_DRIVER_LICENSE",
        shapes=("999999999999", "99AA99999"),
        words=words(r"permis(?: de conduire)?(?! de)", r"french driv\w{2,5} licen[cs]e"),
    ),
)
