"""Terms in the team's own rows: never used, or spelled out as something else."""

from datetime import date

from finetune.example import Example, Source, make_example
from knowledge.entries import Term
from tools.terms import term_use


def term(name: str, short: str | None = None, synonyms: tuple[str, ...] = ()) -> Term:
    return Term(
        id=name.replace(" ", "-"),
        industries=["healthcare"],
        jurisdiction="US",
        citation="A glossary",
        url="https://example.org/glossary",
        as_of=date(2025, 1, 1),
        term=name,
        short=short,
        synonyms=list(synonyms),
        definition="What it means.",
    )


EOB = term("explanation of benefits", "EOB")
COPAY = term("copayment", None, ("copay", "co-pay"))


def row(question: str, answer: str, kind: str = "faq") -> Example:
    return make_example(question, answer, source=Source(file="faq.csv", row=2), kind=kind)  # type: ignore[arg-type]


def test_a_term_no_row_uses_is_named() -> None:
    use = term_use([row("What is an EOB?", "A letter from your plan.")], [EOB, COPAY])
    assert use.unused == ["copayment"]
    assert "copayment" in use.sentences[0]


def test_a_synonym_in_the_plural_counts_as_use() -> None:
    assert term_use([row("Are Co-Pays due at the visit?", "Yes.")], [COPAY]).unused == []


def test_rows_made_from_the_packs_show_no_use() -> None:
    rows = [row("What does copayment mean?", "A share.", kind="term"), row("When are you open?", "At eight.")]
    assert term_use(rows, [COPAY]).unused == ["copayment"]


def test_an_abbreviation_spelled_out_as_something_else_is_shown() -> None:
    rows = [
        row("When is the EOB (end of business)?", "At five."),
        row("What is the Explanation of Benefits (EOB)?", "A letter."),
        row("Please send it by end of business (EOB).", "We do."),
        row("The EOB (see below) is a letter.", "Yes."),
    ]
    use = term_use(rows, [EOB])
    assert [found.written for found in use.other_senses] == ["end of business", "end of business"]
    assert "“end of business”" in use.sentences[0]


def test_a_team_without_rows_hears_nothing() -> None:
    dropped = row("What is a copay?", "A share.").model_copy(update={"status": "dropped"})
    assert term_use([dropped], [COPAY]).sentences == []
    assert term_use([], [COPAY]).sentences == []
