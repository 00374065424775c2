"""From raw rows to a data set: clean, hide personal data, remove duplicates, split, and report in numbers and words."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from pydantic import BaseModel, Field

from finetune.data.clean import clean_example, dropped
from finetune.data.contradictions import Conflict, find_conflicts
from finetune.data.duplicates import find_duplicates
from finetune.data.frames import repeated_sentences
from finetune.data.kept import Encode, Kept
from finetune.data.meaning import same_in_meaning
from finetune.data.outdated import outdated
from finetune.data.personal import (
    CANNOT_FIND,
    KINDS,
    PersonalItem,
    Style,
    find_personal,
    is_stand_in,
    own_contacts,
    replace,
)
from finetune.data.split import leak_sentence, split_examples, split_sizes
from finetune.data.wrong_language import in_other_languages
from finetune.example import Example, Message
from finetune.language import LANGUAGE_NAMES

HIDDEN = "personal data replaced"
DUPLICATE, NEAR_DUPLICATE = "duplicate of", "nearly the same as"  # "row 12"; of several rows: "another row"
CONTRADICTION = "another row answers the same question differently"
OTHER_LANGUAGE = "in another language"
OUTDATED = "may be out of date"
# Reasons for which a row is left out only as long as the other rows are what they are.
PASSING = (DUPLICATE, NEAR_DUPLICATE, OTHER_LANGUAGE)
FRAMES_TOLD = 3  # repeated sentences that are quoted in the report
# Under this many rows tuning rarely beats showing the model a few examples.
FEW_ROWS = 50
CONTEXT_CHARACTERS = 30
MADE = {"rule": "rules", "term": "terms", "refusal": "refusals"}  # kinds that come from no file
TALKED = "conversation"  # the source of cases told in the interview
Find = Callable[..., list[PersonalItem]]  # find_personal, or one that remembers
TAG = re.compile(rf"\[({'|'.join(KINDS)})(?: \d+)?\]")


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


@dataclass(frozen=True)
class PersonalFinding:
    """One item for review. `context` shows the words around it, all personal items masked."""

    example_id: str
    field: str  # "question", "answer" or "system"
    kind: str
    replacement: str  # the tag, or "" where the item was kept as the organisation's own contact
    context: str


@dataclass(frozen=True)
class Prepared:
    examples: list[Example]
    report: DataReport
    personal: list[PersonalFinding]


def prepare(
    examples: list[Example],
    *,
    seed: int = 7,
    by_topic: bool = False,
    style: Style = "tags",
    indirect: bool = False,
    encode: Encode | None = None,
    languages: Sequence[str] = (),
    kept: Kept | None = None,
    today: date | None = None,
) -> Prepared:
    """Prepare rows for training; may be run again when rows are added or edited.

    No row vanishes: what cannot be used has status "dropped" and says why. Approved rows are cleaned and searched
    for personal data like all others, but keep their split and are the ones kept among duplicates.

    Args:
        style: what stands in place of personal data.
        indirect: hide towns, employers, dates and the like, too.
        encode: gives sentence vectors; without it, what questions mean is not compared.
        languages: ISO 639-1 codes of the languages wanted; empty: those of most rows.
        kept: where findings are kept, so that a preparation that was killed goes on.
        today: answers that name an earlier date as their last are told; None is the day it is.
    """
    kept = kept or Kept()
    unique = [_judged_anew(e) for e in list({e.id: e for e in reversed(examples)}.values())[::-1]]
    cleaned = [clean_example(e) if e.status != "dropped" else e for e in unique]
    hidden, findings = hide_personal(cleaned, style=style, indirect=indirect, find=kept.personal)
    distinct = _drop_duplicates(_drop_other_languages(hidden, languages))
    meant = _same_in_meaning(distinct, encode, kept)
    conflicts = find_conflicts(distinct, meant or [])
    flagged = _flag_outdated(_flag_contradictions(distinct, conflicts), today or datetime.now(tz=UTC).date())
    tied = [(distinct[a].id, distinct[b].id) for a, b in meant or []]
    tied += [(c.ids[0], other) for c in conflicts for other in c.ids[1:]]
    divided = split_examples(flagged, seed=seed, by_topic=by_topic, tied=tied)
    report = _report(divided, findings, conflicts, style)
    report.reworded = None if meant is None else len({other for _, other in meant})
    return Prepared(divided, _told(report), findings)


def _judged_anew(example: Example) -> Example:
    """A row that was left out because of other rows, which may have changed since, is in again."""
    if example.status != "dropped" or not example.reasons or not example.reasons[-1].startswith(PASSING):
        return example
    return example.model_copy(update={"status": "proposed", "reasons": example.reasons[:-1]})


def _same_in_meaning(examples: Sequence[Example], encode: Encode | None, kept: Kept) -> list[tuple[int, int]] | None:
    if encode is None:
        return None
    encoder = kept.encoder(encode)
    meant = same_in_meaning(examples, encoder)
    encoder.finish()
    return meant


def _drop_other_languages(examples: list[Example], languages: Sequence[str]) -> list[Example]:
    """Leave out what is clearly in a language not wanted; none where that would be most rows, since then the brief and
    not the rows is wrong."""
    other = in_other_languages(examples, languages)
    other = {e.id: other[e.id] for e in examples if e.id in other and e.status != "approved"}
    if len(other) > 0.5 * len(examples):
        return examples
    return [
        dropped(e, f"{OTHER_LANGUAGE} ({LANGUAGE_NAMES.get(other[e.id], other[e.id])})") if e.id in other else e
        for e in examples
    ]


def hide_personal(
    examples: Sequence[Example], *, style: Style = "tags", indirect: bool = False, find: Find = find_personal
) -> tuple[list[Example], list[PersonalFinding]]:
    """Replace personal data in all texts of all rows; dropped rows too, since they are stored and shown.

    The findings include what an earlier run replaced, so that the list to review is whole each time.
    """
    texts = [m.content for e in examples for m in e.messages]
    quotes = [e.source.quote or "" for e in examples]
    items = find([*texts, *quotes], indirect=indirect)
    is_answer = [m is e.messages[-1] for e in examples for m in e.messages] + [False] * len(quotes)
    own = own_contacts([*texts, *quotes], [i for i in items if is_answer[i.text]])
    by_text: dict[int, list[PersonalItem]] = {}
    for item in items:
        by_text.setdefault(item.text, []).append(item)
    result: list[Example] = []
    findings: list[PersonalFinding] = []
    index = 0
    for position, example in enumerate(examples):
        tags: dict[str, str] = {}
        messages: list[Message] = []
        for message in example.messages:
            found = by_text.get(index, [])
            kept = [i for i in found if is_answer[index] and i.text_hash in own]
            hidden = [i for i in found if i not in kept]
            content = replace(message.content, hidden, tags, style)
            messages.append(message.model_copy(update={"content": content}) if hidden else message)
            findings += [
                _finding(example, message.role, content, (i.start, i.end), i.kind, "")
                for i in (find_personal([content]) if kept else [])
                if i.text_hash in own
            ]
            index += 1
        quoted = [i for i in by_text.get(len(texts) + position, []) if i.text_hash not in own]
        result.append(_with_hidden(example, messages, replace(quotes[position], quoted, tags, style), tags))
    replaced = [
        _finding(e, m.role, m.content, match.span(), match[1], match[0])
        for e in result
        if HIDDEN in e.reasons
        for m in e.messages
        for match in TAG.finditer(m.content)
    ]
    if style == "stand-ins":
        replaced += _stand_ins(result, indirect)
    return result, [*replaced, *findings]


def _stand_ins(examples: Sequence[Example], indirect: bool) -> list[PersonalFinding]:
    """What stands in rows whose personal data was replaced, and was made up for that."""
    places = [(e, m) for e in examples if HIDDEN in e.reasons for m in e.messages]
    findings = []
    for item in find_personal([m.content for _, m in places], indirect=indirect):
        example, message = places[item.text]
        value = message.content[item.start : item.end]
        if is_stand_in(value, item.kind):
            span = (item.start, item.end)
            findings.append(_finding(example, message.role, message.content, span, item.kind, value))
    return findings


def _finding(
    example: Example, role: str, text: str, span: tuple[int, int], kind: str, replacement: str
) -> PersonalFinding:
    """The item in its surroundings. `text` is the row's text after replacement, so a cut at the edge shows no name."""
    start, end = max(0, span[0] - CONTEXT_CHARACTERS), min(len(text), span[1] + CONTEXT_CHARACTERS)
    before, after = text[start : span[0]], text[span[1] : end]
    masked = f"{before}[{kind}]{after}"
    around = replace(masked, find_personal([masked]), {})
    field = {"user": "question", "assistant": "answer"}.get(role, "system")
    context = " ".join(f"{'…' if start else ''}{around}{'…' if end < len(text) else ''}".split())
    return PersonalFinding(example.id, field, kind, replacement, context)


def _with_hidden(example: Example, messages: list[Message], quote: str, tags: dict[str, str]) -> Example:
    if not tags:
        return example
    reasons = example.reasons
    if HIDDEN not in reasons:  # the last reason of a row that is left out is why
        reasons = [*reasons[:-1], HIDDEN, *reasons[-1:]] if example.status == "dropped" else [*reasons, HIDDEN]
    source = example.source.model_copy(update={"quote": quote or None})
    return example.model_copy(update={"messages": messages, "source": source, "reasons": reasons})


def _drop_duplicates(examples: list[Example]) -> list[Example]:
    """Keep the first of each cluster; an approved row is never dropped for another one's sake."""
    usable = [e for e in examples if e.status != "dropped"]
    approved = {e.id for e in usable if e.status == "approved"}
    number = {e.id: n for n, e in enumerate(examples, 1)}
    fate: dict[str, str] = {}
    for cluster in find_duplicates(usable):
        for example_id in cluster.ids[1:]:
            if example_id not in approved:
                what = DUPLICATE if cluster.exact else NEAR_DUPLICATE
                fate[example_id] = f"{what} row {number[cluster.ids[0]]}"
    return [dropped(e, fate[e.id]) if e.id in fate else e for e in examples]


def _flag_contradictions(examples: list[Example], conflicts: Sequence[Conflict]) -> list[Example]:
    """Say so on each row concerned; which answer holds is for the user to decide."""
    concerned = dict.fromkeys((example_id for c in conflicts for example_id in c.ids), CONTRADICTION)
    return [_noted(e, CONTRADICTION, concerned.get(e.id)) for e in examples]


def _flag_outdated(examples: list[Example], today: date) -> list[Example]:
    """Say so on each row concerned; it may still hold, so it stays."""
    found = {e.id: outdated(e.answer, today) for e in examples if e.status == "proposed" and e.kind != "category"}
    return [_noted(e, OUTDATED, f"{OUTDATED}: “{words}”" if (words := found.get(e.id)) else None) for e in examples]


def _noted(example: Example, about: str, reason: str | None) -> Example:
    """The row with the reason in place of any it had that begins with `about`."""
    reasons = [each for each in example.reasons if not each.startswith(about)]
    if example.status != "dropped" and reason:
        reasons.append(reason)
    return example if reasons == example.reasons else example.model_copy(update={"reasons": reasons})


def _report(
    examples: Sequence[Example], findings: Sequence[PersonalFinding], conflicts: Sequence[Conflict], style: Style
) -> DataReport:
    kept = [e for e in examples if e.status != "dropped"]
    answers = [e.answer for e in kept if e.kind != "category"]
    return DataReport(
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
        leak=leak_sentence(examples),
    )


def _told(report: DataReport) -> DataReport:
    """The report with its words."""
    said = {"sentences": _sentences(report), "summary": _summary(report), "warnings": _warnings(report)}
    return report.model_copy(update=said)


def why_left_out(example: Example) -> str:
    """The reason a dropped row was dropped for: the last one noted, in general."""
    return in_general(example.reasons[-1]) if example.reasons else "dropped by you"


def in_general(reason: str) -> str:
    """A reason without what is one row's alone: the row it repeats, the words it quotes."""
    return re.sub(r"(?<= )row \d+$", "another row", reason.partition(": “")[0])


def counted(number: int, one: str, many: str | None = None) -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"


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
    if report.own_contacts:
        sentences.append(
            f"{counted(report.own_contacts, 'mention')} of contacts that stand in three or more different answers were "
            "kept, since they seem to be your organisation's own; please check."
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
