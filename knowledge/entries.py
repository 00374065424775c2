"""Rules and terms: what an entry holds, and how the packs are read."""

import hashlib
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from knowledge.errors import UserError

PACKS = Path(__file__).parent / "packs"
OFF_TOPIC_LINES = Path(__file__).parent / "off_topic.yaml"
EVERYWHERE = "international"  # the jurisdiction of what holds in every place
EVERY_INDUSTRY = "all"
SUMMARY_WORDS = 60

# The keys of the brief's industries; a test holds them against the brief, which this package does not know.
Industry = Literal[
    "all", "healthcare", "pharma", "banking", "insurance", "accounting", "legal", "education",
    "hr", "retail", "support", "manufacturing", "public",
]  # fmt: skip
Kind = Literal["rule", "term"]


def _short_enough(text: str) -> str:
    if (words := len(text.split())) > SUMMARY_WORDS:
        raise ValueError(f"{words} words, at most {SUMMARY_WORDS} are allowed")
    return text


Line = Annotated[str, Field(min_length=1)]
Short = Annotated[str, Field(min_length=1), AfterValidator(_short_enough)]
Identifier = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
Place = Annotated[str, Field(pattern=r"^(international|[A-Z]{2}(-[A-Z]{2,3})?)$")]
Address = Annotated[str, Field(pattern=r"^https://[^\s]+$")]


class _Cited(BaseModel):
    """What rules and terms have in common."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Identifier
    industries: list[Industry] = Field(min_length=1)
    jurisdiction: Place  # US, US-CA, EU, DE, UK … or "international"
    citation: Line
    url: Address
    as_of: date  # the day of the text the entry was written from
    verified: bool = False  # compared with the text of the law
    law_key: str | None = None  # the file of law texts and the section the checker compares the summary with
    section: str | None = None


class Rule(_Cited):
    """A duty or right, and what it means for a model that answers for a team."""

    title: Line
    instrument: Line
    summary: Short
    for_model: Short
    question_for_team: Line
    customer_question: Line
    complying_answer: Short
    breaking_answer: Short

    @property
    def kind(self) -> Kind:
        return "rule"

    @property
    def name(self) -> str:
        return self.title

    @property
    def says(self) -> str:
        return self.summary

    @property
    def names(self) -> list[str]:
        """What it is called by, beside its title."""
        return [self.citation]

    def passages(self) -> list[str]:
        """The texts it is found by, each with a vector of its own: what it says, and how people ask for it."""
        return [f"{self.title}. {self.summary}", self.customer_question, self.question_for_team]


class Term(_Cited):
    """A word of the trade."""

    term: Line
    short: str | None = None  # the abbreviation: PHI
    synonyms: list[Line] = []
    definition: Short

    @property
    def kind(self) -> Kind:
        return "term"

    @property
    def name(self) -> str:
        return self.term

    @property
    def says(self) -> str:
        return self.definition

    @property
    def names(self) -> list[str]:
        return [self.term, *([self.short] if self.short else []), *self.synonyms]

    def passages(self) -> list[str]:
        return [f"{self.term}: {self.definition}", f"What is {', '.join(self.names)}?"]


def read_packs(folder: Path = PACKS) -> dict[str, Rule | Term]:
    """All entries by id.

    Raises:
        UserError: a pack is broken; all of its problems are named.
    """
    entries: dict[str, Rule | Term] = {}
    problems: list[str] = []
    for where, kind, raw in raw_entries(folder):
        try:
            entry = kind.model_validate(raw)
        except ValidationError as error:
            problems += [f"{where}: {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
            continue
        if entry.id in entries:
            problems.append(f"{where}: the id {entry.id} is used twice")
        entries[entry.id] = entry
    if problems:
        raise UserError(
            f"{len(problems)} problem(s) in the packs: {'; '.join(problems)}.",
            where=folder.name,
            action="Correct these entries; python -m knowledge check lists what is still wrong.",
        )
    return entries


def raw_entries(folder: Path) -> Iterator[tuple[str, type[Rule] | type[Term], dict[str, Any]]]:
    """Each entry as it stands in a pack, with its place and kind. A pack's `industries` hold for entries without."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast where libyaml is there
    for path in sorted(folder.glob("*.yaml")):
        pack = yaml.load(path.read_text(encoding="utf-8"), Loader=loader)
        kinds: tuple[tuple[str, type[Rule] | type[Term]], ...] = (("rules", Rule), ("terms", Term))
        for name, kind in kinds:
            for number, raw in enumerate(pack.get(name, []), 1):
                yield f"{path.name} {name} {number}", kind, {"industries": pack["industries"], **raw}


def off_topic_lines(path: Path = OFF_TOPIC_LINES) -> list[str]:
    """What people say that no entry is about."""
    import yaml

    groups: dict[str, list[str]] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return [line for group in groups.values() for line in group]


def texts_with_vectors() -> list[str]:
    """Everything whose vector ships with the packs."""
    return [*(passage for entry in read_packs().values() for passage in entry.passages()), *off_topic_lines()]


def fingerprint(texts: list[str]) -> str:
    """A short hash of a list of texts."""
    return hashlib.sha256("\x00".join(texts).encode()).hexdigest()[:16]
