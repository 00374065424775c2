"""What the packs hold, counted: by industry and place, compared with the law's text or not."""

from collections import Counter
from collections.abc import Iterable, Sequence

from knowledge.entries import EVERY_INDUSTRY, Rule, Term

FEW = 10  # places with fewer rules share a column
COMMAND = "python -m knowledge coverage"


def coverage(entries: Sequence[Rule | Term]) -> str:
    """A page of Markdown with two tables: rules by industry and place, and entries by industry and verification."""
    rules = [entry for entry in entries if isinstance(entry, Rule)]
    terms = [entry for entry in entries if isinstance(entry, Term)]
    others = {str(industry) for entry in entries for industry in entry.industries} - {EVERY_INDUSTRY}
    by_place = Counter(entry.jurisdiction for entry in rules)
    places = [place for place, number in by_place.most_common() if number >= FEW]
    head = ["industry", *places, "other places", "rules", "of them verified", "terms", "of them verified"]
    body: list[list[str]] = []
    for industry in [EVERY_INDUSTRY, *sorted(others)]:
        own_rules = [entry for entry in rules if industry in entry.industries]
        own_terms = [entry for entry in terms if industry in entry.industries]
        counted = Counter(entry.jurisdiction for entry in own_rules)
        numbers = [counted[place] for place in places]
        totals = [len(own_rules), _verified(own_rules), len(own_terms), _verified(own_terms)]
        body.append([industry, *map(str, [*numbers, len(own_rules) - sum(numbers), *totals])])
    rare = ", ".join(f"{place} {number}" for place, number in by_place.most_common() if number < FEW)
    return f"""# What the packs hold

{len(rules)} rules and {len(terms)} terms, {_verified(entries)} of them compared with the law's own text: the section is
there, and every number of the summary is in it. An entry of several industries counts in each; “all” holds for every
industry. Made by `{COMMAND}`.

{_table(head, body)}

Rules of other places: {rare}.
"""


def _verified(entries: Iterable[Rule | Term]) -> int:
    return sum(entry.verified for entry in entries)


def _table(head: list[str], body: list[list[str]]) -> str:
    rows = [head, ["---"] * len(head), *body]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)
