"""National numbers by country: right ones beside a word or alone, and numbers that only look like them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance_bot.redaction.kinds import KINDS
from compliance_bot.redaction.patterns.national import checks, numbers
from compliance_bot.redaction.patterns.national.numbers import national_numbers
from tests.unit.redaction.patterns.marked import check, found, lines, rows, seconds

FOUND = {
    "DE_TAX_ID": """
        Steuer-ID: ⟦86 095 742 719⟧
        Ihre IdNr. ⟦86095742719⟧ bitte angeben
        Steuerliche Identifikationsnummer ⟦15275892900⟧
    """,
    "DE_TAX_NUMBER": """
        Steuernummer ⟦181/815/08155⟧
        St.-Nr. ⟦75/400/91714⟧
    """,
    "DE_SOCIAL_SECURITY": """
        Versicherungsnummer ⟦15 070649 C 103⟧
        im Feld steht allein ⟦59751049B495⟧
    """,
    "DE_HEALTH_INSURANCE": "KVNR ⟦A000500015⟧\nKrankenversichertennummer: ⟦L753113361⟧",
    "DE_ID_CARD": "Personalausweis Nr. ⟦L01X00T44⟧\nAusweisnummer: ⟦6X63474W1⟧\nPersonalausweis ⟦T22000129⟧",
    "DE_PASSPORT": "Reisepass ⟦C01X00T41⟧, gültig\nReisepassnummer: ⟦5GK5KMPP0⟧",
    "DE_VAT_ID": "⟦DE136695976⟧ steht im Impressum\nUSt-IdNr. ⟦DE 136 695 976⟧",
    "DE_LANR": "LANR ⟦123456601⟧",
    "DE_BSNR": "Betriebsstättennummer ⟦639314725⟧",
    "DE_HANDELSREGISTER": "Amtsgericht Köln, ⟦HRB 12345⟧\n⟦HRA 9876⟧",
    "DE_FUEHRERSCHEIN": "Führerscheinnummer ⟦F0X08311708⟧",
    "FR_NIR": """
        N° de sécurité sociale ⟦2 95 10 99 126 111 93⟧
        ⟦295109912611193⟧ sur la carte Vitale
        assurée ⟦2 53 07 2A 073 004 43⟧
        numéro de sécurité sociale ⟦1 85 05 78 006 084⟧ sans clé
    """,
    "FR_TAX_ID": "numéro fiscal : ⟦30 23 217 600 053⟧\nSPI ⟦2442768332284⟧\n⟦30 23 217 600 053⟧",
    "FR_SIRET": "SIRET ⟦73282932000074⟧\n⟦732 829 320 00074⟧",
    "FR_SIREN": "SIREN ⟦732 829 320⟧\nRCS Paris ⟦732829320⟧",
    "FR_ID_CARD": "carte nationale d'identité n° ⟦007286508386⟧\ncarte d'identité ⟦X4RTBPFW4⟧",
    "FR_PASSPORT": "passeport n° ⟦10JC41340⟧",
    "FR_DRIVER_LICENSE": "permis de conduire ⟦310352731113⟧",
    "ES_NIF": """
        con DNI ⟦12345678Z⟧ y domicilio
        D. Juan Gómez, ⟦54362315-K⟧
        N.I.F. ⟦08.724.152-E⟧
    """,
    "ES_NIE": "NIE ⟦X-2482300-W⟧\nla solicitante, ⟦X7051350X⟧, reside",
    "ES_CIF": "C.I.F. ⟦B0398906H⟧\nCIF: ⟦A13585625⟧",
    "ES_PASSPORT": "pasaporte ⟦MTT346328⟧",
    "ES_SOCIAL_SECURITY": "Nº afiliación Seguridad Social ⟦28/12345678/40⟧\n⟦28/12345678/40⟧",
    "ES_DRIVER_LICENSE": "permiso de conducir ⟦77128280B⟧",
    "PT_NIF": "contribuinte n.º ⟦501964843⟧",
    "PT_CITIZEN_CARD": "Cartão de Cidadão ⟦00000000 0 ZZ4⟧",
    "IT_FISCAL_CODE": """
        C.F. ⟦RSSMRA85T10A562S⟧
        nata a Torino, ⟦RCCMNL83S18D969H⟧, e
        ⟦rssmra85t10a562s⟧
    """,
    "IT_VAT_CODE": "P.IVA ⟦00743110157⟧\npartita IVA: ⟦IT00743110157⟧\n⟦IT 00743110157⟧",
    "IT_HEALTH_CARD": "tessera sanitaria ⟦80380797539006425612⟧",
    "IT_IDENTITY_CARD": "carta d'identità ⟦CA12345AB⟧\nCarta di identità n. ⟦AX 1234567⟧",
    "IT_PASSPORT": "passaporto ⟦YA1234567⟧",
    "IT_DRIVER_LICENSE": "patente di guida ⟦ET8680669J⟧\npatente n. ⟦U1H0A1234B⟧",
    "UK_NHS": "NHS number ⟦943 476 5919⟧\nNHS No: ⟦9680384497⟧\nNHS ⟦943-476-5919⟧",
    "UK_NINO": "NI number ⟦AB 12 34 56 C⟧\nthe worker, ⟦JG103759A⟧, asked",
    "UK_UTR": "UTR ⟦1955839661⟧\nUnique Taxpayer Reference: ⟦78878 21336⟧",
    "UK_PASSPORT": "British passport ⟦896740064⟧",
    "UK_DRIVING_LICENCE": "⟦MORGA657054SM9IJ⟧\ndriving licence ⟦MORGA 657054 SM9IJ⟧\ndriving licence number ⟦87863584⟧",
    "IE_PPS": "PPS number ⟦6433435F⟧\nPPSN: ⟦6433435OA⟧",
    "NL_BSN": "BSN ⟦111222333⟧\nburgerservicenummer: ⟦1112.22.333⟧",
    "NL_PASSPORT": "paspoortnummer ⟦XR1001R58⟧",
    "BE_NATIONAL_NUMBER": "rijksregisternummer ⟦85.07.30-033.28⟧\n⟦85.07.30-033.28⟧\nNISS ⟦85073003328⟧",
    "LU_NATIONAL_ID": "matricule ⟦1972111304622⟧",
    "AT_SVNR": "SVNR ⟦1237 010180⟧\n⟦1237 010180⟧\nSV-Nr. ⟦1237010180⟧",
    "CH_AHV": "AHV-Nummer ⟦756.9217.0769.85⟧\n⟦756.9217.0769.85⟧",
    "SE_PERSONNUMMER": "personnummer ⟦811228-9874⟧\n⟦19811228-9874⟧\n⟦811228-9874⟧",
    "FI_PERSONAL_IDENTITY_CODE": "⟦131052-308T⟧\nhenkilötunnus ⟦131052A308T⟧",
    "DK_CPR": "CPR-nr. ⟦211062-5629⟧",
    "NO_FODSELSNUMMER": "fødselsnummer ⟦15108695088⟧\n⟦151086 95088⟧",
    "IS_KENNITALA": "kennitala ⟦450401-3150⟧\n⟦120174-3399⟧",
    "PL_PESEL": "PESEL ⟦44051401359⟧",
    "PL_NIP": "NIP ⟦856-734-62-15⟧",
    "CZ_BIRTH_NUMBER": "rodné číslo ⟦710319/2745⟧\n⟦710319/2745⟧",
    "RO_CNP": "CNP ⟦1630615123457⟧",
    "BG_EGN": "EGN ⟦7523169263⟧",
    "HR_OIB": "OIB ⟦33392005961⟧",
    "SI_EMSO": "EMŠO ⟦0101006500006⟧",
    "EE_ISIKUKOOD": "isikukood ⟦36805280109⟧",
    "LT_ASMENS_KODAS": "asmens kodas ⟦33309240064⟧",
    "GR_AMKA": "ΑΜΚΑ ⟦01013099997⟧",
    "TR_NATIONAL_ID": "T.C. Kimlik No ⟦17291716060⟧",
    "CA_SIN": "SIN ⟦123-456-782⟧\nsocial insurance number ⟦123 456 782⟧",
    "IN_AADHAAR": "Aadhaar ⟦2341 2341 2346⟧",
    "IN_PAN": "⟦ACUPA7085R⟧\nPAN: ⟦ACUPA7085R⟧",
    "IN_GSTIN": "⟦27AAPFU0939F1ZV⟧",
    "IN_VOTER": "EPIC ⟦WKH1186253⟧",
    "IN_PASSPORT": "Indian passport ⟦Z5047858⟧",
    "AU_TFN": "TFN ⟦123 456 782⟧",
    "AU_MEDICARE": "Medicare card ⟦2123 45670 1⟧",
    "AU_ABN": "ABN ⟦83 914 571 673⟧",
    "AU_ACN": "ACN ⟦004 085 616⟧",
    "NZ_IRD": "IRD ⟦49-091-850⟧",
    "SG_NRIC_FIN": "NRIC ⟦S1234567D⟧\nthe tenant ⟦S1234567D⟧ signed",
    "TH_TNIN": "⟦1-2345-45678-78-1⟧",
    "KR_RRN": "⟦971013-1019902⟧",
    "ZA_ID_NUMBER": "ID number ⟦7503305044089⟧\n⟦750330 5044 089⟧",
    "NG_NIN": "NIN ⟦05866932582⟧",
    "CN_RESIDENT_ID": "⟦11010519491231002X⟧",
    "BR_CPF": "CPF ⟦390.533.447-05⟧\n⟦390.533.447-05⟧",
    "MX_CURP": "⟦BOXW310820HNERXN09⟧",
    "IL_ID_NUMBER": "Israeli ID ⟦316044890⟧",
}

LEFT_ALONE = """
    86 095 742 718 hat eine falsche Prüfziffer, und 86095742719 kein Wort
    DE136695978 has a wrong check digit
    295109912611199 and 2 95 10 99 126 111 94
    12345678A, X-2482300-A and B12345678 are none
    RSSMRA85T10A562T has a wrong check letter
    85.07.30-033.29, 756.9217.0769.84 and 19811228-9873
    943 476 5919 without a word; call 415 555 0143
    811228 9874 without its dash, 131052-308X
    390.533.447-06, 11010519491231002Y, S1234567A
    ISBN 978-3-16-148410-0, 978-0-306-40615-7 and 0-306-40615-2
    ISSN 2049-3630, EAN 4006381333931, DOI 10.1000/182
    Invoice 2024-000123, INV-20240115-0042, order 1234 5678 9012
    Rechnung 20240115 über 1.234.567,89 EUR; USD 12,345,678.90
    From 2024-01-15 to 15.01.2024, 01/15/2024 or 15 01 2024, 20240115103045
    Directive 2004/39/EC, Regulation (EU) 2016/679, 31 CFR 1020.320, 2019/123456
    Case C-131/12, 2:19-cv-01234, T-1234567, Form W-8BEN-E
    1705312245123 is a time stamp, 1705312245 another
    Table 7: 125 50 1000 250 75 2000; 1200 3400 5600 7800 9100
    ISIN DE0007164600 and US0378331005; CUSIP 037833100; SEDOL 0263494; LEI 5493001KJTIIGC8Y1R12
    550e8400-e29b-41d4-a716-446655440000; 0x8f3a9c21b7; a1b2c3d4e5f6
    192.168.1.44, 10.0.0.1/24, 00:1B:44:11:3A:B7
    The passport rules, the NHS Act 2006 and PPS 12 apply; SIN taxes; FIN 48
    version 10.0.19045.3 build 22621; Room 12-345, bed 4
    HRB alone, HR 12345 and HRC 12345
"""

BOMBS = [
    "1 ",
    "12 34 ",
    "1A",
    "A1 ",
    "12345678 ",
    "1-",
    "1.\n",
    "NHS 1234567890 ",
    "86095742719 ",
    "AB12",
    "A",
    "1234567890" * 3,
]


@pytest.mark.parametrize(("kind", "line"), rows(FOUND))
def test_a_number_is_found_whole_and_nothing_beside_it(kind: str, line: str) -> None:
    check(national_numbers, kind, line)


@pytest.mark.parametrize("line", lines(LEFT_ALONE))
def test_what_only_looks_like_one_is_left_alone(line: str) -> None:
    assert found(national_numbers, line) == []


def test_every_format_has_a_value_that_is_found_and_is_in_the_catalogue() -> None:
    assert set(FOUND) == set(numbers.TYPES)
    assert set(numbers.TYPES) <= KINDS.keys()


def test_a_word_of_its_own_names_a_number_with_a_wrong_check_digit() -> None:
    scores = {
        text: [one.score for one in national_numbers(text)] for text in ("BSN 111222333", "BSN 111222334", "111222334")
    }
    assert scores == {"BSN 111222333": [1.0], "BSN 111222334": [numbers.MISPRINTED], "111222334": []}


def test_a_marker_says_nothing_about_the_number_after_it() -> None:
    assert found(national_numbers, "<UK_NHS> 943 476 5919") == []


def test_a_number_within_an_amount_or_a_longer_code_is_left_alone() -> None:
    for text in ("$12345678Z", "3.85.07.30-033.28", "1,12345678Z", "X12345678ZX", "x_RSSMRA85T10A562S9"):
        assert found(national_numbers, text) == []


def test_a_number_over_the_end_of_a_line_is_one() -> None:
    assert found(national_numbers, "NHS number 943 476\n5919 was") == [("UK_NHS", "943 476\n5919")]


def test_the_check_digits_of_passports_are_those_of_icao() -> None:
    # Doc 9303 part 4, appendix B
    assert [checks.icao_digit(field) for field in ("L898902C3", "740812", "120415", "ZE184226B<<<<<")] == [6, 2, 9, 1]


@given(st.text("0123456789ABCXYZTabc -./+\n", max_size=60))
def test_no_text_makes_a_check_fail(text: str) -> None:
    for one in national_numbers(f"CNP {text}"):
        assert 0 < one.score <= 1


@given(st.sampled_from(numbers._FORMATS), st.data())
def test_no_value_of_a_shape_makes_its_check_raise(one: numbers.Format, data: st.DataObject) -> None:
    alphabets = {"9": "0123456789", "A": "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "X": "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
    shape = data.draw(st.sampled_from(one.shapes))
    value = "".join(data.draw(st.sampled_from(alphabets[place])) for place in shape)
    assert one.form is None or one.form(value) in (True, False)
    assert one.check is None or numbers._passes(one.check, value) in (True, False)


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_hostile_text_is_read_in_linear_time(bomb: str) -> None:
    short, long = (seconds(national_numbers, bomb * (size // len(bomb))) for size in (20_000, 80_000))
    assert long < 6 * short + 0.2
