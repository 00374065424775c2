"""Personal data in texts: found, and replaced by tags that read naturally.

Numbers with a checksum (cards, IBANs, social security and health numbers) are checked by presidio's recognizers, which
need no language model; contact data, record numbers, dates of birth, names after a title or an introduction, street
addresses and secrets by the patterns below. Found text is never logged and never stored, only its hash.
"""

import hashlib
import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from finetune.data.document import words

PersonalKind = Literal[
    "name", "email", "phone", "address", "date of birth", "card number", "bank account", "social security number",
    "health number", "identity number", "record number", "ip address", "password", "key",
]  # fmt: skip
CANNOT_FIND: tuple[str, ...] = (
    "a name without a title, greeting or introduction in front of it (as in: Maria asked again)",
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
    r"(?:(?:[Kk]ind|[Bb]est|[Ww]arm)(?:est)? regards|[Rr]egards|[Ss]incerely(?: yours)?|[Yy]ours (?:sincerely|truly|faithfully)|"
    r"[Bb]est wishes|[Mm]any thanks|[Cc]heers|[Bb]est|[Mm]it freundlichen Grüßen|[Vv]iele Grüße|[Ss]aludos|[Cc]ordialement)"
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
SECRET_WORD = r"(?:password|passwd|passcode|pass phrase|passphrase|pin(?: code| number)?|cvv|cvc|security code|passwort|contraseña|mot de passe)"

PATTERNS: tuple[tuple[PersonalKind, re.Pattern[str]], ...] = (
    ("email", re.compile(r"(?<![\w.+-])(?P<item>[\w.+'%-]{1,64}@(?:[\w-]{1,63}\.)+[A-Za-z]{2,24})\b")),
    ("key", re.compile(
        r"\b(?P<item>sk-[A-Za-z0-9_-]{16,}|hf_[A-Za-z0-9]{20,}|gh[pousr]_[A-Za-z0-9]{20,}|AKIA[0-9A-Z]{16}|"
        r"xox[baprs]-[A-Za-z0-9-]{10,}|eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{5,})"
    )),
    ("key", re.compile(r"(?P<item>-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z))", re.S)),
    ("password", re.compile(
        rf"\b(?i:{SECRET_WORD})\s*(?::|=|\bis\b|\bwas\b|\bist\b|\bes\b)\s*[\"'“]?"
        r"(?P<item>(?=[^\s\"'”]*[\d!@#$%^&*_])[^\s\"'”,;]{3,64}[^\s\"'”,;.!?])"
    )),
    ("date of birth", re.compile(
        rf"\b(?i:born(?: on)?|birth ?date|birthday|date of birth|d\.?o\.?b\.?|geboren(?: am)?|geburtsdatum|nacid[oa] el|"
        rf"fecha de nacimiento|né(?:e)? le|date de naissance)(?:\s+(?:is|was|ist|es|est))?\s*:?\s*(?P<item>{DATE})", re.I,
    )),
    ("record number", re.compile(
        rf"\b(?i:{RECORD_WORD})(?:\s+(?i:number|num|no\.?|nr\.?|id|code|identifier|identification))?\s*"
        r"(?:#|:|\bis\b|\bnumber\b|\bwas\b|№)?\s*[:#]?\s*(?P<item>(?=[\w-]*\d{3})[A-Za-z]{0,4}-?[A-Za-z0-9]*\d[A-Za-z0-9]*(?:[-/][A-Za-z0-9]+){0,4})\b"
    )),
    ("record number", re.compile(r"\b(?P<item>(?:MRN|PAT|POL|CLM|ACC|ACCT|INV|CASE|CUST)[-_#]\s?\d{4,12})\b")),
    ("address", re.compile(
        rf"(?<![\w.])(?P<item>{HOUSE}\s+(?:[NSEW]\.?\s+|North\s+|South\s+|East\s+|West\s+)?"
        rf"(?:[A-ZÀ-Þ0-9][\w’'.À-ž-]*\s+){{1,4}}{STREET}(?![\w]){UNIT}{TOWN})"
    )),
    ("address", re.compile(rf"(?<!\w)(?P<item>{EURO_STREET},?\s+{HOUSE}(?!\w){UNIT}(?:,?\s+\d{{4,5}}\s+[A-ZÀ-Þ][\w’'À-ž-]+)?)")),
    ("address", re.compile(rf"(?<!\w)(?P<item>{HOUSE},?\s+{EURO_STREET}(?:,?\s+\d{{4,5}}\s+[A-ZÀ-Þ][\w’'À-ž-]+)?)")),
    ("address", re.compile(r"\b(?P<item>P\.?\s?O\.?\s?Box\s+\d{1,7})\b", re.I)),
    ("name", re.compile(rf"\b{TITLE}\.?\s+(?P<item>{NAME})")),
    ("name", re.compile(rf"\b{INTRODUCED}\s+(?:{TITLE}\.?\s+)?(?P<item>{NAME})")),
    ("name", re.compile(rf"(?:^|[.!?\n]\s*)(?:Dear|Hi|Hello|Hey|Hallo|Liebe[r]?|Hola|Estimad[oa]|Cher|Chère|Bonjour)\s+(?P<item>{NAME})(?=\s*[,!.:\n-])")),
    ("name", re.compile(rf"{CLOSING}\s*[,.!]?\s*\n?\s*(?P<item>{NAME})\s*(?=$|\n|[.,])")),
)  # fmt: skip
ZIP_CODE = re.compile(
    r"\b(?:zip(?: ?code)?|postal code|postcode|PLZ)\s*(?:is|:)?\s*(?P<item>[A-Z\d][A-Z\d -]{2,8}[A-Z\d])\b"
)
# Free numbers belong to organisations, never to a person (US/Canada, UK, Germany, international).
TOLL_FREE = re.compile(
    r"^(?:\+?1[\s.-]?)?\(?8(?:00|33|44|55|66|77|88)\)?[\s.-]|^0?800[\s.-]?\d|^(?:911|988|112|999|311|211)$"
)

PRESIDIO_KINDS: dict[str, PersonalKind] = {
    "CREDIT_CARD": "card number", "IBAN_CODE": "bank account", "US_SSN": "social security number",
    "US_ITIN": "identity number", "US_MBI": "health number", "UK_NHS": "health number", "UK_NINO": "identity number",
    "IP_ADDRESS": "ip address", "ES_NIF": "identity number", "ES_NIE": "identity number",
    "IT_FISCAL_CODE": "identity number", "CA_SIN": "identity number", "AU_MEDICARE": "health number",
}  # fmt: skip
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
    recognise = _checked_numbers() if any(_digits(text) >= 4 for text in texts) else None
    items: list[PersonalItem] = []
    for index, text in enumerate(texts):
        finds = list(_by_pattern(text))
        if recognise is not None and (_digits(text) >= 4 or text.count(":") > 3):
            finds += recognise(text)
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


def _only_name(words: str) -> str:
    """The words up to the first that is no part of a name."""
    kept = ""
    for part in re.finditer(r"\s*(\S+)", words):
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


def _checked_numbers() -> Callable[[str], list[_Find]]:
    """presidio's recognizers for numbers that carry a checksum, and the phone numbers of many countries.

    They are called one by one rather than through presidio's engine, which would want a language model; its e-mail
    recognizer, which downloads a list of domains, is not used.
    """
    # presidio's regular expressions stop after this many seconds, so that no text can hold the program up.
    os.environ.setdefault("REGEX_TIMEOUT_SECONDS", "5")
    from phonenumbers import Leniency, PhoneNumberMatcher
    from presidio_analyzer import predefined_recognizers as recognizers

    checked: list[Any] = [
        recognizers.CreditCardRecognizer(), recognizers.IbanRecognizer(), recognizers.UsSsnRecognizer(),
        recognizers.UsItinRecognizer(), recognizers.UsMbiRecognizer(), recognizers.NhsRecognizer(),
        recognizers.UkNinoRecognizer(), recognizers.IpRecognizer(), recognizers.EsNifRecognizer(),
        recognizers.EsNieRecognizer(), recognizers.ItFiscalCodeRecognizer(), recognizers.AuMedicareRecognizer(),
    ]  # fmt: skip

    def recognise(text: str) -> list[_Find]:
        finds: list[_Find] = []
        for recognizer in checked:
            for result in recognizer.analyze(text, recognizer.supported_entities, None):
                kind = PRESIDIO_KINDS[result.entity_type]
                if _plausible(kind, text[result.start : result.end], result.score):
                    finds.append((result.start, result.end, kind))
        for region in ("US", "GB", "DE", "FR"):
            for match in PhoneNumberMatcher(text, region, leniency=Leniency.VALID):
                if _is_phone(text, match.start, match.end):
                    finds.append((match.start, match.end, "phone"))
        finds += [(*m.span("item"), "phone") for m in CALLED.finditer(text) if _is_phone(text, *m.span("item"))]
        return finds

    return recognise


CALLED = re.compile(
    r"\b(?i:phone|telephone|tel|mobile|cell|call(?: me| us)?|reach(?: me)?|text me|fax|number|telefon|handy|teléfono|"
    r"whatsapp)\b[^.\n\d+(]{0,30}(?P<item>[+(]?\d[\d\s().\-/]{5,18}\d)"
)


def _plausible(kind: PersonalKind, text: str, score: float) -> bool:
    """Presidio marks a pattern without a checksum by a low score; those are taken only in their usual spelling."""
    if kind == "ip address":
        return text.count(".") == 3 or text.count(":") >= 4
    if kind == "social security number":
        return bool(re.fullmatch(r"\d{3}[- ]\d{2}[- ]\d{4}", text))
    if kind == "identity number":
        return score >= 0.5
    return score >= 0.3


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
