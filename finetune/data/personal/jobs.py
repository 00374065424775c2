"""Titles and professions, and the employer under them: Mr. and Dr. before a name, and the lines of a signature.

Karin Beike            a name by itself
Leasing consultant     a profession, if its last word ends as professions do
Armstrong Logistics    capitalised words without a number: the employer
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache

from finetune.data.document import words
from finetune.data.personal.cues import ALWAYS_TITLES, TITLES
from finetune.data.personal.kinds import Find
from finetune.data.personal.tokens import Token
from finetune.data.personal.wordlists import lists

AGENT = re.compile(
    r".*(?:er|or|ist|ian|man|woman|person|ant|ent|clerk|nurse|aide|chef|cook|pilot|head|lead|officer|attendant)s?$",
    re.I,
)
AS_JOB = re.compile(
    r"\b(?:work(?:s|ed|ing)? as|job as|employed as|profession:|occupation:|job title:|by profession)\s+"
    r"(?:an?\s+)?(?P<item>[^\n.,;:!?]{3,60})",
    re.I,
)


SMALL_TITLES = words("don doña dona señor señora")
CAPITAL_TITLES = words("miss professor doctor rev reverend capt sgt")


@cache
def _jobs() -> frozenset[str]:
    """Faker's list, in the order of running text ("Engineer, civil" becomes "civil engineer")."""
    from faker.providers.job.en_US import Provider

    names: set[str] = set()
    for job in Provider.jobs:
        parts = [part.strip() for part in job.lower().split("(")[0].split(",")]
        names |= {" ".join(reversed(parts)), ", ".join(parts)}
    return frozenset(names)


def titles(text: str, tokens: Sequence[Token]) -> Iterator[Find]:
    """Forms of address, and professions that a sentence gives as such."""
    for index, token in enumerate(tokens):
        following = tokens[index + 1] if index + 1 < len(tokens) else None
        before_name = following is not None and following.is_capital and following.gap in (" ", ". ", ".")
        titled = before_name and token.lower in TITLES and (token.is_capital or token.lower in SMALL_TITLES)
        if token.lower in ALWAYS_TITLES or titled or (token.lower in CAPITAL_TITLES and token.is_capital):
            dot = text[token.end : token.end + 1] == "."
            yield Find(token.start, token.end + dot, "title", "a form of address")
    for match in AS_JOB.finditer(text):
        parts = match["item"].split()
        last = next((i for i, word in enumerate(parts[:5]) if AGENT.fullmatch(word)), -1)
        if last >= 0:
            start = match.start("item")
            yield Find(start, start + len(" ".join(parts[: last + 1])), "title", "after words like works as")


def signature_lines(text: str, names: Sequence[Find]) -> Iterator[Find]:
    """Profession and employer in the lines under a name that has a line to itself."""
    if "\n" not in text:
        return
    whole = {(find.start, find.end) for find in names}
    under, position = 0, 0  # how many lines below a name we are; 0 for none
    for line in text.splitlines(keepends=True):
        bare = line.strip(" \t\r\n>.,")
        start = position + (line.index(bare) if bare else 0)
        position += len(line)
        if not bare:
            continue
        end = start + len(bare)
        if (start, end) in whole:
            under = 1
        elif any(c.isdigit() or c in ":@" for c in bare) or len(bare) > 60:
            under = 0
        elif bare.lower() in _jobs() or (under == 1 and _is_job(bare)):
            yield Find(start, end, "title", "a profession on a line under a name")
            under += under > 0
        elif 1 <= under <= 2 and _is_employer(bare):
            yield Find(start, end, "organisation", "capitalised words on a line under a name")
            under = 0
        else:
            under = 0


def _is_job(line: str) -> bool:
    parts = line.split()
    return len(parts) <= 6 and (parts[0][0].isupper() or line.islower()) and bool(AGENT.fullmatch(parts[-1]))


def _is_employer(line: str) -> bool:
    long = [word for word in line.split() if len(word) > 3]
    return 0 < len(long) <= 5 and line.lower() not in lists().places and all(word[0].isupper() for word in long)
