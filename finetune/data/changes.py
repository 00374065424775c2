"""What a sheet of rows that came back changes: row by row beside the rows as they are now."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

from finetune.data.marks import Verdict
from finetune.data.sheet import CUT, EDITED, Returned, cell, fingerprint, fingerprint_of, project_mark, same, trimmed
from finetune.example import Example, Status

VERDICTS: dict[str, Verdict] = {
    **dict.fromkeys(("good", "ok", "okay", "yes", "y", "right", "correct", "fine", "1", "+", "✓", "✔", "gut"), "good"),
    **dict.fromkeys(("bad", "no", "n", "wrong", "incorrect", "false", "0", "-", "✗", "✘", "x", "schlecht"), "bad"),
    **dict.fromkeys(("unsure", "?", "maybe", "not sure", "don't know", "unclear", "unsicher"), "unsure"),
}
STATUSES: dict[str, Status] = {
    **{status: status for status in get_args(Status)},
    **dict.fromkeys(("drop", "delete", "deleted", "remove", "removed", "left out"), "dropped"),
    **dict.fromkeys(("approve", "accepted", "accept"), "approved"),
}


@dataclass(frozen=True)
class Change:
    """What a sheet does to one row."""

    id: str
    number: int
    values: dict[str, str]  # of `EDITED`, those that differ from the row as it is
    conflict: bool  # the row was changed here since the sheet was written, too
    test: bool


@dataclass(frozen=True)
class Differences:
    """A returned sheet beside the rows as they are. Lines are those of the file, numbers those of the rows."""

    changes: list[Change]
    marks: list[tuple[str, str, Verdict, str]]  # row, reviewer, mark, comment
    problems: list[str]  # what is not taken, and why
    unnamed: int = 0  # marks whose reviewer nobody knows

    @property
    def clear(self) -> list[Change]:
        return [c for c in self.changes if not c.conflict]

    @property
    def conflicts(self) -> list[Change]:
        return [c for c in self.changes if c.conflict]


def belongs(sheet: Returned, project: str, ids: Iterable[str]) -> bool:
    """Whether a sheet is this project's: by its mark, or where that column is gone, by the ids of its rows."""
    marked = {row.get("project", "") for _, row in sheet.rows} - {""}
    if marked:
        return project_mark(project) in marked
    known = set(ids)
    return any(row.get("id") in known for _, row in sheet.rows)


def differences(sheet: Returned, examples: Sequence[Example], reviewer: str = "") -> Differences:
    """Compare a sheet row by row with the rows as they are; `reviewer` stands for a name left out."""
    rows = {e.id: (n, e) for n, e in enumerate(examples, 1)}
    told = [(line, row) for line, row in sheet.rows if row.get("id", "").strip() in rows]
    names = {row["reviewer"].strip() for _, row in told if row.get("reviewer", "").strip()}
    signed = next(iter(names)) if len(names) == 1 else reviewer
    doubled = _doubled(told)
    problems = _problems(sheet, rows, doubled)
    changes: list[Change] = []
    marks: list[tuple[str, str, Verdict, str]] = []
    odd: list[int] = []
    moved: list[int] = []
    unnamed = 0
    for line, row in _once(told, doubled):
        number, example = rows[row["id"].strip()]
        values, wrong = _values(row, example)
        if row.get("split", example.split or "").strip() not in (example.split or "", ""):
            moved.append(number)
        if values and not _only_stale(row, example):
            changes.append(Change(example.id, number, values, _conflicts(row, example), example.split == "test"))
        verdict = VERDICTS.get(row.get("mark", "").strip().lower())
        if wrong or (row.get("mark", "").strip() and verdict is None):
            odd.append(line)
        if verdict is not None:
            who = row.get("reviewer", "").strip() or signed
            unnamed += not who
            marks.append((example.id, who, verdict, row.get("comment", "").strip()))
    if odd:
        problems.append(f"{_lines(odd)}: a mark is good, bad or unsure; a status proposed, approved or dropped.")
    if moved:
        problems.append(f"Rows {_listed(moved)}: the split is mine to make, so its column is not taken.")
    return Differences(changes, marks, problems, unnamed)


def _doubled(told: Sequence[tuple[int, dict[str, str]]]) -> dict[str, list[int]]:
    """Ids that stand in several lines which do not say the same, with those lines."""
    by_id: dict[str, list[tuple[int, dict[str, str]]]] = {}
    for line, row in told:
        by_id.setdefault(row["id"].strip(), []).append((line, row))
    return {
        row_id: [line for line, _ in found]
        for row_id, found in by_id.items()
        if len({tuple(trimmed(row.get(n, "")) for n in (*EDITED, "mark", "comment")) for _, row in found}) > 1
    }


def _once(
    told: Sequence[tuple[int, dict[str, str]]], doubled: Mapping[str, object]
) -> Iterable[tuple[int, dict[str, str]]]:
    seen: set[str] = set()
    for line, row in told:
        row_id = row["id"].strip()
        if row_id not in seen and row_id not in doubled:
            seen.add(row_id)
            yield line, row


def _problems(sheet: Returned, rows: Mapping[str, object], doubled: Mapping[str, list[int]]) -> list[str]:
    problems = []
    gone = [name for name in ("question", "answer", "status", "hash") if name not in sheet.columns]
    if gone:
        lost = " Without the hash I cannot tell what has changed here since." if "hash" in gone else ""
        problems.append(f"Missing columns: {', '.join(gone)}; what they held stays as it is.{lost}")
    strange = [line for line, row in sheet.rows if row.get("id", "").strip() not in rows]
    if strange:
        problems.append(
            f"{_lines(strange)}: no row of mine has that id, so nothing is taken from there. New rows belong into a "
            "table of their own, with questions and answers."
        )
    if doubled:
        lines = sorted(line for found in doubled.values() for line in found)
        problems.append(f"{_lines(lines)}: one id stands in several lines that do not agree; none of them is taken.")
    if sheet.formulas:
        problems.append(f"{_lines(sheet.formulas)}: a formula; I take text alone, so these lines are left out.")
    return problems


def _values(row: Mapping[str, str], example: Example) -> tuple[dict[str, str], bool]:
    """The cells that differ from the row as it is, and whether one of them makes no sense."""
    now = {"question": example.question, "answer": example.answer, "topic": example.topic, "status": example.status}
    values: dict[str, str] = {}
    wrong = False
    for name in EDITED:
        if name not in row or same(row[name], cell(now[name])):
            continue
        value = row[name].strip()
        if name == "status":
            status = STATUSES.get(value.lower())
            wrong = wrong or (status is None and bool(value))
            if status and status != example.status:
                values[name] = status
        elif value and not value.endswith(CUT.strip()):  # an emptied cell is no wish, and a cut one is not whole
            values[name] = value
    return values, wrong


def _only_stale(row: Mapping[str, str], example: Example) -> bool:
    """The sheet's reader changed nothing: the row did, here."""
    return bool(row.get("hash")) and _of_line(row, example) == row["hash"]


def _conflicts(row: Mapping[str, str], example: Example) -> bool:
    return bool(row.get("hash")) and fingerprint_of(example) != row["hash"]


def _of_line(row: Mapping[str, str], example: Example) -> str:
    status = row.get("status", example.status).strip().lower()
    return fingerprint(
        row.get("question", example.question),
        row.get("answer", example.answer),
        row.get("topic", example.topic),
        STATUSES.get(status, status),
    )


def _lines(lines: Sequence[int]) -> str:
    return f"{'Line' if len(lines) == 1 else 'Lines'} {_listed(lines)}"


def _listed(numbers: Sequence[int], most: int = 8) -> str:
    named = ", ".join(f"{n:,}" for n in numbers[:most])
    return named if len(numbers) <= most else f"{named} and {len(numbers) - most:,} more"


def counted_changes(changes: Sequence[Change]) -> Counter[str]:
    """How many rows are edited, approved, dropped, brought back; a row may count twice."""
    count: Counter[str] = Counter()
    for change in changes:
        if change.values.keys() & {"question", "answer", "topic"}:
            count["edited"] += 1
        if status := change.values.get("status"):
            count[{"dropped": "dropped", "approved": "approved", "proposed": "set back to proposed"}[status]] += 1
    return count
