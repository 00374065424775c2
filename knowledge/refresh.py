"""Have the cited rules changed at their sources? What is found is kept in one file, so that each day looks but once."""

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ValidationError

from knowledge.check import in_figures, missing_numbers
from knowledge.entries import Rule, Term
from knowledge.errors import UserError
from knowledge.fetching import NoAnswer, NotThere, Reader
from knowledge.official import Official, Place, Recorded, Sources, hash_of, official_text, place_of, read_texts

Outcome = Literal["changed", "gone", "unchanged", "first seen", "not reached", "not by machine"]
# In the order they are told: what matters most first.
OUTCOMES: tuple[Outcome, ...] = ("changed", "gone", "unchanged", "first seen", "not reached", "not by machine")
TELLING: frozenset[Outcome] = frozenset(["changed", "gone"])


class Record(BaseModel):
    """What is known of one entry's official text."""

    place: str
    written: date  # the entry's own day; an entry that was written anew starts anew
    basis: Recorded | None  # the text the entry was written from, or else the first one that was seen
    proven: bool  # the entry was compared with its basis when it was written
    lacking: list[float] = []  # numbers of the entry that the basis itself does not have: a count, or a mistake
    seen: Recorded | None  # the newest text; None: the source does not have it
    amended: date | None = None  # the last change of substance by the publisher's own account
    missing: list[float] = []  # numbers of the entry that the basis has and the newest text does not
    checked: date

    def outcome(self) -> Outcome:
        if self.seen is None or self.basis is None:
            return "gone"
        if self.seen.hash != self.basis.hash:
            return "changed"
        return "changed" if self.amended_unseen() else "unchanged"

    def amended_unseen(self) -> bool:
        """By the publisher's account the text changed after the entry was written and before it was first seen."""
        return not self.proven and self.amended is not None and self.amended > self.written


class State(BaseModel):
    """The file of what was seen, by entry id."""

    entries: dict[str, Record] = {}


@dataclass(frozen=True)
class Finding:
    """What is known of one entry after a refresh. Dates are None where they are not known.

    `before` is the day of the text it is compared with, `now` that of the newest one; the entry's numbers in `missing`
    are no longer in the text, those in `lacking` are not in it and perhaps never were.
    """

    id: str
    citation: str
    outcome: Outcome
    written: date
    before: date | None = None
    now: date | None = None
    amended: date | None = None
    missing: tuple[float, ...] = ()
    lacking: tuple[float, ...] = ()
    proven: bool = False
    checked: date | None = None
    reason: str = ""  # why it was not reached

    @property
    def sentence(self) -> str:
        if self.outcome == "changed":
            return f"{self._change()}{self._numbers()}."
        if self.outcome == "gone":
            return f"{self.citation} is not at its source (looked up on {self.checked})."
        if self.outcome == "unchanged":
            known = self.amended and self.amended <= self.written
            return f"{self.citation} has not changed since {'the entry was written' if known else self.before}."
        if self.outcome == "first seen":
            return f"{self.citation} was seen for the first time; from now on a change is noticed{self._numbers()}."
        if self.outcome == "not reached":
            return f"{self.citation} could not be looked up: {self.reason}."
        return f"{self.citation} cannot be fetched by machine; look it up yourself."

    def _change(self) -> str:
        if self.amended and self.amended > self.written:
            return f"{self.citation} was changed at its source on {self.amended}, after the entry was written"
        origin = "the entry was written from" if self.proven else "was first seen"
        now, before = _of(self.now), _of(self.before)
        return f"{self.citation} has changed: its text{now} has other words than the one{before} that {origin}"

    def _numbers(self) -> str:
        gone = [f"{_listed(self.missing)} no longer in it"] if self.missing else []
        absent = [f"{_listed(self.lacking)} not in it"] if self.lacking else []
        return "".join(f"; {part}" for part in [*gone, *absent])

    def as_json(self) -> dict[str, Any]:
        days = {name: str(day) if day else None for name, day in self._days().items()}
        return {
            "id": self.id, "citation": self.citation, "outcome": self.outcome, **days,
            "missing": list(self.missing), "lacking": list(self.lacking), "reason": self.reason,
            "sentence": self.sentence,
        }  # fmt: skip

    def _days(self) -> dict[str, date | None]:
        return {
            "written": self.written, "before": self.before, "now": self.now, "amended": self.amended,
            "checked": self.checked,
        }  # fmt: skip


def in_words(findings: Sequence[Finding]) -> list[str]:
    """A table for a person: what changed in full, the rest as short as it can be told, and a count at the end."""
    lines = []
    for outcome in OUTCOMES:
        own = [finding for finding in findings if finding.outcome == outcome]
        if outcome == "not by machine" and own:
            lines.append(f"{outcome:<14} {'; '.join(dict.fromkeys(finding.citation for finding in own))}")
        elif outcome == "not reached":
            lines += _by_reason(own)
        else:
            lines += [f"{outcome:<14} {finding.sentence}" for finding in own]
    return [*lines, summary(findings)]


def _by_reason(findings: Sequence[Finding]) -> list[str]:
    cited: dict[str, dict[str, None]] = {}
    for finding in findings:
        cited.setdefault(finding.reason, {})[finding.citation] = None
    return [f"{'not reached':<14} {reason}: {'; '.join(citations)}" for reason, citations in cited.items()]


def summary(findings: Sequence[Finding]) -> str:
    counts = {outcome: sum(finding.outcome == outcome for finding in findings) for outcome in OUTCOMES}
    listed = ", ".join(f"{count} {outcome}" for outcome, count in counts.items() if count)
    text = f"{len(findings)} entries: {listed}." if findings else "There is no entry to look up."
    asked = len(findings) - counts["not by machine"]
    if asked and counts["not reached"] == asked:
        text += " No source could be reached, so whether anything has changed is not known."
    return text


def _listed(numbers: tuple[float, ...]) -> str:
    """(30, 60) → "30 and 60 are"."""
    figures = [in_figures(number) for number in numbers]
    return f"{', '.join(figures[:-1])} and {figures[-1]} are" if len(figures) > 1 else f"{figures[0]} is"


def _of(day: date | None) -> str:
    return f" of {day}" if day else ""


def refresh(
    entries: Iterable[Rule | Term],
    *,
    state: Path,
    sources: Sources,
    today: date,
    seconds: float | None = None,
    texts: Mapping[str, Recorded] | None = None,
) -> list[Finding]:
    """Look up every entry that was not yet looked up today, and keep what is seen after each of them.

    Args:
        entries: the ones to look up.
        state: the file of what was seen; made where it is missing.
        sources: the publishers' addresses.
        today: the day of the run.
        seconds: how long the whole run may take; None is no limit. What is left over was "not reached".
        texts: by entry id, the texts that entries were written from; None reads those of the packs.

    Raises:
        UserError: the state file cannot be read or written.
    """
    known, texts = read_state(state).entries, read_texts() if texts is None else texts
    reader = Reader(seconds)
    findings = []
    for entry in entries:
        place = place_of(entry)
        if place is None:
            findings.append(_unknown(entry, "not by machine"))
            continue
        old = known.get(entry.id)
        old = old if old and _still_fits(old, entry, place) else None
        if old and old.checked == today:
            findings.append(_finding(entry, old))
            continue
        try:
            record = _looked_up(entry, place, old, sources, reader, today, texts.get(entry.id))
        except NoAnswer as error:
            findings.append(_unknown(entry, "not reached", str(error)))
            continue
        _keep(state, entry.id, record)
        findings.append(_finding(entry, record, first=old is None))
    return findings


def last_findings(entries: Iterable[Rule | Term], state: Path) -> list[Finding]:
    """What earlier refreshes found of these entries; nothing is asked. Entries never looked up are left out."""
    known = read_state(state).entries
    findings = []
    for entry in entries:
        place, record = place_of(entry), known.get(entry.id)
        if place and record and _still_fits(record, entry, place):
            findings.append(_finding(entry, record))
    return findings


def _still_fits(record: Record, entry: Rule | Term, place: Place) -> bool:
    return record.written == entry.as_of and record.place == str(place)


def _looked_up(
    entry: Rule | Term,
    place: Place,
    old: Record | None,
    sources: Sources,
    reader: Reader,
    today: date,
    written_from: Recorded | None,
) -> Record:
    try:
        official = official_text(place, sources, reader)
    except NotThere:
        empty = Record(place=str(place), written=entry.as_of, basis=None, proven=False, seen=None, checked=today)
        return (old or empty).model_copy(update={"seen": None, "checked": today})
    record = old if old and old.basis else _first_record(entry, place, official, today, written_from)
    missing = [number for number in missing_numbers(entry, official.text) if number not in record.lacking]
    seen = Recorded(hash=hash_of(official.text), as_of=official.as_of)
    return record.model_copy(update={"seen": seen, "amended": official.amended, "missing": missing, "checked": today})


def _first_record(
    entry: Rule | Term, place: Place, official: Official, today: date, written_from: Recorded | None
) -> Record:
    basis = seen = Recorded(hash=hash_of(official.text), as_of=official.as_of)
    absent = missing_numbers(entry, official.text)
    # The packs' hash is of one section, and of the text of the entry's day.
    proven = written_from is not None and written_from.as_of == entry.as_of and len(place.sections) == 1
    if proven and written_from is not None and not _the_same(written_from, official, absent):
        basis = written_from
    return Record(
        place=str(place),
        written=entry.as_of,
        basis=basis,
        proven=proven,
        lacking=[] if proven else absent,
        seen=seen,
        checked=today,
    )


def _the_same(written_from: Recorded, official: Official, absent: list[float]) -> bool:
    """Whether the official text is the one the entry was written from, though perhaps by another copy.

    A copy may differ in a note or a label. Where the publisher's ledger knows no amendment of substance since, and all
    numbers are there, that is what it is.
    """
    if hash_of(official.text) == written_from.hash:
        return True
    last = official.amended
    return not absent and last is not None and written_from.as_of is not None and last <= written_from.as_of


def _finding(entry: Rule | Term, record: Record, *, first: bool = False) -> Finding:
    outcome = record.outcome()
    new = first and outcome == "unchanged" and not record.proven and record.amended is None
    changed = outcome == "changed"
    return Finding(
        id=entry.id,
        citation=entry.citation,
        outcome="first seen" if new else outcome,
        written=entry.as_of,
        before=record.basis.as_of if record.basis else None,
        now=record.seen.as_of if record.seen else None,
        amended=record.amended,
        missing=tuple(record.missing) if changed else (),
        lacking=tuple(record.lacking) if new or (changed and record.amended_unseen()) else (),
        proven=record.proven,
        checked=record.checked,
    )


def _unknown(entry: Rule | Term, outcome: Outcome, reason: str = "") -> Finding:
    return Finding(entry.id, entry.citation, outcome, entry.as_of, reason=reason)


# --- the file of what was seen ------------------------------------------------------------------------------------


def read_state(path: Path) -> State:
    """Raises UserError where the file is none of ours."""
    try:
        return State.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return State()
    except ValidationError as error:
        raise UserError(
            "The record of what was seen at the sources cannot be read.",
            where=str(path),
            action="Delete the file; the next refresh starts a new one.",
        ) from error
    except OSError as error:
        raise _disk_error(path, error) from error


def _keep(path: Path, id: str, record: Record) -> None:
    """Put one record into the file in one step; a page and a terminal may refresh at the same moment."""
    from filelock import FileLock

    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_name(f".{path.name}.lock")):
            state = read_state(path)
            state.entries[id] = record
            with open(beside, "w", encoding="utf-8") as file:
                json.dump(state.model_dump(mode="json"), file, ensure_ascii=False, indent=1)
                file.flush()
                os.fsync(file.fileno())
            os.replace(beside, path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise _disk_error(path, error) from error


def _disk_error(path: Path, error: OSError) -> UserError:
    return UserError(
        f"The record of what was seen at the sources cannot be kept ({error.strerror}).",
        where=str(path),
        action="Name another file, or make room on the disk.",
    )
