"""How a document is named within a question: "under the Fair Lending Act", "according to the staff handbook"."""

import re
from dataclasses import dataclass

from finetune.data.document import words
from finetune.data.from_documents.voice import to_customer

# What binds whoever it is written for: one asks what holds under it.
BINDING = words(
    """
    act regulation regulations directive code law laws statute rule rules ordinance order policy policies agreement
    contract charter bylaws constitution treaty convention standard standards terms conditions
    """
)
NOUNS = BINDING | words("handbook manual guide guidelines guidance book plan procedure procedures protocol brochure")
CITED = re.compile(r"\b(?:CFR|USC|U\.S\.C\.|GDPR|HIPAA)(?:\b|$)|^(?:Part|Regulation|Article)\s")
NUMBER_BEHIND = re.compile(r",?\s+(?:\([^()]*\)\s*)?(?:No\.?|Nr\.?)?\s*[\d/.-]+$|\s+\([^()]*\d[^()]*\)$")
MORE_BEHIND = re.compile(r",?\s(?:as amended|of \d{4})\b.*$|,\s(?:\d|pub\.|title\b|chapter\b|version\b).*$", re.I)
SMALL = words("of and the for to in on a an or by with")
LONGEST = 90  # characters a name may have in a question


@dataclass(frozen=True)
class Called:
    """A document's name as it stands in a sentence; `binding` for what one is held to, as a law or a policy."""

    name: str = ""
    binding: bool = False

    def __str__(self) -> str:
        return f"{'under' if self.binding else 'according to'} {self.name}" if self.name else ""


NOT_CALLED = Called()


def called(title: str) -> Called:
    """A title's name without numbers and dates behind it; empty where one could not ask with it."""
    name = MORE_BEHIND.sub("", " ".join(title.split())).strip(" .:–-")
    if _noun(NUMBER_BEHIND.sub("", name)):
        name = NUMBER_BEHIND.sub("", name)
    if not re.search(r"[^\W\d_]{3,}", name) or len(name) > LONGEST or re.search(r"[\"“”{}\\<>?!:]", name):
        return NOT_CALLED
    noun, cited = _noun(name), CITED.search(name)
    name = _in_title_case(name)
    if re.match(r"(?:the|our|your|an?)\s", name, re.I):
        return Called(to_customer(f"{name[0].lower()}{name[1:]}"), noun in BINDING)
    if noun and not cited:
        return Called(f"the {name}", noun in BINDING)
    return Called(name if cited else f"“{name}”", bool(cited))


def _noun(name: str) -> str:
    """The word that says what kind of paper it is, where the name ends with it."""
    found = re.findall(r"[^\W\d_]+", re.sub(r"\s+\([^)]*\)$", "", name).lower())
    return found[-1] if found and found[-1] in NOUNS else ""


def _in_title_case(name: str) -> str:
    """ "STAFF HANDBOOK" as a sentence writes it; what may be initials stays."""
    if not name.isupper() or not any(len(word) > 5 for word in name.split()):
        return name
    return " ".join(
        word.lower() if place and word.lower() in SMALL else word.capitalize()
        for place, word in enumerate(name.split())
    )
