"""From raw rows to a data set: clean, hide personal data, remove duplicates, split, and report in numbers and words."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from finetune.data.clean import clean_example, dropped
from finetune.data.contradictions import Conflict, find_conflicts
from finetune.data.duplicates import find_duplicates
from finetune.data.hiding import PersonalFinding, hide_personal
from finetune.data.kept import Encode, Kept
from finetune.data.meaning import same_in_meaning
from finetune.data.outdated import outdated
from finetune.data.personal import Style
from finetune.data.reasons import CONTRADICTION, DUPLICATE, NEAR_DUPLICATE, OTHER_LANGUAGE, OUTDATED, PASSING
from finetune.data.report import DataReport, report_on
from finetune.data.split import split_examples
from finetune.data.wrong_language import in_other_languages
from finetune.example import Example
from finetune.language import LANGUAGE_NAMES


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
    keep: Collection[str] = (),
    names: Collection[str] = (),
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
        keep: values that are no secret, such as the organisation's own number.
        names: what the organisation is called; that is no person's name where it stands whole.
        encode: gives sentence vectors; without it, what questions mean is not compared.
        languages: ISO 639-1 codes of the languages wanted; empty: those of most rows.
        kept: where findings are kept, so that a preparation that was killed goes on.
        today: answers that name an earlier date as their last are told; None is the day it is.
    """
    kept = kept or Kept()
    unique = [_judged_anew(e) for e in list({e.id: e for e in reversed(examples)}.values())[::-1]]
    cleaned = [clean_example(e) if e.status != "dropped" else e for e in unique]
    hidden, findings = hide_personal(
        cleaned, style=style, indirect=indirect, keep=keep, names=names, find=kept.personal
    )
    distinct = _drop_duplicates(_drop_other_languages(hidden, languages))
    meant = _same_in_meaning(distinct, encode, kept)
    conflicts = find_conflicts(distinct, meant or [])
    flagged = _flag_outdated(_flag_contradictions(distinct, conflicts), today or datetime.now(tz=UTC).date())
    tied = [(distinct[a].id, distinct[b].id) for a, b in meant or []]
    tied += [(c.ids[0], other) for c in conflicts for other in c.ids[1:]]
    divided = split_examples(flagged, seed=seed, by_topic=by_topic, tied=tied)
    named = kept.names.name if kept.names else ""
    reworded = None if meant is None else len({other for _, other in meant})
    return Prepared(
        divided, report_on(divided, findings, conflicts, style=style, reworded=reworded, names_model=named), findings
    )


def _judged_anew(example: Example) -> Example:
    """A row that was left out because of other rows, which may have changed since, is in again."""
    if example.status != "dropped" or not example.reasons or not example.reasons[-1].startswith(PASSING):
        return example
    return example.model_copy(update={"status": "proposed", "reasons": example.reasons[:-1]})


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


def _same_in_meaning(examples: Sequence[Example], encode: Encode | None, kept: Kept) -> list[tuple[int, int]] | None:
    if encode is None:
        return None
    encoder = kept.encoder(encode)
    meant = same_in_meaning(examples, encoder)
    encoder.finish()
    return meant


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
