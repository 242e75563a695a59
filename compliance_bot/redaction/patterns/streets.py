"""The words that streets are called by, in a dozen languages. What makes an address of them is in `addresses`."""

from __future__ import annotations

# English: "12 Oak Street". The weak ones are other things too and need more: a unit, a town with its code, a word.
STREETS = frozenset(
    """street st avenue ave av road rd boulevard blvd lane ln drive dr terrace ter parkway pkwy highway hwy crescent
    cres trail trl mews circle cir broadway turnpike tpke alley expressway expy freeway fwy causeway quay wharf
    gardens gdns esplanade embankment motorway str""".split()
)
WEAK_STREETS = frozenset(
    """court ct place pl square sq way hill park green rise view row walk grove close path loop run point pt crossing
    xing heights hts center centre ctr plaza plz route ridge vale yard gate pike bend cove landing commons circus
    croft fields meadow meadows estate lodge wood woods bay pass parade promenade strand chase drove concourse spur
    bypass junction jct passage bridge field""".split()
)
# What a weak word follows when it is no street: "2 District Court", "3 Data Centre".
NO_STREETS = frozenset(
    """district supreme high circuit federal appeal appeals appellate superior county magistrates crown constitutional
    tribunal family bankruptcy shopping data call medical health care business conference convention distribution
    cost profit customer service learning training research competence national theme car science industrial best
    long other same real full first second third""".split()
)

# Languages that set the kind of street first, with the number after it or, in French, before it.
FRENCH = (
    r"(?:rue|avenue|av\.|boulevard|bd\.?|blvd\.?|place|pl\.|allées?|impasse|imp\.|chemin|ch\.|quai|cours|route|rte\.?|passage|square"
    r"|faubourg|fbg\.?|villa|cité|rond-point|sentier|esplanade|promenade|hameau|lotissement|résidence|ruelle|traverse|voie|montée"
    r"|Rue|Avenue|Av\.|Boulevard|Bd\.?|Place|Allées?|Impasse|Chemin|Quai|Cours|Route|Rte|Passage|Square|RUE|AVENUE|BOULEVARD|PLACE|CHEMIN)"
)
_LEADING = r"""
    Calle CALLE C/ Avenida Avda\.? Avd\. Av\. Plaza Pza\.? Paseo Carretera Ctra\.? Camino Ronda Travesía Glorieta Rambla
    Carrer Passeig Plaça Urbanización Polígono
    Via VIA Viale V\.le Piazza P\.za P\.zza Piazzale P\.le Corso C\.so Largo Vicolo Strada Lungotevere Lungarno Contrada
    Borgo Salita
    Rua R\. Travessa Praça Alameda Estrada Rodovia
    Ulica Ul\. Al\. Aleja Aleje Plac Str\. Bd\. Bdul Calea Șos\. Aleea Bulevardul Intrarea
    ulica ulice ul\. al\. pl\. os\.
    Rue Avenue Boulevard Chemin Quai Route Place Chaussée
    Am An_de[rn] Auf_de[rm] Im In_de[rn] Zu[mr] Unter_den Hinter_de[rm] Vor_dem Beim Alte[r]? Neue[r]?
"""
LEADING = "|".join(word.replace("_", "[ ]") for word in _LEADING.split())
# German ways that begin as any clause may: they need a code and a town, or a word that such names end with.
PREPOSITIONS = ("Am", "An", "Auf", "Im", "In", "Zu", "Unter", "Hinter", "Vor", "Beim", "Alte", "Neue")
GERMAN_PLACES = tuple(
    "markt berg hof graben tor brunnen feld bach see wald park kirche mühle garten gärten anger grund hang teich rain"
    " bahnhof rathaus linden heide aue wiese wiesen alster ufer hafen stadion damm deich burg schloss kamp bruch holz"
    " weiher kreuz turm wall born stein eck sportplatz friedhof schule".split()
)

# Words, or ends of words, that a number follows: "Hauptstraße 12", "Storgatan 3", "Berliner Platz 4".
ENDINGS = tuple(
    """straße strasse straat str. str weg platz allee gasse gässli damm ufer chaussee steig stieg ring promenade gatan
    gata vägen gränd torget torg stigen backen allén gade vej vejen stræde allé plads torv boulevarden veien vegen
    gaten gate allmenningen svingen katu tie kuja polku tori bulevardi laan plein gracht kade dijk singel dreef hof
    steeg utca út útja tér körút krt. u. caddesi cad. cadde sokak sokağı sok. sk. bulvarı blv. mahallesi mah.
    meydanı náměstí nám. třída nábřeží trg cesta ulica körútja""".split()
)
# Ends that are also ends of everyday words in English; the word must be capitalised, and more must follow.
WEAK_ENDINGS = tuple("tie hof gate ring tori trg cesta damm steig tér út u. backen torg gade kade vej".split())
