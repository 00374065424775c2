"""Personal data hidden in what is shown or sent: passages of documents hold what their rows no longer do."""

from collections.abc import Sequence

from finetune.data.personal import CONTACTS, PersonalItem, called_ours, find_personal, is_kept, replace
from tools.context import Context
from tools.journey import in_use, read_sources


def masked(context: Context, texts: Sequence[str]) -> list[str]:
    """The texts with personal data replaced as the user chose for the rows; the organisation's own contacts stay."""
    choice = read_sources(context.project).personal
    items = find_personal(texts, indirect=choice.indirect, more=context.services.names)
    hidden = [item for item in items if not is_kept(_value(texts, item), choice.keep)]
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
