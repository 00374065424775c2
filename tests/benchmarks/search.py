"""How well and how fast rules and terms are found: `python -m tests.benchmarks.search`.

Two sets of everyday questions, each by a writer who knew the list of instruments alone; others then read the packs and
said which entries answer each question, without the search. `questions_dev.yaml` was used to set the search's weights;
`questions_final.yaml` was measured once they were set. Questions on a point the packs do not hold are left out.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from knowledge.encoder import load_encoder
from knowledge.search import EVERYTHING, Filter, Library

QUESTIONS = Path(__file__).resolve().parents[1] / "knowledge"
NEAR = 5
Ranking = Callable[[dict[str, Any]], list[tuple[str, float]]]


def questions(name: str) -> list[dict[str, Any]]:
    """industry, place, question, law (null: nothing is behind it) and the ids that answer it, best first."""
    import yaml

    rows: list[dict[str, Any]] = yaml.safe_load((QUESTIONS / f"questions_{name}.yaml").read_text(encoding="utf-8"))
    return [row for row in rows if row.get("covered", True)]


def rankings(library: Library) -> dict[str, Ranking]:
    """The search as it is, by meaning alone, and by words alone."""

    def hybrid(row: dict[str, Any]) -> list[tuple[str, float]]:
        found = library.find(
            row["question"], industries=[row["industry"]], jurisdictions=[row["place"]], limit=50, floor=EVERYTHING
        )
        return [(one.entry.id, one.score) for one in found]

    def passing(row: dict[str, Any], scores: dict[str, float]) -> list[tuple[str, float]]:
        wanted = Filter.of([row["industry"]], [row["place"]], ("rule", "term"))
        ids = [entry.id for entry in library.entries() if wanted.passes(entry)]
        return sorted(((id, scores[id]) for id in ids if id in scores), key=lambda pair: -pair[1])[:50]

    def dense(row: dict[str, Any]) -> list[tuple[str, float]]:
        vector = library._encoder.encode([row["question"]])[0]
        nearest = (library._vectors @ vector).max(axis=1).tolist()
        return passing(row, dict(zip([entry.id for entry in library.entries()], nearest, strict=True)))

    def lexical(row: dict[str, Any]) -> list[tuple[str, float]]:
        return passing(row, library._words.scores(row["question"]))

    return {"hybrid": hybrid, "dense only": dense, "lexical only": lexical}


def measure(rows: Sequence[dict[str, Any]], ranking: Ranking) -> dict[str, float]:
    """recall@5 (one of the right entries among the first five), MRR, and milliseconds a question."""
    positions, milliseconds = [], []
    for row in rows:
        started = time.perf_counter()
        ids = [id for id, _ in ranking(row)]
        milliseconds.append(1000 * (time.perf_counter() - started))
        if row["ids"]:
            positions.append(next((place for place, id in enumerate(ids, 1) if id in row["ids"]), 0))
    return {
        "questions": len(positions),
        f"recall@{NEAR}": sum(0 < place <= NEAR for place in positions) / len(positions),
        "mrr": sum(1 / place for place in positions if place) / len(positions),
        "p50_ms": statistics.median(milliseconds),
        "p95_ms": sorted(milliseconds)[int(0.95 * len(milliseconds))],
    }


def as_shown(rows: Sequence[dict[str, Any]], library: Library) -> dict[str, float]:
    """What a user sees: right entries among the first five that are shown, and nothing where nothing is behind it."""
    shown, quiet = [], []
    for row in rows:
        found = library.find(row["question"], industries=[row["industry"]], jurisdictions=[row["place"]], limit=NEAR)
        if row["ids"]:
            shown.append(bool({one.entry.id for one in found} & set(row["ids"])))
        elif row["law"] is None:
            quiet.append(not found)
    return {f"shown@{NEAR}": sum(shown) / len(shown), "nothing found": sum(quiet) / len(quiet), "of": len(quiet)}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--sets", nargs="+", default=["dev", "final"], choices=["dev", "final"])
    parser.add_argument("--misses", action="store_true", help="name the questions whose entry is not near")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        library = Library(Path(folder), load_encoder())
        library.find("warm")
        result: dict[str, Any] = {}
        for name in options.sets:
            rows = questions(name)
            for kind, ranking in rankings(library).items():
                result[f"{name}, {kind}"] = figures = measure(rows, ranking)
                print(f"{name:6} {kind:13} " + "  ".join(f"{key} {value:.3f}" for key, value in figures.items()))
            hybrid = rankings(library)["hybrid"]
            result[f"{name}, shown"] = seen = as_shown(rows, library)
            print(f"{name:6} {'as shown':13} " + "  ".join(f"{key} {value:.3f}" for key, value in seen.items()))
            for row in rows if options.misses else []:
                ids = [id for id, _ in hybrid(row)][:NEAR]
                if row["ids"] and not set(ids) & set(row["ids"]):
                    print(f"  {row['industry']} {row['place']}: {row['question']} → {ids}, wanted {row['ids']}")
        print(json.dumps(result))


if __name__ == "__main__":
    main()
