# A pattern broken over lines cannot be read or searched for: long lines are wanted here.
# ruff: noqa: E501, SIM905
"""What a message means: what the user wants, what they tell about themselves, and which language they write.

Three layers, from sure to unsure: whole clauses known by heart, patterns, and the sentence encoder's nearest
example phrases. Nothing here acts; a score below `SURE` is for a question, one below `MAYBE` for nothing.
"""

import difflib
import hashlib
import os
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from assistant.corrections import corrections, moved, second_thought
from assistant.facts import READERS, Fact, Reading, fits, quoted_pairs, read_facts, read_pairs, vocabulary
from assistant.glossary import explain
from assistant.targets import all_but, find_rows, find_said, find_settings, find_target, find_term
from assistant.wording import (
    ASKED_OUTRIGHT,
    ASKING,
    Clause,
    fragments,
    is_mashed,
    plain,
    sentences,
    tidy,
    without_quotes,
)
from finetune.language import detect
from tools.brief import INDUSTRY_NAMES, OTHER, TASK_NAMES, Brief, Pair

Encode = Callable[[Sequence[str]], NDArray[np.float32]]

SURE = 0.75
MAYBE = 0.5
NOTHING = "none"  # the phrase book's entry for plain answers
HEARD = 0.3  # the least that is told at all
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
LOOSE = frozenset({"go", "just go"})  # too short to act on, and no answer either
# Before something else these say only "I heard you".
FILLERS = frozenset(
    {"ok", "okay", "k", "alright", "all right", "right", "fine", "great", "good", "so", "sure", "perfect"}
)
SHRUGS = frozenset({"whatever", "hm", "hmm", "uh", "um"})
SHORT_ANSWERS = frozenset({"yes", "no", "thanks", "greet", "goodbye", "stop", "next", "skip", "why", "help"})
# With others of the same certainty, these come last: what is to be done counts more than a courtesy.
COURTESIES = {"yes": 1, "no": 1, "thanks": 2, "greet": 3, "goodbye": 1}
RESERVED = re.compile(
    r"\b(?:but|first|before|except|however|wait|unless|if|not|don't|dont|only|instead|change|although|later)\b"
)
# A free answer to a question is its value unless it is one of these; commands about rows or ratings are not.
TURNS_AWAY = frozenset(
    "greet yes no unsure skip why meaning where back next start_training stop undo help offtopic hostile goodbye thanks "
    "language_request delete_project find_rules show_data coverage prepare results approve new_round restore show_plan columns "
    "paste who privacy human".split()
)
# These are also everyday words of an answer ("it changes the number"): only where rows or settings are spoken of.
COMMANDS = frozenset({"edit", "drop", "keep", "change_setting"})
ABOUT_ROWS = re.compile(
    r"\b(?:rows?|rules?|examples?|duplicates|everywhere)\b|^\W*(?:\w+ ){0,3}(?:keep|drop|delete|remove|edit) #?\d", re.I
)
KEEP_ONLY = re.compile(
    r"\b(?:drop|remove|delete|discard|throw out)(?: all)?(?: of)? (?:the )?(?:rest|others?|everything else)\b", re.I
)
# Near in meaning to many an answer ("excel with two columns"): they turn away only where said outright.
ONLY_OUTRIGHT = frozenset({"restore", "show_plan", "columns", "paste", "who", "privacy", "human"})
COMPLAINT = re.compile(
    r"^\W*(?:the )?(?:(?:answer|question) (?:of|in) )?(?:row|example|item|rule) #?\d+(?:'s (?:answer|question))? (?:is|looks|sounds|seems|reads) "
    r"(?:(?:way|far|much|a bit|still|really|very|quite) )*(?:too|not) [^,;.]*\W*$",
    re.I,
)
# Asked for a real message, people paste one, and its questions are its own: only these, said outright, turn away.
TURNS_AWAY_FROM_CASE = TURNS_AWAY - set(
    "greet thanks where help results offtopic approve meaning who privacy human".split()
)
NEAREST = 0.89  # the most that nearness of meaning is trusted
OUTRIGHT = 0.9  # told by words or a pattern, not by nearness
WORD_FOR_WORD = 0.95  # the whole message is in the phrase book
CASES = frozenset({"inputs", "pairs"})
# What is said about one field in the words of another: "a summary" is an output as well as a task.
GOES_WITH: dict[str, frozenset[str]] = {
    "organisation": frozenset({"industry", "size"}),
    "inputs": frozenset({"data", "organisation"}),
    "outputs": frozenset({"tone", "task", "data"}),
    "right_answer": frozenset({"tone", "never", "wrong_answer"}),
    "wrong_answer": frozenset({"tone", "never", "right_answer"}),
    "never": frozenset({"tone", "wrong_answer"}),
    "data": frozenset({"inputs", "deployment"}),
}
# What comes in or goes out, so named, is the answer even where its words also tell a task or the readers.
MATTER = {
    "inputs": re.compile(
        r"^(?!\W*(?:(?:ok|well|to|it should|please)\W+)*(?:answer|sort|classify|draft|write|summar|respond|reply|triage|extract|pull|shorten|route|tag|label|répond|class|trier|rédig|résum|clasif|redact))"
        r".*\b(?:e-?mails?|messages?|letters?|calls?|questions?|tickets?|chats?|forms?|requests?|notes?|documents?|claims?|complaints?)\b",
        re.I | re.S,
    ),
    "outputs": re.compile(
        r"\b(?:repl(?:y|ies)|letters?|answers?|summar(?:y|ies)|categor(?:y|ies)|sentences?|e-?mails?|messages?|lists?|labels?)\b",
        re.I,
    ),
}
INSTEAD = re.compile(r"\b(?:instead|after all|rather|like i said)\b", re.I)
# Words that add nothing to a fact: "ohio like i said", "hmm no, draft replies instead".
EMPTY = frozenset(
    "a an the our my your is are it its be should will would only just all mostly mainly really also too still again like "
    "i we said told you already before after actually instead no yes ok okay hmm um well sorry please in at from for to of "
    "by with and or oh wait that this these those was were as now then so moved want need make do rather industry sector "
    "replies reply messages mails e mail emails letters questions tickets mensajes nachrichten respuestas antworten los las les die der das el la le de".split()
)


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
    replaced: frozenset[str] = frozenset()  # fields whose new value takes the place of the old one
    cleared: frozenset[str] = frozenset()  # fields to empty

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
        self._phrases: Votes | None = None
        self._kinds: dict[str, tuple[list[str], list[NDArray[np.float32]]]] = {}
        self._lock = threading.Lock()  # two tabs may send their first message at once

    def warm(self) -> None:
        """Embed the example phrases now, so that the first message need not wait for it."""
        self._votes()

    def read(self, text: str, *, asked: str | None = None, deciding: bool = False) -> Understood:
        """Understand one message.

        Args:
            text: the message as typed or pasted.
            asked: the brief field the assistant has just asked for, if any.
            deciding: an approval waits for yes or no.
        """
        text = tidy(text)
        if is_mashed(text):
            return Understood(text, [], {}, {}, "en", [], None)
        if is_document(text, asked):
            return self._read_document(text, deciding)
        if option := _option(text, asked):
            return Understood(text, [], option, {}, "en", [], None)
        if COMPLAINT.match(text):  # what is wrong with a row is no order to drop it
            return Understood(text, [Intent("edit", 0.6)], {}, {}, detect(text), find_rows(text), None)
        if corrected := _corrected(text, asked, deciding):
            return corrected
        unquoted = without_quotes(text)
        reading = read_facts(unquoted, asked=asked)
        intents = self._intents(unquoted, asked, deciding, reading)
        facts, removed = dict(reading.facts), dict(reading.removed)
        if any(i.name == "language_request" and i.score >= SURE for i in intents):
            facts.pop("languages", None), facts.pop("jurisdictions", None)
        if pairs := quoted_pairs(text):
            facts["pairs"] = Fact(pairs, text.strip(), 0.9)
        if "pairs" in facts:
            intents = [i for i in intents if i.name not in ("correct_answer", "edit")]
        if asked in ("industry", "organisation", "task"):
            self._guess(unquoted, asked, facts)
        intents = _answer(text, asked, intents, facts)
        if _commands(intents, text):
            facts.clear()
            removed.clear()
        names = {intent.name for intent in intents if intent.score >= MAYBE}
        return Understood(
            text=text,
            intents=intents,
            facts=facts,
            removed=removed,
            language=detect(text),
            rows=find_rows(unquoted),
            target=_target(unquoted, names),
            all_but=all_but(unquoted),
            settings=find_settings(unquoted) if "change_setting" in names else {},
            said=find_said(text) if names & {"edit", "correct_answer", "rate_bad"} else None,
            replaced=frozenset({"jurisdictions"} & facts.keys()) if moved(unquoted) else frozenset(),
        )

    def _read_document(self, text: str, deciding: bool) -> Understood:
        """A pasted document states no facts; around a long one, only short first and last lines are the user's own."""
        own = without_quotes(_own_words(text)) if len(text) > PASTE else ""
        wishes = self._intents(own, None, deciding, Reading()) if own else []
        wishes = [Intent(i.name, min(i.score, DOUBT)) if i.name in GRAVE else i for i in wishes if i.name != "paste"]
        intents = sorted([*wishes, Intent("paste", 0.9)], key=_rank)
        return Understood(
            text, intents, {}, {}, detect(own or text), [], _target(own, {i.name for i in wishes if i.score >= MAYBE})
        )

    # --- intents ---

    def _intents(self, text: str, asked: str | None, deciding: bool, reading: Reading) -> list[Intent]:
        clauses = sentences(text)
        scores: dict[str, float] = {}
        unread: list[Clause] = []
        plainly = 0
        for clause in clauses:
            found = _known(clause, deciding)
            if found.whole:
                plainly += 1
            elif len(clause.text) <= 2 * LONGEST_CLAUSE and found.rest.strip():
                unread.append(Clause(found.rest, clause.start, clause.asks))
            for name, score in found.scores.items():
                scores[name] = max(score, scores.get(name, 0.0))
        # A sentence that states a fact, or a long free answer, is rarely a wish as well: then ask.
        telling = any(fact.score >= SURE for fact in reading.facts.values()) or bool(asked and len(text.split()) > 10)
        for name, score in self._near(unread).items():
            if telling:
                score = min(score, DOUBT)
            scores[name] = max(score, scores.get(name, 0.0))
        if "yes" in scores and ((deciding and plainly < len(clauses)) or RESERVED.search(text.lower())):
            scores["yes"] = min(scores["yes"], DOUBT)  # "yes, but …"
        if scores.get("no", 0) >= SURE or scores.get("stop", 0) >= SURE:
            for name in GRAVE & scores.keys():
                scores[name] = min(scores[name], MAYBE)
        if deciding and "yes" in scores:
            scores.pop("next", None)  # "yes, go on"
        if "correct_answer" in scores and not find_rows(text):
            scores.pop("edit", None)
        if "keep" in scores and KEEP_ONLY.search(text):
            scores.pop("drop", None)  # "keep 1 and 2, drop the rest" names the rows to keep
        if len(at_odds := scores.keys() & {"drop", "restore", "keep"}) > 1:
            scores |= {name: min(scores[name], DOUBT) for name in at_odds}  # whose rows are whose?
        if scores.get("privacy", 0) >= SURE:
            scores.pop("show_data", None)  # "who can see our data?"
        scores.pop(NOTHING, None)
        return sorted((Intent(n, round(s, 3)) for n, s in scores.items() if s >= HEARD), key=_rank)

    def _near(self, clauses: list[Clause]) -> dict[str, float]:
        if len(clauses) > MOST_CLAUSES:
            clauses = clauses[: MOST_CLAUSES // 2] + clauses[-MOST_CLAUSES // 2 :]
        if not clauses:
            return {}
        scores: dict[str, float] = {}
        vectors = self._encode([clause.text[:LONGEST_CLAUSE] for clause in clauses])
        for name, score in self._votes().of_messages(vectors):
            if name != NOTHING:
                score = min(score, DOUBT if name in GRAVE else NEAREST)
                scores[name] = max(score, scores.get(name, 0.0))
        return scores

    def _votes(self) -> "Votes":
        with self._lock:
            if self._phrases is None:
                listed = {name: wording.phrases for name, wording in phrase_book().items()}
                self._phrases = Votes.of(listed, self._encode, self._cache_dir)
        return self._phrases

    # --- facts ---

    def _guess(self, text: str, asked: str, facts: dict[str, Fact]) -> None:
        """Where words do not tell the industry or the task asked for, the nearest described one: for a question only."""
        name = "task" if asked == "task" else "industry"
        if name in facts or len(text.split()) > 60 or not any(c.isalpha() for c in text):
            return
        with self._lock:
            if name not in self._kinds:
                described = _described(name)
                self._kinds[name] = list(described), [self._encode(phrases) for phrases in described.values()]
        kinds, vectors = self._kinds[name]
        message = self._encode([text[:LONGEST_CLAUSE]])[0]
        likeness = [float((phrases @ message).max()) for phrases in vectors]
        best = int(np.argmax(likeness))
        if likeness[best] >= LIKE:
            facts[name] = Fact(kinds[best], text.strip(), DOUBT)


def _rank(intent: Intent) -> tuple[bool, int, float]:
    """Certain ones first, courtesies after what is to be done, then by score."""
    return intent.score < SURE, COURTESIES.get(intent.name, 0), -intent.score


@dataclass(frozen=True)
class Known:
    """What the phrase book says of a clause: scores, whether all of it was known, and the rest for the encoder."""

    scores: dict[str, float]
    whole: bool
    rest: str


def _known(clause: Clause, deciding: bool) -> Known:
    low = plain(clause.text)
    if low in LOOSE and not deciding:
        return Known({"next": DOUBT}, True, "")
    if name := _exact(low, deciding):
        return Known({name: DOUBT if clause.asks and name in GRAVE else 0.99}, True, "")  # "start training?"
    if names := _word_by_word(low):
        return Known(dict.fromkeys(names, 0.97), True, "")
    if name := _exact(_bare(low), deciding):
        return Known({name: DOUBT if clause.asks and name in GRAVE else 0.95}, True, "")
    if scores := _patterned(low):
        opening = _by_heart().get(plain(re.split(r"[, ]", clause.text.strip(), maxsplit=1)[0]))
        if opening in ("yes", "no") and plain(clause.text.split()[0]) not in FILLERS | {"correct", "true"}:
            scores.setdefault(opening, 0.9)
        return Known(_careful(scores, clause), max(scores.values()) >= SURE, clause.text)
    if found := _in_parts(clause, deciding):
        return found
    if name := _slip(low):
        return Known(_careful({name: DOUBT if name in GRAVE else 0.8}, clause), True, "")
    return Known({}, False, clause.text)


def _word_by_word(low: str) -> list[str]:
    """Short answers strung together: "ja genau", "no no stop", "ok great"."""
    words = low.replace(",", " ").split()
    names = {_by_heart().get(word, "") for word in words}
    if not 1 < len(words) <= 5 or not names <= SHORT_ANSWERS:
        return []
    if len(names) > 1 and all(word in FILLERS for word in words if _by_heart()[word] == "yes"):
        names -= {"yes"} if names != {"yes", "thanks"} else {"thanks"}  # "ok next", but "ok great"
    return sorted(names - {"thanks"} if names & {"yes", "no"} else names)


def _in_parts(clause: Clause, deciding: bool) -> Known | None:
    """A clause of several parts: "yes, start training", "no, the EU, not the US", "yup that is it"."""
    parts = fragments(clause.text)
    if len(parts) == 1:
        first, _, rest = clause.text.partition(" ")
        if _by_heart().get(plain(first)) not in ("yes", "no") or not _part(rest, deciding):
            return None
        parts = [first, rest]
    found = [_part(part, deciding) for part in parts]
    if all(found):
        scores = {name: score for part in found for name, score in part.items()}
        if len(scores) > 1 and plain(parts[0]) in FILLERS:
            scores.pop("yes", None)  # "ok, start training" says no yes
        if len(scores) > 1 and plain(parts[0]) in SHRUGS:
            scores.pop("unsure", None)
        return Known(_careful(scores, clause), True, "")
    scores = {}
    rest = clause.text
    if found[0]:
        rest = clause.text[len(parts[0]) :].lstrip(" ,-–—:")
        scores |= _patterned(plain(rest))
        scores |= {n: min(s, 0.9) for n, s in found[0].items() if plain(parts[0]) not in FILLERS}
    short = len(clause.text.split()) <= 9
    for part, known in zip(parts[1:], found[1:], strict=True):
        for name, score in known.items():
            sure = short and (len(part.split()) > 1 or name in ("stop", "undo")) and name not in GRAVE
            scores[name] = max(min(score, 0.8) if sure else MAYBE + 0.05, scores.get(name, 0.0))
    return Known(_careful(scores, clause), False, rest)


def _part(part: str, deciding: bool) -> dict[str, float]:
    low = plain(part)
    if name := _exact(low, deciding) or _exact(_bare(low), deciding):
        return {name: 0.95}
    return dict.fromkeys(_word_by_word(low), 0.95) or {n: s for n, s in _patterned(low).items() if s >= SURE}


def _careful(scores: dict[str, float], clause: Clause) -> dict[str, float]:
    request = re.match(r"^\s*(?:please |ok |and |so |hey )*(?:can|could|would|will) (?:you|we)\b", clause.text.lower())
    if clause.asks and not request:
        return {name: min(score, 0.6) if name in GRAVE else score for name, score in scores.items()}
    return scores


def _exact(low: str, deciding: bool) -> str:
    return "yes" if deciding and low in GO_AHEAD else _by_heart().get(low, "")


def _bare(low: str) -> str:
    """A clause without the words of address around it: "ok stop please"."""
    return re.sub(
        r"^(?:(?:please|ok|okay|well|so|hmm|um|uh|oh|and|then|attune|alright|just)[ ,]+)+|"
        r"(?:[ ,]+(?:please|then|now|thanks|attune|mate|man|bot|already|for now))+$",
        "",
        low,
    )


def _patterned(low: str) -> dict[str, float]:
    if len(low) > 2 * LONGEST_CLAUSE:
        return {}
    found: dict[str, float] = {}
    for name, wording in phrase_book().items():
        for pattern in wording.patterns:
            if match := pattern.search(low):
                score = 0.92
                if name == "meaning" and "term" in pattern.groupindex:
                    score = _term_score(match["term"], match["article"] or "")
                found[name] = max(score, found.get(name, 0.0))
    return found


def _term_score(term: str, article: str) -> float:
    """ "what is an adapter" asks for a meaning; "what is your refund policy" asks for something else."""
    if explain(term):
        return 0.95
    words = term.split()
    longest = 4 if article.startswith("a") else 2
    return 0.78 if len(words) <= longest and not NO_TERM.search(term) else 0.4


NO_TERM = re.compile(r"\b(?:your|my|our|next|left|status|wrong|new|best|up|good|for|to|between|i|we|you|\d+)\b")


def _slip(low: str) -> str:
    """A typing slip in a known clause of five letters or more: "contineu"."""
    if not 5 <= len(low) <= 30:
        return ""
    close = difflib.get_close_matches(low, [p for p in _by_heart() if abs(len(p) - len(low)) < 3], n=1, cutoff=0.86)
    return _by_heart()[close[0]] if close else ""


@dataclass(frozen=True)
class Votes:
    """The example phrases as voters: each speaks for its intent, the louder the nearer a message lies to it.

    Kernel ridge regression on the phrases' vectors (Gaussian kernel, every intent weighing the same). On the
    development messages that words and patterns leave open it is right in 96 of 100, where the single nearest
    phrase is right in 87, and nothing has to be trained or shipped: it is solved in closed form at start.
    """

    names: list[str]
    vectors: NDArray[np.float32]  # (phrases, 384), of length one
    weights: NDArray[np.float32]  # (phrases, intents)

    @classmethod
    def of(cls, phrases: dict[str, tuple[str, ...]], encode: Encode, cache_dir: Path | None) -> "Votes":
        names = list(phrases)
        intents = np.array([index for index, name in enumerate(names) for _ in phrases[name]])
        vectors = _kept_vectors([text for name in names for text in phrases[name]], encode, cache_dir)
        share = 1 / np.bincount(intents)[intents]
        wanted = np.eye(len(names))[intents] - 1 / len(names)
        weights = np.linalg.solve(_closeness(vectors, vectors) + np.diag(SMOOTHING * share.mean() / share), wanted)
        return cls(names, vectors, weights.astype(np.float32))

    def of_messages(self, vectors: NDArray[np.float32]) -> Iterator[tuple[str, float]]:
        """For each vector the intent with most votes, and how far that can be trusted (0–1)."""
        for votes in _closeness(vectors, self.vectors) @ self.weights:
            best = int(votes.argmax())
            yield self.names[best], float(1 / (1 + np.exp(-STEEPNESS * (votes[best] - MIDDLE))))


def _described(name: str) -> dict[str, list[str]]:
    words = vocabulary()
    if name == "task":
        return dict(words["tasks"])
    return {code: kinds["phrases"] for code, kinds in words["industries"].items()}


LIKE = 0.45  # cosine; below it "a bakery" would be called something else's kin
SMOOTHING = 0.1
# The curve that makes votes a trust: 0.25 votes are right often enough to act on (SURE), 0.15 to ask (MAYBE).
STEEPNESS, MIDDLE = 11.0, 0.15


def _closeness(some: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float64]:
    """Gaussian kernel of the distance between vectors of length one: (some, others)."""
    near: NDArray[np.float64] = np.exp(2.0 * (some @ others.T) - 2.0).astype(np.float64)
    return near


def _kept_vectors(texts: list[str], encode: Encode, cache_dir: Path | None) -> NDArray[np.float32]:
    if cache_dir is None:
        return encode(texts)
    kept = cache_dir / f"phrases-{hashlib.sha256(chr(10).join(texts).encode()).hexdigest()[:16]}.npy"
    if kept.exists():
        vectors: NDArray[np.float32] = np.load(kept, allow_pickle=False)
        return vectors
    vectors = encode(texts)
    cache_dir.mkdir(parents=True, exist_ok=True)
    beside = kept.with_name(f".{kept.stem}.{os.getpid()}.npy")
    np.save(beside, vectors)
    beside.replace(kept)  # in one step, so that a killed start leaves no half file
    return vectors


# --- answers --------------------------------------------------------------------------------------------------


def _option(text: str, asked: str | None) -> dict[str, Fact] | None:
    """A suggested answer, chosen word for word, is the answer to the question it was suggested for, and nothing else."""
    wanted = plain(text)
    fields = Brief.questions()
    for name in sorted(fields, key=lambda field: field != asked):
        chosen = next((option for option in Brief.ask(name).options if plain(option) == wanted), None)
        if chosen is None or (name != asked and (_by_heart().get(wanted, NOTHING) != NOTHING or wanted == "both")):
            continue
        value = _value(chosen, name)
        if value is None:
            continue
        facts = {name: Fact(value, chosen, 1.0)}
        trade = read_facts(chosen).facts.get("industry") if name == "organisation" else None
        if trade and trade.score >= SURE:
            facts["industry"] = trade  # "A credit union" leaves nothing to ask
        return facts
    return None


def _value(words: str, name: str) -> Any | None:
    """What the words say where they are known to be about this field; None where they do not fit it."""
    value = _free_answer(words, name)
    if value:
        return value
    fact = read_facts(words, asked=name).facts.get(name)
    return fact.value if fact and fact.score >= SURE else None


def _corrected(text: str, asked: str | None, deciding: bool) -> Understood | None:
    """The message as one that puts an earlier answer right, if it is one."""
    for correction in corrections(text, asked=asked):
        values = {name: _value(words, name) for name, words in correction.values.items()}
        if any(value is None for value in values.values()):
            continue
        facts = {name: Fact(value, correction.values[name], 0.9) for name, value in values.items()}
        if facts and not any(fits(name) or name == "never" for name in facts):
            facts |= {n: f for n, f in read_facts(text).facts.items() if n not in facts and f.score >= SURE}
        return Understood(
            *(text, [], facts, correction.removed, detect(text), [], None),
            replaced=frozenset(values) if correction.replaces else frozenset(),
            cleared=correction.cleared,
        )
    thought = second_thought(text)
    wishes = _known(Clause(thought.after, 0, False), deciding).scores if thought else {}
    if thought is None or any(score >= SURE for name, score in wishes.items() if name != NOTHING):
        return None
    before = {n: f for n, f in read_facts(thought.before).facts.items() if f.score >= SURE}
    name = thought.field or ("audience" if "audience" in before and READER.fullmatch(thought.after) else asked)
    after = {n: f for n, f in read_facts(thought.after, asked=name).facts.items() if f.score >= SURE}
    if name in Brief.questions() and name not in after and (value := _value(thought.after, name)) is not None:
        after[name] = Fact(value, thought.after, 0.85)
    if not after:
        return None
    return Understood(text, [], before | after, {}, detect(text), [], None, replaced=frozenset(after))


READER = re.compile(rf"(?:the |our |my )?(?:{READERS})", re.I)


def _answer(text: str, asked: str | None, intents: list[Intent], facts: dict[str, Fact]) -> list[Intent]:
    """The answer to the question just asked, in `facts`; and the intents that still hold beside it."""
    if asked is None or asked not in Brief.model_fields:
        return intents
    if asked == "industry" and NONE_FITS.match(text):
        intents = []  # of those that were offered, which are no rows to be dropped
    away = [i for i in intents if _turns_away(i, asked, text)]
    if asked == "data" and away and away[0].name == "no":
        facts["data"] = Fact("nothing yet", text.strip(), 0.85)  # "no" to "what do you have?" is the answer
        return []
    told = text if asked in CASES else _without_questions(text)
    if away and not _says_more(text, away) and not _asks_beside(text, told, away):
        return intents
    if not told:
        facts.clear()
        return intents
    known = facts.get(asked)
    if (known is None or known.score < SURE) and _is_about_others(told, asked, facts):
        facts.pop(asked, None)
        return intents
    value = _free_answer(told, asked)
    if asked == "never" and not re.search(r"\b(?:never|must|should|may|can|not)\b|n't", told, re.I):
        known = None  # "no medical advice, no diagnoses" is a plain list
    if value is not None and (known is None or known.score < SURE):
        facts[asked] = Fact(value, told.strip(), 0.85)
    if asked in facts and facts[asked].score >= MAYBE:
        return [i for i in intents if i in away]
    return intents


NONE_FITS = re.compile(
    r"\W*(?:no(?:ne|thing)?\b(?! (?:idea|clue|thanks|thank|problem))|neither|(?:an)?other(?: (?:one|industry))?|"
    r"something else|(?:it|mine|ours)(?:['’]s| is) not (?:listed|there|among))\b",
    re.I,
)


def _asks_beside(text: str, told: str, away: list[Intent]) -> bool:
    """True for "A letter. How long does it take?": an answer, and a question that is no part of it."""
    if not told or told == text.strip() or not {i.name for i in away} <= QUESTIONS:
        return False
    return not any(score >= SURE for c in sentences(told) for score in _known(c, False).scores.values())


QUESTIONS = frozenset("where help why meaning who privacy find_rules results show_plan".split())


def _without_questions(text: str) -> str:
    """The message without the questions it puts to the assistant."""
    kept = text
    for clause in sentences(text):
        end = clause.start + len(clause.text)
        marked = text[end : end + 1] in ("?", "？", "؟") and ASKING.match(clause.text)
        if marked or (clause.asks and ASKED_OUTRIGHT.match(clause.text)):
            kept = kept[: clause.start] + " " * len(clause.text) + re.sub("^[?？؟]", " ", kept[end:])
    kept = TAG.sub("", kept)
    return kept.strip() if any(c.isalnum() for c in kept) else ""


TAG = re.compile(
    r",\s*(?:is (?:that|this|it)|right|correct|ok|okay|does that|would that|isn't it|can (?:you|it))\b[^,.?]*\?\s*$",
    re.I,
)


def _is_about_others(text: str, asked: str, facts: dict[str, Fact]) -> bool:
    """Whether other fields' facts account for every word: "ohio like i said" while the inputs are asked for."""
    if asked in MATTER and MATTER[asked].search(text) and not INSTEAD.search(text):
        return False
    beside = GOES_WITH.get(asked, frozenset())
    others = {n: f for n, f in facts.items() if n != asked and n not in beside and f.score >= SURE}
    rest = text.lower()
    for fact in others.values():
        for part in sorted(fact.evidence.lower().split(", "), key=len, reverse=True):
            rest = rest.replace(part, " ")
    return bool(others) and all(word in EMPTY for word in re.findall(r"[^\W\d_]+|\d+", rest))


def _commands(intents: list[Intent], text: str) -> bool:
    """Whether the message works on rows, columns or a document, whose words are nothing the team says of itself."""
    sure = {i.name for i in intents if i.score >= OUTRIGHT}
    return bool(sure & {"columns", "restore", "paste"} or (sure & {"edit", "drop"} and ABOUT_ROWS.search(text)))


def is_document(text: str, asked: str | None) -> bool:
    """Whether a message is a pasted document: long, or several statements that are not about the team or the model."""
    if len(text) > PASTE:
        return True
    if asked in ("inputs", "outputs", "pairs") or read_pairs(text) or quoted_pairs(text):
        return False
    clauses = sentences(text)
    told = [c for c in clauses if not c.asks and len(c.text.split()) >= 4]
    short = len(text) < DOCUMENT
    if not told or (short and (len(told) < 4 or asked in LISTED)):
        return False
    first = {name for name, score in _known(clauses[0], False).scores.items() if score >= SURE}
    if first - SHORT_ANSWERS - {NOTHING}:
        return first == {"paste"}
    own = sum(bool(OWN.search(c.text) or (asked in LISTED and LISTING.match(c.text))) for c in told)
    return 3 * own < len(told)


DOCUMENT = 400  # characters; a shorter text needs four statements to be taken for a document
LISTED = frozenset({"never", "right_answer", "wrong_answer", "tone"})  # answered in several sentences
LISTING = re.compile(r"^\W*(?:never|don't|do not|no|not|it|they|the (?:answer|reply|model|bot))\b", re.I)
OWN = re.compile(
    r"\b(?:i|i'm|we're|we are|we've|we (?:have|get|want|need|serve|run|work|help|answer|write|sell|use|also|do|don't|only|mostly|would|keep|handle|receive|offer)|"
    r"(?:our|my) (?:team|staff|customers|clients|patients|members|company|data|people|users|agents|colleagues|manager|boss)|"
    r"(?:ask|asks|asking|tell|write|e-?mail|call) us|it (?:should|must|has to|needs to)|the (?:model|bot|assistant|answers?|tone|replies))\b",
    re.I,
)


# "Harbor Home, an insurer in Ohio. Want a bot for members": what they want says nothing of who they are.
AND_WANTS = re.compile(
    r"(?<=\w)(?:[.!;]\s+|\s+[-–]\s+)(?:and |so |now )?(?:(?:we|i) )?(?:['’]d like|would like|want|wanna|need|hope|plan|"
    r"are looking|am looking|looking)\b.*$",
    re.I | re.S,
)


def _free_answer(text: str, asked: str) -> Any | None:
    """The whole answer as the field's value, where the field takes free words; None where an extractor must decide."""
    said = re.sub(
        r"^(?:(?:well|ok|okay|so|um|uh|hmm|yes|yeah|hi|hello|hey|sure|sorry|wait|i (?:did not|didn['’]?t) mean that)"
        r"[,!. ]+)+(?=\S)",
        "",
        text.strip(),
        flags=re.I,
    )
    if not said or not any(c.isalnum() for c in said) or is_mashed(said):
        return None
    if asked not in CASES:
        said = said.rstrip(" ?")
    if asked == "organisation" and re.match(r"(?:i['’]?m|i am|we['’]?re|we are) (?:not|no|new)\b", said, re.I):
        return None  # "I am not a computer person"
    if asked == "organisation":
        who = AND_WANTS.sub("", said)
        who = re.sub(r"^(?:we(?:'re| are|re)|i(?:'?m| am)|this is|i run|we run)\s+(?:an?|the)?\s*", "", who, flags=re.I)
        return who.rstrip(" .!") or None
    if asked == "never":
        parts = (p.strip(" .-•*") for p in re.split(r"\n|;|,\s*(?:or |and )?|\bor\b", said))
        return [re.sub(r"^never\s+", "", part, flags=re.I) for part in parts if part]
    if asked == "pairs":
        head, mark, tail = said.partition("?")
        return (
            [Pair(question=(head + mark).strip(), answer=tail.strip(" \n:-–"))]
            if mark and len(tail.split()) > 1
            else None
        )
    if asked == "industry" and NONE_FITS.match(said):
        return OTHER
    if asked == "industry":
        return next((code for code, name in INDUSTRY_NAMES.items() if name.lower() == plain(said)), None)
    if asked == "task":
        return next((code for code, name in TASK_NAMES.items() if name == plain(said)), None)
    return said if fits(asked) else None


def _turns_away(intent: Intent, asked: str, text: str) -> bool:
    """Whether an intent beside an open question is no answer to it."""
    if plain(text) in LOOSE:
        return True
    if intent.score >= DOUBT and intent.name in ("drop", "restore", "keep") and find_rows(text):
        return True
    if intent.score < SURE:
        return False
    if intent.name == "where" and re.search(r"\b(?:training|fine-?tuning)\b", text, re.I):
        return True  # no customer asks how long that takes
    if intent.name == "keep" and "keep" not in text.lower():
        return False  # "all of them"
    if (
        intent.name == "human"
        and asked == "tone"
        and not re.search(r"\b(?:want|need|talk|speak|get|let|give|to|please)\b", text)
    ):
        return False
    if intent.score >= WORD_FOR_WORD and len(text.split()) <= 8:
        return True
    if intent.name in ONLY_OUTRIGHT and intent.score < OUTRIGHT:
        return False
    if intent.name in COMMANDS:
        spoken_of = find_settings(text) if intent.name == "change_setting" else ABOUT_ROWS.search(text)
        return intent.score >= OUTRIGHT and bool(spoken_of)
    if asked not in CASES:
        return intent.name in TURNS_AWAY
    if intent.name == "meaning":
        return explain(find_term(text) or "") is not None
    return intent.name in TURNS_AWAY_FROM_CASE and intent.score >= OUTRIGHT and len(text.split()) <= 12


def _says_more(text: str, away: list[Intent]) -> bool:
    """True for "hi, we are a bank": a greeting or a yes before the answer itself."""
    return {i.name for i in away} <= {"greet", "thanks", "yes", "no"} and len(text.split()) > 4


def _own_words(text: str) -> str:
    """The first and last paragraph of a paste, where they are short enough to be the user's own."""
    paragraphs = [p for p in re.split(r"\n\s*\n|\n", text) if p.strip()]
    ends: Iterable[str] = dict.fromkeys((paragraphs[0], paragraphs[-1])) if len(paragraphs) > 1 else ()
    return "\n".join(p for p in ends if len(p) <= ASIDE)


def _target(text: str, names: set[str]) -> str | None:
    if "skip" in names and EVERYTHING.search(text):
        return "all"
    if "meaning" in names and (term := find_term(text)):
        return term
    return find_target(text) if names else None


EVERYTHING = re.compile(r"\b(?:all|everything|the rest|every)\b", re.I)


__all__ = ["MAYBE", "SURE", "Encode", "Fact", "Intent", "Understanding", "Understood"]
