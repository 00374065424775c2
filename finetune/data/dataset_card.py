"""The card of a data set, as the Hub shows it: what is in it, from where, how it was made, what is missing."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version

import yaml

from finetune.data.personal import CANNOT_FIND
from finetune.data.reasons import in_general, why_left_out
from finetune.data.split import leak_sentence
from finetune.example import Example, Split

# The Hub's own classes, by the row count each begins at.
SIZES = {100_000: "100K<n<1M", 10_000: "10K<n<100K", 1_000: "1K<n<10K", 0: "n<1K"}
TOPICS = 20  # a longer table is not read; the rest is one line
REASONS = 12
MADE = """\
Rows were read from the team's files (tables, threads of letters, documents), made from rules and terms the team kept,
each with its citation, or told by the team. A row made from a document answers in the document's own words; its
`source` names file, page or row, and the exact quote. No language model wrote a row unless its kind says so."""


@dataclass(frozen=True)
class SourceFacts:
    """What is known of a file that gave rows."""

    file: str
    sha256: str | None = None
    terms: str = ""  # whose it is and what may be done with it, as the team said


@dataclass(frozen=True)
class DatasetFacts:
    """What the card says that the rows do not know; what is not given is said to be unknown."""

    sources: Sequence[SourceFacts] = ()
    languages: Sequence[str] = ()  # ISO 639-1
    personal: str = ""  # how personal data was hidden, one sentence
    approved: str = ""  # when, ISO 8601
    approved_by: str = ""
    gaps: Sequence[str] = ()  # what is known to be thin or missing


def write_card(
    rows: Mapping[Split, list[Example]],
    dropped: Sequence[Example],
    *,
    title: str,
    licence: str | None,
    files: Mapping[str, str],
    columns: Mapping[str, str],
    fingerprint: str,
    facts: DatasetFacts,
) -> str:
    """The card as Markdown with the front matter the Hub reads.

    Args:
        files: split to the path its rows lie at.
        columns: name to what it holds.
        fingerprint: of the test rows.
    """
    kept = [example for found in rows.values() for example in found]
    parts = [
        _front_matter(kept, title, licence, files, facts),
        f"# {title}",
        f"{len(kept):,} conversations, each ending with the answer a model should learn to give.",
        "## Rows",
        counts_table("kind", rows, lambda e: e.kind),
        *([counts_table("topic", rows, lambda e: e.topic)] if any(e.topic for e in kept) else []),
        "\n".join(["| column | what it holds |", "|---|---|", *(f"| `{n}` | {what} |" for n, what in columns.items())]),
        "## Where the rows come from",
        counts_table("source", rows, lambda e: e.source.file or e.source.citation or "typed in"),
        _sources(facts),
        "## How they were made",
        MADE,
        "## What was cleaned",
        _cleaned(kept, dropped),
        "## Personal data",
        _personal(kept, facts),
        "## How it was divided",
        "Rows that belong together (nearly the same question or answer, or one source passage) stand on one side. "
        f"{leak_sentence(kept)} Never train on the test rows; their fingerprint (SHA-256) is `{fingerprint}`.",
        "## Known gaps",
        "\n".join(f"- {gap}" for gap in facts.gaps) or "None were looked for beyond what stands above.",
        "## Approval",
        _approval(facts),
        "## Licence",
        licence or "None was chosen, so nobody may use these rows without asking their owner.",
        f"Written with datasets {version('datasets')}.",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _front_matter(
    kept: Sequence[Example], title: str, licence: str | None, files: Mapping[str, str], facts: DatasetFacts
) -> str:
    tasks = {"text-classification" if e.kind == "category" else "question-answering" for e in kept}
    front = {
        "pretty_name": title,
        **({"license": licence.lower()} if licence else {}),
        **({"language": list(facts.languages)} if facts.languages else {}),
        "task_categories": [*sorted(tasks), "text-generation"],
        "size_categories": [next(name for least, name in SIZES.items() if len(kept) >= least)],
        "source_datasets": ["original"],
        "tags": ["attune"],
        "configs": [
            {"config_name": "default", "data_files": [{"split": s, "path": path} for s, path in files.items()]}
        ],
    }
    return f"---\n{yaml.safe_dump(front, sort_keys=False, allow_unicode=True)}---"


def counts_table(name: str, rows: Mapping[Split, list[Example]], of: Callable[[Example], str]) -> str:
    """Rows by something and by split, the most frequent first."""
    counts = {split: Counter(of(example) or "none" for example in found) for split, found in rows.items()}
    order = [value for value, _ in sum(counts.values(), Counter[str]()).most_common()]
    lines = [f"| {name} | {' | '.join(rows)} |", f"|---|{'---|' * len(rows)}"]
    for value in order[:TOPICS]:
        lines.append(f"| {_cell(value)} | {' | '.join(str(counts[split][value]) for split in rows)} |")
    if rest := order[TOPICS:]:
        sums = (str(sum(counts[split][value] for value in rest)) for split in rows)
        lines.append(f"| {len(rest)} more | {' | '.join(sums)} |")
    return "\n".join(lines)


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


def _sources(facts: DatasetFacts) -> str:
    if not facts.sources:
        return "Whose the texts are, and whether they may be published, was not noted."
    lines = ["| file | SHA-256 | what the team says of it |", "|---|---|---|"]
    lines += [f"| {_cell(s.file)} | {f'`{s.sha256}`' if s.sha256 else '?'} | {_cell(s.terms)} |" for s in facts.sources]
    return "\n".join(lines)


def _cleaned(kept: Sequence[Example], dropped: Sequence[Example]) -> str:
    done = Counter(in_general(reason) for example in kept for reason in dict.fromkeys(example.reasons))
    left_out = Counter(why_left_out(example) for example in dropped if example.reasons)
    lines = [f"- {count:,} rows: {reason}" for reason, count in done.most_common(REASONS)]
    lines += [f"- {count:,} rows left out: {reason}" for reason, count in left_out.most_common(REASONS)]
    return "\n".join(lines or ["- Nothing had to be changed."])


def _personal(kept: Sequence[Example], facts: DatasetFacts) -> str:
    touched = sum(any("personal data" in reason for reason in example.reasons) for example in kept)
    return "\n".join(
        [
            f"{facts.personal or 'Personal data was searched for and replaced.'} {touched:,} rows were changed so. "
            "The search goes by patterns, lists and the words around. Such a search does not find:",
            "",
            *(f"- {what}" for what in CANNOT_FIND),
        ]
    )


def _approval(facts: DatasetFacts) -> str:
    if not facts.approved:
        return "Nobody approved these rows, or it was not noted."
    by = f" by {_cell(facts.approved_by)}" if facts.approved_by else " by the team; the name was not given"
    return f"The rows were looked over and approved on {facts.approved[:10]}{by}. The test set is sealed since."
