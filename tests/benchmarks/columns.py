"""Are columns understood? `python -m tests.benchmarks.columns [--wrong]`.

Fills the tables of tests/data/columns.yaml, maps their columns, and counts: right or wrong, sure or asked about; then
the same without the sentence encoder. Tables at odd places were looked at while
the mapping was adjusted, those at even places measure it.
"""

import argparse
import random
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from finetune.data.columns import ColumnMapping, Encode, map_columns
from finetune.data.tables import table_from_records

LABELLED = Path(__file__).parents[1] / "data" / "columns.yaml"
ROWS = 24
NAMES = ("Ann Smith", "Tom Weber", "Léa Martin", "Piet de Vries", "Marta Ruiz", "Mo", "Sara Rossi", "J. Costa")
LABELS = ("Billing", "Delivery", "Account", "Technical")


@dataclass(frozen=True)
class Seen:
    """A table and what was made of it."""

    about: dict[str, Any]
    mapping: ColumnMapping
    right: bool

    @property
    def verdict(self) -> str:
        return f"{'right' if self.right else 'wrong'}, {'sure' if self.mapping.sure else 'asked'}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--wrong", action="store_true", help="show what went wrong in the tables at odd places")
    options = parser.parse_args()
    from knowledge.encoder import load_encoder

    for name, encode in (("with the encoder", load_encoder().encode), ("without", None)):
        seen = measured(encode)
        for half, told in ((0, "adjusted on"), (1, "measured on")):
            print(f"{name}, {told}: {dict(Counter(one.verdict for one in seen[half::2]))}")
        print(f"{name}, fresh: {dict(Counter(one.verdict for one in measured(encode, 'fresh')))}")
        for one in seen[::2] if options.wrong else []:
            if not one.right:
                print(f"  {one.about['header']} {one.about['kinds']}: {one.mapping.reason}")


def measured(encode: Encode | None = None, part: str = "tables") -> list[Seen]:
    labelled = yaml.safe_load(LABELLED.read_text(encoding="utf-8"))
    return [seen(one, labelled["pairs"][one["lang"]], place, encode) for place, one in enumerate(labelled[part])]


def seen(about: dict[str, Any], pairs: list[list[str]], place: int, encode: Encode | None) -> Seen:
    chance = random.Random(place)
    kinds: list[str] = about["kinds"]
    rows = [[cell(kind, number, pairs, about["lang"], chance) for kind in kinds] for number in range(ROWS)]
    records = [about["header"], *rows] if about["header"] else rows
    table, _ = table_from_records(records, "table.csv")
    mapping = map_columns(table, encode)
    question = table.header[kinds.index("q")]
    answer = table.header[kinds.index("a" if "a" in kinds else "cat")]
    mode = "question_answer" if "a" in kinds else "category"
    topic = mapping.topic is None or kinds[table.header.index(mapping.topic)] == "cat"
    right = (mapping.question, mapping.answer, mapping.mode) == (question, answer, mode) and topic
    return Seen(about, mapping, right)


def cell(kind: str, number: int, pairs: list[list[str]], language: str, chance: random.Random) -> str:
    question, answer = pairs[number % len(pairs)]
    if number >= len(pairs):  # no two the same
        question = f"{question[:-1].rstrip()} (case {number}){question[-1]}"
        answer = f"{answer} Case {number}."
    return {
        "q": question,
        "a": answer,
        "cat": chance.choice(LABELS),
        "id": f"T-{1000 + number}",
        "date": f"2026-05-{number + 1:02}",
        "who": chance.choice(NAMES),
        "lang": language,
        "status": chance.choice(("open", "closed", "waiting")),
        "note": chance.choice(("", "", "call back", "see file")),
        "link": f"https://desk.example.org/{number}",
    }[kind]


if __name__ == "__main__":
    main()
