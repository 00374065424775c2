"""Rows in a language that is not the project's."""

from collections import Counter
from collections.abc import Sequence

from finetune.example import Example
from finetune.language import shown

# Where nobody said which languages are wanted: one with so many rows, or this share of them, is no accident.
ROWS_OF_A_LANGUAGE, SHARE_OF_A_LANGUAGE = 20, 0.05


def in_other_languages(examples: Sequence[Example], wanted: Sequence[str] = ()) -> dict[str, str]:
    """Ids of rows in use that clearly are in a language not wanted, with its code.

    Without `wanted` (ISO 639-1 codes), the languages of the rows themselves are wanted: the most common one, and each
    that many rows have. Rows whose question and answer show two languages, as in a translation, are not judged.
    """
    codes: dict[str, str] = {}
    for example in examples:
        if example.status == "dropped":
            continue
        text = example.question if example.kind == "category" else f"{example.question}\n{example.answer}"
        if code := shown(text):
            codes[example.id] = code
    count = Counter(codes.values())
    least = max(ROWS_OF_A_LANGUAGE, SHARE_OF_A_LANGUAGE * len(codes))
    there = {code for code, rows in count.items() if rows >= least} | {code for code, _ in count.most_common(1)}
    return {id_: code for id_, code in codes.items() if code not in (wanted or there)}
