"""The words that say what a number is, as data: phrase by phrase the type, and what a value of it looks like.

English first, with the commonest German, French, Spanish and Italian labels. `labelled` reads the text; nothing here
decides. A phrase stands without its number word: "account" also serves "account number", "Account No.", "numéro de
compte" and "kontoNr". Phrases are lower case, without apostrophes; accents may be left out in the text.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from compliance_bot.redaction.patterns import number_shapes as shapes

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator, Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What a phrase says of the number after it.

    A value has at least `least` digits where a word for "number" stands between, `colon` ones after a colon or over a
    cell's border, `bare` ones directly after the phrase; 0 stands for never. `beside` must be found near the value.
    """

    type: str
    shape: re.Pattern[str]
    least: int
    colon: int = 0
    bare: int = 0
    score: float = 0.75
    beside: re.Pattern[str] | None = None


def _label(type_: str, shape: re.Pattern[str], digits: tuple[int, int, int], score: float = 0.75) -> Label:
    return Label(type=type_, shape=shape, least=digits[0], colon=digits[1], bare=digits[2], score=score)


_CARD_CODE = Label(type="CVV", shape=shapes.CODE_OF_CARD, least=3, colon=3, bare=3, beside=shapes.CARD)
_CARD_MONTH = Label(type="CARD_EXPIRY", shape=shapes.MONTH, least=3, colon=3, bare=3, beside=shapes.CARD)

_PHRASES: tuple[tuple[Label, str], ...] = (
    # Banks
    (
        _label("US_BANK_NUMBER", shapes.CODE, (5, 5, 6)),
        """account, accounts, acct, accts, a/c, konto, kto, bankkonto, girokonto, depot, compte bancaire, compte,
        cuenta bancaria, cuenta, conto corrente, conto, c/c""",
    ),
    (
        _label("ABA_ROUTING_NUMBER", shapes.ROUTING, (9, 9, 9)),
        "routing, aba, rtn, routing transit, transit routing, aba routing",
    ),
    (_label("ABA_ROUTING_NUMBER", shapes.ROUTING, (9, 9, 0), 0.3), "wire, fedwire, ach"),  # with its check digit
    (_label("BANK_CODE", shapes.SORT_CODE, (6, 6, 6)), "sort code, bankleitzahl, blz, bsb, code guichet"),
    (_label("LEI", shapes.LEGAL_ENTITY, (2, 2, 2)), "lei, legal entity identifier, legal entity"),
    (
        _label("LOAN_NUMBER", shapes.CODE, (5, 5, 7)),
        """loan, loans, loan account, mortgage, mortgage account, mortgage loan, heloc, darlehen, darlehens,
        darlehenskonto, kredit, kreditvertrag, kreditvertrags, prêt, préstamo, hipoteca, mutuo""",
    ),
    (
        _label("CUSTOMER_NUMBER", shapes.CODE, (3, 5, 6)),
        """customer, client, employee, student, user, badge, cif, frequent flyer, frequent flier, kunden, kunde,
        cliente, empleado, dipendente, alumno, étudiant, salarié""",
    ),
    (_label("CUSTOMER_NUMBER", shapes.CODE, (3, 4, 5)), "matrikel, matricule, matricola, nmls"),
    (
        _label("CUSTOMER_NUMBER", shapes.CODE, (3, 0, 0)),
        """personnel, staff, payroll, worker, loyalty, cardholder, borrower, applicant, candidate, participant,
        subject, mitglieds, mitglied, personal, mitarbeiter, versicherungsnehmer""",
    ),
    # States
    (
        _label("US_ITIN", shapes.TAX_NUMBER, (9, 9, 9), 0.85),
        "itin, individual taxpayer identification, individual taxpayer, taxpayer identification, taxpayer, tax, tin",
    ),
    (_label("US_PASSPORT", shapes.PASSPORT, (8, 8, 8)), "passport, passport book, passport card, passports"),
    (
        _label("US_DRIVER_LICENSE", shapes.CODE, (3, 3, 5)),
        """drivers license, driver license, drivers licence, driver licence, driving licence, driving license, dl,
        d/l, operators license, cdl, drivers lic, driver lic""",
    ),
    (
        _label("LICENSE_NUMBER", shapes.CODE, (4, 0, 0), 0.7),
        """license, licence, lic, professional license, certificate, birth certificate, permit, bar, state bar,
        zulassungs, carte professionnelle, colegiado, matrícula profesional, albo""",
    ),
    # Health
    (_label("US_NPI", shapes.PROVIDER, (10, 10, 10)), "npi, national provider, national provider identifier"),
    # The word alone is too little: this one counts with its check digit.
    (_label("US_NPI", shapes.PROVIDER, (10, 0, 0), 0.3), "provider, physician, prescriber"),
    (_label("US_MBI", shapes.CODE, (4, 4, 4)), "mbi, medicare beneficiary, medicare beneficiary identifier"),
    (_label("US_MBI", shapes.CODE, (4, 6, 0)), "medicare"),
    (
        _label("MEDICAL_LICENSE", shapes.CODE, (4, 4, 5)),
        """dea, dea registration, medical license, medical licence, physician license, nursing license, rn license,
        prescriber license, gmc""",
    ),
    (
        _label("HEALTH_PLAN_ID", shapes.CODE, (4, 6, 0)),
        """member, membership, subscriber, beneficiary, group, grp, medicaid, health plan, plan member, health
        insurance, hicn, insured, enrollee, dependent, prior authorization, prior auth, preauthorization, authorization,
        rxbin, rx bin, rxpcn, rxgrp, rx group, versicherten, krankenversicherten, krankenversicherung, assuré,
        adhérent, afiliado, asegurado, assicurato, assistito, tessera sanitaria""",
    ),
    (
        _label("HEALTH_PLAN_ID", shapes.CODE, (6, 7, 0)),
        """policy, policyholder, insurance policy, insurance, police, versicherungsschein, policen, versicherungs,
        versicherung, póliza, polizza""",
    ),
    (
        _label("MEDICAL_RECORD_NUMBER", shapes.CODE, (3, 3, 4), 0.8),
        """mrn, medical record, medical records, med rec, health record, patient chart, dossier médical, historia
        clínica, nhc, cartella clinica, krankenakte, ipp""",
    ),
    (_label("MEDICAL_RECORD_NUMBER", shapes.CODE, (3, 5, 6), 0.8), "patient, patienten, paciente, paziente"),
    (
        _label("MEDICAL_RECORD_NUMBER", shapes.CODE, (3, 0, 0), 0.7),
        """hospital, encounter, visit, admission, accession, specimen, chart, emr, ehr, prescription, rx, referral,
        pt, fall, aufnahme""",
    ),
    # Courts and authorities
    (
        _label("CASE_NUMBER", shapes.DOCKET, (3, 3, 4), 0.8),
        """docket, case file, court file, civil action, civil case, criminal case, criminal action, police report,
        our ref, your ref, our reference, your reference, file ref, file reference, case ref, aktenzeichen,
        geschäftszeichen, pourvoi, expediente, expte""",
    ),
    (
        _label("CASE_NUMBER", shapes.FILED, (3, 3, 3), 0.8),
        """az, gz, geschz, zeichen, rg, r g, rgnr, rôle général, autos, recurso, procedimiento, diligencias,
        diligencias previas, procedimento, procedimento penale""",
    ),
    (
        _label("CASE_NUMBER", shapes.DOCKET, (3, 5, 0)),
        """case, cases, matter, file, claim, claims, report, incident, complaint, petition, appeal, warrant,
        citation, arrest, booking, inmate, crime, reference, ref, application, applications, receipt, uscis,
        proceeding, proceedings, indictment, judgment, probate, cause, ticket, affaire, dossier, procès-verbal,
        causa, pratica, fascicolo, verfahren, verfahrens, vorgang, vorgangs, schaden, schadens, anzeige, akten""",
    ),
    (_label("CASE_NUMBER", shapes.DOCKET, (4, 0, 0)), "index, decision, pv"),
    # Devices and bodies
    (
        _label("VIN", shapes.VEHICLE, (3, 3, 3), 0.8),
        """vin, vehicle identification, vehicle id, chassis, fahrgestell, fin, fahrzeugidentifizierungs,
        fahrzeug-identifizierungs, fahrzeug-ident, châssis, bastidor, telaio""",
    ),
    (_label("IMEI", shapes.DIGITS, (14, 14, 14)), "imei, imeisv, meid, imei1, imei2"),
    (
        _label("DEVICE_SERIAL", shapes.DEVICE, (4, 4, 5), 0.7),
        "serial, s/n, sn, iccid, imsi, udid, idfa, gaid, asset tag, serien, numéro de série, udi",
    ),
    (
        _label("DEVICE_SERIAL", shapes.DEVICE, (4, 0, 0), 0.7),
        """device, implant, pacemaker, sim, sim card, android, advertising, geräte, gerät, série, serie, appareil,
        dispositivo""",
    ),
    (
        _label("BIOMETRIC_ID", shapes.DEVICE, (3, 5, 0), 0.7),
        """fingerprint, fingerprints, fingerprint template, fingerprint record, biometric, biometric template,
        biometric record, voiceprint, voice print, iris, iris scan, retina scan, retinal scan, palm print, palm
        vein, face template, facial template, facial recognition, faceprint, fingerabdruck, empreinte, huella,
        impronta""",
    ),
    (
        _label("PHOTO_REFERENCE", shapes.IMAGE, (1, 1, 1), 0.6),
        """photo, photos, photograph, photographs, headshot, portrait, mugshot, mug shot, selfie, id photo, photo
        of patient, photo of the patient, foto, lichtbild, fotografía, fotografia""",
    ),
    # Cards and secrets to be typed in
    (
        _label("CVV", shapes.CODE_OF_CARD, (3, 3, 3), 0.85),
        """cvv, cvv2, cvc, cvc2, csc, cav2, card verification, card verification value, card security code,
        kartenprüf, prüfziffer, cryptogramme, cryptogramme visuel""",
    ),
    (_CARD_CODE, "security code, cid, sicherheitscode, code de sécurité, código de seguridad, codice di sicurezza"),
    (
        _label("CARD_EXPIRY", shapes.MONTH, (3, 3, 3), 0.8),
        "card expiry, card expires, valid thru, good thru, exp date, expdate, card expiration, card expiration date",
    ),
    (
        _CARD_MONTH,
        """exp, expiry, expiry date, expires, expires on, expiring, expiration, expiration date, valid until, valid
        to, gültig bis, ablaufdatum, verfall, expire, expire le, expire fin, caducidad, fecha de caducidad,
        vencimiento, scadenza, data di scadenza""",
    ),
    (
        _label("PIN", shapes.SHORT, (4, 4, 4)),
        """pin, pins, passcode, one time code, one time passcode, one time password, verification code, otp,
        geheimzahl, code secret, código pin, codice pin, code pin""",
    ),
)

# Words for "number", which may stand between a phrase and its value or, with "de", before the phrase.
NUMBER_WORDS = frozenset(
    """number numbers no nos num nums nbr nr nrs # id ids identifier identification code codes ref reference nummer
    nummern kennung identifikationsnummer zeichen numéro numéros numero numeros número números numeri codice código
    codigo n o n° nº º №""".split()
)
LINKS = frozenset("is was are be being reads ist lautet est es è".split())
OF = frozenset("de di del della du des da d of".split())
SUFFIXES = ("nummer", "nummern", "nr", "number", "no", "num", "id")  # "Kontonummer", "accountNumber", "patientId"


def _plain(phrase: str) -> str:
    """Return the phrase without accents."""
    return "".join(c for c in unicodedata.normalize("NFD", phrase) if not unicodedata.combining(c))


def _spellings(phrase: str) -> Iterator[str]:
    """Yield the phrase as `labelled` splits it, with and without accents, and run together if it is several words."""
    spaced = phrase.replace("-", " ")
    for one in {spaced, _plain(spaced)}:
        yield one
        yield one.replace(" ", "")


LABELS: Mapping[str, Label] = MappingProxyType(
    {
        spelling: label
        for label, phrases in _PHRASES
        for phrase in " ".join(phrases.split()).split(", ")
        for spelling in _spellings(phrase)
    }
)
TYPES = tuple(sorted({label.type for label, _ in _PHRASES}))
MOST_WORDS = max(phrase.count(" ") + 1 for phrase in LABELS)
