"""All recognisers over all texts: one list of finds, without overlaps."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence

from finetune.data.personal.addresses import addresses
from finetune.data.personal.cells import cells
from finetune.data.personal.forms import by_form
from finetune.data.personal.jobs import signature_lines, titles
from finetune.data.personal.kinds import RANK, Find, PersonalItem
from finetune.data.personal.names import capitalised
from finetune.data.personal.organisations import firms, nationalities
from finetune.data.personal.postal import postal
from finetune.data.personal.replacing import hash_of
from finetune.data.personal.tokens import tokens_of, with_capitals
from finetune.data.personal.wordlists import lists

MoreFinds = Callable[..., list[list[Find]]]  # (texts, *, indirect) to the finds in each text, as a names model gives


def find_personal(texts: Sequence[str], *, indirect: bool = False, more: MoreFinds | None = None) -> list[PersonalItem]:
    """Personal data in each text, without overlaps, in reading order; with `indirect` also towns, employers, dates,
    ages and the like, which tell something about a person but name nobody (see `kinds`). `more` finds join these."""
    added = more(texts, indirect=indirect) if more else [[] for _ in texts]
    return [
        PersonalItem(index, find.kind, find.start, find.end, hash_of(text[find.start : find.end]), find.why)
        for index, (text, others) in enumerate(zip(texts, added, strict=True))
        for find in without_overlaps([*_unless_named(_finds(text, indirect), others), *others])
    ]


def _unless_named(finds: Iterator[Find], others: Sequence[Find]) -> Iterator[Find]:
    """Without the organisations and places, told by their surroundings alone, that who knows more names calls so."""
    named = [other for other in others if other.kind in ("name", "organisation", "place")]
    for find in finds:
        within = any(other.start <= find.start and find.end <= other.end for other in named)
        if not (within and find.kind in ("organisation", "place")):
            yield find


def _finds(text: str, indirect: bool) -> Iterator[Find]:
    tokens = tokens_of(text)
    small = text.islower()
    if small:
        tokens = with_capitals(tokens, lists())
    yield from by_form(text, indirect=indirect)
    yield from addresses(text, tokens)
    yield from cells(text)
    yield from postal(text)
    named = list(capitalised(text, tokens, indirect=indirect, small=small))
    yield from named
    if indirect:
        yield from firms(tokens, lists())
        yield from nationalities(tokens)
        yield from titles(text, tokens)
        yield from signature_lines(text, [find for find in named if find.kind == "name"])


def without_overlaps(finds: Sequence[Find]) -> list[Find]:
    """The more telling kind, of one kind the longer. Found places are kept by blocks of characters, so that many
    finds in a long text cost no more than their number."""
    block = 64
    taken: defaultdict[int, list[Find]] = defaultdict(list)
    chosen: list[Find] = []
    for find in sorted(finds, key=lambda f: (RANK[f.kind], f.start - f.end, f.start)):
        blocks = range(find.start // block, (find.end - 1) // block + 1)
        if find.end > find.start and all(
            find.end <= other.start or find.start >= other.end for number in blocks for other in taken[number]
        ):
            chosen.append(find)
            for number in blocks:
                taken[number].append(find)
    return sorted(chosen)


__all__ = ["MoreFinds", "find_personal", "without_overlaps"]
