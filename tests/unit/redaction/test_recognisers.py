"""What is personal data and what is rule text, in the style of bank and clinic documents.

Every value to be found stands between ⟦ and ⟧; a line without them must stay as it is. All values are invented or
published test numbers.
"""

from __future__ import annotations

import re

import pytest

from compliance_bot.redaction.detect import Detector
from compliance_bot.redaction.detect.stock import PhoneNumbers, stock

FOUND = {
    "EMAIL_ADDRESS": """
        Send the statement to ⟦maria.lopez@example.com⟧.
        Contacts: <⟦compliance@harbour-bank.example⟧>, (⟦j.o'neil+kyc@mail.example.co.uk⟧); '⟦x_y@z.de⟧'
        mailto:⟦ana@bank.internal⟧?subject=KYC
        Escalate to ⟦dpo@xn--bcher-kva.example⟧/⟦legal@bücher.example⟧
        Patient portal login: ⟦"maria lopez"@clinic.example⟧
        file ⟦statement_jane@corp.example⟧
        The scan reads ⟦jane.doe＠example．com⟧ in full width
        ⟦first.last@
        example.org⟧ was broken by the page's edge
    """,
    "PHONE_NUMBER": """
        Call the branch at ⟦+44 20 7946 0958⟧ before five.
        Tel.: ⟦(415) 555-0143⟧, direct ⟦415-555-0199⟧
        ⟦+49 (0)30 901820⟧ / ⟦+49 30 901821⟧
        Emergency contact ⟦212-555-0143⟧ ⟦646-555-0186⟧
        Mobile ⟦555-0143⟧ is written as ⟦07700 900123⟧ at home
        Rückruf: ⟦030 / 901820⟧
        Standard ⟦01 42 68 53 00⟧; Standard ⟦01.42.68.53.01⟧
        Phone ⟦5550143⟧
        My cell: ⟦+1.415.555.0143 ext. 22⟧
        pager (⟦1-800-555-0199⟧)
        Nurse on call, mobile ⟦98765 43210⟧
        WhatsApp ⟦0041 44 668 18 00⟧.
        Móvil: ⟦612 345 678⟧, teléfono ⟦91 123 45 67⟧
        en el ⟦612 34 56 78⟧ o el ⟦912.34.56.78⟧
        cellulare ⟦340 123456⟧; ufficio ⟦06 1234567⟧, casa ⟦340 1234567⟧
        Rufnummer ⟦1234567⟧
        the branch, ⟦+44 20 7946
        0958⟧, is open
        mobile ⟦(415)
        555-0143⟧ or ⟦030 / 9018
        20⟧ were broken by the page's edge
        Tel. ⟦+49 30 901820⟧
    """,
    "CREDIT_CARD": """
        Card ⟦4111 1111 1111 1111⟧ is declined
        Card on file: ⟦5555-5555-5555-4444⟧.
        ⟦2223003122003222⟧ (a 2-series card)
        Amex ⟦3782 822463 10005⟧, Diners ⟦30569309025904⟧
        Maestro ⟦501800000009⟧
        ⟦4000000000000000006⟧ has nineteen digits
        Old Visa: ⟦4222222222222⟧;
        PAN=⟦6011111111111117⟧|⟦3530111333300000⟧
        refund to ⟦4111 1111
        1111 1111⟧ today
        refund to ⟦4111-1111-
        1111-1111⟧ today
        ⟦４１１１１１１１１１１１１１１１⟧ in full width, ⟦4111\u00a01111\u00a01111\u00a01111⟧ with hard blanks
        ⟦4111\u200b1111\u200b1111\u200b1111⟧ with zero-width blanks
        receipt_⟦4111111111111111⟧.pdf
        Card 109 ⟦4111 1111 1111 1111⟧ passes Luhn with the number before it
        Two: ⟦4111 1111 1111 1111⟧ ⟦5555 5555 5555 4444⟧
    """,
    "IBAN_CODE": """
        Pay to IBAN ⟦DE89 3704 0044 0532 0130 00⟧ 2 days from today.
        ⟦GB29NWBK60161331926819⟧, ⟦FR14 2004 1010 0505 0001 3M02 606⟧
        (⟦gb29nwbk60161331926819⟧)
        in 20 ⟦NL91ABNA0417164300⟧ or on 12 ⟦BE68-5390-0754-7034⟧.
        IBAN ⟦DE89 3704 0044
        0532 0130 00⟧
        ⟦CH9300762011623852957⟧.
    """,
    "US_SSN": """
        Borrower's number: ⟦219-09-9999⟧.
        SSN ⟦219 09 9999⟧ / SSN ⟦219099999⟧
        Social Security No. ⟦987-65-4321⟧
        (⟦532-11-4187⟧), ⟦532-11-4188⟧;
    """,
    "IP_ADDRESS": """
        Logged in from ⟦8.8.4.4⟧ at 10:30:45.
        ⟦192.168.1.44⟧:8080, ⟦10.0.0.1⟧ and ⟦172.16.254.3/24⟧
        http://⟦1.2.3.4⟧/login
        IP address 1.2.3.4.5 is none, ⟦203.0.113.9⟧ is.
        gateway ⟦2001:db8::8a2e:370:7334⟧, ⟦fe80::1%eth0⟧; [⟦2001:db8:0:0:0:0:0:1⟧]:443
        IP ⟦1.2.3.4⟧.
    """,
}

LEFT_ALONE = """
    Rule 3.3.32 applies to records kept under 3.3.31 and 3.3.33.
    Rule 12.3.4.5 and Rules 1.2.3.4, 1.2.3.5 and 1.2.3.6 of the Rulebook
    Section 4.10.2.101 sets the limit; see § 10.200.3.1.
    7.2.1.3 A relevant person must notify the regulator.
    COBS 3.3.2.1 and 100.1.2; article 5.6.7.8(b)
    12.100.3 Reporting. 12.100.3.1 Reports are due monthly.
    Article 4(1) of Regulation (EU) 2016/679 and Regulation (EU) No 1093/2010
    Directive 2013/36/EU, 31 U.S.C. 5318(g), 12 CFR 1020.320(a)(2), SR 11-7
    ISO/IEC 27001:2022, ISO 20022, IFRS 9, NIST SP 800-53 rev 5, AC-2(1)
    The period 2010-2020, 2010–2020 or 2019 - 2021
    From 2024-01-15 to 15.01.2024, 01/15/2024 or 15 01 2024
    15-01-2024 10:30:45 and 20240115103045
    On 1 January 2024 at 09:00-17:30, 10:30:45.123
    USD 1,250,000.00 or EUR 12 345 678,90; 1.250.000,00
    a fee of 0.125% on 10,000,000 shares, 4.5-5.5 %
    ISIN US0378331005, DE0007164600
    Invoice 4111111111111112 is no card number
    IBAN DE88370400440532013000 has wrong check digits
    Card fees by tier: 18 27 36 45 54 63 11
    a rate of 0,4111111111111111
    Order 1234 5678 9012 3456 was shipped
    Reference 1234567890123
    Version 2.0.1.100, v1.2.3.4, release 10.0.19045.3 and build 120.0.6099.1
    software v10.0.0.1
    Take 500 mg 2-3 times daily for 7-10 days, BP 120/80, HbA1c 6.5 %
    CPT 99213, NDC 0069-0809-01, LOINC 4548-4
    Potassium 3.5-5.1 mmol/L; Glucose 70-100
    Room 12-345, bed 4, ward 0123
    Table 4: 1200 3400 5600 7800 9100
    Table 7: 125 50 1000 250 75 2000
    Account 12 and numbers 1234567890 and 12-34-56
    Case 2, docket of 2019, files 19-1234 and 2019/123456
    ZIP 10001-1234, 94105
    Retain call recordings for 5 years (Rule 10.2.3.1) from 2018-2024
    Call Report, section 1234567
    Telephone recordings for 2010-2020 are kept
    The mobile app, the call option and the phone banking terms
    std::vector, a::b, 12:00:00, 00:1B:44:11:3A
    @harbourbank, user@, @example.com and a@b
    Between 1999/2000 and 2000/2001; 24/7
    x = 3.14159265358979, 0.4111111111111111
    2.16.840.1.113883.6.96 is an OID
    1-2-3-4-5-6-7-8 and 1.2.3.4.5.6.7.8
    GB12 this is no account number, IS 12 months or AT 3000 EUR
    No. 123 456 789, page 45 of 1234
    100 712 34 56 78 9 and 612 345 678 EUR; registration statement No. 333-226136
    256.300.1.2 and 01.02.03.04
    credit exposures\t3.18.5 and 3.18.7\t60\t25\t15\t100
    Gold\t+50\t+100\t+150\t\t-20\t-180\t\t-35
    Sample: 219-00-1234, 000-12-3456, 123-45-67890
    550e8400-e29b-41d4-a716-446655440000
    ≥ 10 ² m, Nº 12, ½, page ٣
"""


@pytest.fixture(scope="module")
def detector() -> Detector:
    """Return the recognisers built on Presidio's alone; the scans have tables of their own."""
    return Detector(stock())


def _lines(block: str) -> list[str]:
    # A line break inside a value belongs to it.
    return [line.strip() for line in re.split(r"\n(?![^⟦]*⟧)", block) if line.strip()]


@pytest.mark.parametrize(("kind", "line"), [(kind, line) for kind in FOUND for line in _lines(FOUND[kind])])
def test_a_value_is_found_whole_and_nothing_beside_it(detector: Detector, kind: str, line: str) -> None:
    values = re.findall("⟦(.*?)⟧", line, re.DOTALL)
    text = line.replace("⟦", "").replace("⟧", "")
    assert [(span.type, text[span.start : span.end]) for span in detector.detect(text)] == [(kind, v) for v in values]


@pytest.mark.parametrize("line", _lines(LEFT_ALONE))
def test_rule_text_is_left_alone(detector: Detector, line: str) -> None:
    assert [(span.type, line[span.start : span.end]) for span in detector.detect(line)] == []


def test_the_table_is_large_enough_to_mean_something() -> None:
    assert sum(len(_lines(block)) for block in FOUND.values()) >= 45
    assert len(_lines(LEFT_ALONE)) >= 45


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Rückruf: +49 30 901820\n12 Tage später", "+49 30 901820"),
        ("Phone 555-0143\n2019 was the year", "555-0143"),
        ("fax 5550143\n12345 Springfield", "5550143"),
    ],
)
def test_a_telephone_number_ends_with_its_line_where_it_can(text: str, value: str) -> None:
    assert [text[start:end] for start, end, _ in PhoneNumbers().found(text)] == [value]
