"""Personal data in texts: found, and replaced by tags that read naturally.

Numbers with a checksum (cards, IBANs, health and identity numbers) prove themselves, phone numbers are checked against
the numbering plans; record numbers, dates of birth, names after a title or an introduction, street addresses and
secrets are found by what stands around them. Found text is never logged and never stored, only its hash.

presidio-analyzer was measured for this first: without a spaCy model it finds the same numbers and fewer cards, and
importing it loads spaCy and transformers, 7 s of work at a user's first file.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Literal

from finetune.data.document import words

PersonalKind = Literal[
    "name", "email", "phone", "address", "date of birth", "card number", "bank account", "social security number",
    "health number", "identity number", "record number", "ip address", "password", "key",
]  # fmt: skip
CANNOT_FIND: tuple[str, ...] = (
    "a first or family name by itself, without a title, greeting or introduction before it (as in: Maria asked again)",
    "names that are rare or written small, and names from beyond Europe and the Americas",
    "a person described rather than named (the mayor's youngest daughter)",
    "names of towns, employers and organisations, ages, professions and nationalities",
    "an address without a street word and house number, or written over several rows",
    "record numbers of your own pattern without a word like record, account, policy or claim beside them",
    "personal data in languages other than English, Spanish, French and German, except numbers and e-mail addresses",
)

NAME_PART = r"(?:[A-ZÀ-ÖØ-ÞŠŽČĆŁŐŰ][\w’'\-À-ž]+|[A-Z]\.)"
PARTICLE = r"(?:de|da|di|du|del|della|dos|van|von|der|den|bin|al|el|la|le|ter|ten|zu)"
NAME = rf"{NAME_PART}(?:\s+(?:{PARTICLE}\s+)*{NAME_PART}){{0,3}}"
TITLE = (
    r"(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Professor|Doctor|Nurse|Sir|Madam|Mister|Rev|Capt|Sgt|Judge|Frau|Herr|Herrn|Señora?|"
    r"Sra?|Don|Doña|Madame|Monsieur|Mme|Mlle)"
)
INTRODUCED = (
    r"(?:[Mm]y (?:full |maiden |last |first |legal )?name is|[Tt]he name is|[Nn]ame:|[Nn]ame is|[Pp]atient(?: name)?:|"
    r"[Pp]atient named|[Tt]his is|I am|I[’']m|[Ii]ch hei(?:ß|ss)e|[Mm]ein Name ist|[Mm]e llamo|[Mm]i nombre es|"
    r"[Jj]e m[’']appelle|[Mm]on nom est|[Cc]ontact(?: person)?:|[Ss]igned(?: by)?:?|[Aa]ttn:?|[Cc]ardholder:?|"
    r"[Ii]n the name of|[Aa]ccount holder:?|[Pp]olicyholder:?|[Bb]eneficiary:?|[Ss]poke (?:to|with)|[Rr]egards to)"
)
CLOSING = (
    r"(?:(?:[Kk]ind|[Bb]est|[Ww]arm)(?:est)? regards|[Rr]egards|[Ss]incerely(?: yours)?|[Yy]ours (?:sincerely|"
    r"truly|faithfully)|"
    r"[Bb]est wishes|[Mm]any thanks|[Cc]heers|[Bb]est|[Mm]it freundlichen Grüßen|[Vv]iele Grüße|[Ss]aludos|"
    r"[Cc]ordialement)"
)
# Words that follow "Dear", "I am" or "This is" with a capital and are no name.
NO_NAME = words(
    """
    sir madam team customer customers client patient patients member members all colleague colleagues friend
    friends support service applicant tenant guest user the a an not very so just still also sorry afraid unable
    trying looking writing having getting going interested currently new american german french spanish english
    british canadian european indian chinese japanese medicare medicaid medication type monday tuesday wednesday
    thursday friday saturday sunday january february march april may june july august september october november
    december covid hiv visa mastercard paypal i it my your our in on at if we you what how when where why who
    can is please hi hello thank thanks regards best yours dr mr mrs ms oh ok okay yes no chief human head care
    resources department office desk manager director officer health insurance bank credit union clinic hospital
    center centre
    """
)
# A given name and a family name side by side need no introduction: the lists are Faker's, of ten countries.
NAME_COUNTRIES = "en_US en_GB de_DE fr_FR es_ES it_IT pt_BR nl_NL pl_PL sv_SE"
FULL_NAME = re.compile(
    rf"\b(?P<item>(?P<given>[A-ZÀ-ÖØ-ÞŠŽ][a-zß-ž’'-]+)(?:\s+[A-Z]\.)?(?:\s+{PARTICLE})*\s+"
    rf"(?P<family>[A-ZÀ-ÖØ-ÞŠŽ][a-zß-ž]+(?:[-’'][A-ZÀ-Þ][a-zß-ž]+)?)(?:\s+(?:Jr|Sr)\b)?)"
)
# Given names that are other words more often: taken only before a known family name.
ALSO_WORDS = words(
    """
    April May June August Summer Autumn Dawn Sunny Virginia Carolina Georgia Florence Jordan Israel Chelsea Paris London
    Chase Grant Bill Mark Will Art Christian Guy Royal Major Faith Hope Joy Grace Rose Ivy Lily Rich Max Roman Holly
    Amber Ruby Crystal Destiny Trinity Angel Mercedes Lane Page Austin Dallas Houston Madison Brooklyn Sydney Asia India
    China Troy Pat Penny Robin Star Sterling Price Case Chance Dean Earl Duke Prince King Noble Long Read Drew Gene
    Miles Frank Ray Rusty Sandy Misty Stormy Gay Young Best Love Santa San Saint Santo Los Las
    """
)
# What follows a person's name when the two together name a thing.
NAMED_AFTER = words(
    """
    Disease Syndrome Palsy Test Act Law Scale Foundation Institute University Hospital Clinic Center Centre College
    School County City Park Street Avenue Road League Declaration Plan Catholic House Bank Fund Insurance Company
    Group Score Index Effect Theorem Prize Award Day Express Policy Account Card Team Support Service Services
    """
)
STREET = (
    r"(?:Street|St\.?|Avenue|Ave\.?|Road|Rd\.?|Boulevard|Blvd\.?|Lane|Ln\.?|Drive|Dr\.?|Court|Ct\.?|Place|Pl\.?|Square|"
    r"Sq\.?|Terrace|Ter\.?|Way|Parkway|Pkwy\.?|Circle|Cir\.?|Highway|Hwy\.?|Close|Crescent|Grove|Row|Alley|Trail|Walk|"
    r"Gardens|Mews|Plaza)"
)
HOUSE = r"\d{1,5}[A-Za-z]?(?:-\d{1,4})?"
UNIT = r"(?:,?\s+(?:Apt|Apartment|Suite|Ste|Unit|Floor|Flat|Room|#)\.?\s*#?\s*\w{1,5})?"
TOWN = (
    r"(?:,?\s+[A-ZÀ-Þ][\w’'.À-ž-]+(?:\s+[A-ZÀ-Þ][\w’'.À-ž-]+){0,2},?\s+(?:[A-Z]{2}\s+)?(?:\d{5}(?:-\d{4})?|"
    r"[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2}))?"
)
EURO_TOWN = r"(?:,?\s+\d{4,5}\s+[A-ZÀ-Þ][\w’'À-ž-]+)?"
EURO_STREET = (
    r"(?:[A-ZÀ-Þ][\w’'À-ž-]*(?:straße|strasse|str\.|weg|gasse|platz|allee|ring|ufer|damm|gade|gatan|gata|vej|vägen|väg|"
    r"katu|tie|laan|straat|weg|utca|ulica)|(?:Rue|Avenue|Boulevard|Place|Chemin|Calle|Avenida|Avda\.|Plaza|Via|Viale|"
    r"Piazza|Rua|Rúa|Travessa|ul\.)\s+(?:(?:de|del|de la|des|du|di|da|do|dos)\s+)?[A-ZÀ-Þ][\w’'À-ž-]+(?:\s+[A-ZÀ-Þ]"
    r"[\w’'À-ž-]+){0,3})"
)
MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sep(?:t(?:ember)?)?|Oct(?:ober)?|"
    r"Nov(?:ember)?|Dec(?:ember)?)"
)
DATE = (
    rf"(?:\d{{1,4}}[/.\-]\d{{1,2}}[/.\-]\d{{2,4}}|\d{{1,2}}(?:st|nd|rd|th)?\.?\s+(?:of\s+)?{MONTH}\.?,?\s+\d{{4}}|"
    rf"{MONTH}\.?\s+\d{{1,2}}(?:st|nd|rd|th)?,?\s+\d{{4}})"
)
RECORD_WORD = (
    r"(?:account|acct|policy|claim|member(?:ship)?|patient|medical record|record|case|customer|client|subscriber|group|"
    r"invoice|order|booking|reference|ref|loan|mortgage|prescription|rx|student|employee|licen[cs]e|passport|"
    r"driver'?s licen[cs]e|tax|MRN|NPI|IMEI|VIN|sort code|routing|konto|kunden|versicherungs|p[oó]liza|expediente)"
)
SECRET_WORD = (
    r"(?:password|passwd|passcode|pass phrase|passphrase|pin(?: code| number)?|cvv|cvc|security code|"
    r"passwort|contraseña|mot de passe)"
)

PATTERNS: tuple[tuple[PersonalKind, re.Pattern[str]], ...] = (
    ("email", re.compile(r"(?<![\w.+-])(?P<item>[\w.+'%-]{1,64}@(?:[\w-]{1,63}\.)+[A-Za-z]{2,24})\b")),
    ("key", re.compile(
        r"\b(?P<item>sk-[A-Za-z0-9_-]{16,}|hf_[A-Za-z0-9]{20,}|gh[pousr]_[A-Za-z0-9]{20,}|AKIA[0-9A-Z]{16}|"
        r"xox[baprs]-[A-Za-z0-9-]{10,}|eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{5,})"
    )),
    ("key", re.compile(r"(?P<item>-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|"
        r"\Z))", re.S)),
    ("password", re.compile(
        rf"\b(?i:{SECRET_WORD})\s*(?::|=|\bis\b|\bwas\b|\bist\b|\bes\b)\s*[\"'“]?"
        r"(?P<item>(?=[^\s\"'”]*[\d!@#$%^&*_])[^\s\"'”,;]{3,64}[^\s\"'”,;.!?])"
    )),
    ("date of birth", re.compile(
        rf"\b(?i:born(?: on)?|birth ?date|birthday|date of birth|d\.?o\.?b\.?|geboren(?: am)?|geburtsdatum|"
        rf"nacid[oa] el|"
        rf"fecha de nacimiento|né(?:e)? le|date de naissance)(?:\s+(?:is|was|ist|es|"
        rf"est))?\s*:?\s*(?P<item>{DATE})", re.I,
    )),
    ("record number", re.compile(
        rf"\b(?i:{RECORD_WORD})(?:\s+(?i:number|num|no\.?|nr\.?|id|code|identifier|identification))?\s*"
        r"(?:#|:|\bis\b|\bnumber\b|\bwas\b|"
        r"№)?\s*[:#]?\s*(?<=[\s:#№])"
        r"(?P<item>(?=[\w-]*\d{3})[A-Za-z]{0,4}-?[A-Za-z0-9]*\d[A-Za-z0-9]*(?:[-/][A-Za-z0-9]+){0,4})\b"
        r"(?!\s?(?:%|€|euros?|dollars?|pounds?|USD|EUR|GBP|days?|hours?|miles|points|times|people|rows))"
    )),
    ("record number", re.compile(r"\b(?P<item>(?:MRN|PAT|POL|CLM|ACC|ACCT|INV|CASE|CUST)[-_#]\s?\d{4,12})\b")),
    ("address", re.compile(
        rf"(?<![\w.])(?P<item>{HOUSE}\s+(?:[NSEW]\.?\s+|North\s+|South\s+|East\s+|West\s+)?"
        rf"(?:[A-ZÀ-Þ0-9][\w’'.À-ž-]*\s+){{1,4}}{STREET}(?![\w]){UNIT}{TOWN})"
    )),
    ("address", re.compile(rf"(?<!\w)(?P<item>{EURO_STREET},?\s+{HOUSE}(?!\w){UNIT}{EURO_TOWN})")),
    ("address", re.compile(rf"(?<!\w)(?P<item>{HOUSE},?\s+{EURO_STREET}{EURO_TOWN})")),
    ("address", re.compile(
        r"\b(?:(?:my|his|her|their|home|billing|shipping|delivery|mailing|new) address(?: is|:)?|lives? at|living at|"
        r"moved to|resides at)\s+(?P<item>\d{1,5}[a-z]?\s+[^\n,;?!:]{4,50})"
    )),
    ("address", re.compile(r"\b(?P<item>P\.?\s?O\.?\s?Box\s+\d{1,7})\b", re.I)),
    ("name", re.compile(rf"\b{TITLE}\.?\s+(?P<item>{NAME})")),
    ("name", re.compile(rf"\b{INTRODUCED}\s+(?:{TITLE}\.?\s+)?(?P<item>{NAME})")),
    ("name", re.compile(rf"(?:^|[.!?\n]\s*)(?:Dear|Hi|Hello|Hey|Hallo|Liebe[r]?|Hola|Estimad[oa]|Cher|Chère|"
        rf"Bonjour)\s+(?P<item>{NAME})(?=\s*[,!.:\n-])")),
    ("name", re.compile(rf"{CLOSING}\s*[,.!]?\s*\n?\s*(?P<item>{NAME})\s*(?=$|\n|[.,])")),
)  # fmt: skip
ZIP_CODE = re.compile(
    r"\b(?:zip(?: ?code)?|postal code|postcode|PLZ)\s*(?:is|"
    r":)?\s*(?P<item>[A-Z]{0,2}\d[A-Z\d]{1,4}(?:[ -](?=\w*\d)\w{2,4})?)\b",
    re.I,
)
# Free numbers belong to organisations, never to a person (US/Canada, UK, Germany, international).
TOLL_FREE = re.compile(
    r"^(?:\+?1[\s.-]?)?\(?8(?:00|33|44|55|66|77|88)\)?[\s.-]|^0?800[\s.-]?\d|^(?:911|988|112|999|311|211)$"
)


def luhn(digits: str) -> bool:
    """The check digit of payment cards (ISO/IEC 7812-1, annex B)."""
    doubled = [int(d) * (2 if i % 2 else 1) for i, d in enumerate(reversed(digits))]
    return len(set(digits)) > 1 and sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0


def iban(text: str) -> bool:
    """The check digits of a bank account (ISO 13616): the rearranged number leaves 1 when divided by 97."""
    return 15 <= len(text) <= 34 and int("".join(str(int(c, 36)) for c in text[4:] + text[:4])) % 97 == 1


def nhs(digits: str) -> bool:
    """The check digit of the English health service's number (NHS Data Dictionary, modulus 11)."""
    rest = 11 - sum(int(d) * (10 - i) for i, d in enumerate(digits[:9])) % 11
    return len(set(digits)) > 1 and rest % 11 == int(digits[9])


def spanish_id(text: str) -> bool:
    """The letter of a Spanish NIF or NIE: the number's remainder by 23 chooses it."""
    number = text[:-1].replace("X", "0").replace("Y", "1").replace("Z", "2")
    return "TRWAGMYFPDXBNJZSQVHLCKE"[int(number) % 23] == text[-1]


def ip_address(text: str) -> bool:
    import ipaddress

    try:
        return not ipaddress.ip_address(text.lower()).is_unspecified
    except ValueError:
        return False


CHECKED: tuple[tuple[PersonalKind, re.Pattern[str], Callable[[str], bool]], ...] = (
    ("card number", re.compile(r"(?<![\d.])[2-6](?:[ -]?\d){11,18}(?![\d])"), luhn),
    ("bank account", re.compile(r"\b[A-Za-z]{2}\d{2}(?:\s?[A-Za-z0-9]{4}){2,7}(?:\s?[A-Za-z0-9]{1,3})?\b"), iban),
    ("social security number", re.compile(r"(?<![\d-])(?!000|"
        r"666)\d{3}[- ](?!00)\d{2}[- ](?!0000)\d{4}(?![\d-])"), bool),
    ("health number", re.compile(r"(?<![\d-])\d{3}[ -]\d{3}[ -]\d{4}(?![\d-])"), nhs),
    # A Medicare beneficiary identifier (CMS, "Understanding the MBI format"): letters without S, L, O, I, B, Z.
    ("health number", re.compile(
        r"\b[1-9][AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9]\d-?[AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9]\d-?"
        r"[AC-HJKMNP-RT-Y]{2}\d{2}\b"
    ), bool),
    ("identity number", re.compile(r"\b(?!BG|GB|NK|KN|TN|NT|"
        r"ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]\s?(?:\d{2}\s?){3}[A-D]\b"), bool),
    ("identity number", re.compile(r"\b(?:\d{8}|[XYZ]\d{7})-?[A-HJ-NP-TV-Z]\b"), spanish_id),
    ("identity number", re.compile(r"\b[A-Z]{6}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z]\b"), bool),
    ("ip address", re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])|"
        r"(?<![\w:])(?:[0-9a-fA-F]{1,4}:){4,7}[0-9a-fA-F]{1,4}(?![\w:])"), ip_address),
)  # fmt: skip
# Beside the word card even a number that fails the check (a slip of the pen, an old scheme) is one.
NEAR_CARD = re.compile(
    r"\b(?i:card|cc|visa|mastercard|amex|maestro|karte|tarjeta)\b[^.\n\d]{0,25}(?P<item>\d(?:[ -]?\d){11,18})(?!\d)"
)
CALLED = re.compile(
    r"\b(?i:phone|telephone|tel|mobile|cell|call(?: me| us)?|reach(?: me)?|text me|fax|desk|number|telefon|handy|"
    r"teléfono|whatsapp|answering at|"
    r"messages to)\b[^.\n\d+(]{0,30}(?P<item>[+(]?\d[\d\s().\-/]{5,18}\d(?:\s?(?:x|ext\.?)\s?\d{1,5})?)"
)
# Where two finds overlap the more telling kind wins; of one kind, the longer.
RANK: dict[PersonalKind, int] = {
    "key": 0, "password": 1, "card number": 2, "bank account": 2, "social security number": 2, "email": 3,
    "health number": 4, "identity number": 4, "date of birth": 4, "address": 5, "record number": 6, "phone": 7,
    "ip address": 8, "name": 9,
}  # fmt: skip


@dataclass(frozen=True)
class PersonalItem:
    """One find in one text; `text_hash` tells whether two finds are the same without keeping the words."""

    text: int  # index into the texts given
    kind: PersonalKind
    start: int
    end: int
    text_hash: str


def find_personal(texts: Sequence[str]) -> list[PersonalItem]:
    """Personal data in each text, without overlaps, in reading order."""
    items: list[PersonalItem] = []
    for index, text in enumerate(texts):
        finds = list(_by_pattern(text))
        if _digits(text) >= 4 or text.count(":") > 3:
            finds += _numbers(text)
        finds += _full_names(text)
        for start, end, kind in _without_overlaps(finds):
            items.append(PersonalItem(index, kind, start, end, _hash(text[start:end])))
    return items


def replace(text: str, items: Sequence[PersonalItem], tags: dict[str, str]) -> str:
    """The text with each item's tag in its place. Share `tags` among the texts of one row, so that a person keeps
    one tag through it: the first name becomes [name], another one [name 2]."""
    parts: list[str] = []
    position = 0
    for item in sorted(items, key=lambda i: i.start):
        if item.text_hash not in tags:
            number = sum(tag.startswith((f"[{item.kind}]", f"[{item.kind} ")) for tag in set(tags.values())) + 1
            tags[item.text_hash] = f"[{item.kind}]" if number == 1 else f"[{item.kind} {number}]"
        parts += [text[position : item.start], tags[item.text_hash]]
        position = item.end
    return "".join([*parts, text[position:]])


def _digits(text: str) -> int:
    return sum(c.isdigit() for c in text)


def _hash(text: str) -> str:
    """Of letters and digits alone, so that 555 010 2233 and 555-010-2233 are one item."""
    return hashlib.sha256(re.sub(r"\W", "", text).casefold().encode()).hexdigest()[:16]


_Find = tuple[int, int, PersonalKind]


def _by_pattern(text: str) -> Iterator[_Find]:
    for kind, pattern in PATTERNS:
        for match in pattern.finditer(text):
            start, end = match.span("item")
            if kind == "name":
                end = start + len(_only_name(text[start:end]))
            if end > start and not (kind == "record number" and _is_plain_number(text[start:end])):
                yield start, end, kind
    for match in ZIP_CODE.finditer(text):
        if any(c.isdigit() for c in match["item"]):
            yield *match.span("item"), "address"


@cache
def _known_names() -> tuple[frozenset[str], frozenset[str]]:
    """Given names and family names; Faker's modules are plain word lists, 0.3 s to load."""
    given: set[str] = set()
    family: set[str] = set()
    for country in NAME_COUNTRIES.split():
        provider = import_module(f"faker.providers.person.{country}").Provider
        given.update(name for name in provider.first_names if len(name) > 2)
        family.update(provider.last_names)
    return frozenset(given), frozenset(family)


def _full_names(text: str) -> Iterator[_Find]:
    """A known given name and a capitalised word after it, unless the two name a thing (Parkinson Disease)."""
    match = FULL_NAME.search(text)
    if match is None:
        return
    given, family = _known_names()
    while match:
        known = match["given"] in given and (match["given"] not in ALSO_WORDS or match["family"] in family)
        named = known and match["family"] not in NAMED_AFTER and match["family"].lower() not in NO_NAME
        if named:
            yield *match.span("item"), "name"
        # In "Ask Thomas Keller" the first pair is no name, but its second word begins one.
        match = FULL_NAME.search(text, match.end("item") if named else match.end("given"))


def _only_name(text: str) -> str:
    """The words up to the first that is no part of a name."""
    kept = ""
    for part in re.finditer(r"\s*(\S+)", text):
        if part[1].lower().strip(".,'’") in NO_NAME:
            break
        kept += part[0]
    bare = kept.rstrip(" .,'’-")
    return bare if len(bare) > 1 else ""


def _is_plain_number(text: str) -> bool:
    """A year or a round quantity beside "account" or "order" is no record number."""
    return bool(re.fullmatch(r"(?:19|20)\d\d|\d{1,3}", text))


def _without_overlaps(finds: Sequence[_Find]) -> list[_Find]:
    chosen: list[_Find] = []
    for find in sorted(finds, key=lambda f: (RANK[f[2]], -(f[1] - f[0]))):
        if all(find[1] <= other[0] or find[0] >= other[1] for other in chosen):
            chosen.append(find)
    return sorted(chosen)


def _numbers(text: str) -> Iterator[_Find]:
    """Numbers that prove themselves by a checksum or a fixed form, and phone numbers of many countries."""
    for kind, pattern, valid in CHECKED:
        for match in pattern.finditer(text):
            bare = match[0] if kind == "ip address" else re.sub(r"[\s-]", "", match[0]).upper()
            if valid(bare):
                yield *match.span(), kind
    for pattern in (NEAR_CARD, CALLED):
        kind = "card number" if pattern is NEAR_CARD else "phone"
        for match in pattern.finditer(text):
            if kind != "phone" or _is_phone(text, *match.span("item")):
                yield *match.span("item"), kind
    yield from _phones(text)


def _phones(text: str) -> Iterator[_Find]:
    """Numbers valid under the numbering plan of the country they name, or of one of the four listed."""
    from phonenumbers import Leniency, PhoneNumberMatcher

    for region in ("US", "GB", "DE", "FR"):
        for match in PhoneNumberMatcher(text, region, leniency=Leniency.VALID):
            if _is_phone(text, match.start, match.end):
                yield match.start, match.end, "phone"


def _is_phone(text: str, start: int, end: int) -> bool:
    item = text[start:end]
    if not 7 <= _digits(item) <= 15 or TOLL_FREE.search(item):
        return False
    amount = re.search(r"[$€£]\s?$", text[:start]) or re.match(r"\s?(?:%|euros?|dollars?|USD|EUR)", text[end:])
    return not amount and not re.fullmatch(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}", item)


def own_contacts(answers: Sequence[str], items: Sequence[PersonalItem], rows: int = 3) -> frozenset[str]:
    """Hashes of phone numbers, e-mail and street addresses that stand in the answers of several rows: most likely the
    organisation's own, which answers need. They are shown for review, and kept."""
    places: defaultdict[str, set[str]] = defaultdict(set)
    for item in items:
        if item.kind in ("phone", "email", "address"):
            places[item.text_hash].add(answers[item.text])
    return frozenset(text_hash for text_hash, texts in places.items() if len(texts) >= rows)
