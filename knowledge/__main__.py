"""Command line: search the rules and terms, list them, check them against the law's text."""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from knowledge.errors import UserError


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    commands = {"search": _search, "list": _list, "check": _check, "vectors": _vectors, "coverage": _coverage}
    try:
        return commands[options.command](options)
    except UserError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m knowledge", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    search = commands.add_parser("search", help="find rules and terms for a question")
    search.add_argument("query")
    search.add_argument("--limit", type=int, default=8)
    search.add_argument("--kind", action="append", choices=["rule", "term"], help="only rules, or only terms")
    search.add_argument(
        "--index", type=Path, default=Path.home() / ".cache" / "attune" / "index", help="folder the index is kept in"
    )
    listing = commands.add_parser("list", help="list all entries")
    for command in (search, listing):
        command.add_argument("--industry", action="append", default=[], help="healthcare, banking, insurance …")
        command.add_argument("--jurisdiction", action="append", default=[], help="US, US-OH, EU, DE, UK …")
    check = commands.add_parser("check", help="check that every entry is complete, cited and true to the law's text")
    check.add_argument("--law", type=Path, help="folder of law texts, one JSONL file an instrument")
    vectors = commands.add_parser("vectors", help="make the packs' vectors anew, after an entry was changed")
    commands.add_parser("coverage", help="count the entries by industry and place, as a page of Markdown")
    for command in (search, listing, check, vectors):
        command.add_argument("--json", action="store_true", help="one JSON document on standard output")
    return parser


def _search(options: argparse.Namespace) -> int:
    # Before torch is first imported: threads that spin while they wait crawl beside a training on the same processors.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

    from knowledge.encoder import load_encoder
    from knowledge.search import Library

    found = Library(options.index, load_encoder()).find(
        options.query,
        industries=options.industry,
        jurisdictions=options.jurisdiction,
        kinds=options.kind or ("rule", "term"),
        limit=options.limit,
    )
    rows = [{"score": one.score, "reason": one.reason, **_row(one.entry)} for one in found]
    _tell(options.json, rows, nothing="Nothing found.")
    return 0


def _list(options: argparse.Namespace) -> int:
    from knowledge.entries import EVERY_INDUSTRY, read_packs
    from knowledge.search import places

    wanted = places(options.jurisdiction) if options.jurisdiction else None
    industries = {*options.industry, EVERY_INDUSTRY} if options.industry else None
    entries = [
        entry
        for entry in read_packs().values()
        if (industries is None or industries & set(entry.industries))
        and (wanted is None or entry.jurisdiction in wanted)
    ]
    _tell(options.json, [_row(entry) for entry in entries], nothing="No entries.")
    return 0


def _check(options: argparse.Namespace) -> int:
    from knowledge.check import check

    report = check(law=options.law)
    if options.json:
        print(json.dumps({"entries": report.entries, "verified": report.verified, "problems": report.problems}))  # noqa: T201
    else:
        print(*report.problems, report.sentence, sep="\n")  # noqa: T201
    return 1 if report.problems else 0


def _vectors(options: argparse.Namespace) -> int:
    from knowledge.encoder import load_encoder
    from knowledge.entries import texts_with_vectors
    from knowledge.vectors import save

    texts = texts_with_vectors()
    save(load_encoder(), texts)
    print(json.dumps({"texts": len(texts)}) if options.json else f"{len(texts)} texts.")  # noqa: T201
    return 0


def _coverage(options: argparse.Namespace) -> int:
    from knowledge.coverage import coverage
    from knowledge.entries import read_packs

    print(coverage(list(read_packs().values())), end="")  # noqa: T201
    return 0


def _row(entry: Any) -> dict[str, Any]:
    return {"kind": entry.kind, **entry.model_dump(mode="json")}


def _tell(as_json: bool, rows: list[dict[str, Any]], *, nothing: str) -> None:
    if as_json:
        print(json.dumps(rows, ensure_ascii=False, indent=1))  # noqa: T201
        return
    for row in rows:
        mark = "" if row["verified"] else " · not checked against the text"
        print(f"{row.get('title') or row['term']} · {row['citation']} · {row['jurisdiction']} · {row['as_of']}{mark}")  # noqa: T201
        print(f"  {row.get('summary') or row['definition']}\n  {row['url']}")  # noqa: T201
        if "reason" in row:
            print(f"  {row['reason']} ({row['score']})")  # noqa: T201
    if not rows:
        print(nothing)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
