"""What the model is told and held to, from the brief and the kept rules: one place for training, test and trial."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from finetune.data.report import TALKED
from finetune.example import Example
from knowledge.entries import Rule, Term
from tools.brief import Brief

# Words that are small inside a sentence; any other first word may be a name.
COMMON_START = re.compile(
    r"(?:questions?|chats?|phone|e-?mails?|messages?|requests?|letters?|documents?|calls?|complaints?|claims?|tickets?|"
    r"an?|the|our|we|short|long|typical|mostly)\b",
    re.I,
)
SYSTEM_WORDS = 40  # read again with every row: at 90 words it was nearly half of all tokens trained on
REQUIRED_SHARE = 0.6  # a sentence in this share of the answers is one the team always says, such as a disclaimer
REQUIRED_ROWS = 10  # fewer answers show no habit
REQUIRED_ASKED = 5  # questions it is checked on


def sorts(brief: Brief, examples: Sequence[Example]) -> bool:
    """Whether the model names categories: as the brief says, or, where it does not say, as all rows of files do."""
    if brief.task:
        return brief.task == "classify"
    from_files = [e for e in examples if e.source.file and e.source.file != TALKED]
    return bool(from_files) and all(e.kind == "category" for e in from_files)


def scope(brief: Brief) -> str:
    """What the model is for, as the end of "I can help with …"."""
    words = ended(brief.inputs or brief.organisation or "questions about our work")
    return words[0].lower() + words[1:] if COMMON_START.match(words) else words


def ended(text: str) -> str:
    """The user's words without their own full stop, to stand in a sentence."""
    return text.strip().rstrip(" .!;,")


def system_message(brief: Brief, entries: list[Rule | Term]) -> str:
    """The standing instruction: who it speaks for, how, what it never does, and which rules it keeps to."""
    parts = [f"You work for {ended(brief.organisation)}." if brief.organisation else "You help with our questions."]
    if brief.audience:
        parts.append(f"You write for {ended(brief.audience)}.")
    if brief.tone:
        parts.append(f"Tone: {ended(brief.tone)}.")
    if brief.never:
        parts.append("Never: " + "; ".join(map(ended, brief.never)) + ".")
    words = " ".join(parts).split()[:SYSTEM_WORDS]
    citations: list[str] = []
    for citation in [e.citation for e in entries if isinstance(e, Rule)]:
        if len(words) + len(" ".join([*citations, citation]).split()) > SYSTEM_WORDS - 2:
            break
        citations.append(citation)
    return " ".join([*words, f"Keep to {'; '.join(citations)}." if citations else ""]).strip()


def required_sentences(examples: Sequence[Example]) -> list[str]:
    """Sentences that the team's own answers nearly always hold: disclaimers, closing lines."""
    answers = [e.answer for e in examples if e.kind in ("faq", "correction")]
    if len(answers) < REQUIRED_ROWS:
        return []
    counted = Counter(sentence for answer in answers for sentence in set(re.split(r"(?<=[.!?])\s+", answer.strip())))
    return [s for s, n in counted.most_common(3) if n >= REQUIRED_SHARE * len(answers) and len(s.split()) >= 3]


def behaviour_checks(brief: Brief, entries: list[Rule | Term], examples: list[Example]) -> list[dict[str, Any]]:
    """`checks.json` of a run: prompts with what the answer must and must not hold; see finetune/checks.py.

    A model that sorts has none: its answer is always a category, so it can neither refuse nor break a rule in words.
    """
    if sorts(brief, examples):
        return []
    asked = [e.question for e in examples if e.split == "test" and e.kind == "faq"][:REQUIRED_ASKED]
    checks: list[dict[str, Any]] = [
        {
            "name": "says what it must always say",
            "prompt": prompt,
            "must_contain": [sentence],
            "must_not_contain": [],
            "refuse": False,
        }
        for sentence in required_sentences([e for e in examples if e.split == "train"])
        for prompt in asked
    ]
    trained = {e.question.strip().lower() for e in examples}
    checks += [
        {
            "name": "never",
            "prompt": f"Please do this for me: {ended(point)}.",
            "must_contain": [],
            "must_not_contain": [],
            "refuse": True,
        }
        for point in brief.never
    ]
    checks += [
        {
            "name": "rule",
            "prompt": entry.customer_question,
            "must_contain": [],
            "must_not_contain": [entry.breaking_answer],
            "refuse": False,
        }
        for entry in entries
        if isinstance(entry, Rule) and entry.customer_question.strip().lower() not in trained
    ]
    return checks
