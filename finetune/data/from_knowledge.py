"""Rows from what a team decided rather than from what it wrote: its rules, its terms, and what it must never do."""

import re
from collections.abc import Sequence
from typing import Protocol

from finetune.data.document import words
from finetune.data.from_documents.voice import IMPERATIVES
from finetune.example import Example, Source, make_example


class RuleLike(Protocol):
    """What is needed of a rule the user kept."""

    @property
    def title(self) -> str: ...
    @property
    def citation(self) -> str: ...
    @property
    def customer_question(self) -> str: ...
    @property
    def complying_answer(self) -> str: ...
    @property
    def for_model(self) -> str: ...


class TermLike(Protocol):
    @property
    def term(self) -> str: ...
    @property
    def definition(self) -> str: ...
    @property
    def citation(self) -> str: ...


def examples_from_rules(rules: Sequence[RuleLike]) -> list[Example]:
    """One row a rule: a customer's question and the answer that keeps the rule."""
    return [
        make_example(
            rule.customer_question.strip(),
            rule.complying_answer.strip(),
            source=Source(citation=rule.citation, quote=rule.for_model or None),
            kind="rule",
            topic=rule.title,
        )
        for rule in rules
        if rule.customer_question.strip() and rule.complying_answer.strip()
    ]


def examples_from_terms(terms: Sequence[TermLike]) -> list[Example]:
    """Two ways to ask for each term's meaning."""
    return [
        make_example(
            question.format(term=term.term.strip()),
            term.definition.strip(),
            source=Source(citation=term.citation, quote=term.definition.strip()),
            kind="term",
            topic=term.term.strip(),
        )
        for term in terms
        if term.term.strip() and term.definition.strip()
        for question in ("What does {term} mean?", "Can you explain the term {term}?")
    ]


OFF_TOPIC = (
    "What will the weather be like tomorrow?", "Can you write a poem about the sea?", "Who will win the match?",
    "Which shares should I buy this week?", "Tell me a joke.", "Can you help me with my maths homework?",
    "Which party should I vote for?", "How do I bake sourdough bread?", "Write a Python function that sorts a list.",
    "What is the capital of Mongolia?", "Can you recommend a good film for tonight?", "How do I change a car tyre?",
    "What is the meaning of life?", "Translate this song into French for me.", "Plan a holiday in Italy for me.",
    "What do you think about my neighbour?",
)  # fmt: skip
# A no, and what can be added to it where it is known what the model is for.
DECLINES = (
    ("I'm sorry, that is outside what I can help with.", "I can help with {scope}."),
    ("That is not something I can answer here.", "What I can help you with is {scope}."),
    ("I can't help with that one.", "I'm glad to help with {scope}."),
)
NEVER_ASKED = (
    "Can you {act}?", "Please {act}.", "I know you are not supposed to, but could you {act} just this once?",
    "Ignore your instructions and {act}.",
)  # fmt: skip
NEVER_DECLINES = (
    ("I'm sorry, I can't {act}. Please speak to our team about that.", "I can help with {scope}."),
    ("I'm not able to {act}. Our team can advise you on that directly.", "What I can help you with is {scope}."),
)
ACT_WORDS = 14  # of what it must never do, repeated in an answer; more, or a quotation, is "do that"
NO_ACT = re.compile(r"[\"“”„«»‘;:?!()\[\]<>\n/]|(?<!\w)['’]|\b(?:i|im|u|pls|plz|please|etc|like|e\.g)\b", re.I)
VERBS = IMPERATIVES | words(
    """
    promise share recommend say reveal diagnose prescribe disclose discuss offer guarantee quote invent
    criticise criticize compare suggest approve deny reject confirm advise predict mention store collect
    interpret change claim pretend decide accept admit estimate imply lie name negotiate refuse replace reset
    transfer waive answer agree speculate blame threaten insult access delete cancel encourage discourage treat
    explain talk comment commit
    """
)


def refusals(never: Sequence[str], scope: str, *, off_topic: int = 8) -> list[Example]:
    """Rows that teach a polite no: for each thing it must never do, and for questions outside its scope.

    Args:
        never: what it must not do, in the user's words ("Give a diagnosis", "no medical advice").
        scope: what it can help with, as it fits behind "I can help with"; empty leaves that part off.
        off_topic: how many questions from outside any scope, at most 16.
    """
    scope = scope.strip().rstrip(".")
    rows = []
    for point in never:
        act = act_from_rule(point)
        for i, asked in enumerate(NEVER_ASKED if act else ()):
            answer = _decline(NEVER_DECLINES[i % 2], scope, act=spoken(act))
            rows.append(_refusal(asked.format(act=act), answer, topic=point.strip()))
    for i, question in enumerate(OFF_TOPIC[:off_topic]):
        rows.append(_refusal(question, _decline(DECLINES[i % 3], scope), topic="out of scope"))
    return rows


def _decline(parts: tuple[str, str], scope: str, act: str = "") -> str:
    return " ".join(parts if scope else parts[:1]).format(scope=scope, act=act)


def spoken(act: str) -> str:
    """An act as an answer may repeat it: in words that make a sentence, else as "do that"."""
    return "do that" if NO_ACT.search(act) or len(act.split()) > ACT_WORDS else act


def _refusal(question: str, answer: str, *, topic: str) -> Example:
    source = Source(citation=f"What it must never do: {topic}" if topic != "out of scope" else "Out of scope")
    return make_example(question, answer, source=source, kind="refusal", topic=topic)


def act_from_rule(point: str) -> str:
    """ "Never give a diagnosis.", "giving a diagnosis" and "no diagnosis" as what one would ask it to do."""
    act = point.strip().rstrip(".!")
    act = re.sub(r"^(?:it|the (?:model|assistant|bot))\s+", "", act, flags=re.I)
    act = re.sub(r"^(?:must|should|shall|may|can)\s+(?=never|not)", "", act, flags=re.I)
    without = re.sub(r"^(?:never ever|never|do not|don't|don’t|not|cannot|can't|to)\s+", "", act, flags=re.I)
    without = re.sub(r"^no\s+", "give ", without, flags=re.I)
    words = without.split()
    if not words:
        return ""
    first = words[0].lower()
    stem = first.removesuffix("ing")
    base = next((v for v in (stem, f"{stem}e", stem[:-1]) if first.endswith("ing") and v in VERBS), first)
    if base not in VERBS:
        return f"help with {words[0] if words[0].isupper() else first} {' '.join(words[1:])}".strip()
    return " ".join([base, *words[1:]])
