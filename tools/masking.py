"""Personal data hidden in what is shown or sent: passages of documents hold what their rows no longer do."""

from collections.abc import Sequence

from finetune.data.personal import find_personal, is_kept, own_contacts, replace
from tools.context import Context
from tools.journey import read_sources


def masked(context: Context, texts: Sequence[str]) -> list[str]:
    """The texts with personal data replaced as the user chose for the rows; the organisation's own contacts stay."""
    choice = read_sources(context.project).personal
    items = find_personal(texts, indirect=choice.indirect, more=context.services.names)
    own = own_contacts(texts, items)
    hidden = [
        item
        for item in items
        if item.text_hash not in own and not is_kept(texts[item.text][item.start : item.end], choice.keep)
    ]
    return [
        replace(text, [item for item in hidden if item.text == number], {}, choice.style)
        for number, text in enumerate(texts)
    ]
