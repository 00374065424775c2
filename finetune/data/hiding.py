"""Personal data hidden in all texts of all rows, and the list of what was hidden, for review."""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from finetune.data.personal import (
    KINDS,
    PersonalItem,
    Style,
    find_personal,
    is_kept,
    is_stand_in,
    own_contacts,
    replace,
    stands_in_name,
)
from finetune.data.reasons import HIDDEN
from finetune.example import Example, Message

CONTEXT_CHARACTERS = 30
TAG = re.compile(rf"\[({'|'.join(KINDS)})(?: \d+)?\]")
Find = Callable[..., list[PersonalItem]]  # find_personal, or one that remembers


@dataclass(frozen=True)
class PersonalFinding:
    """One item for review. `context` shows the words around it, all personal items masked but those that are kept: what
    stays in the rows can be checked only where it is seen."""

    example_id: str
    field: str  # "question", "answer" or "system"
    kind: str
    replacement: str  # the tag, or "" where the item was kept as the organisation's own contact
    context: str


def hide_personal(
    examples: Sequence[Example],
    *,
    style: Style = "tags",
    indirect: bool = False,
    keep: Collection[str] = (),
    names: Collection[str] = (),
    find: Find = find_personal,
) -> tuple[list[Example], list[PersonalFinding]]:
    """Replace personal data in all texts of all rows; dropped rows too, since they are stored and shown.

    `keep` are values that the user said are no secret, `names` the organisation's own. The findings include what an
    earlier run replaced, so that the list to review is whole each time.
    """
    texts = [m.content for e in examples for m in e.messages]
    quotes = [e.source.quote or "" for e in examples]
    said = [*texts, *quotes]
    items = [
        item
        for item in find(said, indirect=indirect)
        if not is_kept(said[item.text][item.start : item.end], keep)
        and not stands_in_name(said[item.text], item, names)
    ]
    is_answer = [m is e.messages[-1] for e in examples for m in e.messages] + [False] * len(quotes)
    own = own_contacts(said, [i for i in items if is_answer[i.text]])
    by_text: dict[int, list[PersonalItem]] = {}
    for item in items:
        by_text.setdefault(item.text, []).append(item)
    result: list[Example] = []
    findings: list[PersonalFinding] = []
    index = 0
    for position, example in enumerate(examples):
        tags: dict[str, str] = {}
        messages: list[Message] = []
        answer = by_text.get(index + len(example.messages) - 1, [])
        own_here = {item.text_hash for item in answer} & own  # a question made from the answer holds it, too
        for message in example.messages:
            found = by_text.get(index, [])
            kept = [i for i in found if i.text_hash in own_here]
            hidden = [i for i in found if i not in kept]
            content = replace(message.content, hidden, tags, style)
            messages.append(message.model_copy(update={"content": content}) if hidden else message)
            findings += [
                _finding(example, message.role, content, (i.start, i.end), i.kind, "")
                for i in (find_personal([content]) if kept else [])
                if i.text_hash in own
            ]
            index += 1
        quoted = [i for i in by_text.get(len(texts) + position, []) if i.text_hash not in own]
        result.append(_with_hidden(example, messages, replace(quotes[position], quoted, tags, style), tags))
    replaced = _tags(result) + (_stand_ins(result, indirect) if style == "stand-ins" else [])
    return result, [*replaced, *findings]


def _tags(examples: Sequence[Example]) -> list[PersonalFinding]:
    """What stands tagged in rows whose personal data was replaced."""
    return [
        _finding(e, m.role, m.content, match.span(), match[1], match[0])
        for e in examples
        if HIDDEN in e.reasons
        for m in e.messages
        for match in TAG.finditer(m.content)
    ]


def _stand_ins(examples: Sequence[Example], indirect: bool) -> list[PersonalFinding]:
    """What stands in rows whose personal data was replaced, and was made up for that."""
    places = [(e, m) for e in examples if HIDDEN in e.reasons for m in e.messages]
    findings = []
    for item in find_personal([m.content for _, m in places], indirect=indirect):
        example, message = places[item.text]
        value = message.content[item.start : item.end]
        if is_stand_in(value, item.kind):
            span = (item.start, item.end)
            findings.append(_finding(example, message.role, message.content, span, item.kind, value))
    return findings


def _finding(
    example: Example, role: str, text: str, span: tuple[int, int], kind: str, replacement: str
) -> PersonalFinding:
    """The item in its surroundings. `text` is the row's text after replacement, so a cut at the edge shows no name."""
    start, end = max(0, span[0] - CONTEXT_CHARACTERS), min(len(text), span[1] + CONTEXT_CHARACTERS)
    before, after = text[start : span[0]], text[span[1] : end]
    masked = f"{before}[{kind}]{after}"
    around = replace(masked, find_personal([masked]), {}) if replacement else text[start:end]
    field = {"user": "question", "assistant": "answer"}.get(role, "system")
    context = " ".join(f"{'…' if start else ''}{around}{'…' if end < len(text) else ''}".split())
    return PersonalFinding(example.id, field, kind, replacement, context)


def _with_hidden(example: Example, messages: list[Message], quote: str, tags: dict[str, str]) -> Example:
    if not tags:
        return example
    reasons = example.reasons
    if HIDDEN not in reasons:  # the last reason of a row that is left out is why
        reasons = [*reasons[:-1], HIDDEN, *reasons[-1:]] if example.status == "dropped" else [*reasons, HIDDEN]
    source = example.source.model_copy(update={"quote": quote or None})
    return example.model_copy(update={"messages": messages, "source": source, "reasons": reasons})
