"""Which words of a conversation came from a source that is deleted: found while the source is still there.

Kept as hashes of those strings, since a kill may fall between the deletion and the clearing of the conversation.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any

from langchain_core.messages import BaseMessage

from finetune.lineage import is_in

RUN = 5  # words in a row that make a quotation; a shorter text counts where it is the whole of a string
GONE = "[deleted with its source]"
WORD = re.compile(r"\w+")
NAMES = ("name", "file", "id", "title", "kind", "type", "tool_call_id")  # stand in any card, and quote nothing


def quoting(messages: Iterable[BaseMessage], texts: Iterable[str], name: str, ids: Collection[str]) -> list[str]:
    """Hashes of the strings in these messages that quote one of the texts, or stand in a card of such a row or file.

    What a person typed about the source in words of their own stays.

    Args:
        texts: rows and passages of the source, in any number.
        name: the source, as attached.
        ids: of its rows.
    """
    found: set[str] = set()
    strings: set[str] = set()
    told: set[str] = set()
    for message in messages:
        dumped = message.model_dump()
        told |= set(_told_of_all_rows(dumped))
        for string, beside in _strings(dumped, name, ids):
            strings.add(string)
            if beside:
                found.add(string)
    found |= those_quoting(strings, texts)
    # What was said of all rows together names topics by single words; nobody can tell whose they are.
    lines = [line for line in told if len(line.split()) >= RUN]
    found |= {string for string in strings if string in told or any(line in string for line in lines)}
    return sorted(map(hash_of, found))


def those_quoting(strings: Iterable[str], texts: Iterable[str]) -> set[str]:
    """Those of the strings that share a run of words with one of the texts."""
    by_run: defaultdict[tuple[str, ...], set[str]] = defaultdict(set)
    for string in strings:
        for run in _runs(string):
            by_run[run].add(string)
    return {string for text in texts for run in _runs(text) for string in by_run.get(run, ())}


def _told_of_all_rows(value: Any) -> Iterator[str]:
    """What cards on the data's coverage say in words of the rows."""
    if isinstance(value, dict):
        if value.get("kind") == "coverage":
            yield from value["sentences"]
            yield from (words for topic in value["topics"] for words in (topic["topic"], topic["example"]))
            yield from (words for added in value["additions"] for words in (added["request"], added["reason"]))
        value = list(value.values())
    if isinstance(value, list | tuple):
        for inner in value:
            yield from _told_of_all_rows(inner)


def _runs(text: str) -> Iterator[tuple[str, ...]]:
    words = WORD.findall(text.lower())
    if words and len(words) < RUN:
        yield tuple(words)
    for start in range(len(words) - RUN + 1):
        yield tuple(words[start : start + RUN])


def _strings(value: Any, name: str, ids: Collection[str], *, beside: bool = False) -> Iterator[tuple[str, bool]]:
    """Every string of a message, and whether it belongs to what is said to be from the file."""
    if isinstance(value, str):
        yield value, beside
    elif isinstance(value, dict):
        beside = beside or is_in(value.get("file"), name) or not {value.get("id"), value.get("example")}.isdisjoint(ids)
        for key, inner in value.items():
            if key not in NAMES:
                yield from _strings(inner, name, ids, beside=beside)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _strings(inner, name, ids, beside=beside)


def hash_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def cleared(message: BaseMessage, hashes: Collection[str]) -> BaseMessage | None:
    """The message without those strings; None where it holds none of them."""
    before = message.model_dump()
    after = _mapped(before, lambda text: GONE if hash_of(text) in hashes else text)
    return type(message).model_validate(after) if after != before else None


def _mapped(value: Any, change: Callable[[str], str], key: str = "") -> Any:
    if isinstance(value, str):
        return value if key in NAMES else change(value)
    if isinstance(value, dict):
        return {name: _mapped(inner, change, name) for name, inner in value.items()}
    return [_mapped(inner, change, key) for inner in value] if isinstance(value, list | tuple) else value
