"""Runs of capitalised words in one text, and what stands around them."""

from collections.abc import Sequence
from dataclasses import dataclass

from finetune.data.personal.cues import (
    ALWAYS_TITLES,
    CLOSINGS,
    GERMAN,
    LIGHT_MARKS,
    LIVES,
    NEED_MARK,
    NO_CALL,
    NO_MARK_NEEDED,
    OF_A_PERSON,
    SPACE,
    SPOKEN,
    SPOKEN_TO,
    STOPS,
    STRONG,
    THING_LAST,
    TITLES,
    WEAK,
)
from finetune.data.personal.kinds import Find, PersonalKind
from finetune.data.personal.tokens import Token
from finetune.data.personal.wordlists import PARTICLES, Lists


@dataclass(frozen=True, slots=True)
class Run:
    """Words `first` to `last` (inclusive) of a text, capitalised and side by side."""

    first: int
    last: int

    def __len__(self) -> int:
        return self.last - self.first + 1


class Reading:
    """One text being read; holds what every question about a run needs."""

    def __init__(self, text: str, tokens: Sequence[Token], known: Lists, small: bool) -> None:
        self.text, self.tokens, self.known, self.small = text, tokens, known, small
        self._german: bool | None = None
        self._small_words: set[str] | None = None

    def run_at(self, first: int) -> Run | None:
        if not self.tokens[first].is_capital:
            return None
        last = first
        while last + 1 < len(self.tokens):
            step = self._step(last)
            if not step:
                break
            last += step
        return Run(first, last)

    def _step(self, last: int) -> int:
        """How many words from here to the run's next capital: 1, more across particles (Anna van der Berg), or 0."""
        after = self.tokens[last + 1]
        if not self._joined(self.tokens[last], after):
            return 0
        if after.is_capital:
            return 1
        for ahead in range(1, 4):
            if last + ahead + 1 >= len(self.tokens) or self.tokens[last + ahead].lower not in PARTICLES:
                return 0
            token = self.tokens[last + ahead + 1]
            if token.gap not in SPACE:
                return 0
            if token.is_capital:
                return ahead + 1
        return 0

    def _joined(self, before: Token, after: Token) -> bool:
        if after.gap in SPACE:
            return True
        return after.gap in (". ", ".") and (before.is_initial or before.lower in TITLES or before.lower == "st")

    def opens(self, index: int) -> bool:
        """Is the word the first of a sentence, line or quotation, where any word has a capital?"""
        return index == 0 or bool(STOPS.search(self.tokens[index].gap))

    def is_plain(self, index: int) -> bool:
        return self.known.is_ordinary(self.tokens[index].lower)

    def surely_name(self, index: int) -> bool:
        lower = self.tokens[index].lower
        return (self.known.is_name(lower) and not self.known.is_ordinary(lower)) or self.tokens[index].is_initial

    def alone_on_line(self, segment: Run) -> bool:
        start, end = self.tokens[segment.first].start, self.tokens[segment.last].end
        before, after = self.text[max(0, start - 1) : start], self.text[end : end + 1]
        return before in ("", "\n", ">") and after in ("", "\n") and self.text[end : end + 40].strip(" \n") != ""

    def after(self, segment: Run) -> str:
        """The word that follows in the same breath, or nothing."""
        if segment.last + 1 >= len(self.tokens):
            return ""
        token = self.tokens[segment.last + 1]
        return token.lower if token.gap in SPACE else ""

    def named_after(self, segment: Run) -> bool:
        """Is a thing called after the person (Hashimoto's Disease)?"""
        tokens = self.tokens[segment.last + 1 : segment.last + 3]
        owns = len(tokens) == 2 and tokens[0].lower == "s" and tokens[0].gap in ("'", "’")
        return owns and tokens[1].lower in THING_LAST and tokens[1].lower not in OF_A_PERSON

    def stands_small(self, run: Run) -> bool:
        """Does the text write the words small elsewhere, as it would no proper name?"""
        if self._small_words is None:
            self._small_words = {token.lower for token in self.tokens if not token.is_capital}
        words = [self.tokens[i].lower for i in range(run.first, run.last + 1)]
        return all(word in self._small_words or word.removesuffix("s") in self._small_words for word in words)

    def has_large_nouns(self) -> bool:
        """Is the text German, where every noun has a capital?"""
        if self._german is None:
            self._german = sum(token.lower in GERMAN for token in self.tokens) >= max(2, len(self.tokens) // 12)
        return self._german

    def called(self, segment: Run) -> bool:
        """Is somebody spoken to, or alone on the line (Frank, can you help)?"""
        end = self.tokens[segment.last].end
        after = self.tokens[segment.last + 1].lower if segment.last + 1 < len(self.tokens) else ""
        return self.text[end : end + 1] in ("\n", "") or (self.text[end : end + 1] == "," and after in SPOKEN_TO)

    def is_owner(self, segment: Run) -> bool:
        """Whose (Franciska's kid)."""
        last = segment.last
        return (
            last + 2 < len(self.tokens)
            and self.tokens[last + 1].lower == "s"
            and self.tokens[last + 1].gap in ("'", "’")
            and self.tokens[last + 2].lower in OF_A_PERSON
        )

    def lives(self, segment: Run) -> bool:
        """X is from, X had given, X, can I please: words that follow persons alone."""
        following = " ".join(t.lower for t in self.tokens[segment.last + 1 : segment.last + 4])
        return following.startswith(LIVES) or (
            self.text.startswith(", ", self.tokens[segment.last].end) and following.startswith(SPOKEN)
        )

    def is_addressed(self, index: int) -> bool:
        """A given name set off by commas or marks (Don't go, Roy!)."""
        token = self.tokens[index]
        if token.lower not in self.known.given or token.gap != ", " or not token.is_capital or self.small:
            return False
        return self.text[token.end : token.end + 1] in ("!", "?", ".") and self.tokens[index - 1].lower not in NO_CALL

    def is_pair(self, segment: Run) -> bool:
        """Marrero and Murphy: one of two is a known name, the other no ordinary word."""
        return any(
            self._named_beside(segment, link, other)
            for link, other in ((segment.last + 1, segment.last + 2), (segment.first - 1, segment.first - 2))
            if 0 <= other < len(self.tokens) and 0 <= link < len(self.tokens)
        )

    def _named_beside(self, segment: Run, link: int, other: int) -> bool:
        beside = self.tokens[other]
        gaps = self.tokens[max(link, other)].gap + self.tokens[min(link, other) + 1].gap
        if self.tokens[link].lower not in ("and", "&") or gaps != "  " or not beside.is_capital:
            return False
        if not self.known.is_name(beside.lower) or self.known.is_place(beside.lower):
            return False
        return not self.known.is_ordinary(beside.lower) or self.surely_name(segment.first)

    def is_case_or_firm(self, segment: Run) -> bool:
        """Roe v. Wade, Johnson & Johnson."""
        first, last = segment.first, segment.last
        before = self.tokens[first - 1].lower if first else ""
        after = self.tokens[last + 1].lower if last + 1 < len(self.tokens) else ""
        if before in ("v", "vs") or after in ("v", "vs"):
            return True
        gaps = self.tokens[first].gap + (self.tokens[last + 1].gap if last + 1 < len(self.tokens) else "")
        return any(mark in gaps.replace(" / ", ", ") for mark in "&@/#=_+")

    def cue(self, first: int) -> str:
        """What stands before: "title", "strong", "weak" or nothing."""
        if first == 0:
            return ""
        gap = self.tokens[first].gap
        if gap in (*SPACE, ". ", ".") and self._is_title(first - 1, gap):
            return "title"
        if not set(gap) <= LIGHT_MARKS:
            return "strong" if self._answers_for_a_name(first) else ""
        tail = "".join(f" {self.tokens[i].lower}" for i in range(max(0, first - 3), first))
        if "." not in gap and ("\n" not in gap or any(c in gap for c in ",:!") or tail.endswith(CLOSINGS)):
            labelled = ":" in gap
            marked = labelled or "," in gap or "\n" in gap
            if tail.endswith(STRONG):
                return "strong" if marked or tail.endswith(NO_MARK_NEEDED) or not tail.endswith(NEED_MARK) else "weak"
        if self._answers_for_a_name(first):
            return "strong"
        return "weak" if gap in SPACE and tail.endswith(WEAK) else ""

    def _is_title(self, index: int, gap: str) -> bool:
        """Mr and Dr always; Nurse and Aunt with a capital; long ones not at a sentence's end (the nurse. Mary)."""
        title = self.tokens[index]
        if title.lower in ALWAYS_TITLES:
            return True
        return title.lower in TITLES and title.is_capital and gap != "." and (gap in SPACE or len(title.lower) < 5)

    def _answers_for_a_name(self, first: int) -> bool:
        """ "What is your name?" with the name as the whole reply."""
        gap = self.tokens[first].gap
        if not ("?" in gap or ":" in gap):
            return False
        asked = {self.tokens[i].lower for i in range(max(0, first - 9), first)}
        if "name" not in asked or "?" not in "".join(self.tokens[i].gap for i in range(max(0, first - 2), first + 1)):
            return False
        line = self.text[self.tokens[first].start : self.tokens[first].start + 60].split("\n", 1)[0]
        return len(line.split()) <= 4

    def find(self, run: Run, kind: PersonalKind, why: str) -> Find:
        return Find(self.tokens[run.first].start, self.tokens[run.last].end, kind, why)
