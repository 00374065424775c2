"""Are the packs complete, cited, and true to the law's own text?"""

import json
import re
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from knowledge.entries import PACKS, Rule, Term, raw_entries, read_packs
from knowledge.official import Recorded, hash_of

UNITS = (  # noqa: SIM905
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
).split()
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()  # noqa: SIM905
SCALES = {"hundred": 100, "thousand": 1_000, "million": 1_000_000}
# "one" is far more often a pronoun than a number; it counts before one of these.
COUNTED = frozenset(["hour", "day", "week", "month", "year", "business", "calendar"])
# Eight consecutive words in common with the law are a copied sentence, not our own words.
COPIED_WORDS = 8


@dataclass(frozen=True)
class Report:
    """What the check found. `problems` are sentences, each naming its entry."""

    entries: int
    verified: int
    problems: list[str]

    @property
    def sentence(self) -> str:
        return f"{self.entries} entries, {self.verified} compared with the law's text, {len(self.problems)} problem(s)."


def check(packs: Path = PACKS, law: Path | None = None) -> Report:
    """Check every entry by itself and, where a folder of law texts is given, against the section it cites."""
    entries: list[Rule | Term] = []
    problems: list[str] = []
    for where, kind, raw in raw_entries(packs):
        try:
            entries.append(kind.model_validate(raw))
        except ValidationError as error:
            name = raw.get("id", where)
            problems += [f"{name}: {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
    problems += _repeated([entry.id for entry in entries])
    for entry in entries:
        if entry.verified and not (entry.law_key and entry.section):
            problems.append(f"{entry.id}: is marked verified but names no section of a law text")
        if law is not None and entry.law_key:
            problems += [f"{entry.id}: {problem}" for problem in _against_law(entry, law)]
    return Report(len(entries), sum(entry.verified for entry in entries), problems)


def _repeated(ids: list[str]) -> list[str]:
    return [f"{id}: the id is used {ids.count(id)} times" for id in sorted(set(ids)) if ids.count(id) > 1]


def _against_law(entry: Rule | Term, law: Path) -> list[str]:
    text = section_text(law, entry.law_key or "", entry.section or "")
    if text is None:
        return [f"there is no section {entry.section} in {entry.law_key}"]
    problems = [
        f"{in_figures(number)} is not in section {entry.section} of {entry.law_key}"
        for number in missing_numbers(entry, text)
    ]
    if copied := copied_words(entry.says, text):
        problems.append(f"copies the law's words: “{copied}”")
    return problems


def missing_numbers(entry: Rule | Term, text: str) -> list[float]:
    """The numbers an entry tells that a text does not have, smallest first."""
    # The complying answer too: a model is tuned on it.
    ours = f"{entry.says} {entry.complying_answer}" if isinstance(entry, Rule) else entry.says
    return sorted(numbers(ours) - numbers(text))


def section_text(law: Path, key: str, section: str, *, headings: bool = True) -> str | None:
    """The text of a section; parts of one number are joined. None where the file or the section is missing.

    Some texts begin with the section's heading; without `headings` none does.
    """
    path = law / f"{key}.jsonl"
    if not path.exists():
        return None
    with open(path, encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    own = [row for row in rows if row["section"] == section]
    texts = [row["text"] if headings else row["text"].removeprefix(row["title"]) for row in own]
    return "\n".join(texts) if texts else None


def record_texts(packs: Path, law: Path, file: Path) -> int:
    """Write the hash of the text that each verified entry was written from; how many there are. No text is kept."""
    found = {entry.id: _hash_in(law, entry) for entry in read_packs(packs).values() if entry.verified}
    rows = {id: recorded.model_dump(mode="json") for id, recorded in sorted(found.items()) if recorded is not None}
    file.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    return len(rows)


def _hash_in(law: Path, entry: Rule | Term) -> Recorded | None:
    text = section_text(law, entry.law_key or "", entry.section or "", headings=False)
    return None if text is None else Recorded(hash=hash_of(text), as_of=entry.as_of)


def numbers(text: str) -> set[float]:
    """Every number in a text, written in figures (10 000 000, $1,000, 4 %) or in words (thirty-day, two hundred).

    References to provisions are left out: "Article 6(1)", "§ 1005.6", "45 CFR 164", "Regulation (EU) 2016/679".
    """
    text = re.sub(
        r"(?i)(articles?|sections?|§+|regulation|directive|title|part|cfr|u\.?s\.?c\.?)\s*[\d(][\w.()/-]*", " ", text
    )
    text = re.sub(r"(?<=\d)[, \u00a0\u202f](?=\d{3}(?!\d))", "", text)
    found = {float(figure) for figure in re.findall(r"(?<![\w.])\d+(?:\.\d+)?", text)}
    scaled = re.findall(r"(?i)(\d+(?:\.\d+)?)\s+(hundred|thousand|million)\b", text)
    found |= {float(figure) * SCALES[scale.lower()] for figure, scale in scaled}
    return found | _numbers_in_words(text)


def _numbers_in_words(text: str) -> set[float]:
    found: set[float] = set()
    run: list[str] = []
    for word in [*re.findall(r"[a-z]+", text.lower()), ""]:
        if word in UNITS or word in TENS or (run and word in SCALES):
            run.append(word)
            continue
        if run and (run != ["one"] or word in COUNTED):
            found.add(float(_value(run)))
        run = []
    return found


def _value(words: list[str]) -> int:
    """["two", "hundred", "forty", "five"] → 245"""
    total = current = 0
    for word in words:
        if word in SCALES:
            current = max(current, 1) * SCALES[word]
            if SCALES[word] >= 1_000:
                total, current = total + current, 0
        else:
            current += UNITS.index(word) if word in UNITS else 10 * (TENS.index(word) + 2)
    return total + current


def copied_words(ours: str, text: str) -> str:
    """The first run of COPIED_WORDS words that both texts share; "" for none."""
    words = re.findall(r"\w+", ours.lower())
    theirs = " ".join(re.findall(r"\w+", text.lower()))
    runs = (" ".join(words[start : start + COPIED_WORDS]) for start in range(len(words) - COPIED_WORDS + 1))
    return next((run for run in runs if f" {run} " in f" {theirs} "), "")


def in_figures(number: float) -> str:
    return f"{number:,.10g}"
