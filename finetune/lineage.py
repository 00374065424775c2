"""Where a run's rows come from: `lineage.json`, written when training starts, without a word of anybody's rows.

It outlives its sources: what was deleted later is still named there, by file and hash, with how many rows it gave.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import get_args

from pydantic import BaseModel, Field

from finetune.data.hub import fingerprint_of_test
from finetune.example import Example, Split
from finetune.files import read_json, write_json
from finetune.project import Run

SPLITS: tuple[Split, ...] = get_args(Split)
NO_FILE = ("conversation", "feedback")  # sources of rows that were told, not read


class SourceUsed(BaseModel):
    """One file, or one file in an archive, that gave rows."""

    file: str
    sha256: str | None = Field(
        None, description="of the file as attached; of an archive, of the whole; None: not known"
    )
    rows: dict[str, int] = Field(description="split to rows, as they were when the training started")
    terms: str = Field("", description="what the team said of it: whose it is, what may be done with it")
    deleted: str | None = Field(None, description="when the source was deleted, ISO 8601; its rows are listed no more")


class RowUsed(BaseModel):
    """One row without its words. `quote_sha256` lets whoever has the source check the quote."""

    id: str
    split: Split
    kind: str
    file: str | None
    page: int | None
    row: int | None
    citation: str | None
    quote_sha256: str | None
    status: str
    reasons: list[str] = Field(description="what was done to the row and why")


class Lineage(BaseModel):
    """`lineage.json` of a run."""

    run: str
    written: str = Field("", description="ISO 8601; empty where it was made afterwards, from the run's own rows")
    sources: list[SourceUsed] = []
    rules: dict[str, int] = Field({}, description="citation to rows that rest on it")
    told: dict[str, int] = Field({}, description="rows from the conversation and from corrections")
    data_sha256: dict[str, str] = Field({}, description="split to the hash of its rows, as trained on")
    test_sha256: str = Field("", description="fingerprint of the sealed test set")
    rows: list[RowUsed] = []

    def uses(self, name: str) -> list[SourceUsed]:
        """The sources that are this file or lie in it."""
        return [source for source in self.sources if is_in(source.file, name)]


def is_in(inner: str | None, name: str) -> bool:
    """Whether one is that file, or a file in it: "mails.zip/faq.csv" is in "mails.zip"."""
    return inner is not None and (inner == name or inner.startswith(f"{name}/"))


def trace(
    run: Run, *, written: str = "", hashes: Mapping[str, str] | None = None, terms: Mapping[str, str] | None = None
) -> Lineage:
    """A run's lineage from the rows in its `data/`.

    Args:
        hashes: file, as the rows name it, to its SHA-256.
        terms: likewise, to what the team said of it.
    """
    rows = {split: run.examples(split) for split in SPLITS if run.data(split).exists()}
    by_file: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for split, examples in rows.items():
        for example in examples:
            if example.source.file and example.source.file not in NO_FILE:
                by_file[example.source.file][split] += 1
    everything = [example for examples in rows.values() for example in examples]
    sources = [
        SourceUsed(file=file, sha256=(hashes or {}).get(file), rows=dict(counts), terms=(terms or {}).get(file, ""))
        for file, counts in by_file.items()
    ]
    return Lineage(
        run=run.name,
        written=written,
        sources=sources,
        rules=dict(Counter(e.source.citation for e in everything if e.source.citation)),
        told=dict(Counter(e.source.file for e in everything if e.source.file in NO_FILE)),
        data_sha256={split: hashlib.sha256(run.data(split).read_bytes()).hexdigest() for split in rows},
        test_sha256=fingerprint_of_test(rows.get("test", [])),
        rows=[_row(example, split) for split, examples in rows.items() for example in examples],
    )


def _row(example: Example, split: Split) -> RowUsed:
    source = example.source
    return RowUsed(
        id=example.id,
        split=split,
        kind=example.kind,
        file=source.file,
        page=source.page,
        row=source.row,
        citation=source.citation,
        quote_sha256=hashlib.sha256(source.quote.encode()).hexdigest() if source.quote else None,
        status=example.status,
        reasons=example.reasons,
    )


def read_lineage(run: Run) -> Lineage:
    """As it was written; of a run that was started by hand, as its rows tell it now."""
    stored = read_json(run.lineage)
    return Lineage.model_validate(stored) if stored else trace(run)


def write_lineage(run: Run, lineage: Lineage) -> None:
    write_json(run.lineage, lineage.model_dump())


def mark_deleted(run: Run, name: str, when: str) -> None:
    """Say in a run's lineage that a file is gone, and list its rows no more; what it gave stays counted."""
    lineage = read_lineage(run)
    for source in lineage.uses(name):
        source.deleted = source.deleted or when
    lineage.rows = [row for row in lineage.rows if not is_in(row.file, name)]
    write_lineage(run, lineage)


def in_words(lineage: Lineage) -> list[str]:
    """What a run was trained on, in plain sentences."""
    sentences = [_source_in_words(source) for source in lineage.sources]
    if lineage.rules:
        count, many = sum(lineage.rules.values()), len(lineage.rules)
        sentences.append(f"{_rows(count)} made from {many} kept rule{'s' if many > 1 else ''} and terms, by citation.")
    told = {"conversation": "cases told in the conversation", "feedback": "corrections of answers"}
    sentences += [f"{_rows(count)} from {told[name]}." for name, count in lineage.told.items()]
    if lineage.test_sha256:
        sentences.append(f"The sealed test set has the fingerprint {lineage.test_sha256[:12]}….")
    return sentences


def _source_in_words(source: SourceUsed) -> str:
    split = ", ".join(f"{source.rows[s]} {s}" for s in SPLITS if source.rows.get(s))
    digest = f", SHA-256 {source.sha256[:12]}…" if source.sha256 else ""
    gone = f" It was deleted on {source.deleted[:10]}; the model still knows it." if source.deleted else ""
    terms = f" {source.terms}" if source.terms else ""
    return f"{source.file}: {_rows(sum(source.rows.values()))} ({split}){digest}.{terms}{gone}"


def _rows(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"


def trained_on(runs: Sequence[Run], name: str) -> list[tuple[Run, list[SourceUsed]]]:
    """The runs that learnt from a file, oldest first, with what they had of it; test rows alone count, too."""
    found = [(run, read_lineage(run).uses(name)) for run in runs if run.lineage.exists() or run.plan.exists()]
    return [(run, used) for run, used in found if used]
