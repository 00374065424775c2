"""Finds replaced, each value by one tag or one stand-in throughout; values themselves are never stored.

Stand-ins read as the real thing and belong to nobody: family names that were made up for this, addresses of
example.org (RFC 2606), numbers 555-0100 to 555-0199 (NANP, kept for fiction), 192.0.2.x (RFC 5737), card numbers whose
check fails. A find that already is a stand-in stays as it is, so that replacing twice changes nothing.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from functools import cache
from typing import Literal

from finetune.data.document import words
from finetune.data.personal.kinds import PersonalItem, PersonalKind
from finetune.data.personal.tokens import tokens_of

Style = Literal["tags", "stand-ins"]

GIVEN = sorted(
    words(
        """
    Arlen Briar Corin Darby Emlyn Fenn Jory Kerrin Linden Marlo Nevin Odell Perrin Quill Rowan Sorrel Tamsyn Vesper
    Wynn Yarrow
    """
    )
)
FAMILY = sorted(
    words(
        """
    Ashgrove Birchlow Coldbrack Dunmarrow Elmsworth Fernwick Gorsehill Harrowdene Ivelstone Kestlemere Larkholt
    Millbrant Northwyke Oakhamley Penwarrow Quarrendene Rushmarsh Stonewyke Thornlow Underbeck Vinterley Wexholm
    Yelverstone Amberlow Brackendale Cresslow Dawlow Eastmarrow Foxdene Greywyke
    """
    )
)
TOWNS = sorted(
    words(
        """
    Ashmere Brindleford Castlewick Dunhaven Elmbrook Farrowby Greyport Hollinmoor Larkbridge Mossfield
    """
    )
)
# Kinds of which a row is often about one: two cases with the same stand-in would become one case with two answers.
MANY: dict[PersonalKind, int] = {"record number": 10_000, "identity number": 10_000, "user name": 10_000}
FEW = 100
# Kind, and how its stand-in with a number below that, or below `FEW`, reads. Secrets have none: a made-up one
# teaches nothing.
STAND_INS: dict[PersonalKind, Callable[[int], str]] = {
    "name": lambda n: f"{GIVEN[n % 20]} {FAMILY[n % 30]}",
    "email": lambda n: f"{GIVEN[n % 20]}.{FAMILY[n % 30]}@example.org".lower(),
    "phone": lambda n: f"(555) 555-01{n:02}",
    "address": lambda n: f"{n + 1} {FAMILY[n % 30]} Lane",
    "date of birth": lambda n: f"1 January {1940 + n % 60}",
    "card number": lambda n: f"4000 0000 0000 00{n:02}",
    "bank account": lambda n: f"XX00 TEST 0000 00{n:02}",
    "social security number": lambda n: f"000-00-00{n:02}",
    "health number": lambda n: f"000-000-00{n:02}",
    "identity number": lambda n: f"ID-00{n:04}",
    "record number": lambda n: f"R-00{n:04}",
    "licence plate": lambda n: f"TEST {n:02}",
    "user name": lambda n: f"user_{n:04}",
    "ip address": lambda n: f"192.0.2.{n + 1}",
    "organisation": lambda n: f"{FAMILY[n % 30]} Ltd",
    "place": lambda n: TOWNS[n % 10],
    "web address": lambda n: f"https://www.example.org/{n}",
}


def hash_of(text: str) -> str:
    """Of letters and digits alone, so that 555 010 2233 and 555-010-2233 are one item."""
    return hashlib.sha256(re.sub(r"\W", "", text).casefold().encode()).hexdigest()[:16]


def replace(text: str, items: Sequence[PersonalItem], tags: dict[str, str], style: Style = "tags") -> str:
    """The text with each item's tag or stand-in in its place. Share `tags` among the texts of one row (or of all), so
    that a person keeps one through it: the first name becomes [name], another one [name 2]; a part of a name
    that was whole before (Smith after Jane Smith) is the same person's."""
    parts: list[str] = []
    position = 0
    for item in sorted(items, key=lambda i: i.start):
        value = text[item.start : item.end]
        if item.text_hash not in tags:
            stand_in = _stand_in(value, item, tags) if style == "stand-ins" else ""
            _remember(value, item, stand_in or _tag(item.kind, tags), tags)
        parts += [text[position : item.start], tags[item.text_hash]]
        position = item.end
    return "".join([*parts, text[position:]])


def _tag(kind: PersonalKind, tags: dict[str, str]) -> str:
    number = sum(tag.startswith((f"[{kind}]", f"[{kind} ")) for tag in set(tags.values())) + 1
    return f"[{kind}]" if number == 1 else f"[{kind} {number}]"


def _remember(value: str, item: PersonalItem, replacement: str, tags: dict[str, str]) -> None:
    """A name's words are remembered with it, each for the stand-in's word of the same place."""
    tags[item.text_hash] = replacement
    parts = _words_of(value)
    if item.kind != "name" or len(parts) < 2:
        return
    given, _, family = (replacement, "", replacement) if replacement[0] == "[" else replacement.partition(" ")
    for place, word in enumerate(parts):
        tags.setdefault(hash_of(word), family if place == len(parts) - 1 else given)


def _words_of(name: str) -> list[str]:
    return [token.text for token in tokens_of(name) if token.is_capital and len(token.text) > 1]


def _stand_in(value: str, item: PersonalItem, tags: dict[str, str]) -> str:
    """One that no other value of these texts has; empty for kinds that have none."""
    if is_stand_in(value, item.kind):
        return value
    make = STAND_INS.get(item.kind)
    if make is None:
        return ""
    first = int(item.text_hash[:8], 16)
    if item.kind == "name":
        return _name_stand_in(value, first, tags)
    used, most = set(tags.values()), MANY.get(item.kind, FEW)
    return next((word for step in range(FEW) if (word := make((first + step) % most)) not in used), make(first % most))


def _name_stand_in(value: str, first: int, tags: dict[str, str]) -> str:
    """Whole for a whole name, a family name alone for one word; a word seen before keeps its own."""
    parts = _words_of(value)
    used = {word for tag in tags.values() for word in tag.split()}

    def fresh(pool: Sequence[str]) -> str:
        return next((w for step in range(len(pool)) if (w := pool[(first + step) % len(pool)]) not in used), pool[0])

    if len(parts) < 2:
        from finetune.data.personal.wordlists import lists

        return fresh(GIVEN if value.lower() in lists().given else FAMILY)
    return f"{tags.get(hash_of(parts[0])) or fresh(GIVEN)} {tags.get(hash_of(parts[-1])) or fresh(FAMILY)}"


def is_stand_in(value: str, kind: PersonalKind) -> bool:
    """Made by this module: such a value is no person's and stays."""
    if kind == "name":
        return all(word in GIVEN or word in FAMILY for word in value.split())
    return hash_of(value) in _all_stand_ins(kind)


@cache
def _all_stand_ins(kind: PersonalKind) -> frozenset[str]:
    make = STAND_INS.get(kind)
    return frozenset(hash_of(make(n)) for n in range(MANY.get(kind, FEW))) if make else frozenset()


CONTACTS: tuple[PersonalKind, ...] = ("phone", "email", "address", "web address")
# How an organisation gives its own: "call us on …", "our usual number, …", "we are at …". What stands between is short.
OURS = re.compile(
    r"(?:\b(?:(?P<rings>call|phone|ring|text|message|e-?mail|fax)|reach|contact|visit|find|write to|"
    r"send (?:it|them) to) us\b|"
    r"\b(?:our|the (?:practice|clinic|surgery|office|branch|shop|store|help ?desk)(?:['’]s)?) (?:[\w-]+ ){0,2}"
    r"(?:numbers?|phone|telephone|tel|(?:hot|help)?line|e-?mail|mail|address|web ?site|page|offices?|branch|"
    r"desk|reception|switchboard|door|car park)\b|"
    r"\bwe(?:['’]re| are) (?:at|located at|based at|to be found at)\b|"
    r"\b(?:rufen sie uns|erreichen sie uns|schreiben sie uns|uns(?:ere)?[rn]? (?:telefon)?(?:nummer|adresse))\b|"
    r"\b(?:appelez-nous|contactez-nous|écrivez-nous|notre (?:numéro|adresse|téléphone))\b|"
    r"\b(?:llámenos|escríbanos|contáctenos|nuestr[oa] (?:número|teléfono|dirección|correo))\b)"
    r"[^.?!\n]{0,30}$",
    re.I,
)
CUE = 90  # characters before a contact in which such words are looked for
# Between such words and a contact these say that it is somebody else's: "they may call us; her number is …".
THEIRS = re.compile(
    r"\b(?:his|her|their|my|mine|customers?|clients?|patients?|owners?|callers?|wrote|writes|said|says|asked|mrs?|ms|"
    r"herr|frau)\b",
    re.I,
)


# What tells a bank and no account: anybody may know it.
OUR_BANK = re.compile(
    r"\b(?:our|the (?:credit union|bank|branch)['’]s)\s+(?:\w+\s+){0,2}(?:routing|aba|transit|sort|swift|bic)\b"
    r"[^.?!\n\d]{0,25}$",
    re.I,
)


def own_contacts(answers: Sequence[str], items: Sequence[PersonalItem], rows: int = 3) -> frozenset[str]:
    """Hashes of phone numbers, e-mail, web and street addresses that are most likely the organisation's own, which
    answers need: they stand in the answers of several rows, or an answer calls them ours. They are shown for review,
    and kept."""
    places: defaultdict[str, set[str]] = defaultdict(set)
    for item in items:
        if item.kind in CONTACTS:
            places[item.text_hash].add(answers[item.text])
    repeated = {text_hash for text_hash, texts in places.items() if len(texts) >= rows}
    return called_ours(answers, items) | repeated


def called_ours(texts: Sequence[str], items: Sequence[PersonalItem]) -> frozenset[str]:
    """Hashes of the contacts that a text calls the organisation's own; in a list of callers the same number stands
    often, so being repeated says nothing of a document."""
    named: defaultdict[int, list[int]] = defaultdict(list)
    for item in items:
        if item.kind == "name":
            named[item.text].append(item.start)
    contacts = [item for item in items if item.kind in CONTACTS]
    banks = [
        i for i in items if i.kind == "bank account" and OUR_BANK.search(texts[i.text][max(0, i.start - CUE) : i.start])
    ]
    ours = [*(i for i in contacts if _is_called_ours(texts[i.text], i, named[i.text])), *banks]
    return frozenset(item.text_hash for item in ours)


# A mailbox of an office and of nobody: appeals@, claims-team@.
ROLE_BOX = re.compile(
    r"(?:info|help|helpdesk|support|service|services|office|contact|reception|admin|administration|hello|team|"
    r"billing|accounts?|accounting|payments?|invoices?|claims?|appeals?|complaints?|feedback|enquir(?:y|ies)|"
    r"inquir(?:y|ies)|questions|sales|orders?|returns?|refunds?|shipping|bookings?|appointments?|records|referrals?|"
    r"renewals?|quotes?|polic(?:y|ies)|members?|membership|customers?|customer[._-]?(?:care|service|support)|"
    r"clients?|patients?|hr|jobs|careers|training|privacy|dpo|dataprotection|compliance|legal|fraud|security|press|"
    r"media|news|webmaster|postmaster|no-?reply|kontakt|kundenservice|termine|rechnung|datenschutz|contacto|"
    r"atencion|facturacion|accueil|service-?client)"
    r"(?:[._-]?(?:team|desk|dept|department|office|us|uk|eu|\d{1,3}))?@",
    re.I,
)


def _is_called_ours(text: str, item: PersonalItem, names: Sequence[int]) -> bool:
    """Whether a contact is an office's mailbox, or the words before it give it as the organisation's; `names` are
    where names of persons begin."""
    if item.kind == "email" and ROLE_BOX.match(text, item.start):
        return True
    cue = OURS.search(text[max(0, item.start - CUE) : item.start])
    if cue is None or THEIRS.search(cue[0]) or (cue["rings"] and item.kind == "address"):
        return False
    behind = range(item.start - len(cue[0]), item.start)
    return not any(start in behind for start in names)


def is_kept(value: str, keep: Collection[str]) -> bool:
    """Whether the user said that a value stays: as it is, or as a part of what stays ("Dr Lane" of "Dr Sarah Lane").

    A number may be written otherwise; the street of an address is nobody's name.
    """
    said, digits = _words(value), _digits(value)
    for kept in keep:
        if said and said <= _words(kept) and bool(digits) == bool(_digits(kept)):
            return True
        if len(digits) >= LOCAL and digits[-LOCAL:] == _digits(kept)[-LOCAL:]:
            return True
    return False


def stands_in_name(text: str, item: PersonalItem, names: Collection[str]) -> bool:
    """Whether an item is a part of the organisation's own name where that stands whole: "Willow Lane" of "Willow Lane
    Vets", and neither the street nor Mrs Lane."""
    for name in names:
        first = max(0, item.end - len(name))
        around = text[first : item.start + len(name)].casefold()
        place = around.find(name.casefold())
        if place >= 0 and first + place <= item.start and item.end <= first + place + len(name):
            return True
    return False


LOCAL = 7  # digits at a number's end by which it is known with and without its country and area


def _words(value: str) -> set[str]:
    return set(re.findall(r"\w+", value.casefold()))


def _digits(value: str) -> str:
    return re.sub(r"\D", "", value)
