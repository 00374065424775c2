"""What a preparation keeps: a second one is quick, a killed one goes on, and no text is ever in it."""

import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from finetune.data import kept as kept_module
from finetune.data.kept import Kept
from finetune.data.personal import find_personal
from finetune.data.prepare import prepare
from finetune.example import Example, Source, make_example
from tests.benchmarks.planted_facts import facts
from tests.benchmarks.planted_personal import items

TEXTS = [f"{item.sentence} Please help." for item in items(60, random.Random(2))]


def counted_encoder(calls: list[str]) -> Any:
    """Unit vectors that hang on the text alone, and a note of each text that was encoded."""

    def encode(texts: Sequence[str]) -> Any:
        calls.extend(texts)
        vectors = np.stack([np.random.default_rng(sum(map(ord, text))).normal(size=16) for text in texts])
        return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)

    return encode


def rows() -> list[Example]:
    told = facts(40, random.Random(3))
    return [
        make_example(f"{fact.question} {text}", fact.answer, source=Source(file="faq.csv", row=number))
        for number, (fact, text) in enumerate(zip(told, TEXTS, strict=False), 2)
    ]


def test_findings_that_were_kept_are_those_that_would_be_found(tmp_path: Path) -> None:
    fresh = find_personal(TEXTS)
    assert Kept(tmp_path).personal(TEXTS) == fresh and fresh
    assert Kept(tmp_path).personal(TEXTS) == fresh
    assert Kept(tmp_path).personal(TEXTS[::-1]) == find_personal(TEXTS[::-1])
    assert Kept(tmp_path).personal(TEXTS, indirect=True) == find_personal(TEXTS, indirect=True)


def test_what_is_known_is_not_sought_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Kept(tmp_path).personal(TEXTS)
    sought: list[str] = []
    monkeypatch.setattr(kept_module, "find_personal", lambda texts, indirect, more: sought.extend(texts) or [])
    Kept(tmp_path).personal([*TEXTS, "Something new."])
    assert sought == ["Something new."]
    monkeypatch.setattr(kept_module, "recognisers", lambda: "others")
    Kept(tmp_path).personal(TEXTS)
    assert sought == ["Something new.", *TEXTS], "other recognisers look anew"
    assert len(list(tmp_path.glob("personal-*"))) == 1, "and what the old ones found is gone"


def test_neither_texts_nor_personal_items_stand_in_the_folder(tmp_path: Path) -> None:
    prepare(rows(), kept=Kept(tmp_path), encode=counted_encoder([]))
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert stored
    for item in items(60, random.Random(2)):
        assert item.value.encode() not in stored and kept_module.hash_of(item.value).encode() not in stored
    assert b"Please help" not in stored


def test_what_no_row_needs_any_more_goes(tmp_path: Path) -> None:
    def lines() -> int:
        (path,) = tmp_path.glob("personal-*")
        return sum(len(json.loads(line)) for line in path.read_text().splitlines())

    Kept(tmp_path).personal(TEXTS)
    assert lines() == len(set(TEXTS))
    Kept(tmp_path).personal(TEXTS[:5])
    assert lines() == 5


def test_vectors_are_made_once_and_another_encoders_are_not_used(tmp_path: Path) -> None:
    calls: list[str] = []
    encode = counted_encoder(calls)
    first = Kept(tmp_path).encoder(encode)(TEXTS)
    calls.clear()
    again = Kept(tmp_path).encoder(encode)
    assert np.allclose(again(TEXTS[:7]), encode(TEXTS[:7]), atol=1e-3)
    assert np.allclose(again(TEXTS), first) and set(calls) <= {kept_module.PROBE, *TEXTS[:7]}
    calls.clear()
    Kept(tmp_path).encoder(lambda texts: -encode(texts))(TEXTS)
    assert set(TEXTS) <= set(calls)


def test_a_record_that_was_cut_short_is_made_again(tmp_path: Path) -> None:
    calls: list[str] = []
    encode = counted_encoder(calls)
    whole = Kept(tmp_path).encoder(encode)(TEXTS)
    path = tmp_path / "vectors"
    path.write_bytes(path.read_bytes()[:-5])
    calls.clear()
    assert np.allclose(Kept(tmp_path).encoder(encode)(TEXTS), whole, atol=1e-3)
    assert len(set(calls) - {kept_module.PROBE}) == 1
    (findings,) = [Kept(tmp_path).personal(TEXTS) and next(tmp_path.glob("personal-*"))]
    findings.write_bytes(findings.read_bytes()[:-9])
    assert Kept(tmp_path).personal(TEXTS) == find_personal(TEXTS)


def test_a_long_search_tells_how_far_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[str, int, int]] = []
    Kept(tmp_path / "short", lambda *at: told.append(at)).personal(TEXTS)
    assert told == []
    monkeypatch.setattr(kept_module, "TEXTS_AT_ONCE", 25)
    Kept(tmp_path / "long", lambda *at: told.append(at)).personal(TEXTS)
    count = len(set(TEXTS))
    assert [at[1:] for at in told] == [(25, count), (50, count), (count, count)]


def test_a_preparation_killed_at_any_moment_ends_as_an_unbroken_one(tmp_path: Path) -> None:
    faq, chance = tmp_path / "faq.csv", random.Random(8)
    told = [f'"{e.question}","{e.answer}"' for e in rows()]
    more = [f'"{f.question}","{f.answer}"' for f in facts(900, random.Random(6))]
    faq.write_text("\n".join(["Question,Answer", *told, *more]), encoding="utf-8")

    def command(out: str) -> list[str]:
        return [sys.executable, "-m", "finetune.data", str(faq), "--out", str(tmp_path / out)]

    start = time.monotonic()
    assert subprocess.run(command("whole"), capture_output=True).returncode == 0
    seconds = time.monotonic() - start
    for _ in range(4):
        running = subprocess.Popen(command("killed"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(seconds * chance.uniform(0.2, 0.95))
        running.send_signal(signal.SIGKILL)
        running.wait()
    assert subprocess.run(command("killed"), capture_output=True).returncode == 0
    for name in ("examples.jsonl", "report.json"):
        assert (tmp_path / "killed" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
