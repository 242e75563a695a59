"""Numbers of the Netherlands, Belgium, Luxembourg, Austria and Switzerland."""

from __future__ import annotations

from stdnum.at import vnr
from stdnum.be import nn
from stdnum.ch import ssn
from stdnum.nl import bsn, identiteitskaartnummer

from compliance_bot.redaction.patterns.national import checks
from compliance_bot.redaction.patterns.national.format import Format, layouts, matches, words

FORMATS = (
    Format(
        type="NL_BSN",
        shapes=("999999999",),
        check=bsn.is_valid,
        words=words("bsn", r"burger ?service ?nummer", r"sofi ?nummer", r"citizen service number", r"persoonsnummer"),
    ),
    Format(
        type="NL_PASSPORT",
        shapes=("AAXXXXXX9",),
        form=identiteitskaartnummer.is_valid,
        words=words(r"paspoort\w{0,7}", r"identiteitskaart\w{0,7}", r"dutch (?:passport|id)\w{0,3}"),
    ),
    Format(
        type="BE_NATIONAL_NUMBER",
        shapes=("99999999999",),
        check=nn.is_valid,
        alone=0.6,
        layouts=layouts("11", "2 2 2 3 2", "6 3 2", "6 5"),
        words=words(
            r"rijksregister\w{0,8}",
            r"registre national",
            r"num[ée]ro national",
            r"national (?:register )?number",
            "niss",
            "insz",
            r"n[°º] national",
            r"belgian (?:id|national)\w{0,3}",
        ),
    ),
    Format(
        type="LU_NATIONAL_ID",
        shapes=("9999999999999",),
        form=matches(r"(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{5}"),
        words=words(
            "matricule", r"num[ée]ro d'identification nationale", "ccss", r"luxembourg\w{0,4} (?:id|national)\w{0,3}"
        ),
        layouts=layouts("8 5", "4 4 5", "4 2 2 5"),
    ),
    Format(
        type="AT_SVNR",
        shapes=("9999999999",),
        form=checks.is_austrian_date,
        check=vnr.is_valid,
        alone=0.6,
        layouts=layouts("4 6", "4 2 2 2"),
        words=words(
            r"sozialversicherungs ?(?:nummer|nr)",
            r"versicherungs ?(?:nummer|nr)",
            r"sv ?(?:nummer|nr)",
            "svnr",
            r"e ?card",
            r"vsnr",
            r"austrian social\w{0,3}",
        ),
    ),
    Format(
        type="CH_AHV",
        shapes=("9999999999999",),
        form=matches("756.*"),
        check=ssn.is_valid,
        alone=1.0,
        layouts=layouts("3 4 4 2", "13"),
        words=words(r"ahv\w{0,3}", r"avs", r"sozialversicherungs ?(?:nummer|nr)", r"swiss social\w{0,3}"),
    ),
)
