"""Personal data hidden in what is shown or sent: passages of documents hold what their rows no longer do."""

import re
from collections.abc import Sequence

from finetune.data.personal import (
    CONTACTS,
    PersonalItem,
    called_ours,
    find_personal,
    is_kept,
    replace,
    stands_in_name,
)
from tools.brief import Brief
from tools.context import Context
from tools.journey import in_use, read_brief, read_sources

_CAPITAL = r"[^\W\d_a-zß-ÿ][\w'’.-]*"
_NAME = rf"{_CAPITAL}(?: (?:(?:&|and|of|for|the|de|und) )?{_CAPITAL})+"
NAMED = re.compile(rf"\b(?i:called|named|name is) (?:the )?[“\"']?(?P<name>{_NAME})")
WHO = re.compile(rf"(?:^|\b(?i:we are|we['’]re|work (?:at|for)) )(?:the )?[“\"']?(?P<name>{_NAME})")


def own_names(brief: Brief) -> list[str]:
    """What the team is called, where it says so; a person's name alone is taken for one only behind "called"."""
    said = brief.organisation or ""
    outright = [match["name"] for match in NAMED.finditer(said)]
    told = [match["name"] for match in WHO.finditer(said)]
    persons = {_value(told, i) for i in find_personal(told) if i.kind == "name"} if told else set()
    return list(dict.fromkeys(name.rstrip(".'’") for name in [*outright, *(n for n in told if n not in persons)]))


def masked(context: Context, texts: Sequence[str]) -> list[str]:
    """The texts with personal data replaced as the user chose for the rows; the organisation's own contacts stay."""
    choice = read_sources(context.project).personal
    items = find_personal(texts, indirect=choice.indirect, more=context.services.names)
    names = own_names(read_brief(context.project))
    hidden = [
        item
        for item in items
        if not is_kept(_value(texts, item), choice.keep) and not stands_in_name(texts[item.text], item, names)
    ]
    own = called_ours(texts, hidden) if hidden else frozenset()
    own |= _left_in_rows(context, texts, [item for item in hidden if item.text_hash not in own])
    return [
        replace(text, [i for i in hidden if i.text == number and i.text_hash not in own], {}, choice.style)
        for number, text in enumerate(texts)
    ]


def _left_in_rows(context: Context, texts: Sequence[str], items: Sequence[PersonalItem]) -> frozenset[str]:
    """Hashes of the contacts that prepared answers still hold: preparing took them for the organisation's own."""
    contacts = [item for item in items if item.kind in CONTACTS]
    if not contacts or not read_sources(context.project).prepared:
        return frozenset()
    answers = "\n".join(row.answer for row in in_use(context.project.read_examples()))
    return frozenset(item.text_hash for item in contacts if _value(texts, item) in answers)


def _value(texts: Sequence[str], item: PersonalItem) -> str:
    return texts[item.text][item.start : item.end]
