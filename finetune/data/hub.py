"""Data sets as the Hub keeps them: ours written with a card, and any other read into rows."""

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, get_args

from pydantic import ValidationError

from finetune.data.collect import Collected, examples_from_document, told
from finetune.data.dataset_card import DatasetFacts, write_card
from finetune.data.document import Document, Limits
from finetune.data.tables import check_rows
from finetune.data.text_formats import document_from_text
from finetune.errors import UserError
from finetune.example import Example, Kind, Split
from finetune.files import disk_error, replace_folder, write_text

SPLITS: tuple[Split, ...] = get_args(Split)
CARD, DATA = "README.md", "data"
COLUMNS = {
    "id": "a hash of the row's words and source",
    "messages": "`role` and `content` in turn; the last is the answer to learn",
    "kind": f"where the row's form comes from: {', '.join(get_args(Kind))}",
    "topic": "the team's own word for what it is about, or the category",
    "source": "`file`, `page`, `row`, exact `quote`, or the `citation` of a rule; null where it does not apply",
}
# As in team/name:part@revision. A bare word is refused: `csv` would read the files of the working directory.
NAME = re.compile(r"(?P<name>[\w.-]+/[\w.-]+)(?::(?P<part>[\w.-]+))?(?:@(?P<revision>[\w./-]+))?")
CHOOSE = "Give a data set's name on the Hub, as in team/name, or the folder it lies in."


def save_dataset(
    examples: Sequence[Example],
    folder: Path,
    *,
    title: str,
    licence: str | None = None,
    facts: DatasetFacts | None = None,
) -> Path:
    """Write the rows in use as a data set that `datasets.load_dataset` reads, and return its folder.

    `folder` gets `data/<split>-00000-of-00001.parquet` and the card `README.md`; an earlier data set there is
    replaced in one step. Dropped rows are not written, only counted on the card.

    Args:
        licence: as the Hub names it, such as cc-by-4.0; None says on the card that none was chosen.
        facts: what the card says that the rows do not know.

    Raises:
        UserError: no row has a side of the split, the folder holds other things, or the disk is full.
    """
    kept = [example for example in examples if example.status != "dropped" and example.split]
    if not kept:
        raise UserError(
            "There are no rows to write.",
            where=folder.name,
            action="Prepare the data first, so that rows are kept and divided into training and test.",
        )
    strange = sorted({p.name for p in folder.iterdir()} - {CARD, DATA}) if folder.exists() else []
    if strange:
        raise UserError(
            f"The folder holds other things ({', '.join(strange[:3])}), which a new data set would remove.",
            where=folder.name,
            action="Choose another folder, or empty this one.",
        )
    rows = {split: found for split in SPLITS if (found := [e for e in kept if e.split == split])}
    dropped = [example for example in examples if example.status == "dropped"]
    beside = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    try:
        shutil.rmtree(beside, ignore_errors=True)
        (beside / DATA).mkdir(parents=True)
        _write_parquet(rows, beside / DATA)
        card = write_card(
            rows,
            dropped,
            title=" ".join(title.split()),
            licence=licence,
            files={split: f"{DATA}/{split}-*" for split in rows},
            columns=COLUMNS,
            fingerprint=fingerprint_of_test(kept) if "test" in rows else "there is no test set",
            facts=facts or DatasetFacts(),
        )
        write_text(beside / CARD, card)
        replace_folder(beside, folder)
    except OSError as error:
        raise disk_error(error, folder) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return folder


def _write_parquet(rows: Mapping[Split, list[Example]], folder: Path) -> None:
    from datasets import Dataset, DatasetDict, Features, Value, disable_progress_bars

    disable_progress_bars()  # for the whole process, in which nothing else shows them
    text, number = Value("string"), Value("int32")
    source = {"file": text, "page": number, "row": number, "quote": text, "citation": text}
    features = Features(
        {"id": text, "messages": [{"role": text, "content": text}], "kind": text, "topic": text, "source": source}
    )
    tables = DatasetDict(
        {
            split: Dataset.from_list([e.model_dump(include=set(COLUMNS)) for e in found], features=features)
            for split, found in rows.items()
        }
    )
    for split, table in tables.items():
        table.to_parquet(folder / f"{split}-00000-of-00001.parquet")


def fingerprint_of_test(examples: Iterable[Example]) -> str:
    """A hash of the test rows' words: the same as long as nobody changes one."""
    rows = sorted(e.id + e.question + e.answer for e in examples if e.split == "test" and e.status != "dropped")
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()


def read_dataset(
    name_or_folder: str,
    split: str | None = None,
    *,
    revision: str | None = None,
    question: str | None = None,
    answer: str | None = None,
    limits: Limits | None = None,
) -> Collected:
    """Read a data set: our own columns, conversations, or columns with a question and an answer.

    Rows are streamed: nothing of them stays on this disk, and no program code of the data set is run. Rows of ours
    come back as they were, but not approved; which side of the split they had is kept.

    Args:
        name_or_folder: as in team/name, team/name:part, team/name@revision, or a folder.
        split: one side alone, such as train; None reads all.
        revision: a commit or tag of the Hub's data set.
        question: the column with what comes in, instead of the guess.
        answer: likewise.
        limits: rows and characters that are too many.

    Raises:
        UserError: there is no such data set or split, it cannot be reached or read, or it is too large.
    """
    examples: list[Example] = []
    files: dict[str, dict[str, Any]] = {}
    limits = limits or Limits()
    for side, rows in _read(name_or_folder, split, revision, limits).items():
        shown = f"{name_or_folder}, {side}"
        if rows and rows[0].keys() >= COLUMNS.keys():
            found = [_own_example(row, side, number, shown) for number, row in enumerate(rows, 1)]
            files[shown] = told(Document(shown, "json"), found, [])
        else:
            # From here on it is what a JSON file with these rows would be.
            text = json.dumps(rows, ensure_ascii=False, default=lambda _: None)
            document = document_from_text(text.encode(), shown, limits, kind="json")
            found, mappings, notes = examples_from_document(document, question=question, answer=answer)
            files[shown] = told(document, found, mappings, notes)
        examples += found
    return Collected(examples, files, [])


def _own_example(row: dict[str, Any], side: str, number: int, shown: str) -> Example:
    try:
        return Example.model_validate(row | {"split": side if side in SPLITS else None})
    except ValidationError as error:
        fields = ", ".join(sorted({".".join(map(str, e["loc"])) for e in error.errors()}))
        raise UserError(
            f"Row {number} is not a training row ({fields}).",
            where=shown,
            action="Write the data set again, or give one with a question and an answer in each row.",
        ) from error


def _read(name: str, split: str | None, revision: str | None, limits: Limits) -> dict[str, list[dict[str, Any]]]:
    path, part, revision = _address(name, revision)
    with _load_errors(name):
        from datasets import load_dataset

        sides = load_dataset(path, part, revision=revision, streaming=True)
        chosen = {str(side): rows for side, rows in sides.items() if split in (None, str(side))}
        if not chosen:
            raise UserError(
                f"The data set has no part called {split}.",
                where=name,
                action=f"Choose one of these: {', '.join(map(str, sides))}.",
            )
        return {side: _bounded(rows, name, limits) for side, rows in chosen.items()}


def _bounded(rows: Iterable[dict[str, Any]], name: str, limits: Limits) -> list[dict[str, Any]]:
    kept: list[dict[str, Any]] = []
    characters = 0
    for row in rows:
        kept.append(row)
        check_rows(len(kept), name, limits)
        characters += len(str(row))
        if characters > limits.characters:
            raise UserError(
                f"The data set has more than {limits.characters:,} characters.",
                where=name,
                action="Keep its best rows, or read one split of it; a few hundred good rows already teach a lot.",
            )
    return kept


def _address(name: str, revision: str | None) -> tuple[str, str | None, str | None]:
    """Path or name, part and revision."""
    folder = Path(name).expanduser()
    if folder.is_dir():
        return str(folder.absolute()), None, None
    match = NAME.fullmatch(name)
    if match is None:
        raise UserError("There is no such data set.", where=name, action=CHOOSE)
    return match["name"], match["part"], revision or match["revision"]


@contextmanager
def _load_errors(name: str) -> Iterator[None]:
    """Turn what datasets and the Hub client raise into a UserError; pyarrow's errors are Python's own kinds, too."""
    from datasets.exceptions import DatasetNotFoundError, DatasetsError
    from huggingface_hub.errors import GatedRepoError

    try:
        yield
    except (DatasetNotFoundError, GatedRepoError) as error:
        if "gated" in str(error):
            raise UserError(
                "The data set's owner lets only registered accounts download it.",
                where=name,
                action="Accept its terms on its Hub page and set HF_TOKEN, or choose another one.",
            ) from error
        raise UserError("There is no such data set, as a folder or on the Hub.", where=name, action=CHOOSE) from error
    except ConnectionError as error:
        raise UserError(
            "The data set is not on this machine, and the Hub cannot be reached.",
            where=name,
            action="Connect to the network and unset HF_HUB_OFFLINE, or give the folder it lies in.",
        ) from error
    except (DatasetsError, OSError, ValueError, RuntimeError, KeyError, TypeError) as error:
        said = str(error)
        if "scripts are no longer supported" in said:
            raise UserError(
                "The data set brings program code of its own, which is not run.", where=name, action=CHOOSE
            ) from error
        if "Config name is missing" in said:
            parts = ", ".join(re.findall(r"'([\w.-]+)'", said.split("available configs")[-1].split("]")[0]))
            raise UserError(
                f"The data set has several parts: {parts}.",
                where=name,
                action=f"Name one of them behind a colon, as in {name}:part.",
            ) from error
        first_line = (said.strip() or type(error).__name__).splitlines()[0][:200]
        raise UserError(f"The data set cannot be read ({first_line}).", where=name, action=CHOOSE) from error
