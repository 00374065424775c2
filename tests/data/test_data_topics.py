"""Topics of the rows: found by meaning, named by their words, the same each time."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from finetune.data import topics
from finetune.data.topics import (
    cluster,
    find_topics,
    name_topics,
    nearest_other,
    rows_to_look_at,
    telling_words,
)
from finetune.example import Example, Source, make_example

Vectors = NDArray[np.float32]


def row(question: str, topic: str = "", **changes: object) -> Example:
    made = make_example(question, "An answer.", source=Source(file="faq.csv", row=1), topic=topic)
    return made.model_copy(update=changes)


def around(centres: int, each: int, *, spread: float = 0.3, seed: int = 1) -> tuple[Vectors, list[int]]:
    """Unit vectors in groups, and the group of each."""
    random = np.random.default_rng(seed)
    middles = np.linalg.qr(random.standard_normal((64, centres)))[0].T
    labels = [n for n in range(centres) for _ in range(each)]
    points = middles[labels] + spread * random.standard_normal((len(labels), 64)) / 8
    return (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32), labels


def same_groups(found: Sequence[int], known: Sequence[int]) -> bool:
    return len(set(zip(found, known, strict=True))) == len(set(found)) == len(set(known))


def test_groups_that_lie_apart_are_found_without_saying_how_many() -> None:
    for centres in (1, 2, 7, 20):
        vectors, labels = around(centres, 9)
        assert same_groups(cluster(vectors), labels)


def test_many_rows_are_joined_as_few_are(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors, labels = around(12, 30)
    assert same_groups(cluster(vectors), labels)
    monkeypatch.setattr(topics, "SMALL_GROUPS", 60)
    assert same_groups(cluster(vectors), labels)


def test_joining_is_average_linkage() -> None:
    from scipy.cluster.hierarchy import fcluster, linkage

    random = np.random.default_rng(5)
    points = random.standard_normal((80, 6))
    vectors = (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32)
    for same in (0.2, 0.5, 0.8):
        known = fcluster(linkage(vectors, "average", metric="cosine"), 1 - same, criterion="distance")
        assert same_groups(cluster(vectors, same=same), known.tolist())


def test_the_same_rows_give_the_same_topics() -> None:
    vectors, _ = around(5, 8, spread=1.2)
    rows = [row(f"Question {n} about thing {n % 5}") for n in range(40)]
    assert find_topics(rows, vectors, range(40)) == find_topics(rows, vectors, range(40))


def test_the_nearest_other_row_is_never_the_row_itself() -> None:
    vectors, _ = around(3, 40)
    likeness = vectors @ vectors.T
    np.fill_diagonal(likeness, -1)
    assert np.allclose(nearest_other(vectors, block=7), likeness.max(axis=1), atol=1e-6)
    assert nearest_other(vectors[:1]).tolist() == [0.0]


def test_every_row_is_in_one_topic_the_largest_first() -> None:
    vectors, labels = around(4, 5)
    vectors, labels = np.concatenate([vectors, vectors[:3]]), [*labels, *labels[:3]]
    rows = [row(f"About thing{label} number {n}") for n, label in enumerate(labels)]
    found = find_topics(rows, vectors, range(len(rows)))
    assert sorted(n for topic in found.topics for n in topic.rows) == list(range(len(rows)))
    assert [len(topic.rows) for topic in found.topics] == [8, 5, 5, 5]
    assert found.share(found.topics[0]) == pytest.approx(8 / 23)
    assert 3.5 < found.effective < 4


def test_one_topic_alone_counts_as_one() -> None:
    vectors, _ = around(1, 10)
    assert find_topics([row(f"Parking {n}?") for n in range(10)], vectors, range(10)).effective == pytest.approx(1)
    assert find_topics([], vectors[:0], []).topics == []


def test_a_row_unlike_all_others_stands_alone() -> None:
    vectors, _ = around(3, 8)
    stranger = np.zeros((1, 64), dtype=np.float32)
    stranger[0, 63] = 1.0
    rows = [row(f"Question {n}") for n in range(25)]
    found = find_topics(rows, np.concatenate([vectors, stranger]), range(25))
    assert found.odd == (24,)


def test_a_topic_is_named_by_the_words_that_tell_it_apart() -> None:
    names = telling_words(
        [
            ["How do I get a refund for my order?", "When will my refund come?", "Are refunds free?"],
            ["When do you open for my order on Sunday?", "Are you open on Sunday?", "Do you open on Sundays?"],
            ["Does my order need a root canal?", "What is a root canal?", "Is a root canal dear?"],
        ]
    )
    assert [names[0].split(", ")[0], names[2]] == ["refund", "root canal"]
    assert set(names[1].replace(",", "").split()) == {"open", "sunday"}


def test_a_topic_column_gives_the_name_where_the_rows_agree_on_it() -> None:
    agreed = [row(f"Card number {n}?", "card_arrival") for n in range(4)]
    torn = [row("Lost purse?", "a"), row("Purse gone?", "b"), row("A purse?", "c")]
    assert name_topics([agreed, torn]) == ["card arrival", "purse"]
    twice = name_topics([agreed, [row("Post again?", "card_arrival")]])
    assert len(set(twice)) == 2 and all(name.startswith("card arrival (") for name in twice)


def test_words_of_no_meaning_name_nothing() -> None:
    assert telling_words([["What is it?", "How do I do that?"]]) == ["other"]


def test_a_tag_in_the_place_of_personal_data_names_nothing() -> None:
    asked = ["Where is my parcel [record number]?", "Has parcel [record number 2] left?", "Parcel [record number]?"]
    assert telling_words([asked, ["Are you open on Sunday?", "On Sunday, [name]?"]]) == ["parcel", "open, sunday"]


def test_refusals_general_and_dropped_rows_say_nothing_about_the_subject(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [row("A"), row("B", kind="refusal"), row("C", status="dropped"), row("D", kind="general"), row("E")]
    assert rows_to_look_at(rows) == [0, 4]
    monkeypatch.setattr(topics, "MOST_ROWS", 10)
    assert rows_to_look_at([row(str(n)) for n in range(100)]) == list(range(0, 100, 10))
