"""The kinds of personal data, which of them are hidden unasked, and what a find holds.

Direct kinds name a person or open an account; they are always looked for. Indirect kinds tell something about a person
who is named or known already (the town, the employer, the age). Rules, prices and answers are full of such words, and
a training row without its places and dates teaches little, so they are looked for only when asked. The line is drawn
where 45 CFR 164.514(b)(2) draws it for names, numbers and street addresses; towns, dates and ages over 89 are
identifiers too under that rule, so health data that must meet it needs the indirect kinds.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

DirectKind = Literal[
    "name", "email", "phone", "address", "date of birth", "card number", "bank account", "social security number",
    "health number", "identity number", "record number", "licence plate", "ip address", "user name", "password", "key",
]  # fmt: skip
IndirectKind = Literal["organisation", "place", "nationality", "date", "age", "title", "web address"]
PersonalKind = DirectKind | IndirectKind
DIRECT: tuple[DirectKind, ...] = get_args(DirectKind)
INDIRECT: tuple[IndirectKind, ...] = get_args(IndirectKind)
KINDS: tuple[PersonalKind, ...] = (*DIRECT, *INDIRECT)

# Where two finds overlap the more telling kind wins; of one kind, the longer.
RANK: dict[PersonalKind, int] = {
    "key": 0, "password": 1, "card number": 2, "bank account": 2, "social security number": 2, "email": 3,
    "web address": 3, "health number": 4, "identity number": 4, "date of birth": 4, "address": 5, "ip address": 6,
    "record number": 7, "licence plate": 7, "phone": 8, "user name": 9,
    "organisation": 9, "name": 10, "place": 11, "nationality": 12, "title": 13,
    "age": 14, "date": 15,
}  # fmt: skip

CANNOT_FIND: tuple[str, ...] = (
    "a first or family name that is a rare word to me, with nothing around it that tells a person",
    "names that are ordinary words (Grace, Will, May, Hope) without a title, greeting or family name beside them",
    "names written small, unless lists hold them and a word like husband, patient or this is stands before",
    "a person described rather than named (the mayor's youngest daughter)",
    "towns, employers, ages, nationalities and dates, unless you ask for these indirect kinds; with them,"
    " employers and "
    "small towns are the weakest",
    "an address without a house number, or with a street name that nothing beside it tells to be one",
    "record numbers of your own pattern without a word like record, account, policy or claim beside them",
    "personal data in languages other than English, Spanish, French and German, except numbers, names that stand in "
    "lists of about fifty countries, streets of twenty and e-mail addresses",
    "names and addresses in scripts other than the Latin one",
)


class Find(NamedTuple):
    """Characters `start` to `end` of one text, and the reason in words that quote nothing of it."""

    start: int
    end: int
    kind: PersonalKind
    why: str


@dataclass(frozen=True)
class PersonalItem:
    """One find in one text; `text_hash` tells whether two finds are the same without keeping the words."""

    text: int  # index into the texts given
    kind: PersonalKind
    start: int
    end: int
    text_hash: str
    why: str = ""  # what gave it away, for the list to review: "after a title", "check digits"
