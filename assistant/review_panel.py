"""The table of rows as HTML for the page: filters, rows to edit, buttons. All text is escaped."""

from collections.abc import Sequence

from markupsafe import Markup

from assistant.markup import SPLIT_NAMES, each, html, joined, remarks
from finetune.data.sheet import fingerprint_of
from finetune.example import Example
from tools.review_table import PAGE_ROWS, Table, View
from tools.rows import NOT_HIDDEN, left_out_because, origin_in_words

# Every press sends the filters as they stand and the words that were changed, so that no press loses an edit.
PRESS = """
const panel = element;
const value = name => panel.querySelector(`[name="${name}"]`)?.value ?? '';
const view = page => ({
  words: value('words'), topic: value('topic'), kind: value('kind'), split: value('split'), status: value('status'),
  source: value('source'), only: value('only'), page: page,
});
const edits = () => [...panel.querySelectorAll('.at-row')].map(row => ({
  id: row.dataset.row, seen: row.dataset.seen,
  question: row.querySelector('[data-part=question]').value, answer: row.querySelector('[data-part=answer]').value,
  touched: [...row.querySelectorAll('textarea')].some(text => text.value !== text.defaultValue),
})).filter(edit => edit.touched).map(({touched, ...edit}) => edit);
const send = (what, page) => trigger('click', {
  press: {...what, name: value('reviewer'), view: view(page), edits: edits()}
});
const here = () => Number(panel.querySelector('.at-review')?.dataset.page || 0);
panel.addEventListener('click', event => {
  const button = event.target.closest('[data-do]');
  if (!button) return;
  const page = button.dataset.page === undefined ? here() : Number(button.dataset.page);
  send({do: button.dataset.do, row: button.closest('.at-row')?.dataset.row || ''}, page);
});
panel.addEventListener('change', event => {
  if (event.target.matches('select')) send({do: 'look'}, 0);
});
panel.addEventListener('keydown', event => {
  if (event.key === 'Enter' && event.target.matches('[name=words]')) { event.preventDefault(); send({do: 'look'}, 0); }
  if (event.key === 'Enter' && event.target.matches('[name=reviewer]')) {
    event.preventDefault(); send({do: 'name'}, here());
  }
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && event.target.matches('textarea')) {
    send({do: 'save', row: ''}, here());
  }
});
panel.addEventListener('input', event => {
  const row = event.target.closest('.at-row');
  if (row) row.classList.add('at-touched');
});
"""
ONLY_NAMES = {
    "": "All rows",
    "doubtful": "Only doubtful, worst first",
    "unmarked": "Only unmarked",
    "marked": "Only marked",
    "divided": "Marked differently",
    "personal": "Personal data replaced",
    "contradictions": "Contradicting",
    "made": "Made from rules and terms",
}
FACET_NAMES = {"topic": "topics", "split": "uses", "kind": "kinds", "status": "in use", "source": "sources"}
MOST_CHOICES = 200  # of one filter
DEEDS = {"approve": "Approve", "drop": "Drop", "good": "Good", "bad": "Bad", "unsure": "Unsure"}
LINE_LETTERS = 60  # of a text field, to guess how many lines it needs
MOST_LINES = 10


def panel(found: Table, view: View, said: str = "") -> str:
    """The whole panel for one view, with what the last press did."""
    body = joined(row_fields(number, example, found) for number, example in found.rows)
    nothing = html('<p class="at-fine">No row fits these filters.</p>') if not found.rows else Markup("")
    return str(
        html(
            '<div class="at-review" data-page="{}">{}{}<div class="at-rows">{}{}</div>{}</div>',
            found.page,
            top(found, said),
            filters(found, view),
            body,
            nothing,
            pager(found),
        )
    )


def top(found: Table, said: str) -> Markup:
    seal = "The test set is sealed; a change breaks the seal." if found.sealed else ""
    note = seal if found.prepared else NOT_HIDDEN
    return html(
        '<div class="at-review-top"><b>{:,} rows in use</b><label>You are <input name="reviewer" value="{}" '
        'placeholder="your name" maxlength="60"></label>'
        '<button type="button" data-do="name">Set name</button><button type="button" data-do="save">Save edits</button>'
        '<button type="button" data-do="undo">Undo</button></div>'
        '<p class="at-fine">{}</p><p class="at-review-said" role="status">{}</p>',
        found.in_use, found.reviewer, note, said,
    )  # fmt: skip


def filters(found: Table, view: View) -> Markup:
    only = joined(option(value, title, view.only) for value, title in ONLY_NAMES.items())
    facets = joined(facet(name, found.choices[name], getattr(view, name)) for name in FACET_NAMES)
    return html(
        '<div class="at-filters"><input name="words" type="search" value="{}" placeholder="words in the row" '
        'aria-label="Words in the row"><select name="only" aria-label="Which rows">{}</select>{}'
        '<button type="button" data-do="look" data-page="0">Filter</button></div>',
        view.words, only, facets,
    )  # fmt: skip


def facet(name: str, choices: Sequence[tuple[str, int]], chosen: str) -> Markup:
    """One filter's values with their counts; without a choice to make there is no filter."""
    values = list(choices[:MOST_CHOICES])
    if chosen and chosen not in [value for value, _ in values]:
        values.insert(0, (chosen, 0))
    if len(values) < 2 and not chosen:
        return Markup("")
    title = FACET_NAMES[name] if name == "status" else f"all {FACET_NAMES[name]}"
    shown = SPLIT_NAMES if name == "split" else {}
    options = joined(option(value, f"{shown.get(value, value)} ({count:,})", chosen) for value, count in values)
    return html('<select name="{0}" aria-label="{1}"><option value="">{1}</option>{2}</select>', name, title, options)


def option(value: str, title: str, chosen: str) -> Markup:
    picked = Markup(" selected") if value == chosen and value else Markup("")
    return html('<option value="{}"{}>{}</option>', value, picked, title)


def row_fields(number: int, example: Example, found: Table) -> Markup:
    """One row: what is known of it, its words to edit, and what can be done to it."""
    out = example.status == "dropped"
    tags = [SPLIT_NAMES[example.split or ""] if not out else "left out", example.kind, example.topic]
    tags += ["approved"] if example.status == "approved" else []
    known = each('<span class="at-tag">{}</span>', dict.fromkeys(filter(None, tags)))
    place = left_out_because(example) if out else origin_in_words(example)
    return html(
        '<div class="at-row" data-row="{}" data-seen="{}"><div class="at-row-head"><b>{:,}</b>{}'
        '<span class="at-fine">{}</span></div>{}{}{}{}<div class="at-deeds">{}</div></div>',
        example.id, fingerprint_of(example), number, known, place,
        text_field("question", "What comes in", example.question, number),
        text_field("answer", "What goes out", example.answer, number),
        remarks(found.notes.get(example.id, [])),
        each('<span class="at-mark">{}</span>', found.marks.get(example.id, [])),
        deeds(number, out=out),
    )  # fmt: skip


def text_field(part: str, title: str, text: str, number: int) -> Markup:
    lines = min(MOST_LINES, sum(1 + len(line) // LINE_LETTERS for line in text.split("\n")))
    # A first line break is the element's own and not part of the text.
    return html(
        '<textarea data-part="{}" rows="{}" aria-label="{} of row {}">\n{}</textarea>', part, lines, title, number, text
    )


def deeds(number: int, *, out: bool) -> Markup:
    titles = {"restore": "Bring back"} if out else DEEDS
    return joined(
        html('<button type="button" data-do="{}" aria-label="{} row {}">{}</button>', do, title, number, title)
        for do, title in titles.items()
    )


def pager(found: Table) -> Markup:
    first = found.page * PAGE_ROWS
    shown = f"Rows {first + 1:,} to {first + len(found.rows):,} of {found.total:,}" if found.rows else ""
    before = turn("‹ Back", found.page - 1) if found.page else Markup("")
    after = turn("Next ›", found.page + 1) if found.page + 1 < found.pages else Markup("")
    return html('<div class="at-pager">{}<span class="at-fine">{}</span>{}</div>', before, shown, after)


def turn(title: str, page: int) -> Markup:
    return html('<button type="button" data-do="look" data-page="{}">{}</button>', page, title)
