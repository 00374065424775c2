"""Tables and forms within a text: a heading (Patient, Surname, Phone) hides what stands under or beside it.

    | Patient | Score |      Name,Email           Patient: ike robles
    | Abebe   | 71    |      Zeb Purdy,z@x.org    Address: Old Mill, near the church

Columns are read from lines that one mark divides (a bar, a tab, a comma, a semicolon) into as many cells as the heading
has; fields from lines, or parts of a line between bars, that a colon divides.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from finetune.data.document import words
from finetune.data.personal.kinds import Find, PersonalKind
from finetune.data.personal.wordlists import Lists, lists

MARKS = "|\t;,"
FEWEST_CELLS = 2
# Headings by the kind they hide; small letters, without marks. A person's column may hold any capitalised words;
# what "name" heads may be a product's, so one cell or one more column must tell a person.
_HEADINGS: dict[PersonalKind, str] = {
    "name": "full name|first name|last name|given name|given names|family name|middle name|surname|forename|"
    "maiden name|"
    "patient|patient name|customer|customer name|client|client name|employee|employee name|member|member name|student|"
    "student name|pupil|tenant|borrower|co-borrower|applicant|guarantor|insured|policyholder|policy holder|claimant|"
    "beneficiary|cardholder|account holder|account name|name on account|name on card|contact person|contact name|"
    "next of kin|nok|emergency contact|guardian|parent|spouse|attendee|attendees|participants|guest|guests|candidate|"
    "staff member|manager|supervisor|doctor|physician|provider|nurse|carer|caregiver|therapist|driver|witness|sender|"
    "recipient|requester|reporter|caller|passenger|subscriber|owner|landlord|teacher|author|signed|signed by|"
    "prepared by|reviewed by|approved by|agent|father|mother|husband|wife|son|daughter|nominee|referee|nombre|apellido|"
    "apellidos|nombre completo|cliente|paciente|titular|nome|nome completo|sobrenome|vorname|nachname|familienname|"
    "kunde|kundin|patientin|mitarbeiter|mitarbeiterin|inhaber|kontoinhaber|kontoinhaberin|ansprechpartner|halter|"
    "prénom|nom|nom de famille|nom complet|salarié|titulaire|cognome|naam|voornaam|achternaam|imię|nazwisko|"
    "first|last|surname given name",
    "email": "email|e-mail|email address|e-mail address|mail|correo|courriel",
    "phone": "phone|phone number|telephone|tel|mobile|mobile number|cell|cell phone|fax|contact number|contact no|"
    "telefon|handy|rufnummer|teléfono|telefono|móvil|téléphone|portable|telefone|celular|whatsapp|durchwahl|ext|"
    "home phone|"
    "work phone|phone no|mob",
    "address": "address|street|street address|home address|mailing address|billing address|shipping address|"
    "postal address|"
    "delivery address|residential address|permanent address|current address|property|property address|residence|"
    "zip|zip code|zipcode|postcode|postal code|post code|pin code|pincode|adresse|anschrift|rechnungsadresse|"
    "lieferadresse|straße|strasse|plz|dirección|direccion|domicilio|código postal|endereço|morada|cep|indirizzo|"
    "cap|adres|"
    "r/o|add",
    "date of birth": "dob|d.o.b|date of birth|birth date|birthdate|birthday|born|geburtsdatum|geb|fecha de nacimiento|"
    "nacimiento|nascimento|data de nascimento|date de naissance|né le|née le|data di nascita",
    "social security number": "ssn|social security number|social security no|social|national insurance number|"
    "ni number|nino",
    "user name": "user|username|user name|user id|login|login name|benutzername|usuario|identifiant",
    "password": "password|passwort|contraseña|mot de passe|senha|pwd|passcode|pin",
    "identity number": "passport|passport no|passport number|driver license|drivers license|driver's license|"
    "driving licence|tax id|national id|id number|id no|pan|aadhaar|dni|nie|cpf|rg|nin|bsn",
    "bank account": "iban|account number|account no|acct no|a/c no|bank account|sort code|routing number|bvn|"
    "konto|clabe",
    "record number": "mrn|patient id|patient no|customer id|customer number|customer no|client id|member id|member no|"
    "employee id|employee no|staff id|student id|policy number|policy no|claim number|claim no|case number|case no|"
    "matricule|kundennummer|vertragsnummer",
    "licence plate": "licence plate|license plate|plate|registration|kennzeichen|matrícula|immatriculation",
    "health number": "nhs number|nhs no|medicare number|medicare id|health card|versichertennummer",
}  # fmt: skip
HEADINGS: dict[str, PersonalKind] = {h: kind for kind, names in _HEADINGS.items() for h in names.split("|")}
UNSURE = words("name names contact holder")  # of a person or of a thing
NAME_CELL = re.compile(r"[^\W\d_](?:[^\W\d_]|['’.\- ,])*")
FIELD = re.compile(
    r"(?:^|[\n|;•·]|[,.] )[ \t>*_#-]{0,6}(?P<label>[^\W\d_][\w'’./ -]{1,28}?)[*_]{0,2}[ \t]?:[*_]{0,2}[ \t]{1,8}"
    r"(?P<item>[^\n|;•·]{2,120})"
)
NUMBERED = {"phone": 4, "bank account": 4, "social security number": 4, "record number": 3, "identity number": 4,
            "health number": 4, "licence plate": 1, "date of birth": 2, "address": 0}  # fmt: skip


class Cell(NamedTuple):
    start: int
    end: int


def cells(text: str) -> Iterator[Find]:
    """What stands in columns and fields whose heading names a kind of personal data."""
    known = lists()
    if "\n" in text:
        for rows in _tables(text):
            yield from _columns(text, rows, known)
    if ":" in text:
        yield from _fields(text, known)


def heading_kind(heading: str) -> PersonalKind | None:
    """The kind a column's heading names, or None; also with "(required)", a number or "of the customer" behind it."""
    bare = " ".join(re.sub(r"[*_\"'`:.()\[\]#]|_", " ", heading.lower()).replace("_", " ").split())
    return HEADINGS.get(bare)


def _tables(text: str) -> Iterator[list[list[Cell]]]:
    """Blocks of lines of equally many cells; each block's first line is its heading."""
    block: list[list[Cell]] = []
    mark = ""
    position = 0
    for line in text.split("\n"):
        row = _row(line, position, mark) if mark else []
        if not (mark and len(row) == len(block[0])):
            if len(block) > 1:
                yield block
            mark = next((m for m in MARKS if m in line), "")
            row = _row(line, position, mark) if mark else []
            if len(row) < FEWEST_CELLS:
                mark = ""
            block = []
        if mark:
            block.append(row)
        position += len(line) + 1
    if len(block) > 1:
        yield block


def _row(line: str, start: int, mark: str) -> list[Cell]:
    edge = 0
    if mark == "|":
        lead = len(line) - len(line.lstrip(" \t|"))
        line, edge = line.rstrip(" \t|\r")[lead:], lead
    found = []
    for part in line.split(mark):
        bare = part.strip(" \t\"'*\r")
        begin = start + edge + (part.index(bare) if bare else 0)
        found.append(Cell(begin, begin + len(bare)))
        edge += len(part) + 1
    return found


def _columns(text: str, rows: Sequence[Sequence[Cell]], known: Lists) -> Iterator[Find]:
    heading = [text[c.start : c.end] for c in rows[0]]
    kinds = [heading_kind(h) for h in heading]
    for column, kind in enumerate(kinds):
        below = [row[column] for row in rows[1:] if row[column].end > row[column].start]
        if kind is None and heading[column].lower().strip() in UNSURE:
            named = any(k in ("email", "phone", "date of birth", "address", "name") for k in kinds)
            if named or any(_has_given(text[c.start : c.end], known) for c in below):
                kind = "name"
        if kind is not None:
            for cell in below:
                value = text[cell.start : cell.end]
                if not re.fullmatch(r"[-: =]*", value) and _fits(value, kind, known):
                    yield Find(cell.start, cell.end, kind, "in a column whose heading says so")


def _has_given(value: str, known: Lists) -> bool:
    first = value.replace(",", " ").split()[:1]
    return bool(first) and first[0].lower() in known.given and not known.is_ordinary(first[0].lower())


def _fits(value: str, kind: PersonalKind, known: Lists) -> bool:
    """May the value be of the kind? A name is one to five words that are not all ordinary."""
    if kind == "name":
        if not NAME_CELL.fullmatch(value) or len(value) > 60:
            return False
        parts = value.replace(",", " ").split()
        unusual = [p for p in parts if len(p) > 1 and not known.is_ordinary(p.lower().strip(".'’"))]
        named = [p for p in parts if known.is_name(p.lower()) and p[0].isupper()]
        return 0 < len(parts) <= 5 and (bool(unusual) or len(named) == len(parts) > 1)
    if kind == "email":
        return "@" in value
    if kind in ("user name", "password"):
        return " " not in value and len(value) > 2 and not known.is_ordinary(value.lower())
    digits = sum(c.isdigit() for c in value)
    return digits >= NUMBERED.get(kind, 1) and (kind != "address" or digits > 0 or value.count(",") > 0)


def _fields(text: str, known: Lists) -> Iterator[Find]:
    """Label: value. A name ends where its words do (Patient: ike robles, seen today)."""
    position = 0
    while match := FIELD.search(text, position):
        position = match.start("item")
        kind = heading_kind(match["label"])
        if kind is None:
            continue
        start, value = match.start("item"), match["item"].rstrip(" .\t\r")
        if kind == "address":
            value = _address_part(value)
        elif kind == "name":
            value = _name_part(value, known)
        elif kind not in ("email", "phone"):
            value = re.split(r"[,;(]|\. | - | (?=[a-z]{2})", value)[0].rstrip()
        else:
            continue  # their own form tells them
        if value and _fits(value, kind, known):
            yield Find(start, start + len(value), kind, "behind a label that says so")


def _name_part(value: str, known: Lists) -> str:
    """The words before the first mark; with "Family, Given" both; small ones only where none is ordinary."""
    parts = re.split(r" [-–/(|]|[;(:\d]|\.\s|, (?![^\W\d_]+$)", value, maxsplit=1)
    named = parts[0].rstrip(" ,")
    if named[:1].isupper():
        kept = []
        for word in named.split():
            if not (word[0].isupper() or word.lower() in PARTICLES_SMALL):
                break
            kept.append(word)
        return " ".join(kept).rstrip(" ,")
    small = named.split()
    return named if len(small) <= 3 and not any(known.is_ordinary(w.lower()) for w in small) else ""


PARTICLES_SMALL = words("de da di du del dos das van von der den bin ibn al el la le ter ten y e")


def _address_part(value: str) -> str:
    """Up to the sentence's end: a full stop after a long word or number, before a capital."""
    return re.split(r"(?<=[^\W_]{4})\.\s(?=[^\W\d_])", value)[0].rstrip(" .,")
