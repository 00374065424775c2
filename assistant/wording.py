# A pattern broken over lines cannot be read or searched for: long lines are wanted here.
# ruff: noqa: E501
"""Sentences, clauses and quotes of a message, before anyone asks what they mean."""

import re
import unicodedata
from dataclasses import dataclass
from itertools import pairwise

QUOTE_SIGNS = str.maketrans({"’": "'", "‘": "'", "‛": "'", "ʼ": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"'})
ENDS = " \t\r\n.,;:!…。！，、؟।\"'()[]-–—*_~`"
STRETCHED = re.compile(r"([^\W\d_])\1{2,}")
SENTENCE_END = re.compile(r"(?<=[a-z0-9)\"'%])[.](?=\s|$)|[!?;…。！？؟।]+|\n+", re.IGNORECASE)
INITIALS = re.compile(
    r"(?:\b[A-Za-z]|\b(?:mr|mrs|ms|dr|st|vs|inc|ltd|co|corp|approx|e\.g|i\.e|etc|no))$", re.IGNORECASE
)
QUOTED = re.compile(r'"[^"]{2,}"|(?<![\w])\'[^\']{2,}\'(?![\w])|```.*?```|`[^`]+`|^>.*$', re.DOTALL | re.MULTILINE)
ASKING = re.compile(
    r"^(?:and |so |but |ok |okay |hey |hi )*(?:do (?!it|this|that|not|please|the)|does|did|is|are|was|were|can|could|would|will (?!do)|should|may|might|has|"
    r"what(?! (?:comes|goes|gets|should come|should go|must come) (?:in|out) )|why|who|whom|whose|which|when|where|how|am i|what's|whats|who's|where's|how's)\b",
    re.IGNORECASE,
)
# A question put to the assistant, told from an answer in the same words ("what the policy says") even without its mark.
ASKED_OUTRIGHT = re.compile(
    r"^(?:and |so |but |ok |okay |hey |hi |well )*(?:"
    r"(?:what|who|where|when|why|how)(?:'s| is| are| am| do| does| did| can| could| should| would| will| was| were)\b(?! (?:in|on|written|stated|said|true|correct|right|asked|needed|responsible|affected|allowed)\b)|whats\b|"
    r"(?:how (?:many|much|long|often|big|far|good|well)|which|what) (?:[\w'-]+ ){0,3}?(?:is|are|do|does|did|can|could|should|would|will|am) (?:i|you|we|it|there|they|this|that)\b|"
    r"(?:do|does|did|is|are|am|can|could|will|would|should|may) (?:i|you|we|it|this|that|they|there)\b)",
    re.IGNORECASE,
)
# "I work at a bank, why should I use this": the question behind the comma is one of its own,
# but "they ask how long it takes, what is the fee" tells what they ask.
QUESTION_BEHIND = re.compile(
    r",\s+(?=(?:so |and |but )?(?:why|how|what|where|when|who|can|could|do|does|is|should|will)\b)", re.IGNORECASE
)
OF_THEMSELVES = re.compile(r"^(?:(?:hi|hello|hey|ok|so|well)\b[ ,]*)*(?:i|i'?m|we|we'?re|our|this is)\b", re.IGNORECASE)
REPORTED = re.compile(
    r"\b(?:ask|asks|asking|asked|know|tell|tells|say|says|see|explain|explains|wonder|depends|like)\b", re.I
)
FRAGMENT = re.compile(r",\s+|\s+[-–—]+\s+|:\s+|\s+(?:and then|but|and|then)\s+")


@dataclass(frozen=True)
class Clause:
    """A sentence of the message; `start` is its place in the message."""

    text: str
    start: int
    asks: bool


def tidy(text: str) -> str:
    """One form for what looks the same: composed letters, straight quotes. The length may change."""
    return unicodedata.normalize("NFC", text).translate(QUOTE_SIGNS)


# Short forms and their spelt-out ones, so that a pattern needs only one of them.
SHORT_FORMS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), full)
    for pattern, full in (
        (r"\b(what|that|it|where|who|how|there|here|when|why|he|she)'s\b", r"\1 is"),
        (r"\b(what|that|where|who|how)s\b(?= )|\b(that|what)s$", r"\1\2 is"),
        (r"\bcan'?t\b|\bcannot\b", "can not"),
        (r"\bwon'?t\b", "will not"),
        (r"\b(is|are|do|does|did|was|were|have|has|would|should|could|must)n'?t\b", r"\1 not"),
        (r"\b(i)'?m\b", r"\1 am"),
        (r"\b(you|we|they)'re\b", r"\1 are"),
        (r"\b(i|you|we|they)'ve\b", r"\1 have"),
        (r"\b(i|you|we|they|it)'ll\b", r"\1 will"),
        (r"\b(i|you|we|they)'d\b", r"\1 would"),
        (r"\blets\b|\blet us\b", "let's"),
        (r"\b(?:pls|plz|plse)\b", "please"),
        (r"\b(?:wanna)\b", "want to"),
        (r"\b(?:gonna)\b", "going to"),
        (r"\b(?:ur)\b", "your"),
        (r"\bu\b", "you"),
        (r"\bthx\b|\btnx\b", "thanks"),
    )
)


def plain(clause: str) -> str:
    """A clause as the phrase book has it: small letters, single spaces, spelt out, no signs at its ends, no stretched letters."""
    low = " ".join(clause.lower().split())
    bare = low.strip(ENDS).rstrip("?？؟ ").strip(ENDS) or low.strip()
    bare = STRETCHED.sub(r"\1", bare)
    for short, full in SHORT_FORMS:
        bare = short.sub(full, bare)
    return bare


def without_quotes(text: str) -> str:
    """The text with what it quotes blanked out, every other character in its place.

    A message that is one quotation from end to end is taken at its word.
    """
    whole = text.strip()
    if QUOTED.fullmatch(whole) and not whole.startswith((">", "```")):
        return text.replace('"', " ")
    return QUOTED.sub(lambda quote: re.sub(r"[^\n]", " ", quote.group()), text)


def sentences(text: str) -> list[Clause]:
    """Split into sentences; a full stop after an initial or inside a number ends none."""
    found: list[Clause] = []
    start = 0
    marks = [(m.start(), m.end(), m.group()) for m in SENTENCE_END.finditer(text)] + [(len(text), len(text), "")]
    for begin, end, mark in marks:
        if mark == "." and INITIALS.search(text[max(0, begin - 6) : begin]):
            continue
        raw = text[start:begin]
        if raw.strip():
            lead = len(raw) - len(raw.lstrip())
            body = raw.strip()
            marked = "?" in mark or "？" in mark or "؟" in mark
            if behind := _question_behind(body):
                found.append(Clause(body[: behind.start()], start + lead, False))
                body, lead, marked = body[behind.end() :], lead + behind.end(), True
            found.append(Clause(body, start + lead, marked or bool(ASKING.match(body))))
        elif mark.strip() and not found and not text[end:].strip():
            found.append(Clause(mark.strip(), begin, True))
        start = end
    return found


def _question_behind(sentence: str) -> re.Match[str] | None:
    comma = QUESTION_BEHIND.search(sentence)
    if not comma or not OF_THEMSELVES.match(sentence) or REPORTED.search(sentence[: comma.start()]):
        return None
    return comma if ASKED_OUTRIGHT.match(sentence[comma.end() :]) else None


def fragments(sentence: str) -> list[str]:
    """The parts of a sentence between commas, dashes and "and", in order."""
    cuts = [0, *(p for m in FRAGMENT.finditer(sentence) for p in m.span()), len(sentence)]
    parts = [sentence[a:b].strip() for a, b in list(pairwise(cuts))[::2]]
    return [part for part in parts if part]


KEYS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
LEFT_TO_RIGHT = (*KEYS, *(row[::-1] for row in KEYS))


def is_mashed(text: str) -> bool:
    """True where every word is fingers on keys: "asdf qwer", "sdfsdf hjkl". Capitals may be initials."""
    words = re.findall(r"\w+", text)
    return bool(words) and all(word.isascii() and word.islower() and _mashed(word) for word in words)


def _mashed(word: str) -> bool:
    """Neighbouring keys all along ("asdf", "asdasd"), or no vowel in more letters than an abbreviation has."""
    runs = re.fullmatch(r"(\w{3,}?)\1*", word)
    along = runs is not None and any(runs[1] in row for row in LEFT_TO_RIGHT)
    return along or (len(word) > 6 and word.isalpha() and not re.search("[aeiouy]", word))
