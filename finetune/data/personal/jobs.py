"""Titles and professions: Mr. and Dr. before a name, and a job on a line of its own or after "works as"."""

from collections.abc import Iterator, Sequence
from functools import cache

from finetune.data.personal.kinds import Find
from finetune.data.personal.names import ALWAYS_TITLES
from finetune.data.personal.tokens import Token


@cache
def _jobs() -> frozenset[str]:
    """Faker's list, in the order of running text ("Engineer, civil" becomes "civil engineer")."""
    from faker.providers.job.en_US import Provider

    names: set[str] = set()
    for job in Provider.jobs:
        parts = [part.strip() for part in job.lower().split("(")[0].split(",")]
        names |= {" ".join(reversed(parts)), ", ".join(parts)}
    return frozenset(names)


def jobs(text: str, tokens: Sequence[Token]) -> Iterator[Find]:
    for token in tokens:
        if token.lower in ALWAYS_TITLES or token.lower == "miss" and token.is_capital:
            dot = text[token.end : token.end + 1] == "."
            yield Find(token.start, token.end + dot, "title", "a form of address")
    position = 0
    for line in text.splitlines(keepends=True):
        bare = line.strip(" \t\r\n>.,")
        if bare.lower() in _jobs() or len(bare.split()) <= 4 and bare.lower().endswith(JOB_ENDINGS) and bare[:1].isupper():
            start = position + line.index(bare)
            yield Find(start, start + len(bare), "title", "a profession on a line of its own")
        position += len(line)


JOB_ENDINGS = (
    " manager", " consultant", " engineer", " administrator", " technician", " director", " analyst", " clerk", " nurse",
    " specialist", " assistant", " officer", " supervisor", " representative", " developer", " teacher", " operator",
    " inspector", " coordinator", " agent", " mechanic", " therapist", " attendant", " advisor", " designer", " worker",
)  # fmt: skip
