"""The data report: what was read and what became of it, in numbers and plain words."""

from collections import Counter
from collections.abc import Sequence

from pydantic import BaseModel, Field

from finetune.data.contradictions import Conflict
from finetune.data.frames import repeated_sentences
from finetune.data.hiding import PersonalFinding
from finetune.data.personal import CANNOT_FIND, Style
from finetune.data.reasons import OUTDATED, why_left_out
from finetune.data.split import leak_sentence, split_sizes
from finetune.example import Example

FRAMES_TOLD = 3  # repeated sentences that are quoted in the report
# Under this many rows tuning rarely beats showing the model a few examples.
FEW_ROWS = 50
MADE = {"rule": "rules", "term": "terms", "refusal": "refusals"}  # kinds that come from no file
TALKED = "conversation"  # the source of cases told in the interview


class DataReport(BaseModel):
    """What was read and what became of it. Counts add up: read = kept + dropped."""

    read: int = 0
    kept: int = 0
    dropped: dict[str, int] = Field({}, description="rows left out, by reason")
    by_split: dict[str, int] = {}
    by_kind: dict[str, int] = {}
    by_source: dict[str, int] = Field({}, description="kept rows by file or citation")
    by_writer: dict[str, int] = Field({}, description="kept rows that a language model wrote, by model")
    personal: dict[str, int] = Field({}, description="items found, by kind")
    rows_with_personal: int = 0
    personal_style: Style = "tags"
    names_model: str = Field("", description="the model that looked for names too, where one was named")
    own_contacts: int = Field(0, description="contact data kept because it seems to be the organisation's own")
    contradictions: list[list[str]] = Field([], description="ids of rows that answer one question differently")
    outdated: list[str] = Field([], description="ids of rows whose answer names a date that has passed")
    repeated: dict[str, int] = Field({}, description="sentences that frame many answers, and how many")
    reworded: int | None = Field(None, description="rows that say another's in other words; None: not compared")
    leak: str = ""
    sentences: list[str] = Field([], description="the report in plain words")
    summary: list[str] = Field([], description="what to say of it in passing: at most four short sentences")
    warnings: list[str] = []
    cannot_find: list[str] = list(CANNOT_FIND)


def report_on(
    examples: Sequence[Example],
    findings: Sequence[PersonalFinding],
    conflicts: Sequence[Conflict],
    *,
    style: Style,
    reworded: int | None,
    names_model: str = "",
) -> DataReport:
    """The report on prepared rows, in numbers and words."""
    kept = [e for e in examples if e.status != "dropped"]
    answers = [e.answer for e in kept if e.kind != "category"]
    report = DataReport(
        read=len(examples),
        kept=len(kept),
        dropped=dict(Counter(why_left_out(e) for e in examples if e.status == "dropped").most_common()),
        by_split=dict(Counter(e.split for e in kept if e.split)),
        by_kind=dict(Counter(e.kind for e in kept).most_common()),
        by_source=dict(Counter(e.source.file or e.source.citation or "typed in" for e in kept).most_common()),
        by_writer=dict(Counter(e.written["model"] for e in kept if e.written).most_common()),
        personal=dict(Counter(f.kind for f in findings if f.replacement).most_common()),
        personal_style=style,
        rows_with_personal=len({f.example_id for f in findings if f.replacement}),
        own_contacts=sum(not f.replacement for f in findings),
        contradictions=[c.ids for c in conflicts],
        outdated=[e.id for e in kept if any(reason.startswith(OUTDATED) for reason in e.reasons)],
        repeated=dict(repeated_sentences(answers, lambda sentence: sentence).most_common(FRAMES_TOLD)),
        reworded=reworded,
        names_model=names_model,
        leak=leak_sentence(examples),
    )
    said = {"sentences": _sentences(report), "summary": _summary(report), "warnings": _warnings(report)}
    return report.model_copy(update=said)


def counted(number: int, one: str, many: str | None = None) -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def origins(report: DataReport) -> str:
    """Who the kept rows are from: "672 rows from your files and 8 made by me (refusals, rules)"."""
    made = {words: report.by_kind[kind] for kind, words in MADE.items() if kind in report.by_kind}
    talked = report.by_source.get(TALKED, 0)
    corrected = report.by_kind.get("correction", 0)
    written = {f"written from your files by {model}": count for model, count in report.by_writer.items()}
    counts = {
        "from your files": report.kept - sum(made.values()) - talked - corrected - sum(written.values()),
        **written,
        "from our conversation": talked,
        "from your corrections": corrected,
        f"made by me ({', '.join(made)})": sum(made.values()),
    }
    parts = [f"{count:,} {whence}" for whence, count in counts.items() if count]
    if not parts:
        return "none"
    parts[0] = parts[0].replace(" ", " row " if parts[0].startswith("1 ") else " rows ", 1)
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def _sentences(report: DataReport) -> list[str]:
    left_out = report.read - report.kept
    sentences = [f"I looked at {counted(report.read, 'row')} and kept {origins(report)}."]
    if left_out:
        why = ", ".join(f"{count:,} × {reason}" for reason, count in report.dropped.items())
        sentences.append(f"Left out: {why}. They stay on record and can be brought back.")
    if report.personal:
        kinds = ", ".join(f"{count:,} × {kind}" for kind, count in report.personal.items())
        by = "tags, as in [name]" if report.personal_style == "tags" else "invented stand-ins"
        sentences.append(f"Personal data in {counted(report.rows_with_personal, 'row')} was replaced by {by}: {kinds}.")
    else:
        sentences.append("I found no personal data of the kinds I can recognise.")
    if report.names_model:
        sentences.append(f"Names were looked for by {report.names_model}, too.")
    if report.own_contacts:
        sentences.append(
            f"{counted(report.own_contacts, 'mention')} of contacts that your answers call yours, or that stand in "
            "three or more of them, were kept; please check."
        )
    sentences += _doubts(report)
    sides = report.by_split
    sentences.append(
        f"{counted(sides.get('train', 0), 'row is', 'rows are')} for training, {sides.get('validation', 0):,} to watch "
        f"it, {sides.get('test', 0):,} for the final test. {split_sizes(report.kept).sentence}"
    )
    return [*sentences, report.leak]


def _doubts(report: DataReport) -> list[str]:
    """What was seen and left to the user to decide."""
    sentences = []
    if report.outdated:
        rows = counted(len(report.outdated), "answer names", "answers name")
        sentences.append(f"{rows} a date that has passed; say “show the outdated rows” to see them.")
    if report.repeated:
        frames = "; ".join(f"“{sentence}” ({count:,} ×)" for sentence, count in report.repeated.items())
        sentences.append(f"Sentences that frame many answers, and will be learnt with them: {frames}.")
    if report.reworded:
        rows = counted(report.reworded, "row says", "rows say")
        sentences.append(f"{rows} the same as another in other words; they are kept, on the same side of the split.")
    elif report.reworded is None:
        sentences.append("Questions were compared by their words only, since no sentence encoder was given.")
    return sentences


def _summary(report: DataReport) -> list[str]:
    left_out = report.read - report.kept
    sides = report.by_split
    sentences = [f"I kept {origins(report)}."]
    if left_out:
        sentences.append(f"{counted(left_out, 'row was', 'rows were')} left out, mostly: {next(iter(report.dropped))}.")
    if report.contradictions:
        count = counted(len(report.contradictions), "question has", "questions have")
        sentences.append(f"{count} different answers; say “show the contradictions” and decide which one holds.")
    elif 0 < report.kept < FEW_ROWS:
        sentences.append(f"That is few: {FEW_ROWS} varied rows are the least, 200 are better.")
    if report.personal:
        rows = counted(report.rows_with_personal, "row")
        sentences.append(f"Personal data in {rows} was replaced by {report.personal_style}.")
    if report.kept:
        train = counted(sides.get("train", 0), "row is", "rows are")
        sentences.append(f"{train} for training and {sides.get('test', 0):,} for the final test.")
    return sentences[:4]


def _warnings(report: DataReport) -> list[str]:
    warnings = []
    if report.contradictions:
        warnings.append(
            f"{counted(len(report.contradictions), 'question')} got different answers in different rows. A model "
            "cannot learn both: say “show the contradictions” and decide which one holds."
        )
    if 0 < report.kept < FEW_ROWS:
        warnings.append(
            f"{counted(report.kept, 'row is', 'rows are')} few. About {FEW_ROWS} varied rows are the least from "
            "which a model learns more than a tone; 200 and more are better."
        )
    if report.kept == 0:
        warnings.append("No row can be used.")
    biggest = max(report.by_source.values(), default=0)
    if report.dropped and report.read - report.kept > 0.5 * report.read:
        warnings.append("More than half of the rows were left out; have a look at the reasons before going on.")
    if len(report.by_source) > 1 and biggest > 0.9 * report.kept:
        warnings.append("Nearly all rows come from one source, so the model will sound like that source.")
    return warnings
