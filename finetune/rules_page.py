"""The evidence pack's page of rules: what each asks, how the team meets it, and where the model met it."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from finetune.example import Example


@dataclass(frozen=True)
class RuleUsed:
    """A rule or term the team kept."""

    title: str
    citation: str
    url: str
    as_of: str
    jurisdiction: str
    says: str = ""
    verified: bool = False  # compared with the law's text when the entry was written
    for_model: str = ""  # what a rule means for a tuned model
    question: str = ""  # a customer's, that the rule bears on
    practice: str = ""  # how the team says it meets the rule


@dataclass(frozen=True)
class RuleMet:
    """Where a model met a rule: rows that rest on its citation, by split, and whether its question was a check."""

    rows: Mapping[str, int]
    checked: bool

    def __str__(self) -> str:
        rows = ", ".join(f"{number} {split}" for split, number in self.rows.items() if number)
        asked = "asked in the test of behaviour" if self.checked else "not asked in the test of behaviour"
        return f"{f'rows: {rows}' if rows else 'no row rests on it'}; {asked}"


def where_met(rule: RuleUsed, rows: Mapping[str, Sequence[Example]], asked: Collection[str]) -> RuleMet:
    """Count what is known of one rule.

    Args:
        rows: the examples of each split.
        asked: the prompts of the behaviour checks.
    """
    counted = Counter(
        split for split, examples in rows.items() for each in examples if each.source.citation == rule.citation
    )
    return RuleMet({split: counted[split] for split in rows}, bool(rule.question) and rule.question in asked)


def write_rules_page(title: str, rules: Sequence[tuple[RuleUsed, RuleMet]]) -> str:
    """The page as Markdown."""
    unread = sum(not rule.verified for rule, _ in rules)
    parts = [
        f"# Rules and terms behind {one_line(title)}",
        f"The team kept {len(rules)} entries, each with its source. {len(rules) - unread} were compared with the law's "
        f"text when they were written, {unread} were not and say so. This page is no legal advice.",
    ]
    return "\n\n".join([*parts, *(_entry(rule, met) for rule, met in rules)]) + "\n"


def _entry(rule: RuleUsed, met: RuleMet) -> str:
    compared = "compared with the law's text" if rule.verified else "**not compared with the law's text**"
    lines = [
        f"## {one_line(rule.title)}",
        one_line(rule.says),
        f"- Source: {source_of(rule)}, {compared}",
        f"- For the model: {one_line(rule.for_model)}" if rule.for_model else "",
        f"- How the team meets it: {one_line(rule.practice)}" if rule.practice else "",
        f"- In the making of this model: {met}",
    ]
    head, says, *points = lines
    return "\n\n".join(part for part in (head, says, "\n".join(point for point in points if point)) if part)


def source_of(rule: RuleUsed) -> str:
    """Citation, place and date in one line of Markdown."""
    return f"[{one_line(rule.citation)}]({rule.url}) ({rule.jurisdiction}, as of {rule.as_of})"


def one_line(text: str) -> str:
    return " ".join(text.split())
