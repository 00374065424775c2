"""A team's own documents: found by meaning, words and misspelt words; replaced, forgotten, and whole after a kill."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from math import log
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import pytest

from knowledge.encoder import Encoder, Source, Vectors
from knowledge.errors import UserError
from knowledge.own import PREFIX, RECORD, UNSET, OwnPassage, OwnSources
from knowledge.own_question import EVIDENCE, FLOOR, WORD_WEIGHT, rows_by_words, understood
from knowledge.own_record import WORDS_AT_ONCE, cut_at_sentences
from knowledge.words import plain_words
from tests.files import POLICY

HANDBOOK = [OwnPassage(text, page, heading) for page, (heading, text) in enumerate(POLICY, 1)]
GLOSSARY = [
    OwnPassage("A note by the insurer on what it pays and what the patient owes.", None, "EOB"),
    OwnPassage("The share of the bill that the patient pays at the desk.", None, "Copay"),
]


@pytest.fixture
def own(tmp_path: Path, encoder: Encoder) -> OwnSources:
    """A handbook and a glossary."""
    made = OwnSources(tmp_path / "passages", encoder)
    made.add("handbook.pdf", HANDBOOK)
    made.add("glossary.csv", GLOSSARY)
    return made


def counts(own: OwnSources) -> dict[str, int]:
    """Rows of each table of the record, and of the vectors."""
    with own._record() as record:
        tables = ("files", "passages", "found", "words", "slips")
        rows = {table: int(record.execute(f"SELECT count(*) FROM {table}").fetchone()[0]) for table in tables}
        return {**rows, "vectors": own._vectors(record).count()}


def whole(own: OwnSources) -> None:
    """Both stores hold the same passages, and nothing is half done."""
    with own._record() as record:
        vectors = {int(id) for id in own._vectors(record).get(include=[])["ids"]}
        assert vectors == {row[0] for row in record.execute("SELECT id FROM passages")}
        assert {row[0] for row in record.execute("SELECT state FROM files")} <= {"whole"}
        record.execute("INSERT INTO found (found) VALUES ('integrity-check')")


# Finding


@pytest.mark.parametrize(
    ("question", "page"),
    [
        ("what happens if someone cancels too late?", 1),
        ("how long do people have to pay?", 2),
        ("who tells the insurer about the visit", 3),
        ("can I get my medical records by e-mail?", 4),
        ("a patient is unhappy with us and complains", 5),
        ("pre-authorisation", 3),
    ],
)
def test_a_question_finds_its_passage_with_file_and_page(own: OwnSources, question: str, page: int) -> None:
    best = own.find(question)[0]
    assert (best.file, best.page) == ("handbook.pdf", page)
    assert best.reason.endswith(".")


@pytest.mark.parametrize(
    "question",
    [
        "what is the capital of France?", "how do I bake bread", "what is your name", "hello", "who won the world cup",
        "write me a poem about the sea", "?!", "", "   ", "xqzw vbnm",
    ],
)  # fmt: skip
def test_a_question_with_nothing_behind_it_finds_nothing(own: OwnSources, question: str) -> None:
    assert own.find(question) == []


@pytest.mark.parametrize(
    ("misspelt", "meant"), [("complants", "complaints"), ("recrods", "records"), ("insurancce", "insurance")]
)
def test_a_misspelt_word_is_read_as_the_documents_own_and_said(own: OwnSources, misspelt: str, meant: str) -> None:
    best = own.find(misspelt)[0]
    assert meant in best.text.lower() and f"“{misspelt}” as “{meant}”" in best.reason


def test_a_glossarys_term_is_found_without_a_page(own: OwnSources) -> None:
    best = own.find("what does EOB stand for?")[0]
    assert (best.file, best.page, best.heading) == ("glossary.csv", None, "EOB")


@pytest.mark.parametrize("odd", ['"', "'; DROP TABLE files; --", "a AND b OR NOT (c*", "heading: text^2", "NEAR(a b)"])
def test_a_question_is_no_command_to_the_database(own: OwnSources, odd: str) -> None:
    own.find(f"records {odd}")
    assert own.files() == {"glossary.csv": 2, "handbook.pdf": 5}


def test_words_with_accents_are_found_with_and_without(own: OwnSources) -> None:
    own.add("de.md", [OwnPassage("Rückerstattungen überweisen wir binnen 14 Tagen.", 1, "Gebühren")])
    assert own.find("Rückerstattungen")[0].file == own.find("ruckerstattungen")[0].file == "de.md"


def test_a_german_sharp_s_is_found_as_it_is_written(own: OwnSources) -> None:
    own.add("de.md", [OwnPassage("Unsere Praxis liegt in der Schlossstraße neben dem Rathaus.", 1, "Anfahrt")])
    with own._record() as record:
        assert [*rows_by_words(record, understood(record, "Schlossstraße"))] == [8]


def test_no_more_are_given_than_asked_for(own: OwnSources) -> None:
    assert len(own.find("when must the patient or the practice answer in writing", limit=2)) <= 2


def summed(texts: Sequence[str]) -> Vectors:
    """A text's vector is the sum of its words', so that texts with the same words are near."""
    drawn = [
        np.sum([np.random.default_rng(crc32(word.encode())).normal(size=48) for word in plain_words(text)], axis=0)
        for text in texts
    ]
    vectors = np.array(drawn, np.float32)
    made: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return made


def test_the_best_passages_are_those_that_a_look_at_every_passage_finds(tmp_path: Path) -> None:
    encoder = Encoder(summed, Source("summed", "000000000000", 0.0), dimensions=48, precision="float32")
    chance = np.random.default_rng(4)
    vocabulary = np.array([f"word{n:03d}" for n in range(400)])
    common = 1 / np.arange(1, len(vocabulary) + 1)
    drawn = vocabulary[chance.choice(len(vocabulary), size=(1_200, 20), p=common / common.sum())]
    texts = [" ".join(row) for row in drawn]
    own = OwnSources(tmp_path, encoder)
    own.add("made.txt", [OwnPassage(text, page, "") for page, text in enumerate(texts, 1)])
    vectors, held = summed(texts), Counter(word for row in drawn for word in set(row))
    questions = best_first = all_best = among_best = 0
    for row in drawn[chance.choice(len(drawn), size=40, replace=False)]:
        asked = list(dict.fromkeys(chance.choice(row, size=6).tolist()))
        cosines = vectors @ summed([" ".join(asked)])[0]
        weights = {word: log(1 + len(texts) / held[word]) for word in asked}
        shared = np.array([sum(weights[word] for word in asked if word in text.split()) for text in texts])
        scores = cosines + WORD_WEIGHT * shared / sum(weights.values()) * shared / (shared + EVIDENCE)
        best = [int(place) + 1 for place in np.argsort(-scores)[:5] if scores[place] >= FLOOR]
        found = own.find(" ".join(asked))
        assert [one.score for one in found] == pytest.approx([scores[(one.page or 0) - 1] for one in found], abs=2e-3)
        questions += bool(best)
        best_first += bool(best) and bool(found) and found[0].page == best[0]
        all_best += len(best)
        among_best += len({one.page for one in found} & {*best})
    # A graph of neighbours may miss one.
    assert questions >= 30 and best_first >= 0.97 * questions, (best_first, questions)
    assert among_best >= 0.97 * all_best, (among_best, all_best)


# Cutting


def test_a_long_passage_is_cut_at_sentences_and_keeps_its_heading_and_page() -> None:
    text = " ".join(f"Rule number {n} says that a form has to be filled in before the visit begins." for n in range(40))
    parts = list(cut_at_sentences(OwnPassage(text, 7, "Forms")))
    assert " ".join(part.text for part in parts) == text
    assert all(part.text.endswith(".") and (part.page, part.heading) == (7, "Forms") for part in parts)
    assert all(len(part.text.split()) <= WORDS_AT_ONCE for part in parts)
    assert len(parts) == 6


def test_a_text_without_a_stop_is_cut_all_the_same_and_one_without_words_is_none() -> None:
    parts = list(cut_at_sentences(OwnPassage("word " * 1000, None, "")))
    assert max(len(part.text.split()) for part in parts) <= WORDS_AT_ONCE
    assert list(cut_at_sentences(OwnPassage(" \n ", 1, "Empty"))) == []


# Replacing and forgetting


def test_a_file_read_again_takes_the_place_of_what_it_was(own: OwnSources) -> None:
    assert own.add("handbook.pdf", [OwnPassage("Dogs may wait in the garden.", 1, "Dogs")]) == 1
    assert own.files() == {"glossary.csv": 2, "handbook.pdf": 1}
    assert own.find("when is payment due?") == []
    assert own.find("may dogs come along?")[0].file == "handbook.pdf"
    whole(own)


def test_the_same_words_again_cost_nothing(own: OwnSources) -> None:
    with own._record() as record:
        before = record.execute("SELECT max(id) FROM passages").fetchone()
    own.add("handbook.pdf", HANDBOOK)
    with own._record() as record:
        assert record.execute("SELECT max(id) FROM passages").fetchone() == before


def test_a_removed_file_leaves_no_word_behind(own: OwnSources) -> None:
    own.remove("handbook.pdf")
    assert own.files() == {"glossary.csv": 2}
    assert own.find("when is payment due?") == []
    own.remove("glossary.csv")
    assert counts(own) == dict.fromkeys(("files", "passages", "found", "words", "slips", "vectors"), 0)
    own.remove("never there")


def test_what_the_memory_held_before_is_not_written_beside_the_vectors(tmp_path: Path) -> None:
    encoder = Encoder(summed, Source("summed", "000000000000", 0.0), dimensions=48, precision="float32")
    passages = [OwnPassage(f"Point {n} of the list.", n, "") for n in range(1_100)]  # Chroma writes from 1,000 on
    for _ in range(2):  # newly made, and opened again
        own = OwnSources(tmp_path / "passages", encoder)
        freed = [f"quagmarine {n} ".encode() * n for n in range(2_000)]
        del freed
        own.add("list.txt", passages)
        assert own.find("point 7 of the list")
        own.close()
        unset = [path for name in UNSET for path in (tmp_path / "passages").glob(f"{PREFIX}*/*/{name}")]
        assert len(unset) == len(UNSET) and not any(any(path.read_bytes()) for path in unset)


def test_an_empty_folder_answers_and_is_not_made(tmp_path: Path, encoder: Encoder) -> None:
    own = OwnSources(tmp_path / "none", encoder)
    assert own.files() == {} and own.find("anything") == []
    own.remove("x")
    assert not (tmp_path / "none").exists()


# Whole again


def reopened(own: OwnSources, encoder: Encoder) -> OwnSources:
    own.close()
    return OwnSources(own._folder, encoder)


def test_vectors_that_were_deleted_are_made_anew(own: OwnSources, encoder: Encoder) -> None:
    own.close()
    (folder,) = own._folder.glob(f"{PREFIX}*")
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    again = reopened(own, encoder)
    assert again.find("how long do people have to pay?")[0].page == 2
    whole(again)


def test_vectors_that_are_rubbish_are_made_anew(own: OwnSources, encoder: Encoder) -> None:
    own.close()
    (folder,) = own._folder.glob(f"{PREFIX}*")
    (folder / "chroma.sqlite3").write_bytes(b"rubbish" * 1000)
    again = reopened(own, encoder)
    assert again.find("how long do people have to pay?")[0].page == 2
    whole(again)


def test_vectors_of_another_encoder_are_made_anew(own: OwnSources, encoder: Encoder) -> None:
    other = Encoder(
        encoder._encode_many,
        type(encoder.source)("other", "0123456789ab", 0.0),
        dimensions=encoder.dimensions,
        precision=encoder.precision,
    )
    again = reopened(own, other)
    assert again.find("how long do people have to pay?")[0].page == 2
    assert len(list(own._folder.glob(f"{PREFIX}*"))) == 1


@pytest.mark.parametrize("rubbish", [b"", b"rubbish" * 5000])
def test_a_record_that_is_no_database_is_begun_anew(own: OwnSources, encoder: Encoder, rubbish: bytes) -> None:
    own.close()
    for path in own._folder.glob(f"{RECORD}-*"):
        path.unlink()
    (own._folder / RECORD).write_bytes(rubbish)
    again = reopened(own, encoder)
    assert again.files() == {}
    again.add("handbook.pdf", HANDBOOK)
    assert again.find("how long do people have to pay?")[0].page == 2
    whole(again)


def test_a_record_of_another_version_is_begun_anew(own: OwnSources, encoder: Encoder) -> None:
    own.close()
    with sqlite3.connect(own._folder / RECORD) as record:
        record.execute("PRAGMA user_version = 1")
    record.close()
    again = reopened(own, encoder)
    assert again.files() == {}
    again.add("handbook.pdf", HANDBOOK)
    assert again.find("how long do people have to pay?")[0].page == 2
    whole(again)


def test_a_record_that_another_window_made_anew_is_the_one_asked_from_then_on(
    own: OwnSources, encoder: Encoder
) -> None:
    assert own.find("how long do people have to pay?")[0].page == 2
    other = OwnSources(own._folder, encoder)
    other._throw_away()
    other.add("dogs.md", [OwnPassage("Dogs may wait in the garden.", 1, "Dogs")])
    assert own.find("how long do people have to pay?") == []
    assert own.find("may dogs come along?")[0].file == "dogs.md"


def test_what_another_window_adds_is_found_at_the_next_question(own: OwnSources, encoder: Encoder) -> None:
    assert own.find("may dogs come along?") == []
    other = OwnSources(own._folder, encoder)
    other.add("dogs.md", [OwnPassage("Dogs may wait in the garden.", 1, "Dogs")])
    assert own.find("may dogs come along?")[0].file == "dogs.md"


def test_questions_from_several_threads_are_all_answered(own: OwnSources) -> None:
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(own.find, ["how long do people have to pay?", "who complains?"] * 10))
    assert [one[0].page for one in found[::2]] == [2] * 10
    own.close()
    assert own.find("how long do people have to pay?")[0].page == 2


def test_a_record_broken_in_the_middle_is_said_and_begun_anew(own: OwnSources, encoder: Encoder) -> None:
    own.close()
    with sqlite3.connect(own._folder / RECORD) as record:
        record.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    record.close()
    path = own._folder / RECORD
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(bytes(content))
    again = reopened(own, encoder)
    with pytest.raises(UserError, match="damaged"):
        again.files()
    assert again.files() == {}
    assert again.add("handbook.pdf", HANDBOOK) == 5


# Quick vectors that depend on the text alone: Chroma writes its graph to the disk only every 1,000 passages.
DRAWN = """
import sys, zlib
from pathlib import Path
import numpy as np
from knowledge.encoder import Encoder, Source
from knowledge.own import OwnPassage, OwnSources

def drawn(texts):
    vectors = np.array([np.random.default_rng(zlib.crc32(text.encode())).normal(size=32) for text in texts], np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

def drawing():
    return Encoder(drawn, Source("drawn", "000000000000", 0.0), dimensions=32, precision="float32")

def numbered(file, count=700):
    return [OwnPassage(f"Passage {file} number {n}", n, "") for n in range(count)]
"""
DRAWN_WRITER = f"""{DRAWN}
own = OwnSources(Path(sys.argv[1]), drawing())
print("ready", flush=True)
for file in sys.argv[2:]:
    name, _, count = file.partition(":")
    own.add(name, numbered(name, int(count or 700)))
"""


def writer(folder: Path, *files: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", DRAWN_WRITER, str(folder), *files], stdout=subprocess.PIPE, text=True, cwd=Path.cwd()
    )
    assert process.stdout and process.stdout.readline() == "ready\n"
    return process


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_killed_while_indexing_it_is_whole_afterwards(tmp_path: Path, seed: int) -> None:
    process = writer(tmp_path, "a", "b", "a:900", "c")
    time.sleep(random.Random(seed).uniform(0.05, 2.5))
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    names: dict[str, Any] = {}
    exec(DRAWN, names)
    own = OwnSources(tmp_path, names["drawing"]())
    finished = own.files()
    assert finished.get("a", 700) in (700, 900) and {*finished.values()} <= {700, 900}, "no file is there by half"
    own.find("Passage a number 3")
    whole(own)
    assert own.files().keys() >= finished.keys()
    assert own.add("b", names["numbered"]("b")) == 700
    whole(own)
    assert own.find("Passage b number 699")[0].page == 699


@pytest.mark.slow
def test_two_processes_that_write_and_read_lose_nothing(tmp_path: Path) -> None:
    names: dict[str, Any] = {}
    exec(DRAWN, names)
    own = OwnSources(tmp_path, names["drawing"]())
    own.add("first", names["numbered"]("first", 20))
    writers = [writer(tmp_path, *(f"{side}{n}" for n in range(3))) for side in "xy"]
    rounds = 0
    while any(process.poll() is None for process in writers) or rounds < 2:
        assert own.find("Passage first number 7")[0].page == 7
        own.add("mine", [OwnPassage(f"Passage mine number {rounds}", rounds, "")])
        rounds += 1
    assert all(process.returncode == 0 for process in writers)
    assert own.files() == {"first": 20, "mine": 1} | {f"{side}{n}": 700 for side in "xy" for n in range(3)}
    for one in (own, OwnSources(tmp_path, names["drawing"]())):
        whole(one)
        for file, number in (("x0", 3), ("x1", 650), ("x2", 699), ("y0", 0), ("y1", 333), ("y2", 512)):
            (vector,) = names["drawn"]([f"Passage {file} number {number}"])
            with one._record() as record:
                answer = one._vectors(record).query(query_embeddings=[vector], n_results=1, include=["distances"])
            assert answer["distances"][0][0] < 1e-3, f"passage {number} of {file} is not in the graph"
