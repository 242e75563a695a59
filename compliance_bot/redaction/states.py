"""The numbers that states give to people, as types: name, what it is, and whether check digits can prove it.

Presidio's names where it has one. The formats are in `patterns.national`; `kinds` makes the catalogue.
"""

from __future__ import annotations

from typing import NamedTuple


class StateNumber(NamedTuple):
    """A type of number."""

    name: str
    what: str
    has_checksum: bool


# `+` before a description: check digits can prove it. Where one stretch is two of them, the earlier names it.
_TABLE = """
    DE_TAX_ID                   + tax identification number of Germany
    DE_TAX_NUMBER                 tax number of a German tax office
    DE_SOCIAL_SECURITY          + pension insurance number of Germany
    DE_HEALTH_INSURANCE         + health insurance number of Germany
    DE_ID_CARD                  + identity card number of Germany
    DE_PASSPORT                 + passport number of Germany
    DE_VAT_ID                   + value-added tax number of Germany
    DE_LANR                     + physician's number of Germany
    DE_BSNR                       medical practice number of Germany
    DE_HANDELSREGISTER            commercial register number of Germany
    DE_FUEHRERSCHEIN              driving licence number of Germany
    FR_NIR                      + social security number of France
    FR_TAX_ID                   + tax number of France
    FR_SIRET                    + number of an establishment in France
    FR_SIREN                    + number of a company or sole trader in France
    FR_ID_CARD                    identity card number of France
    FR_PASSPORT                   passport number of France
    FR_DRIVER_LICENSE             driving licence number of France
    ES_DRIVER_LICENSE           + driving licence number of Spain
    ES_NIF                      + identity and tax number of Spain
    ES_NIE                      + foreigner's identity number of Spain
    ES_CIF                      + company tax number of Spain
    ES_PASSPORT                   passport number of Spain
    ES_SOCIAL_SECURITY          + social security number of Spain
    PT_NIF                      + tax number of Portugal
    PT_CITIZEN_CARD             + citizen card number of Portugal
    IT_FISCAL_CODE              + fiscal code of Italy
    IT_VAT_CODE                 + value-added tax number of Italy
    IT_HEALTH_CARD                health card number of Italy
    IT_IDENTITY_CARD              identity card number of Italy
    IT_PASSPORT                   passport number of Italy
    IT_DRIVER_LICENSE             driving licence number of Italy
    UK_NHS                      + health service number of the United Kingdom
    UK_NINO                       national insurance number of the United Kingdom
    UK_UTR                      + taxpayer reference of the United Kingdom
    UK_PASSPORT                   passport number of the United Kingdom
    UK_DRIVING_LICENCE            driving licence number of the United Kingdom
    IE_PPS                      + personal public service number of Ireland
    NL_BSN                      + citizen service number of the Netherlands
    NL_PASSPORT                   passport or identity card number of the Netherlands
    BE_NATIONAL_NUMBER          + national register number of Belgium
    LU_NATIONAL_ID                national number of Luxembourg
    AT_SVNR                     + social insurance number of Austria
    CH_AHV                      + social insurance number of Switzerland
    SE_PERSONNUMMER             + personal number of Sweden
    FI_PERSONAL_IDENTITY_CODE   + personal identity code of Finland
    DK_CPR                        personal number of Denmark
    NO_FODSELSNUMMER            + birth number of Norway
    IS_KENNITALA                + identity number of Iceland
    PL_PESEL                    + personal number of Poland
    PL_NIP                      + tax number of Poland
    CZ_BIRTH_NUMBER             + birth number of Czechia and Slovakia
    RO_CNP                      + personal number of Romania
    BG_EGN                      + personal number of Bulgaria
    HR_OIB                      + personal number of Croatia
    SI_EMSO                     + personal number of Slovenia and its neighbours
    EE_ISIKUKOOD                + personal code of Estonia
    LT_ASMENS_KODAS             + personal code of Lithuania
    GR_AMKA                     + social security number of Greece
    TR_NATIONAL_ID              + identity number of Turkey
    CA_SIN                      + social insurance number of Canada
    IN_AADHAAR                  + identity number of India
    IN_PAN                        tax number of India
    IN_GSTIN                    + goods and services tax number of India
    IN_VOTER                    + voter number of India
    IN_PASSPORT                   passport number of India
    AU_TFN                      + tax file number of Australia
    AU_MEDICARE                 + Medicare number of Australia
    AU_ABN                      + business number of Australia
    AU_ACN                      + company number of Australia
    NZ_IRD                      + tax number of New Zealand
    SG_NRIC_FIN                 + identity number of Singapore
    TH_TNIN                     + identity number of Thailand
    KR_RRN                        resident registration number of Korea
    ZA_ID_NUMBER                + identity number of South Africa
    NG_NIN                      + identity number of Nigeria
    CN_RESIDENT_ID              + resident identity number of China
    BR_CPF                      + taxpayer number of Brazil
    MX_CURP                     + population registry code of Mexico
    IL_ID_NUMBER                + identity number of Israel
    PASSPORT                    + passport number, or a line of a machine-readable zone
    RESIDENCE_PERMIT              number of a residence permit
    VISA_NUMBER                   number of a visa
    NATIONAL_ID                   number of an identity card
"""


def _read(line: str) -> StateNumber:
    name, what = line.split(maxsplit=1)
    return StateNumber(name=name, what=what.removeprefix("+ "), has_checksum=what.startswith("+ "))


STATE_NUMBERS = tuple(_read(line) for line in _TABLE.strip().splitlines())
