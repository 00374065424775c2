"""Divide rows into training, validation and test, so that nothing in the test was trained on in other words."""

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from finetune.data.clean import normalised
from finetune.data.duplicates import related_groups
from finetune.data.similarity import near_pairs
from finetune.example import Example, Split

# recipe: hold out 10-20 %, at least 20 rows of each where there are enough.
HELD_OUT = 20
SHARE_MANY, SHARE_FEW = 0.10, 0.15
# From this many source documents on, a whole document stands on one side of the split.
DOCUMENTS_FOR_SOURCE_SPLIT = 8
# What is shorter ("And by cheque?", "Thank you!") is said in many threads and ties nothing.
WORDS_THAT_TIE = 5


@dataclass(frozen=True)
class SplitSizes:
    """Rows for validation and test, and the sentence that explains them."""

    validation: int
    test: int
    sentence: str


def split_sizes(rows: int) -> SplitSizes:
    """How many of `rows` are held out.

    200 rows and more: 10-15 % each, at least 20. Below, a fifth for the two together, in equal parts, so that
    training keeps enough; below 10 rows nothing can be measured, but one row each is held out so that everything runs.
    """
    if rows < 3:
        return SplitSizes(0, 0, "There are too few rows to hold any out, so nothing can be tested.")
    if rows < 10:
        return SplitSizes(
            1, 1, "With fewer than 10 rows a test says nothing; one row is held out so that all steps run."
        )
    if rows < 100:
        each = max(1, round(rows * 0.1))
        return SplitSizes(
            each, each, f"With {rows} rows only {each} can be held out for the test; read its result as a first hint."
        )
    share = SHARE_FEW if rows < 1000 else SHARE_MANY
    each = max(HELD_OUT, round(rows * share)) if rows >= 134 else HELD_OUT
    return SplitSizes(
        each, each, f"{each} rows ({each / rows:.0%}) are held out for the test and as many to watch the training."
    )


def split_examples(
    examples: Sequence[Example], *, seed: int = 7, by_topic: bool = False, tied: Iterable[tuple[str, str]] = ()
) -> list[Example]:
    """Give every row that is not dropped a split.

    Rows that belong together (near-identical questions or answers, the same source passage or rule, with many
    documents the same document, `by_topic` the same topic, or `tied` by their ids) stay together. Kinds, and with
    categories each category, are spread evenly. A row that is approved and has a split keeps it, and takes its group
    along.
    """
    rows = [example for example in examples if example.status != "dropped"]
    groups = group_rows(rows, by_topic=by_topic, tied=tied)
    sizes = split_sizes(len(rows))
    chosen: dict[int, Split] = {}
    for group, members in groups.items():
        kept = [rows[m].split for m in members if rows[m].status == "approved" and rows[m].split]
        if kept:
            # A group on several sides (new near-copies join old rows): the test set's word counts first.
            chosen[group] = next(side for side in ("test", "validation", "train") if side in kept)
    targets: dict[Split, int] = {"test": sizes.test, "validation": sizes.validation}
    _fill(chosen, groups, rows, targets, random.Random(seed))
    side = {m: chosen.get(group, "train") for group, members in groups.items() for m in members}
    by_id = {rows[m].id: split for m, split in side.items()}
    return [e.model_copy(update={"split": by_id.get(e.id)}) for e in examples]


def group_rows(
    rows: Sequence[Example], *, by_topic: bool = False, tied: Iterable[tuple[str, str]] = ()
) -> dict[int, list[int]]:
    """Indices of rows by group; see `split_examples`."""
    place = {row.id: index for index, row in enumerate(rows)}
    related = related_groups(rows, [(place[a], place[b]) for a, b in tied if a in place and b in place])
    documents = {e.source.file for e in rows if e.kind == "document" and e.source.file}
    whole_files = len(documents) >= DOCUMENTS_FOR_SOURCE_SPLIT
    parent = {group: group for group in related}

    def root(group: int) -> int:
        while parent[group] != group:
            group = parent[group]
        return group

    first: dict[tuple[str, ...], int] = {}
    for row, group in zip(rows, related, strict=True):
        for key in _shared_keys(row, whole_files=whole_files, by_topic=by_topic):
            other = root(first.setdefault(key, group))
            parent[max(other, root(group))] = min(other, root(group))
    groups: defaultdict[int, list[int]] = defaultdict(list)
    for index, group in enumerate(related):
        groups[root(group)].append(index)
    return dict(groups)


def _shared_keys(row: Example, *, whole_files: bool, by_topic: bool) -> list[tuple[str, ...]]:
    """What ties a row to others beside its own words."""
    keys: list[tuple[str, ...]] = []
    source = row.source
    # A table's rows stand for themselves, on whatever page it is; one line of facts is asked about in several ways.
    if row.of_facts and not whole_files:
        keys.append(("line", source.file or "", row.topic, str(source.row)))
    elif (row.kind in ("document", "faq") and source.page is not None and source.row is None) or row.kind == "document":
        file = source.file or ""
        keys.append(("file", file) if whole_files else ("section", file, row.topic))
    if source.citation and row.kind != "refusal":
        keys.append(("citation", source.citation))
    if row.kind == "refusal" and row.topic != "out of scope":
        keys.append(("never", row.topic))
    # One thread gives a row for each of its answers, and the later ones repeat what was said before.
    said = [m.content for m in row.messages if m.role == "user" and len(m.content.split()) >= WORDS_THAT_TIE]
    keys += [("said", file, content) for file in [source.file or ""] for content in said]
    if by_topic and row.topic:
        keys.append(("topic", row.topic))
    return keys


def _fill(
    chosen: dict[int, Split],
    groups: dict[int, list[int]],
    rows: Sequence[Example],
    targets: dict[Split, int],
    chance: random.Random,
) -> None:
    """Choose groups for the held-out sides, stratum by stratum in proportion, until each side has its size."""
    strata: defaultdict[str, list[int]] = defaultdict(list)
    for group, members in sorted(groups.items()):
        strata[_stratum(rows[members[0]])].append(group)
    total = len(rows)
    held = Counter(dict.fromkeys(targets, 0))
    for group, side in chosen.items():
        held[side] += len(groups[group])
    queue: list[tuple[float, int]] = []
    for _, members in sorted(strata.items()):
        free = [group for group in members if group not in chosen]
        chance.shuffle(free)
        # Small groups first: a large one in the test would make it about one thing.
        free.sort(key=lambda g: len(groups[g]) > max(2, 0.02 * total))
        queue += [((position + chance.random()) / len(free), group) for position, group in enumerate(free)]
    for _, group in sorted(queue):
        size = len(groups[group])
        wanting = [side for side in targets if held[side] + size <= targets[side]]
        if not wanting:
            continue
        side = min(wanting, key=lambda s: held[s] / max(1, targets[s]))
        chosen[group] = side
        held[side] += size


def _stratum(row: Example) -> str:
    return f"category:{row.topic}" if row.kind == "category" else row.kind


def leak_sentence(examples: Sequence[Example]) -> str:
    """Compare every held-out row with every training row and say in one sentence what was found."""
    rows = [e for e in examples if e.split]
    trained = {normalised(e.question) for e in rows if e.split == "train"}
    held = [e for e in rows if e.split != "train"]
    if not held:
        return "No rows are held out, so nothing can leak."
    same = sum(normalised(e.question) in trained for e in held)
    questions = [normalised(e.question) for e in rows]
    near = {
        j if rows[i].split == "train" else i
        for i, j, _ in near_pairs(questions)
        if (rows[i].split == "train") != (rows[j].split == "train")
    }
    if not same and not near:
        return (
            f"Checked all {len(held)} held-out rows against the training rows: none repeats a trained question, "
            "word for word or nearly."
        )
    repeat = "row repeats" if same == 1 else "rows repeat"
    return f"{same} held-out {repeat} a trained question word for word, and {len(near)} nearly; the test flatters."
