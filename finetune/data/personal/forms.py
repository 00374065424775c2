"""Personal data known by its form: numbers with check digits, phones, e-mail, secrets, record numbers, dates, ages.

A number is taken for what its check digits prove; for what a word beside it says (claim 88213-A); or for a phone
number where the numbering plan of its country allows it.
"""

import re
from collections.abc import Callable, Iterator

from finetune.data.personal import checkdigits as check
from finetune.data.personal.credentials import credentials
from finetune.data.personal.kinds import Find, PersonalKind
from finetune.data.personal.labelled import labelled

MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sep(?:t(?:ember)?)?|Oct(?:ober)?|"
    r"Nov(?:ember)?|Dec(?:ember)?|Januar|Februar|März|Mai|Juni|Juli|Oktober|Dezember|enero|febrero|marzo|abril|mayo|"
    r"junio|julio|agosto|septiembre|octubre|noviembre|diciembre|janvier|février|mars|avril|juin|juillet|août|septembre|"
    r"octobre|novembre|décembre)"
)
DATE = (
    rf"(?:\d{{4}}-\d{{2}}-\d{{2}}(?:[T ]\d{{2}}:\d{{2}}(?::\d{{2}})?)?|\d{{1,4}}[/.\-]\d{{1,2}}[/.\-]\d{{2,4}}|"
    rf"\d{{1,2}}(?:st|nd|rd|th)?\.?\s(?:(?:of|de)\s)?{MONTH}\.?,?\s(?:(?:of|de)\s)?\d{{4}}|"
    rf"{MONTH}\.?\s\d{{1,2}}(?:st|nd|rd|th)?,?\s\d{{4}}|\d{{1,2}}[- ](?i:{MONTH})[- ]\d{{2,4}})"
)
BIRTH = re.compile(
    r"\b(?:born(?: on)?|birth ?date|birthday|birthdate|date of birth|d\.?o\.?b\.?|geboren(?: am)?|geb\.|geburtsdatum|"
    r"nacid[oa] el|fecha de nacimiento|née? le|date de naissance|nato il|nata il|data di nascita)"
    rf"(?:\s(?:is|was|ist|es|est|on))?[^\w\n]{{0,5}}(?:\s?it(?:['’]s|\sis)\s)?(?P<item>{DATE})",
    re.I,
)
DAY = (
    r"(?:(?:Mon|Tues|Wednes|Thurs|(?<!Black )Fri|Satur|Sun)day|Montag|Dienstag|Mittwoch|Donnerstag|Freitag|"
    r"Samstag|Sonntag|"
    r"(?i:lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|lunes|martes|miércoles|jueves|viernes|sábado|domingo))"
)
SHORT_DAY = r"(?:Mon|Tues?|Wed|Thu(?:rs?)?|Fri|Sat|Sun)\b\.?"
ANY_DATE = re.compile(
    rf"(?<![\w/.-])(?P<item>(?:{SHORT_DAY},?\s)?(?:{DATE}(?:Z|\+\d\d:?\d\d)?|{MONTH}\s\d{{1,2}}(?:st|nd|rd|th)?\b|"
    rf"\d{{1,2}}(?:st|nd|rd|th)?\.?\s(?:of\s|de\s)?{MONTH}\b)|"
    rf"{MONTH}\s\d{{4}}\b|(?:{DAY}|(?:19|20)\d\d(?:[-/](?:19|20)?\d\d|s)?)(?![\w-])|(?:0?[1-9]|1[0-2])/(?:19|20)\d\d|"
    r"\d{1,2}:\d{2}(?:\s?[ap]\.?m\b)?|\d{1,2}\s?[ap]\.?m\b\.?)(?![\w/]|[.-]\d)"
)
# A month or a day and month alone, where a word before says so (since June, effective 6/1, am 3.4.).
DATE_AFTER = re.compile(
    rf"\b(?i:in|since|by|until|till|during|early|mid|late|last|next|this|en|desde|em|im|seit|bis|depuis|fin|début)[ ]"
    rf"(?P<item>(?i:{MONTH}))(?![\w-]|\s(?:I|we|you|he|she|it|be|not)\b)|"
    r"\b(?i:on|by|since|from|until|till|before|after|effective|dated?|due|appt|am|ab|bis|seit|vom|le|el|del|"
    r"starting)[ ]"
    r"(?P<short>[0-3]?\d/[0-3]?\d(?![\d/]| of\b|\s?(?:cup|inch|mm|ARM))|[0-3]?\d\.[01]?\d\.(?!\d))"
)
AGE = re.compile(
    r"\b(?:(?P<a>\d{1,3})[- ](?:year|yr|month|week|day)s?[- ]olds?|(?P<b>\d{1,3})\s?(?:y/?o|yo)\b|"
    r"(?:turn(?:s|ed|ing)?|turning)\s(?P<e>\d{1,3})\b(?!\s?(?:%|percent|days|hours|minutes|miles|dollars|[./:]\d))|"
    r"(?<=[a-z]), (?P<f>\d{2})(?=, [a-z]|,? (?:years?|yrs|ans|años|anos|anni|Jahre)\b)|"
    r"(?<=[a-z]) \((?P<h>[1-9]\d?)\)|\b(?P<g>[1-9]\d?) (?:Jahre|ans|años|anos|anni)(?: alt)?\b|(?:aged?|age:|"
    r"age is|age of|turn(?:ed|s|ing)?|(?:I am|I'm|I’m|he is"
    r"|she is|he's|she's|is|was|he was|she was) "
    r"(?:now |only |almost |just |about )?)\s?(?P<c>\d{1,3})\b(?=\s?(?:years?|yrs?|and\b|or\b|when|,|[.!?)\n]|$"
    r"|but\b|now\b|next\b|in\b|on\b|"
    r"this\b|male|female|man|woman))(?!\s?(?:%|percent|days|hours|minutes|miles|dollars|months (?:ago|left)|[./:]\d))|"
    r"(?P<d>\d{1,3}) years? of age)",
    re.I,
)  # fmt: skip
WEB_ADDRESS = re.compile(
    r"(?<![@\w.])(?:https?://[^\s<>\"')\]]{3,300}|www\.[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}(?:/[^\s<>\"')\]]{0,200})?|"
    r"[\w-]{2,63}(?:\.[\w-]{2,63}){0,3}\.(?:com|org|net|edu|gov|io|co\.uk|de|fr|es|it|nl|eu|info|biz|us|ca|au)"
    r"(?:/[^\s<>\"')\]]{0,200})?)(?![\w@])",
    re.I,
)
POSTCODE = re.compile(
    r"\b(?:zip(?:[ -]?code)?|post(?:al)?[ -]?code|PLZ|código postal|code postal|postnummer|postinumero)\b[^\d.!]{0,40}?"
    r"(?P<item>\b(?:\d{3,6}(?:-\d{3,4})?|[A-Z]{1,2}\d[A-Z\d]?(?: ?\d[A-Z]{2})?|[A-Z]\d[A-Z] ?\d[A-Z]\d"
    r"|\d{3} \d{2}|\d{4} ?[A-Z]{2}))\b",
    re.I,
)
POSTCODE_BEFORE = re.compile(
    r"(?<![\w-])(?P<item>\d{4,6}(?:-\d{4})?) (?:is|as) (?:my|the|our|your) (?:zip|post|PLZ)", re.I
)
# Royal Mail's and Canada Post's forms are seldom anything else.
FULL_POSTCODE = re.compile(
    r"\b(?:[A-PR-UWYZ][A-HK-Y]?\d[A-HJKPS-UW\d]? \d[ABD-HJLNP-UW-Z]{2}|[ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z] "
    r"\d[ABCEGHJ-NPRSTV-Z]\d)\b"
)
PATTERNS: tuple[tuple[PersonalKind, str, re.Pattern[str], str], ...] = (
    # kind, why, pattern, one of these must stand in the small-letter text before the pattern is tried
    ("email", "form of an e-mail address", re.compile(
        r"(?<![\w.+-])(?P<item>[\w.+'%-]{1,64}@(?:[\w-]{1,63}\.){1,6}[A-Za-z]{2,24})\b"), "@"),
    ("date of birth", "a date after words like born", BIRTH, ""),
)  # fmt: skip


def _ip_address(text: str) -> bool:
    import ipaddress

    try:
        address = ipaddress.ip_address(text.lower())
        return not (address.is_unspecified or address.is_loopback or text.startswith(("255.", "0.")))
    except ValueError:
        return False


def _always(_: str) -> bool:
    return True


# kind, pattern, check on the bare characters, words of which one must stand near ("" for none)
_CHECKED: tuple[tuple[PersonalKind, re.Pattern[str], Callable[[str], bool], str], ...] = (
    ("card number", re.compile(r"(?<![\d.])[2-6](?:[ -]?\d){11,18}(?![\d])"), check.luhn, ""),
    ("bank account", re.compile(r"\b[A-Za-z]{2}\d{2}(?:\s?[A-Za-z0-9]{4}){2,7}"
    r"(?:\s?[A-Za-z0-9]{1,3})?\b"), check.iban, ""),
    ("bank account", re.compile(r"(?<![\d-])\d{2}-\d{2}-\d{2}(?![\d-])"), _always, r"sort ?code"),
    ("social security number", re.compile(r"(?<![\d-])(?!000|666)\d{3}[- ](?!00)\d{2}[- ](?!0000)\d{4}"
    r"(?![\d-])"), _always, ""),
    ("social security number", re.compile(r"(?<![\d-])(?!000|666)\d{9}(?![\d-])"), _always, r"\bssn\b|social security"),
    ("social security number", re.compile(
        r"\b[12]\s?\d{2}\s?(?:0[1-9]|1[0-2])\s?(?:\d{2}|2[AB])\s?\d{3}\s?\d{3}\s?\d{2}\b"), check.french_nir, ""),
    ("health number", re.compile(r"(?<![\d-])\d{3}[ -]\d{3}[ -]\d{4}(?![\d-])"), check.nhs, ""),
    ("health number", re.compile(r"(?<![\d-])\d{10}(?![\d-])"), check.nhs, r"\bnhs\b"),
    ("health number", re.compile(r"(?<![\d-])[2-6]\d{3}[ ]?\d{5}[ ]?\d(?![\d-])"), check.australian_medicare,
    r"medicare"),
    # A Medicare beneficiary identifier (CMS, "Understanding the MBI format"): letters without S, L, O, I, B, Z.
    ("health number", re.compile(
        r"\b[1-9][AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9]\d-?[AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9]\d-?"
        r"[AC-HJKMNP-RT-Y]{2}\d{2}\b"), _always, ""),
    # A German health insurance number: a letter and nine digits.
    ("health number", re.compile(r"\b[A-Z]\d{9}\b"), _always, r"versicherten|krankenkasse|kvnr"),
    # A British national insurance number (HMRC, NIM39110).
    ("identity number", re.compile(
        r"\b(?!BG|GB|NK|KN|TN|NT|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]\s?(?:\d{2}\s?){3}[A-D]\b"), _always, ""),
    ("identity number", re.compile(r"\b(?:\d{8}|[XYZ]\d{7})-?[A-HJ-NP-TV-Z]\b"), check.spanish_id, ""),
    ("identity number", re.compile(r"\b[A-Z]{6}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z]\b"), _always, ""),
    ("identity number", re.compile(r"(?<![\d-])\d{3}[ -]?\d{3}[ -]?\d{3}(?![\d-])"), check.canadian_sin,
    r"\bsin\b|social insurance"),
    ("identity number", re.compile(r"(?<![\d-])\d{3}[ ]?\d{3}[ ]?\d{3}(?![\d-])"), check.australian_tfn,
    r"\btfn\b|tax file"),
    ("identity number", re.compile(r"(?<![\d-])[2-9]\d{3}[ -]\d{4}[ -]\d{4}(?![\d-])"), check.aadhaar, ""),
    ("identity number", re.compile(r"(?<![\d-])[2-9]\d{11}(?![\d-])"), check.aadhaar, r"aadhaar|aadhar"),
    # An Indian PAN: five letters (the fourth tells the holder), four digits, a letter (Income Tax Department).
    ("identity number", re.compile(r"\b[A-Z]{3}[PCHABGJLFT][A-Z]\d{4}[A-Z]\b"), _always, ""),
    ("identity number", re.compile(r"(?<![\d-])[1-9]\d(?: ?\d{3}){3}(?![\d-])"), check.german_tax_id,
    r"steuer|tax|idnr|identifikation"),
    ("identity number", re.compile(r"(?<![\d-])\d{9}(?![\d-])"), check.dutch_bsn, r"\bbsn\b|burgerservice|sofi"),
    ("identity number", re.compile(r"(?<![\d-])\d{3}\.\d{3}\.\d{3}-\d{2}(?![\d-])"), check.brazilian_cpf, ""),
    ("identity number", re.compile(r"(?<![\d-])\d{11}(?![\d-])"), check.polish_pesel, r"pesel"),
    ("identity number", re.compile(r"(?<![\d-])(?:\d{2})?\d{6}[-+]\d{4}(?![\d-])"), check.swedish_personnummer, ""),
    # A Mexican CURP and RFC (RENAPO, SAT): letters of the name, a date of birth.
    ("identity number", re.compile(r"\b[A-Z]{4}\d{6}(?:[HMX][A-Z]{5}[A-Z\d]\d|[A-Z\d]{3})\b"), _always, ""),
    ("ip address", re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.]*\d)"), _ip_address, ""),
    ("ip address", re.compile(r"(?<![\w:])(?:[0-9a-fA-F]{1,4}:){2,7}(?::?[0-9a-fA-F]{1,4}){1,6}"
    r"(?![\w:])"), _ip_address, ""),
    # A MAC address.
    ("ip address", re.compile(r"(?<![\w:-])(?:[0-9a-fA-F]{2}[:-]){5}[0-9a-fA-F]{2}(?![\w:-])"), _always, ""),
)  # fmt: skip
CHECKED = [(kind, pattern, valid, re.compile(near) if near else None) for kind, pattern, valid, near in _CHECKED]
NINE_DIGITS = re.compile(r"\d{9}")
NEAR = 45  # characters before a number in which the word that names it must stand
BARE = re.compile(r"[\s.+-]")
# Beside the word card even a number that fails the check (a slip of the pen, an old scheme) is one.
NEAR_CARD = re.compile(
    r"\b(?i:card|cc|visa|mastercard|amex|maestro|karte|tarjeta|carte)\b[^\n\d]{0,25}(?P<item>\d"
    r"(?:[ -]?\d){11,18})(?!\d)"
)
CALLED = re.compile(
    r"\b(?i:phone|telephone|tel|mobile|mob|cell|cellphone|call(?: me| us)?|reach(?: me)?|text me|fax|desk|number"
    r"|telefon|handy|"
    r"teléfono|móvil|whatsapp|answering at|messages to|ring me|contact|call back|callback|dial|portable|telefono"
    r"|cellulare|"
    r"nummer|number is|office|home|registered|landline|sms)\b"
    r"(?:[^\n\d+(]{0,30}|\s?:\s{0,4})(?P<item>[+(]{0,2}\d[\d ().\-/]{5,18}\d(?:\s?(?:x|ext\.?)\s?\d{1,5})?)"
)
GROUPED = re.compile(
    r"(?<![\w.+/-])(?P<item>\+?(?:\(\d{1,5}\)\s?)?\d{1,8}(?:[ .\-]\(?\d{1,8}\)?){1,6}(?:\s?(?:x"
    r"|ext\.?)\s?\d{1,6})?)(?![\w/-]|[.,]\d)"
)
BEFORE_FAX = re.compile(
    r"(?P<item>[+(]{0,2}\d[\d .()\-]{6,18}\d)\s?[-–(]\s?(?:Fax|Office|Mobile|Cell|Home|Work|Tel|Phone)\b"
)
# Free numbers belong to organisations, never to a person (US/Canada, UK, Germany, international).
AMERICAN = re.compile(r"(?:(?:\+|00)?1[ .-])?\(?[2-9]\d{2}\)?[ .-]\d{3}[ .-]\d{4}(?:\s?(?:x|ext\.?)\s?\d{1,6})?")
TOLL_FREE = re.compile(
    r"^(?:\+?1[\s.-]?)?\(?8(?:00|33|44|55|66|77|88)\)?[\s.-]|^0?800[\s.-]?\d|^(?:911|988|112|999|311|211)$"
)
DATE_IN = re.compile(r"(?<!\d)(?:(?:19|20)\d\d[-./ ][01]?\d[-./ ][0-3]?\d|\d{1,2}[-./]\d{1,2}[-./](?:19|20)\d\d)(?!\d)")
DATE_LIKE = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}|(?:19|20)\d\d[-–. ](?:19|20)\d\d")
FREE_DIGITS = re.compile(r"\(?1?\(?8(?:00|33|44|55|66|77|88)\)?\d{7}")
AMOUNT_BEFORE = re.compile(r"(?:[$€£§#]|\bsection|\barticle|\bart\.?|\bCFR|\bform)\s?$", re.I)
AMOUNT_AFTER = re.compile(r"\s?(?:%|euros?\b|dollars?\b|USD|EUR|€|\$)")


def digits_in(text: str) -> int:
    return sum(c.isdigit() for c in text)


def by_form(text: str, *, indirect: bool = False) -> Iterator[Find]:
    """All finds but names, addresses and places; they may overlap."""
    small = text.lower()
    for kind, why, pattern, needed in PATTERNS:
        if needed and needed not in small:
            continue
        for match in pattern.finditer(text):
            yield Find(*match.span("item"), kind, why)
    yield from credentials(text, small)
    if "@" in text or digits_in(text) >= 2:
        yield from labelled(text)
    for match in POSTCODE.finditer(text):
        yield Find(*match.span("item"), "address", "after words like zip code")
    for match in POSTCODE_BEFORE.finditer(text):
        yield Find(*match.span("item"), "address", "before words like zip code")
    for match in FULL_POSTCODE.finditer(text):
        yield Find(*match.span(), "address", "form of a postcode")
    if digits_in(text) >= 4 or text.count(":") > 3:
        yield from _numbers(text, small)
    if indirect:
        yield from _indirect(text)


def _numbers(text: str, small: str) -> Iterator[Find]:
    for kind, pattern, valid, near in CHECKED:
        if near and not near.search(small):
            continue
        for match in pattern.finditer(text):
            if near and not near.search(small, max(0, match.start() - NEAR), match.end() + NEAR // 2):
                continue
            bare = match[0] if kind == "ip address" else BARE.sub("", match[0]).upper()
            if valid(bare):
                yield Find(*match.span(), kind, "form of its country" if valid is _always else "check digits")
    for match in NEAR_CARD.finditer(text):
        yield Find(*match.span("item"), "card number", "beside the word card")
    yield from _phones(text)


def _phones(text: str) -> Iterator[Find]:
    """Beside a word like call; in groups as phones are written; or valid in the numbering plan of a country."""
    for pattern in (CALLED, BEFORE_FAX):
        for match in pattern.finditer(text):
            if _may_be_phone(text, *match.span("item")):
                yield Find(*match.span("item"), "phone", "beside a word like call or phone")
    groups = 0
    for match in GROUPED.finditer(text):
        start, end = match.span("item")
        item = match["item"]
        groups += 1
        if not _may_be_phone(text, start, end):
            continue
        if (item[0] in "+(0" and 8 <= digits_in(item) <= 15) or _is_american(item) or _is_in_groups(item):
            yield Find(start, end, "phone", "grouped as phone numbers are")
    if groups or "+" in text or NINE_DIGITS.search(text):
        yield from _planned(text)


def _is_american(item: str) -> bool:
    return bool(AMERICAN.fullmatch(item))


def _is_in_groups(item: str) -> bool:
    """Three or more groups that are no thousands (1 250 000) and no years (2019 2020 2021)."""
    groups = re.findall(r"\d+", item)
    thousands = len(groups[0]) <= 3 and all(len(g) == 3 for g in groups[1:])
    years = all(re.fullmatch(r"(?:19|20)\d\d", g) for g in groups)
    return len(groups) >= 3 and 8 <= digits_in(item) <= 12 and min(map(len, groups)) > 1 and not thousands and not years


def _planned(text: str) -> Iterator[Find]:
    """Numbers valid under the numbering plan of the country they name, or of one of the three listed."""
    from phonenumbers import Leniency, PhoneNumberMatcher

    for region in ("US", "GB", "DE"):
        for match in PhoneNumberMatcher(text, region, leniency=Leniency.VALID):
            if _may_be_phone(text, match.start, match.end):
                yield Find(match.start, match.end, "phone", "valid in its country's numbering plan")


def _may_be_phone(text: str, start: int, end: int) -> bool:
    item = text[start:end]
    if (
        not 7 <= digits_in(item) <= 15
        or TOLL_FREE.search(item)
        or FREE_DIGITS.fullmatch(BARE.sub("", item).strip("()"))
    ):
        return False
    if AMOUNT_BEFORE.search(text[max(0, start - 10) : start]) or AMOUNT_AFTER.match(text[end : end + 8]):
        return False
    return not DATE_IN.search(item) and not DATE_LIKE.fullmatch(item)


def _indirect(text: str) -> Iterator[Find]:
    for match in ANY_DATE.finditer(text):
        yield Find(*match.span("item"), "date", "form of a date or time")
    for match in DATE_AFTER.finditer(text):
        if match[match.lastgroup or "item"] not in ("may", "mar", "march"):
            yield Find(*match.span(match.lastgroup or "item"), "date", "a month or day after words like since")
    for match in AGE.finditer(text):
        group = match.lastgroup or "a"
        if int(match[group]) <= 120:
            yield Find(*match.span(group), "age", "beside words like years old")
    for match in WEB_ADDRESS.finditer(text):
        yield Find(
            match.start(), match.start() + len(match[0].rstrip(".,;:!?")), "web address", "form of a web address"
        )
