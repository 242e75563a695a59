from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance_bot.redaction.patterns.addresses import ADDRESSES

from .tables import found, is_linear, lines, values

ENGLISH = """
    lives at ⟦1234 W. Main St., Apt 5B, Springfield, IL 62704⟧.
    ⟦10 Downing Street, London SW1A 2AA⟧; ⟦221B Baker Street⟧
    ⟦123 5th Avenue, New York, NY 10001-1234, USA⟧
    ⟦1500 Pennsylvania Ave NW, Washington, DC 20500⟧
    ⟦Flat 2, 10 High Street, Leeds LS1 4AB⟧
    ⟦Suite 200, 1234 Elm Dr., Dallas, Texas 75201⟧
    ⟦350 Fifth Avenue, 34th Floor, New York, New York 10118⟧
    ⟦1234 MAIN STREET, SPRINGFIELD, IL 62704⟧
    ⟦4 Privet Drive, Little Whinging, Surrey, GU25 4AA, England⟧
    ⟦1211 Avenue of the Americas, New York, NY 10036⟧
    ⟦2110 Hwy. 71 W., Suite 100, Austin, Texas 78735⟧ or ⟦1500 County Road 12⟧
    ⟦One Microsoft Way, Redmond, WA 98052⟧
    ⟦12 Oak Street, Springfield⟧. She moved on.
    address: ⟦123 old mill road⟧, near the river
    ⟦P.O. Box 123, Austin, TX 78701⟧; ⟦PO BOX 77⟧
    ⟦570 Granville Street, Vancouver, British Columbia V6C 3P1⟧
    ⟦1234 Maple Avenue
    Apt 4B
    Springfield, IL 62704
    USA⟧
    ⟦10 Downing Street
    London
    SW1A 2AA
    United Kingdom⟧
"""
GERMAN = """
    ⟦Hauptstraße 12a, 10115 Berlin⟧; ⟦Hauptstr. 5⟧
    ⟦Am Alten Markt 3⟧ und ⟦Unter den Linden 77⟧
    wohnhaft ⟦An der Alster 12, 20099 Hamburg⟧
    ⟦Berliner Straße 4⟧, ⟦Lindenallee 3⟧, ⟦Marktplatz 1⟧
    ⟦Musterweg 7, CH-8001 Zürich⟧
    ⟦Mariahilfer Straße 12/3, A-1060 Wien⟧
    ⟦Postfach 12 34 56, 60311 Frankfurt⟧
    ⟦Hauptstraße 12
    10115 Berlin
    Germany⟧
"""
FRENCH = """
    ⟦12 bis, rue de la Paix, 75002 Paris⟧
    ⟦5 rue du 8 mai 1945, 69003 Lyon⟧
    ⟦14, avenue des Champs-Élysées⟧
    ⟦3 place de la République 75011 Paris Cedex 11⟧
    demeurant ⟦7 boulevard Saint-Michel⟧
    ⟦12, chemin des Vignes, 1009 Pully⟧
    ⟦1 allée de l'Europe, 92110 Clichy⟧
    ⟦BP 123, 75002 Paris⟧
"""
SPANISH = """
    ⟦Calle de Alcalá 45, 3º B, 28014 Madrid⟧
    ⟦C/ Mayor 3⟧ y ⟦Avda. de la Constitución, 12⟧
    ⟦Plaza Mayor nº 4, 37001 Salamanca⟧
    ⟦Paseo de la Castellana 100, 28046 Madrid⟧
    ⟦Carrer de Balmes 12, 08007 Barcelona⟧
    domicilio: ⟦Camino Viejo 3⟧
    ⟦Apartado de Correos 12⟧
    ⟦Rua Augusta 123, 1100-048 Lisboa⟧
"""
ITALIAN = """
    ⟦Via Garibaldi 12, 20121 Milano (MI)⟧
    ⟦Piazza del Duomo, 1, 50122 Firenze⟧
    ⟦Corso Vittorio Emanuele II 45⟧
    ⟦Viale Monza 12/A⟧
    residente in ⟦Vicolo Stretto 3⟧
    ⟦Via dei Mille 7, scala B, int. 5, 00185 Roma⟧
    ⟦Largo Argentina 11⟧
    ⟦Casella Postale 12⟧
""".replace("⟦Largo Argentina 11⟧", "indirizzo: ⟦Largo Argentina 11⟧")
ELSEWHERE = """
    ⟦Kerkstraat 12, 1012 AB Amsterdam⟧; ⟦Prinsengracht 263⟧
    ⟦Storgatan 3, 111 22 Stockholm⟧
    ⟦Vesterbrogade 14, 1620 København V⟧
    ⟦Karl Johans gate 12, 0154 Oslo⟧
    ⟦Mannerheimintie 5 A, 00100 Helsinki⟧
    ⟦ul. Marszałkowska 12, 00-001 Warszawa⟧
    ⟦Atatürk Caddesi No: 12⟧, ⟦Str. Mihai Viteazu nr. 12⟧
    ⟦Váci utca 12, 1052 Budapest⟧
"""
LEFT_ALONE = """
    Section 5 Market Street, Rule 12 Market Conduct
    in 2001 Wall Street crashed
    15 New York Court decisions, 2 District Court judges, 3 Data Center staff
    10 Rules of the Road, 5 years on the road, 3 people in the street
    BP 120/80, BP 120, CP 30, CS 101
    Via Rule 3, Am Montag 3, Im Jahr 2020, Zum Thema 5, Im Abschnitt 4, Am 12. Mai
    Monitoring 3, During 2020, Decade 5, Mitigate 4
    Place Order 5; Route 66; Plaza 3
    10 Downing, 12 Oak, 5 Mr Smith
    Table 4: 1200 3400 Way; 12 ways, 1 Way
    4111 1111 1111 1111 and 12.5 Main points
    Article 12 Green Bonds, Part 3 Square Mile
    12 Supreme Court, 5 Long Way
    $500 Main Street Lending Program
    30 Day Court order, 12 Month Close
    Avenue 5 was a series
    Box 4 of the form; Post 12
    $400 Lane fees
"""


@pytest.mark.parametrize("line", lines(ENGLISH + GERMAN + FRENCH + SPANISH + ITALIAN + ELSEWHERE))
def test_an_address_is_found_to_its_last_line(line: str) -> None:
    assert found(ADDRESSES, line) == [("STREET_ADDRESS", value) for value in values(line)]


@pytest.mark.parametrize("line", lines(LEFT_ALONE))
def test_what_only_looks_like_an_address_is_left_alone(line: str) -> None:
    assert found(ADDRESSES, line) == []


_name = st.from_regex(r"[A-Z][a-z]{3,10}", fullmatch=True).filter(
    lambda name: name.lower() not in ("avenue", "highway")
)


@given(
    number=st.integers(1, 9999),
    name=_name,
    kind=st.sampled_from(["Street", "St.", "Avenue", "Ave", "Road", "Rd.", "Blvd", "Drive", "Lane"]),
    town=_name,
    code=st.sampled_from(["IL 62704", "NY 10001-1234", "Texas 78701"]),
    gap=st.sampled_from([", ", "\n", ",\n"]),
)
def test_every_address_of_the_common_kind_is_found(
    number: int, name: str, kind: str, town: str, code: str, gap: str
) -> None:
    address = f"{number} {name} {kind}{gap}{town}, {code}"
    (span,) = found(ADDRESSES, f"Send it to: {address}; thank you.")
    assert span == ("STREET_ADDRESS", address)


@pytest.mark.parametrize(
    "bomb",
    "1|1 A|1 Main |12 Oak Street, |A |Main Street |1 Aa, |Calle A |Calle Mayor 3 |straße 1 |Springfield, |P.O. Box 1"
    "|rue de la |1 rue de la |One Way |Apt 5, |10115 Berlin |\n12 Oak Road\nA".split("|"),
)
def test_a_hostile_text_is_read_in_linear_time(bomb: str) -> None:
    assert is_linear(ADDRESSES, bomb)
