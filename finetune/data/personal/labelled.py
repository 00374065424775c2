"""Numbers and codes that only a word beside them tells: record, identity, health and account numbers, licence plates.

Each word is looked for in the languages of the countries that use it. Between word and number may stand "number", "no",
a colon and the like.
"""

import re
from collections.abc import Iterator

from finetune.data.personal.kinds import Find, PersonalKind

RECORD_WORD = (
    r"(?:account|acct|a/c|acc|policy|claim|member(?:ship)?|patient|medical record|health record|record|case|"
    r"customer|client|"
    r"subscriber|group|invoice|order|booking|reservation|reference|ref|loan|mortgage|prescription|rx|student|employee|"
    r"employee id|staff|staff id|badge|ticket|matter|docket|file|chart|hospital|hosp|encounter|specimen|sample|"
    r"accession|"
    r"registration|certificate|contract|transaction|txn|trans|receipt|tracking|consignment|shipment|parcel|asset|"
    r"asset tag|serial|s/n|licen[cs]e|MRN|UHID|NPI|IMEI|VIN|DEA|sort code|routing|aba|bsb|iban|swift|bic|konto|"
    r"kontonummer|kunden|kundennummer|vertrags?|vertragsnummer|rechnung|rechnungsnummer|auftrags?|auftragsnummer|"
    r"mitglieds?|mitgliedsnummer|personalnummer|versicherungs|versicherungsnummer|aktenzeichen|p[oó]liza|expediente|"
    r"cuenta|siniestro|factura|pedido|historia cl[ií]nica|dossier|contrat|facture|commande|matricule|prontuário|"
    r"apólice|"
    r"protocolo|contrato|rekening|klantnummer|polisnummer|identification|meter|device)"
)
IDENTITY_WORD = (
    r"(?:passport|passeport|reisepass|pasaporte|passaporte|personalausweis|ausweis|driver'?s?[’']?s? licen[cs]e|"
    r"drivers?[’']? licen[cs]e|driving licen[cs]e|licen[cs]e (?:to drive|class \w)|DL|permis de conduire|führerschein|"
    r"permiso de conducir|carnet de conducir|patente|CNH|tax|tax id|taxpayer|TIN|TAN|PAN|GSTIN|EIN|UTR|VAT|CNPJ|CPF|RG|"
    r"CURP|RFC|DNI|NIE|NIF|NIN|BSN|SIN|national id(?:entity)?|id card|identity card|residence card|resident card|"
    r"residence permit|work permit|visa|voter'?s?[’']?s? (?:card|id)|EPIC|aadhaar|aadhar|"
    # Japan's has twelve digits; anybody else's number is most often a phone's.
    r"my number(?=\W{0,6}(?:(?:is|card)\W{1,3})?(?:\d[ -]?){12}(?!\d))|steuer-?id|"
    r"steuernummer|tax ref(?:erence)?|carta d'identità|codice fiscale|pesel|personnummer|emirates id|NRIC|FIN|"
    r"green card|alien registration|A-number|military id)"
)
HEALTH_WORD = (
    r"(?:NHS|CHI|H&C|medicare|medicaid|health card|health insurance|insurance card|medical card|OHIP|ABHA|"
    r"versichertennummer|krankenversicherung(?:snummer)?|krankenkasse|versichert bei [\w\s&]{2,40}?,? nr\.?|mutuelle|"
    r"carte vitale|tarjeta sanitaria|cartão SUS|HCN|PHN|cashless (?:approval|claim)[\w ]{0,20}card|health plan)"
)
BANK_WORD = (
    r"(?:BVN|NUBAN|IFSC|UPI|UPI id|VPA|sort ?code|routing|ABA|BSB|IBAN|SWIFT|BIC|bank(?:ing)? account|checking account|"
    r"savings? account|current account|debit account|deposit account|BLZ|bankleitzahl|kontonummer|konto|CLABE|CBU|pix|"
    r"agência|conta(?: corrente)?|compte|rib|rekeningnummer)"
)
PLATE_WORD = (
    r"(?:licen[cs]e plate|number ?plate|plates?|registration (?:mark|plate)|reg(?:istration)?|vehicle(?: reg\w*)?|veh|"
    r"car reg\w*|kfz-?kennzeichen|kennzeichen|matr[ií]cula|immatriculation|plaque|targa|kenteken|rejestracja|placa|"
    r"tricycle reg|bike reg|van reg|truck)"
)
SOCIAL_WORD = (
    r"(?:SSN|social security|social|national insurance|NI|NINO|NINo|sozialversicherungsnummer|SV-?nummer|"
    r"sécurité sociale|sécu|seguridad social|seguro social|NSS|NAF|INSS|NIS|PIS)"
)
BETWEEN = (
    r"(?i:(?:[ \t]?(?:number|num\b|no\b\.?|nr\b\.?|n[°º]\.?|№|ids?\b|code\b|card\b|ref\b\.?|identifier\b|"
    r"identification\b|"
    r"account\b|is\b|was\b|ist\b|lautet\b|es\b|est\b|é\b|nummer\b|número\b|numéro\b|nº|#|:|=|-|–|"
    r",)){0,5})[ \t]{0,3}[\"'(]?"
)
CODE = (
    r"(?P<item>(?=[A-Z]{0,6}[ /.-]?[A-Z]{0,3}\d|[A-Z0-9])[A-Za-z0-9]{1,30}(?:[-/.]{1,2}[A-Za-z0-9]{1,20}){0,6}"
    r"(?: (?:\d[A-Z0-9]{0,11}|[A-Z]{1,3}\d[A-Z0-9]{0,9}|[A-Z]{1,2}(?= \d|[.,;)\n]|"
    r"$))(?:[-/.]\w{1,10}){0,3}(?![a-z'’])){0,6})"
    r"(?!\w)"
)
PLATE = (
    r"(?P<item>[A-Z]{1,3}[- ]?\d{1,4}(?:[- ]?[A-Z]{1,3}(?:[- ]?\d{1,4})?)?|"
    r"[A-ZÄÖÜ]{1,3}[- ][A-Z]{1,2}[- ]?\d{1,4}[EH]?|"
    r"\d{1,4}[- ]?[A-Z]{1,3}[- ]?\d{0,4})(?![\w-])"
)
RECORD = re.compile(
    rf"\b(?i:{RECORD_WORD})(?:\s(?i:number|num|no\.?|nr\.?|id|code|identifier|identification|#))?"
    r"(?:,\snumber)?\s{0,3}(?:#|:|\bis\b|\bnumber\b|\bwas\b|\blautet\b|\bist\b|\best\b|\bes\b|№|n[°º]|=|\()?\s{0,3}[:#]?\s{0,3}"
    r"(?<=[\s:#№=(°º])"
    r"(?P<item>(?=(?:[A-Z]{1,5} )?(?:[\w/-]{0,30}\d{3}|[\w-]{0,12}\d{2}-\d))"
    r"(?:[A-Z]{1,5} )?[A-Za-z]{0,4}[-/]?[A-Za-z0-9]{0,30}\d[A-Za-z0-9]{0,30}(?:[-/][A-Za-z0-9]{1,20}){0,5})\b"
    r"(?!\s?(?:%|€|euros?|dollars?|pounds?|USD|EUR|GBP|days?|hours?|miles|points|times|people|rows|[.,:]\d))"
)
FORMED = re.compile(
    r"\b(?P<item>(?:MRN|PAT|POL|CLM|ACC|ACCT|INV|CASE|CUST|PLY|REF|TKT|LN|RX|ID|EMP|MEM|ORD|SR|INC|HR|RC|TXN|TRF|MA)"
    r"[-_#/]\s?(?=[A-Z/-]{0,8}\d)[A-Z0-9/-]{4,24})\b"
)
LAST_FOUR = re.compile(
    r"\b(?i:last (?:4|four)(?: digits)?(?: of (?:my |the |his |her )?(?:ssn|social(?: security)?(?: number)?))?|"
    r"(?:ssn|social)(?: ending(?: in| with)?| last (?:4|four)))(?:\s(?i:is|are|was)|:)?\s(?P<item>\d{4})\b"
)
UPI = re.compile(r"(?<![\w.@+-])(?P<item>[A-Za-z0-9][\w.-]{2,60}@[A-Za-z]{2,20})(?![\w@]|\.\w)")
_LABELLED: tuple[tuple[PersonalKind, str, str, int], ...] = (
    # kind, words, value, the fewest digits it must have
    ("social security number", SOCIAL_WORD, CODE, 6),
    ("identity number", IDENTITY_WORD, CODE, 4),
    ("health number", HEALTH_WORD, CODE, 5),
    ("bank account", BANK_WORD, CODE, 4),
    ("licence plate", PLATE_WORD, PLATE, 2),
)
LABELLED = [
    (kind, least, re.compile(rf"(?<![\w-])(?:{word if word.isupper() else '(?i:' + word + ')'}){BETWEEN}{value}"))
    for kind, word, value, least in _LABELLED
]
YEAR = re.compile(r"(?:19|20)\d\d(?:[-/]\d{2,4})?|\d{1,4}[-/.]\d{1,2}[-/.]\d{2,4}")
MEASURE = re.compile(r"\s?(?:%|€|\$|£|euros?\b|dollars?\b|pounds?\b|USD|EUR|GBP|days?\b|hours?\b|months?\b|"
    r"years?\b|miles\b|"
                     r"points\b|times\b|people\b|rows\b|[.,:]\d)")  # fmt: skip


def labelled(text: str) -> Iterator[Find]:
    for match in RECORD.finditer(text):
        if _is_record(match["item"]):
            yield Find(*match.span("item"), "record number", "after a word like account or claim")
    for match in FORMED.finditer(text):
        yield Find(*match.span("item"), "record number", "letters and digits of a record")
    for match in LAST_FOUR.finditer(text):
        yield Find(*match.span("item"), "social security number", "its last four digits")
    if "@" in text:
        for match in UPI.finditer(text):
            yield Find(*match.span("item"), "bank account", "form of a payment address")
    for kind, least, pattern in LABELLED:
        for match in pattern.finditer(text):
            if _is_code(match["item"], least) and not MEASURE.match(text, match.end("item")):
                yield Find(*match.span("item"), kind, "after words that name such a number")


def _is_record(text: str) -> bool:
    """A year or a round quantity beside "account" or "order" is no record number, nor is a date."""
    return not re.fullmatch(r"(?:19|20)\d\d(?:-\d\d)?|\d{1,3}|\d{1,4}[-/]\d{1,2}[-/]\d{2,4}", text)


def _is_code(text: str, least: int) -> bool:
    return sum(c.isdigit() for c in text) >= least and not YEAR.fullmatch(text)
