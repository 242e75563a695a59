"""Words for nationalities, peoples, religions and parties, as data. `groups` decides what they say about a person."""

from __future__ import annotations

# Nationalities and peoples: adjectives and nouns, without plurals in -s, which `groups` adds.
NATIONAL = frozenset(
    """
    Afghan African Albanian Algerian American Andorran Angolan Antiguan Arab Argentine Argentinian Armenian Asian
    Australian Austrian Azerbaijani Azeri Bahamian Bahraini Bangladeshi Barbadian Basque Belarusian Belgian Belizean
    Beninese Bhutanese Bolivian Bosnian Botswanan Brazilian Breton British Briton Bruneian Bulgarian Burkinabe
    Burmese Burundian Cambodian Cameroonian Canadian Catalan Caucasian Chadian Chechen Chilean Chinese Colombian
    Congolese Corsican Croat Croatian Cuban Cypriot Czech Dane Danish Djiboutian Dominican Dutch Dutchman Dutchwoman
    Ecuadorian Egyptian Emirati English Englishman Englishwoman Eritrean Estonian Ethiopian European Fijian Filipina
    Filipino Finn Finnish Flemish Frenchman Frenchwoman French Gabonese Gambian Georgian German Ghanaian Greek
    Grenadian Guatemalan Guinean Guyanese Haitian Hispanic Honduran Hungarian Icelandic Icelander Indian Indonesian
    Inuit Iranian Iraqi Irish Irishman Irishwoman Israeli Italian Ivorian Jamaican Japanese Jordanian Kazakh Kenyan
    Korean Kosovar Kurd Kurdish Kuwaiti Kyrgyz Laotian Latina Latino Latvian Lebanese Liberian Libyan Lithuanian
    Luxembourger Macedonian Malagasy Malawian Malay Malaysian Maldivian Malian Maltese Maori Mauritanian Mauritian
    Mexican Moldovan Mongolian Montenegrin Moroccan Mozambican Namibian Nepalese Nepali Nicaraguan Nigerian Nigerien
    Norwegian Omani Pakistani Palestinian Panamanian Paraguayan Persian Peruvian Pole Polish Portuguese Qatari Roma
    Romani Romanian Russian Rwandan Salvadoran Samoan Saudi Scot Scotsman Scottish Senegalese Serb Serbian
    Singaporean Sinti Slovak Slovakian Slovene Slovenian Somali Spaniard Spanish Sudanese Surinamese Swede Swedish
    Swiss Syrian Taiwanese Tajik Tanzanian Tamil Thai Tibetan Togolese Tongan Trinidadian Tunisian Turk Turkish
    Turkmen Ugandan Ukrainian Uruguayan Uyghur Uzbek Venezuelan Vietnamese Welsh Welshman Yemeni Zambian Zimbabwean
    Deutscher Italiener Italienerin Franzose Franzosen Französin Spanier Spanierin Türke Türken Türkin Russe Russen
    Russin Pole Polen Polin Österreicher Österreicherin Schweizer Schweizerin Grieche Griechin Kroate Kroatin Serbe
    Syrer Syrerin Ukrainer Ukrainerin Rumäne Rumänin Bulgare Bulgarin Iraner Iranerin Chinese Chinesin Japaner
    Japanerin Vietnamese Vietnamesin Portugiese Portugiesin Brite Britin Ungar Ungarin Afghane Afghanin Marokkaner
    Marokkanerin Français Française Allemand Allemande Italien Italienne Espagnol Espagnole Portugais Portugaise
    Algérien Algérienne Marocain Marocaine Tunisien Tunisienne Sénégalais Belge Polonais Polonaise Turc Turque
    Roumain Roumaine
    """.split()
)
RELIGIOUS = frozenset(
    """
    Adventist Ahmadi Alevi Amish Anglican Atheist Bahai Baptist Buddhist Calvinist Catholic Christian Episcopalian
    Evangelical Hindu Jain Jew Jewish Lutheran Mennonite Methodist Mormon Muslim Moslem Pentecostal Presbyterian
    Protestant Quaker Rastafarian Scientologist Shia Shiite Sikh Sunni Taoist Yazidi Zoroastrian Katholik Katholikin
    Protestantin Jude Jüdin Juden Muslima Muslimin Buddhistin Atheistin Musulman Musulmane Catholique Juif Juive
    """.split()
)
POLITICAL = frozenset(
    """
    Communist Conservative Democrat Islamist Leninist Libertarian Maoist Marxist Republican Socialist Tory Tories
    Trotskyist Zionist Sozialdemokrat Sozialdemokratin Kommunist Kommunistin Peronist Gaullist
    """.split()
)

# After these words a nationality is about a person …
PERSONAL = frozenset(
    """
    actor actress architect artist athlete author banker boy businessman businesswoman child children citizen
    citizens citizenship couple descent doctor driver employee engineer entrepreneur family father footballer girl
    guy husband immigrant immigrants journalist king lady lawyer man men migrant migrants mother musician national
    nationals nationality nun nurse origin parents passport patient people person player politician prisoner
    professor queen refugee refugees resident residents scientist singer soldier soldiers student students teacher
    teenager tourist tourists wife woman women worker workers writer
    """.split()
)
# … and after these about a state, its law, its language or its trade.
IMPERSONAL = frozenset(
    """
    account accounting act affiliate agency ambassador anti-trust antitrust army authorities authority bank banking
    banks bond bonds branch business cabinet capital central channels church civil code coast commercial common
    company companies constitution consulate contract corporate corporation corporations counterpart counterparts
    court courts culture currency customs data deposit depositary distributor dollar dollars economy edition embassy
    entities entity equity euro exchange federal federation food franchise fund funds government governmental group
    income industry insurance interest investment issuer jurisdiction label language law laws legal legislation lira
    limited literature local market markets membership ministry national-level office official option or parent
    parliament partner party patent patents peso police pound pounds product products province pub public real
    region regulation regulations regulator regulatory republic restaurant road rules school securities share shares
    standard standards state states stock style-option subsidiaries subsidiary tax taxes taxation telecommunications
    territory text trade trademark trademarks translation franc francs krona kronor krone rupee rupees rouble shekel
    yuan treasury treaty union university version war waters website withholding yen
    """.split()
)
LANGUAGES = frozenset(
    """
    Arab Chinese Czech Danish Dutch English Finnish French German Greek Hungarian Italian Japanese Korean Norwegian
    Polish Portuguese Romanian Russian Spanish Swedish Thai Turkish Ukrainian Vietnamese Welsh
    """.split()
)
