"""`python -m finetune.data FILE... --out DIR`: files in, examples.jsonl and report.json out."""

import argparse
import json
import sys
from pathlib import Path


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m finetune.data",
        description="Turn files into training rows: read, clean, hide personal data, remove duplicates, split, report.",
    )
    supported = "CSV, TSV, XLSX, JSON, JSONL, TXT, Markdown, HTML, DOCX or PDF"
    written = "folder for examples.jsonl and report.json"
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help=supported)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help=written)
    parser.add_argument("--question", metavar="COLUMN", help="the column with what comes in, where guessing fails")
    parser.add_argument("--answer", metavar="COLUMN", help="the column with the answer or category")
    parser.add_argument("--seed", type=int, default=7, help="makes the split repeatable (default 7)")
    parser.add_argument("--by-topic", action="store_true", help="keep each topic on one side of the split")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    options = parser.parse_args(arguments)

    # Imported here: --help must not wait for them.
    from finetune.data.collect import collect
    from finetune.data.prepare import prepare
    from finetune.files import write_json, write_jsonl

    collected = collect(options.files, question=options.question, answer=options.answer)
    prepared = prepare(collected.examples, seed=options.seed, by_topic=options.by_topic)
    report = prepared.report.model_dump() | {"files": collected.files, "errors": collected.errors}
    for error in collected.errors:
        print(error, file=sys.stderr)  # noqa: T201
    if not collected.examples:
        return 1
    write_jsonl(options.out / "examples.jsonl", (example.model_dump() for example in prepared.examples))
    write_json(options.out / "report.json", report)
    if options.json:
        print(json.dumps(report, ensure_ascii=False))  # noqa: T201
    else:
        notes = [f"{name}: {note}" for name, file in collected.files.items() for note in file["notes"]]
        for line in [*notes, *prepared.report.sentences, *(f"Mind: {w}" for w in prepared.report.warnings)]:
            print(line)  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
