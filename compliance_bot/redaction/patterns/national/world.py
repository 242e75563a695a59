"""Numbers of states outside Europe whose shape, check digits or own word tell: the United States are not here."""

from __future__ import annotations

from stdnum import verhoeff
from stdnum.au import abn, acn, tfn
from stdnum.br import cpf
from stdnum.ca import sin
from stdnum.il import idnr
from stdnum.in_ import aadhaar, epic, gstin, pan
from stdnum.mx import curp
from stdnum.nz import ird
from stdnum.th import pin

from compliance_bot.redaction.patterns.national import checks
from compliance_bot.redaction.patterns.national.format import Format, layouts, matches, words

FORMATS = (
    Format(
        type="CA_SIN",
        shapes=("999999999",),
        check=sin.is_valid,
        words=words("(?-i:SIN)", r"social insurance(?: number)?", r"num[ée]ro d'assurance sociale", "(?-i:NAS)"),
    ),
    Format(
        type="IN_AADHAAR",
        shapes=("999999999999",),
        check=aadhaar.is_valid,
        words=words(r"aadha+r", "uidai?"),
    ),
    Format(
        type="IN_PAN",
        shapes=("AAAAA9999A",),
        form=pan.is_valid,
        alone=0.6,
        layouts=layouts("10"),
        words=words("pan", r"permanent account"),
    ),
    Format(
        type="IN_GSTIN",
        shapes=("99AAAAA9999AXXX",),
        check=gstin.is_valid,
        alone=1.0,
        layouts=layouts("15"),
        words=words("gstin?"),
    ),
    Format(
        type="IN_VOTER",
        shapes=("AAA9999999",),
        check=epic.is_valid,
        words=words("voter", "epic", r"elector\w{0,3}"),
    ),
    Format(
        type="IN_PASSPORT",
        shapes=("A9999999",),
        form=matches("[A-Z][1-9][0-9]{5}[1-9]"),
        words=words(r"indian passport\w{0,3}"),
    ),
    Format(
        type="AU_TFN",
        shapes=("999999999", "99999999"),
        check=tfn.is_valid,
        words=words("tfn", r"tax file(?: number)?"),
    ),
    Format(
        type="AU_MEDICARE",
        shapes=("9999999999", "99999999999"),
        check=checks.is_australian_medicare,
        words=words(r"medicare(?: card)?(?: number| no)?"),
    ),
    Format(
        type="AU_ABN",
        shapes=("99999999999",),
        check=abn.is_valid,
        words=words("(?-i:ABN)", r"australian business"),
    ),
    Format(
        type="AU_ACN",
        shapes=("999999999",),
        check=acn.is_valid,
        words=words("(?-i:ACN)", r"australian company"),
    ),
    Format(
        type="NZ_IRD",
        shapes=("99999999", "999999999"),
        check=ird.is_valid,
        words=words("(?-i:IRD)", r"inland revenue"),
    ),
    Format(
        type="SG_NRIC_FIN",
        shapes=("A9999999A",),
        form=matches("[STFGM].*"),
        check=checks.is_singapore_identity,
        alone=0.6,
        layouts=layouts("9"),
        words=words("nric", "(?-i:FIN)", r"singapore(?:an)? id\w{0,3}"),
    ),
    Format(
        type="TH_TNIN",
        shapes=("9999999999999",),
        check=pin.is_valid,
        alone=0.6,
        layouts=layouts("1 4 5 2 1"),
        words=words("tnin", r"thai (?:national )?id\w{0,8}", "เลขประจำตัวประชาชน"),
    ),
    Format(
        type="KR_RRN",
        shapes=("9999999999999",),
        form=checks.is_korean_resident,
        alone=0.6,
        layouts=layouts("6 7"),
        marks="-",
        words=words("rrn", r"resident registration", "주민등록번호"),
    ),
    Format(
        type="ZA_ID_NUMBER",
        shapes=("9999999999999",),
        check=checks.is_south_african,
        alone=0.6,
        layouts=layouts("13", "6 4 3", "6 4 2 1"),
        words=words(r"(?:south african |rsa |sa )?id(?:entity)?(?: number| no)?"),
    ),
    Format(
        type="NG_NIN",
        shapes=("99999999999",),
        check=verhoeff.is_valid,
        words=words("(?-i:NIN)", "nimc", r"national identification"),
    ),
    Format(
        type="CN_RESIDENT_ID",
        shapes=("99999999999999999X",),
        check=checks.is_chinese,
        alone=1.0,
        layouts=layouts("18"),
        words=words(r"resident id\w{0,8}", "身份证", r"chinese id\w{0,3}"),
    ),
    Format(
        type="BR_CPF",
        shapes=("99999999999",),
        check=cpf.is_valid,
        alone=1.0,
        layouts=layouts("3 3 3 2"),
        marks="-",
        words=words("cpf", r"cadastro de pessoas"),
    ),
    Format(
        type="MX_CURP",
        shapes=("AAAA999999AAAAAAX9",),
        check=curp.is_valid,
        alone=1.0,
        layouts=layouts("18"),
        words=words("curp"),
    ),
    Format(
        type="IL_ID_NUMBER",
        shapes=("999999999",),
        check=idnr.is_valid,
        words=words(r"te+udat zehut", r"israeli id\w{0,3}", "תעודת זהות"),
    ),
)
