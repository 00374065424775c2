"""The words the assistant itself uses, in plain sentences."""

import difflib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

CLOSE = 0.84  # difflib's ratio: one slip in a word of six letters, not two different words


@dataclass(frozen=True)
class Entry:
    term: str
    also: tuple[str, ...]
    text: str


@cache
def entries() -> tuple[Entry, ...]:
    """All terms, in the order of the file."""
    raw = yaml.load(Path(__file__).with_name("glossary.yaml").read_text(encoding="utf-8"), yaml.CBaseLoader)
    return tuple(Entry(term, tuple(e.get("also", ())), e["text"]) for term, e in raw.items())


def explain(term: str) -> Entry | None:
    """The entry for a term, its plural, its abbreviation or a slip of the pen; None for anything else."""
    names = _names()
    asked = _key(term)
    if not asked:
        return None
    for form in (
        asked,
        asked.removesuffix("s"),
        asked.removesuffix("es"),
        re.sub(r"^(?:an?|the|my|our|your) ", "", asked),
    ):
        if form in names:
            return names[form]
    close = difflib.get_close_matches(asked, list(names), n=1, cutoff=CLOSE) if len(asked) >= 5 else []
    return names[close[0]] if close else None


@cache
def _names() -> dict[str, Entry]:
    return {_key(name): entry for entry in entries() for name in (entry.term, *entry.also)}


def _key(term: str) -> str:
    return " ".join(re.sub(r"[^\w\s]", " ", term.lower()).split())
