"""`python -m finetune.data FILE... --out DIR`: files, folders or data sets in, examples.jsonl and report.json out."""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from finetune.data.kinds import SUPPORTED

if TYPE_CHECKING:
    from finetune.data.collect import Collected
    from finetune.example import Example

HUB = "hub:"  # before a data set's name; what follows may also be its folder


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m finetune.data",
        description="Turn files into training rows: read, clean, hide personal data, remove duplicates, split, report.",
    )
    supported = f"{SUPPORTED}; a folder of them; or {HUB}NAME, a data set of the Hub"
    written = "folder for examples.jsonl and report.json; its kept/ lets a run that was broken off go on"
    parser.add_argument("files", nargs="+", metavar="FILE", help=supported)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help=written)
    parser.add_argument("--question", metavar="COLUMN", help="the column with what comes in, where guessing fails")
    parser.add_argument("--answer", metavar="COLUMN", help="the column with the answer or category")
    parser.add_argument("--seed", type=int, default=7, help="makes the split repeatable (default 7)")
    parser.add_argument("--by-topic", action="store_true", help="keep each topic on one side of the split")
    parser.add_argument("--stand-ins", action="store_true", help="invented names and numbers in place of [name] tags")
    parser.add_argument("--indirect", action="store_true", help="hide towns, employers, dates, ages and titles, too")
    named = "a token-classification model, of a folder or the Hub (NAME@REVISION), that looks for names, too"
    parser.add_argument("--names-model", metavar="NAME", help=named)
    parser.add_argument("--dataset", action="store_true", help="also write DIR/dataset, ready for the Hub")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    options = parser.parse_args(arguments)

    # Imported here: --help must not wait for them.
    from finetune.data.kept import Kept
    from finetune.data.names_model import load_names_model
    from finetune.data.prepare import prepare
    from finetune.errors import UserError
    from finetune.files import write_json, write_jsonl

    try:
        names = load_names_model(options.names_model) if options.names_model else None
    except UserError as refused:
        print(refused, file=sys.stderr)  # noqa: T201
        return 1
    collected = gather(options.files, options.question, options.answer)
    prepared = prepare(
        collected.examples,
        seed=options.seed,
        by_topic=options.by_topic,
        style="stand-ins" if options.stand_ins else "tags",
        indirect=options.indirect,
        kept=Kept(options.out / "kept", names=names) if collected.examples else None,
    )
    report = prepared.report.model_dump() | {"files": collected.files, "errors": collected.errors}
    for error in collected.errors:
        print(error, file=sys.stderr)  # noqa: T201
    if not collected.examples:
        return 1
    write_jsonl(options.out / "examples.jsonl", (example.model_dump() for example in prepared.examples))
    write_json(options.out / "report.json", report)
    if options.dataset and not write_dataset(prepared.examples, options.out):
        return 1
    if options.json:
        print(json.dumps(report, ensure_ascii=False))  # noqa: T201
    else:
        notes = [f"{name}: {note}" for name, file in collected.files.items() for note in file["notes"]]
        for line in [*notes, *prepared.report.sentences, *(f"Mind: {w}" for w in prepared.report.warnings)]:
            print(line)  # noqa: T201
    return 0


def gather(sources: list[str], question: str | None, answer: str | None) -> "Collected":
    """The rows of all files and data sets; one that cannot be read becomes an error and does not stop the others."""
    from finetune.data.collect import Collected, collect
    from finetune.errors import UserError

    paths = [Path(source) for source in sources if not source.startswith(HUB)]
    collected = collect(paths, question=question, answer=answer)
    for source in sources:
        if not source.startswith(HUB):
            continue
        from finetune.data.hub import read_dataset  # its library takes a second to import

        try:
            found = read_dataset(source.removeprefix(HUB), question=question, answer=answer)
        except UserError as error:
            collected.errors.append(str(error))
            continue
        collected = Collected(
            collected.examples + found.examples, collected.files | found.files, collected.errors + found.errors
        )
    return collected


def write_dataset(examples: list["Example"], out: Path) -> bool:
    """Write DIR/dataset; False where that failed, after saying why."""
    from finetune.data.hub import save_dataset
    from finetune.errors import UserError

    try:
        save_dataset(examples, out / "dataset", title=out.absolute().name)
    except UserError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
