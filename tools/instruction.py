"""What the model is told and held to, from the brief and the kept rules: one place for training, test and trial."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from finetune.data.report import TALKED
from finetune.example import Example
from knowledge.entries import Rule, Term
from tools.brief import Brief

# What comes in is called by one of these; a phrase of the brief without one seldom fits behind "I can help with …".
ASKED = re.compile(
    r"\b(?:questions?|enquir(?:y|ies)|inquir(?:y|ies)|chats?|calls?|e-?mails?|messages?|requests?|letters?|documents?|"
    r"complaints?|claims?|tickets?|forms?|reports?|bookings?|orders?|invoices?|notes?|cases?|problems?|reviews?)\b",
    re.I,
)
# Words that are small inside a sentence; any other first word may be a name.
COMMON_START = re.compile(
    rf"(?:{ASKED.pattern}|an?\b|the\b|our\b|short\b|long\b|typical\b|general\b|daily\b|simple\b|phone\b|support\b|"
    r"incoming\b|written\b|customers?\b|clients?\b|patients?\b|members?\b|owners?\b)",
    re.I,
)
LEADS_IN = re.compile(
    r"^(?:(?:well|so|mostly|mainly|usually|typically|just|only|we (?:get|receive|have)|it['’]?s|they['’]?re|they are|"
    r"there are|(?:people|customers|clients|patients|members|owners) send(?: us)?)\b\W*)+",
    re.I,
)
# Behind these stand cases, quotations and afterthoughts.
CASES_BEHIND = re.compile(
    r"\s*(?:\b(?:like|such as|e\.\s?g|for (?:example|instance)|saying|that|which|who|where|because|"
    r"sometimes|usually|often|mostly|but)\b|[:;.?!()\[\]<>\n\"“”„«»‘–—]|(?<!\w)['’]|\s-\s).*",
    re.I | re.S,
)
NO_PART = re.compile(
    r"\b(?:i|im|i'm|i’m|you|u|me|my|mine|pls|plz|please|etc|is|are|was|were|am|do|does|did|has|had|will|would|should|could|"
    r"can|must|no|not|never|don['’]?t|dunno|idk|stuff|what|whatever|hi|hello|"
    r"und|für|von|per|der|die|das|les|des|pour|del|para)\b|[^\w\s,'’&/-]",
    re.I,
)
OPEN_END = re.compile(r"(?:[\s,&/-]+(?:and|or|about|on|from|of|for|to|with|in|by|at|the|an?|we|they))+$", re.I)
SCOPE_LOOKED_AT = 300  # characters
SCOPE_WORDS = range(2, 11)  # one word says nothing, and more are a tale
HEAD_WITHIN = 4  # words from the start, in which it says what comes in
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
    """What the model is for, as the end of "I can help with …"; empty where the brief's words make no such end."""
    said = ended(CASES_BEHIND.sub("", LEADS_IN.sub("", (brief.inputs or "").strip()[:SCOPE_LOOKED_AT])))
    phrase = OPEN_END.sub("", said)
    if not _names_what_comes_in(phrase):
        phrase = OPEN_END.sub("", phrase.partition(",")[0])
        if not _names_what_comes_in(phrase):
            return ""
    return phrase[0].lower() + phrase[1:] if COMMON_START.match(phrase) else phrase


def _names_what_comes_in(phrase: str) -> bool:
    spoken = phrase.split()
    return (
        len(spoken) in SCOPE_WORDS
        and not NO_PART.search(phrase)
        and ASKED.search(" ".join(spoken[:HEAD_WITHIN])) is not None
    )


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
