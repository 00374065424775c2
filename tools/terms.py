"""How the team's own rows use the terms it kept: not at all, or in a sense of their own."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from finetune.example import Example
from knowledge.entries import Term
from tools.rows import MADE_HERE

SHOWN = 5  # names in one sentence; the rest is counted
_WORD = re.compile(r"[A-Za-z]+")


@dataclass(frozen=True)
class OtherSense:
    """A row that spells an abbreviation out in words that are none of the term's names."""

    term: str
    short: str
    written: str
    example_id: str


@dataclass(frozen=True)
class TermUse:
    unused: list[str]
    other_senses: list[OtherSense]

    @property
    def sentences(self) -> list[str]:
        """What to tell the team; nothing where all is well."""
        said = []
        if self.unused:
            names = ", ".join(self.unused[:SHOWN])
            more = f" and {len(self.unused) - SHOWN} more" if len(self.unused) > SHOWN else ""
            said.append(
                f"Terms you kept that your own rows never use: {names}{more}. The model learns them from my "
                "definitions alone; a real question that uses them would help."
            )
        for found in self.other_senses[:SHOWN]:
            said.append(
                f"A row writes {found.short} as “{found.written}”; the term you kept means “{found.term}”. "
                "Correct the row or drop the term."
            )
        return said


def term_use(examples: Sequence[Example], terms: Sequence[Term]) -> TermUse:
    """Look for each kept term in the rows that are the team's own, not dropped and not made from packs."""
    own = [e for e in examples if e.status != "dropped" and e.kind not in MADE_HERE]
    if not own:
        return TermUse([], [])
    text = "\n".join(f"{e.question}\n{e.answer}" for e in own)
    unused = [term.term for term in terms if not any(_named(name, text) for name in term.names)]
    return TermUse(unused, [sense for term in terms if term.short for sense in _other_senses(term, own)])


def _named(name: str, text: str) -> bool:
    """Whether the text has the name, in any case and number; an abbreviation of two letters only in capitals."""
    flags = 0 if name.isupper() and len(name) <= 2 else re.IGNORECASE
    return bool(re.search(rf"(?<![A-Za-z0-9]){re.escape(name)}(?:s|es)?(?![A-Za-z0-9])", text, flags))


def _other_senses(term: Term, own: Sequence[Example]) -> list[OtherSense]:
    """Rows with "SHORT (other words)" or "other words (SHORT)", where the words' initials spell the abbreviation."""
    short = term.short or ""
    behind = re.compile(rf"(?<![A-Za-z]){re.escape(short)}s? \(([A-Za-z][A-Za-z’' -]{{3,60}})\)")
    before = re.compile(rf"((?:[A-Za-z’'-]+ ){{1,{len(short) + 2}}})\({re.escape(short)}s?\)")
    known = [_letters(name) for name in term.names]
    found = []
    for example in own:
        for text in (example.question, example.answer):
            spelled = [match[1] for match in behind.finditer(text)]
            spelled += [tail for match in before.finditer(text) if (tail := _spelling(match[1], short))]
            for words in spelled:
                if _initials(words) == short.upper() and not any(name in _letters(words) for name in known):
                    found.append(OtherSense(term.term, short, words.strip(), example.id))
    return found


def _spelling(words: str, short: str) -> str:
    """The last words whose initials are the abbreviation; "" where they are not."""
    tail = words.split()[-len(short) :]
    return " ".join(tail) if _initials(" ".join(tail)) == short.upper() else ""


def _initials(words: str) -> str:
    return "".join(word[0] for word in _WORD.findall(words)).upper()


def _letters(name: str) -> str:
    return " ".join(word.lower().removesuffix("s") for word in _WORD.findall(name))
