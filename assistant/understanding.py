# ruff: noqa: E501, SIM905
"""What a message means: what the user wants, what they tell about themselves, and which language they write.

Three layers, from sure to unsure: whole clauses known by heart, patterns, and the sentence encoder's nearest
example phrases. Nothing here acts; a score below `SURE` is for a question, one below `MAYBE` for nothing.
"""

import difflib
import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from assistant.facts import Fact, fits, read_facts
from assistant.glossary import explain
from assistant.language import detect
from assistant.targets import all_but, find_rows, find_said, find_settings, find_target, find_term
from assistant.wording import Clause, fragments, plain, sentences, tidy, without_quotes
from tools.brief import INDUSTRY_NAMES, TASK_NAMES, Brief, Pair

Encode = Callable[[Sequence[str]], NDArray[np.float32]]

SURE = 0.75
MAYBE = 0.5
NOTHING = "none"  # the phrase book's entry for plain answers
DOUBT = 0.7  # below SURE: worth a question, never acted on

PASTE = 1_500  # characters; a longer text is taken for a pasted document
ASIDE = 300  # characters; the first or last paragraph of a paste is the user's own only if it is this short
LONGEST_CLAUSE = 240  # characters given to the encoder; a wish is shorter
MOST_CLAUSES = 6  # sentences given to the encoder: the first and the last ones

# What costs time or cannot be taken back: nearness of meaning alone never reaches SURE.
GRAVE = frozenset({"start_training", "delete_project", "publish", "approve", "yes"})
# With an approval waiting these mean yes; without one they mean "go on".
GO_AHEAD = frozenset(
    {
        *("go", "go ahead", "go on", "go for it", "do it", "proceed", "continue", "carry on", "keep going", "ready"),
        *("let's go", "lets go", "let's do it", "lets do it", "let's do this", "i'm ready", "weiter", "los"),
        *("adelante", "vamos", "avanti", "allons-y"),
    }
)
RESERVED = re.compile(
    r"\b(?:but|first|before|except|however|wait|unless|if|not|don't|dont|only|instead|change|although|later)\b"
)
# A free answer to a question is its value unless it is one of these; commands about rows or ratings are not.
TURNS_AWAY = frozenset(
    "greet yes no unsure skip why meaning where back next start_training stop undo help offtopic hostile goodbye thanks "
    "language_request delete_project find_rules show_data prepare results approve".split()
)
# Asked for a real message, people paste one: its questions are its own.
TURNS_AWAY_FROM_CASE = frozenset("yes no unsure skip why back next stop help hostile goodbye".split())
CASES = frozenset({"inputs", "outputs", "pairs"})


@dataclass(frozen=True)
class Intent:
    name: str
    score: float  # 0–1; see SURE and MAYBE


@dataclass(frozen=True)
class Understood:
    """One message. `intents` come best first; `facts` have the brief's own types."""

    text: str
    intents: list[Intent]
    facts: dict[str, Fact]
    removed: dict[str, list[str]]  # values taken back: "not the US"
    language: str  # ISO 639-1
    rows: list[int]
    target: str | None  # a stage, a brief field, or the term asked about
    all_but: bool = False  # the rows are the ones not meant: "keep all except 3"
    settings: dict[str, Any] = field(default_factory=dict)  # plan field to value, unchecked
    said: str | None = None  # words to put in: "it should have said: …"

    def score(self, name: str) -> float:
        return next((intent.score for intent in self.intents if intent.name == name), 0.0)

    def sure(self, name: str) -> bool:
        return self.score(name) >= SURE


@dataclass(frozen=True)
class Wording:
    """The phrase book of one intent."""

    exact: frozenset[str]
    patterns: tuple[re.Pattern[str], ...]
    phrases: tuple[str, ...]


@cache
def phrase_book() -> dict[str, Wording]:
    raw = yaml.load(Path(__file__).with_name("phrases.yaml").read_text(encoding="utf-8"), yaml.CBaseLoader)
    return {
        name: Wording(
            frozenset(plain(tidy(phrase)) for phrase in entry["exact"]),
            tuple(re.compile(pattern) for pattern in entry["patterns"]),
            tuple(entry["phrases"]),
        )
        for name, entry in raw.items()
    }


@cache
def _by_heart() -> dict[str, str]:
    return {phrase: name for name, wording in phrase_book().items() for phrase in wording.exact}


class Understanding:
    """Reads messages. The example phrases are embedded once, when the first message needs them."""

    def __init__(self, encode: Encode, *, cache_dir: Path | None = None) -> None:
        """`cache_dir` keeps the phrases' vectors between starts, under a name that changes with the phrases."""
        self._encode = encode
        self._cache_dir = cache_dir
        self._nearest: Nearest | None = None

    def read(self, text: str, *, asked: str | None = None, deciding: bool = False) -> Understood:
        """Understand one message.

        Args:
            text: the message as typed or pasted.
            asked: the brief field the assistant has just asked for, if any.
            deciding: an approval waits for yes or no.
        """
        text = tidy(text)
        option = _option(text, asked)
        if option:
            return Understood(text, [], option, {}, "en", [], None)
        pasted = len(text) > PASTE
        own = _own_words(text) if pasted else text
        unquoted = without_quotes(own)
        intents = self._intents(unquoted, asked, deciding, pasted)
        reading = read_facts("" if pasted else unquoted, asked=asked)
        facts, removed = dict(reading.facts), dict(reading.removed)
        if any(i.name == "language_request" and i.score >= SURE for i in intents):
            facts.pop("languages", None), facts.pop("jurisdictions", None)
        if not pasted:
            self._guess(unquoted, asked, facts)
        intents = self._answer(text, asked, intents, facts, pasted)
        names = {intent.name for intent in intents if intent.score >= MAYBE}
        return Understood(
            text=text,
            intents=intents,
            facts=facts,
            removed=removed,
            language=detect(own or text),
            rows=find_rows(unquoted) if not pasted else [],
            target=_target(unquoted, names),
            all_but=all_but(unquoted) if not pasted else False,
            settings=find_settings(unquoted) if "change_setting" in names else {},
            said=find_said(own) if names & {"edit", "correct_answer", "rate_bad"} else None,
        )

    # --- intents ---

    def _intents(self, text: str, asked: str | None, deciding: bool, pasted: bool) -> list[Intent]:
        clauses = sentences(text)
        scores: dict[str, float] = {}
        unread: list[Clause] = []
        plainly = 0
        for clause in clauses:
            found = _known(clause, deciding)
            if found.whole:
                plainly += 1
            elif len(clause.text) <= 2 * LONGEST_CLAUSE and len(found.rest.split()) > 0:
                unread.append(Clause(found.rest, clause.start, clause.asks))
            for name, score in found.scores.items():
                scores[name] = max(score, scores.get(name, 0.0))
        for name, score in self._near(unread).items():
            if not (asked and len(text.split()) > 10):  # a long free answer is an answer
                scores[name] = max(score, scores.get(name, 0.0))
        if "yes" in scores and ((deciding and plainly < len(clauses)) or RESERVED.search(text.lower())):
            scores["yes"] = min(scores["yes"], DOUBT)  # "yes, but …"
        if scores.get("no", 0) >= SURE or scores.get("stop", 0) >= SURE:
            for name in GRAVE & scores.keys():
                scores[name] = min(scores[name], MAYBE)
        if pasted:
            scores = {name: min(score, DOUBT) if name in GRAVE else score for name, score in scores.items()}
        scores.pop(NOTHING, None)
        return [Intent(n, round(s, 3)) for n, s in sorted(scores.items(), key=lambda item: -item[1]) if s >= 0.3]

    def _near(self, clauses: list[Clause]) -> dict[str, float]:
        if len(clauses) > MOST_CLAUSES:
            clauses = clauses[: MOST_CLAUSES // 2] + clauses[-MOST_CLAUSES // 2 :]
        if not clauses:
            return {}
        scores: dict[str, float] = {}
        for vector in self._encode([clause.text[:LONGEST_CLAUSE] for clause in clauses]):
            name, score = self._phrases().nearest(vector)
            if name in GRAVE:
                score = min(score, DOUBT)
            if name != NOTHING:
                scores[name] = max(score, scores.get(name, 0.0))
        return scores

    def _phrases(self) -> "Nearest":
        if self._nearest is None:
            self._nearest = Nearest.of(
                {name: wording.phrases for name, wording in phrase_book().items()}, self._encode, self._cache_dir
            )
        return self._nearest

    # --- facts ---

    def _guess(self, text: str, asked: str | None, facts: dict[str, Fact]) -> None:
        """Where words did not tell the industry or the task, ask which described one is nearest; for a question only."""

    def _answer(
        self, text: str, asked: str | None, intents: list[Intent], facts: dict[str, Fact], pasted: bool
    ) -> list[Intent]:
        """The answer to the question just asked, in `facts`; and the intents that still hold beside it."""
        if asked is None or asked not in Brief.model_fields:
            return intents
        turning = TURNS_AWAY_FROM_CASE if asked in CASES else TURNS_AWAY
        away = [i for i in intents if i.score >= SURE and i.name in turning]
        whole = plain(text)
        if away and (len(whole.split()) <= 12 or asked not in CASES) and not _says_more(text, away):
            return intents
        value = _free_answer(text, asked)
        known = facts.get(asked)
        if value is not None and (known is None or known.score < SURE) and not (pasted and asked not in CASES):
            facts[asked] = Fact(value, text.strip(), 0.85)
        if asked in facts and facts[asked].score >= MAYBE:
            return [i for i in intents if i in away]
        return intents


@dataclass(frozen=True)
class Known:
    """What the phrase book says of a clause: scores, whether all of it was known, and the rest for the encoder."""

    scores: dict[str, float]
    whole: bool
    rest: str


def _known(clause: Clause, deciding: bool) -> Known:
    low = plain(clause.text)
    if name := _exact(low, deciding):
        score = 0.99
        if clause.asks and name in GRAVE:
            score = DOUBT  # "start training?"
        return Known({name: score}, True, "")
    scores = _patterned(low)
    parts = [plain(part) for part in fragments(clause.text)]
    names = [_exact(part, deciding) or next(iter(_patterned(part)), "") for part in parts]
    if len(parts) > 1 and all(names):
        for name in names:
            scores[name] = max(0.95, scores.get(name, 0.0))
        return Known(_careful(scores, clause), True, "")
    rest = clause.text
    if len(parts) > 1 and names[0] and names[0] != NOTHING and _exact(parts[0], deciding):
        scores[names[0]] = max(0.9, scores.get(names[0], 0.0))
        rest = clause.text[len(fragments(clause.text)[0]) :].lstrip(" ,-–—:")
        for name, score in _patterned(plain(rest)).items():
            scores[name] = max(score, scores.get(name, 0.0))
    for part, name in zip(parts[1:], names[1:], strict=True):
        if name and name != NOTHING and (len(part.split()) > 1 or name not in GRAVE):
            scores[name] = max(0.7 if name in GRAVE or len(part.split()) < 2 else 0.8, scores.get(name, 0.0))
    if not scores and (name := _slip(low)):
        scores[name] = DOUBT if name in GRAVE else 0.8
    return Known(_careful(scores, clause), max(scores.values(), default=0) >= 0.9 and len(parts) == 1, rest)


def _careful(scores: dict[str, float], clause: Clause) -> dict[str, float]:
    request = re.match(r"^\s*(?:please |ok |and |so |hey )*(?:can|could|would|will) (?:you|we)\b", clause.text.lower())
    if clause.asks and not request:
        return {name: min(score, 0.6) if name in GRAVE else score for name, score in scores.items()}
    return scores


def _exact(low: str, deciding: bool) -> str:
    if deciding and low in GO_AHEAD:
        return "yes"
    bare = re.sub(
        r"^(?:please|ok|okay|well|so|hmm|um|uh|oh|and|then|attune)[ ,]+|[ ,]+(?:please|then|now|thanks|pls|plz|attune|mate|man|bot)$",
        "",
        low,
    )
    book = _by_heart()
    return book.get(low) or (book.get(bare, "") if bare else "")


def _patterned(low: str) -> dict[str, float]:
    if len(low) > 2 * LONGEST_CLAUSE:
        return {}
    found: dict[str, float] = {}
    for name, wording in phrase_book().items():
        for pattern in wording.patterns:
            if match := pattern.search(low):
                score = 0.92
                if name == "meaning" and "term" in pattern.groupindex:
                    score = _term_score(match["term"])
                found[name] = max(score, found.get(name, 0.0))
    return found


def _term_score(term: str) -> float:
    """ "what is an adapter" asks for a meaning; "what is your refund policy" asks for something else."""
    if explain(term):
        return 0.95
    return (
        0.78
        if len(term.split()) <= 2 and not re.search(r"\b(?:your|my|our|next|left|status|wrong|new|best|up)\b", term)
        else 0.4
    )


def _slip(low: str) -> str:
    """A typing slip in a known clause of five letters or more: "contineu"."""
    if not 5 <= len(low) <= 30:
        return ""
    close = difflib.get_close_matches(low, [p for p in _by_heart() if abs(len(p) - len(low)) < 3], n=1, cutoff=0.86)
    return _by_heart()[close[0]] if close else ""


@dataclass(frozen=True)
class Nearest:
    """Example phrases as vectors, and how near is near enough."""

    names: list[str]  # the intent of each row
    vectors: NDArray[np.float32]  # (phrases, 384)

    @classmethod
    def of(cls, phrases: dict[str, tuple[str, ...]], encode: Encode, cache_dir: Path | None) -> "Nearest":
        names = [name for name, listed in phrases.items() for _ in listed]
        texts = [text for listed in phrases.values() for text in listed]
        if cache_dir is None:
            return cls(names, encode(texts))
        key = hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]
        kept = cache_dir / f"phrases-{key}.npy"
        if kept.exists():
            vectors = np.load(kept, allow_pickle=False)
            if vectors.shape[0] == len(texts):
                return cls(names, vectors)
        vectors = encode(texts)
        cache_dir.mkdir(parents=True, exist_ok=True)
        beside = kept.with_suffix(".part.npy")
        np.save(beside, vectors)
        beside.replace(kept)
        return cls(names, vectors)

    def nearest(self, vector: NDArray[np.float32]) -> tuple[str, float]:
        """The intent whose phrases lie nearest, and how far that can be trusted (0–1)."""
        best: dict[str, float] = {}
        for name, likeness in zip(self.names, self.vectors @ vector, strict=True):
            best[name] = max(float(likeness), best.get(name, -1.0))
        (name, first), (_, second) = sorted(best.items(), key=lambda item: -item[1])[:2]
        return name, trust(first, first - second)


def trust(likeness: float, margin: float) -> float:
    """A logistic curve fitted on tests/understanding_dev.yaml: nearness counts, and so does the lead."""
    return float(1 / (1 + np.exp(-(12.0 * (likeness - 0.62) + 8.0 * (margin - 0.08)))))


# --- answers --------------------------------------------------------------------------------------------------


def _option(text: str, asked: str | None) -> dict[str, Fact] | None:
    """A suggested answer, chosen word for word, is the answer and nothing else; with what it says about other fields."""
    if asked is None or asked not in Brief.model_fields:
        return None
    chosen = next((o for o in Brief.ask(asked).options if plain(o) == plain(text)), None)
    if chosen is None:
        return None
    facts = {n: f for n, f in read_facts(chosen, asked=asked).facts.items() if f.score >= SURE}
    value = _free_answer(chosen, asked)
    if value is not None:
        facts[asked] = Fact(value, chosen, 1.0)
    elif asked in facts:
        facts[asked] = Fact(facts[asked].value, chosen, 1.0)
    else:
        return None
    return facts


def _free_answer(text: str, asked: str) -> Any | None:
    """The whole answer as the field's value, where the field takes free words; None where an extractor must decide."""
    said = re.sub(
        r"^(?:well|ok|okay|so|um|uh|hmm|yes|yeah|hi|hello|hey|sure)[,!. ]+(?=\S)", "", text.strip(), flags=re.I
    )
    if not said or not any(c.isalnum() for c in said):
        return None
    if asked == "organisation":
        return (
            re.sub(
                r"^(?:we(?:'re| are|re)|i(?:'m| am)|this is|i run|we run)\s+(?:an?|the)?\s*", "", said, flags=re.I
            ).rstrip(" .!")
            or None
        )
    if asked == "never":
        return [part for p in re.split(r"\n|;|,\s*(?:or |and )?|\bor\b", said) if (part := p.strip(" .-•*"))]
    if asked == "pairs":
        head, mark, tail = said.partition("?")
        return (
            [Pair(question=(head + mark).strip(), answer=tail.strip(" \n:-–"))]
            if mark and len(tail.split()) > 1
            else None
        )
    if asked == "industry":
        return next((code for code, name in INDUSTRY_NAMES.items() if name.lower() == plain(said)), None)
    if asked == "task":
        return next((code for code, name in TASK_NAMES.items() if name == plain(said)), None)
    return said if fits(asked) else None


def _says_more(text: str, away: list[Intent]) -> bool:
    """True for "hi, we are a bank": a greeting or a yes before the answer itself."""
    return {i.name for i in away} <= {"greet", "thanks", "yes", "no"} and len(text.split()) > 4


def _own_words(text: str) -> str:
    """The first and last paragraph of a paste, where they are short enough to be the user's own."""
    paragraphs = [p for p in re.split(r"\n\s*\n|\n", text) if p.strip()]
    ends: Iterable[str] = dict.fromkeys((paragraphs[0], paragraphs[-1])) if len(paragraphs) > 1 else ()
    return "\n".join(p for p in ends if len(p) <= ASIDE)


def _target(text: str, names: set[str]) -> str | None:
    if "meaning" in names and (term := find_term(text)):
        return term
    return find_target(text) if names else None


__all__ = ["MAYBE", "SURE", "Encode", "Fact", "Intent", "Understanding", "Understood"]
