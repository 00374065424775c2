"""A changed rule is noticed, with both dates and the numbers that are gone; a bad answer changes nothing."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from knowledge import fetching
from knowledge.__main__ import main
from knowledge.check import record_texts, section_text
from knowledge.entries import PACKS, Rule, Term, read_packs
from knowledge.errors import UserError
from knowledge.fetching import MOST_BYTES
from knowledge.official import Recorded, Sources, articles_in, hash_of, place_of, plain_words, read_texts
from knowledge.refresh import Finding, in_words, last_findings, read_state, refresh
from tests.publishers import Misbehaviour, Publisher, dripping, publishing, saying, silent

TODAY, TOMORROW, LATER = date(2026, 3, 10), date(2026, 3, 11), date(2026, 6, 1)
WORDS = "<P>(a) <I>Time.</I> A letter is answered within 30 days, or within 60&#x2014;if the writer is told.</P>"
ARTICLE = "A letter is answered within one month; the fee is EUR 15"


def rule(id: str = "letters", citation: str = "45 CFR 164.524(b)(2)", **changes: Any) -> Rule:
    """An entry of a team that answers letters."""
    fields = {
        "id": id, "industries": ["all"], "title": "Letters", "jurisdiction": "US", "instrument": "A rule",
        "citation": citation, "url": "https://www.ecfr.gov/current/title-45/section-164.524", "as_of": "2025-01-01",
        "summary": "Letters are answered in 30 days, some in 60.", "for_model": "Say so.",
        "question_for_team": "How fast do you answer?", "customer_question": "When will you answer?",
        "complying_answer": "In 30 days.", "breaking_answer": "Never.",
    }  # fmt: skip
    return Rule.model_validate(fields | changes)


def article(id: str = "eu-letters", number: str = "12", **changes: Any) -> Rule:
    fields = {"jurisdiction": "EU", "summary": "Letters are answered within one month.", "complying_answer": "Soon."}
    url = "https://eur-lex.europa.eu/eli/reg/2016/679/oj"
    return rule(id, f"GDPR Article {number}(3)", **{**fields, "url": url, **changes})


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    with publishing(
        Publisher(sections={"164.524": WORDS, "164.526": WORDS}, articles={"12": ARTICLE, "13": "Soon"})
    ) as one:
        yield one


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "seen" / "refresh.json"


class Looking:
    """A refresh with the usual arguments; `texts` are the hashes that the packs carry."""

    def __init__(self, publisher: Publisher, state: Path) -> None:
        self.publisher, self.state = publisher, state

    def __call__(
        self,
        *entries: Rule,
        today: date = TODAY,
        texts: dict[str, Recorded] | None = None,
        seconds: float | None = None,
    ) -> list[Finding]:
        return refresh(
            entries or [rule()],
            state=self.state,
            sources=self.publisher.sources,
            today=today,
            texts=texts or {},
            seconds=seconds,
        )


@pytest.fixture
def look(publisher: Publisher, state: Path) -> Looking:
    return Looking(publisher, state)


def written_from(text: str, day: str = "2025-01-01") -> dict[str, Recorded]:
    return {id: Recorded(hash=hash_of(text), as_of=date.fromisoformat(day)) for id in ("letters", "eu-letters")}


# --- where a text is ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("citation", "url", "place"),
    [
        ("45 CFR 164.524(b)(2)", "https://www.ecfr.gov/current/title-45/section-164.524", "ecfr 45 164.524"),
        ("12 CFR 1022.43(a), (e)", "https://www.ecfr.gov/x", "ecfr 12 1022.43"),
        ("42 CFR 2.13, 2.31", "https://www.ecfr.gov/current/title-42/part-2", "ecfr 42 2.13, 2.31"),
        ("26 C.F.R. § 1.409A-1(b)(4)", "https://www.irs.gov/", "ecfr 26 1.409A-1"),
        ("45 CFR 164.404; 16 CFR 318.3", "https://www.ecfr.gov/x", "ecfr 45 164.404"),
        ("Overdrafts", "https://www.ecfr.gov/current/title-12/chapter-X/part-1005/section-1005.17", "ecfr 12 1005.17"),
        ("GDPR Article 35(1), (3)", "https://eur-lex.europa.eu/eli/reg/2016/679/oj", "eurlex 32016R0679 35"),
        ("Articles 17(1) and 20(1)", "https://eur-lex.europa.eu/eli/dir/2016/97/oj/eng", "eurlex 32016L0097 17, 20"),
        (
            "AI Act, Articles 8–10",
            "https://eur-lex.europa.eu/legal-content/EN/TXT/?uri=CELEX%3A32024R1689",
            "eurlex 32024R1689 8, 9, 10",
        ),
        ("GDPR Article 6", "http://data.europa.eu/eli/reg/2016/679/2016-05-04", "eurlex 32016R0679 6"),
        ("GDPR Art. 6", "https://eur-lex.europa.eu/eli/reg_impl/2016/679/oj", "eurlex 32016R0679 6"),
        ("UK GDPR Article 33(1)", "https://www.legislation.gov.uk/eur/2016/679/contents", "None"),
        ("34 CFR part 99", "https://www.ecfr.gov/current/title-34/part-99", "None"),
        ("23 NYCRR 500.17(a)", "https://www.dfs.ny.gov/industry_guidance/cybersecurity", "None"),
        ("15 U.S.C. 6502(b)(1)", "https://uscode.house.gov/view.xhtml", "None"),
        ("AI Act, Annex III", "https://eur-lex.europa.eu/eli/reg/2024/1689/oj", "None"),
    ],
)
def test_a_citation_leads_to_the_machine_that_has_its_text(citation: str, url: str, place: str) -> None:
    assert str(place_of(rule(citation=citation, url=url.replace("http://", "https://")))) == place


def test_nearly_every_entry_on_the_pages_of_the_two_publishers_can_be_fetched() -> None:
    pages = [e for e in read_packs().values() if "ecfr.gov" in e.url or "eur-lex.europa.eu" in e.url]
    assert len(pages) > 60
    lost = [e.id for e in pages if place_of(e) is None and (" CFR " in e.citation or "Article" in e.citation)]
    # Treaties, chapters and appendices have no address of their own.
    assert len(lost) < len(pages) / 20, lost


def test_an_articles_paragraphs_are_not_articles() -> None:
    assert articles_in("Article 5(1)(a), (2) and Article 6") == ("5",)
    assert articles_in("Articles 13 to 15 and 22(2)") == ("13", "14", "15", "22")


def test_markup_spaces_dashes_case_and_labels_make_no_difference() -> None:
    one = "(a) Time.\u2014The bank\u2019s duty: 10\u00a0days, \u2018at once\u2019 ( 3 )."
    assert plain_words(one) == plain_words('TIME - the bank \'s duty: 10 days "at once"')
    assert hash_of(one) != hash_of(one.replace("10", "12"))


# --- what is found ------------------------------------------------------------------------------------------------


def test_a_text_seen_for_the_first_time_is_remembered(look: Looking) -> None:
    (found,) = look(article())
    assert (found.outcome, found.missing, found.now) == ("first seen", (), None)
    (again,) = look(article(), today=TOMORROW)
    assert again.outcome == "unchanged"
    assert read_state(look.state).entries["eu-letters"].checked == TOMORROW


def test_the_same_words_in_other_markup_are_no_change(look: Looking) -> None:
    look()
    look.publisher.sections["164.524"] = WORDS.replace("<I>Time.</I>", "TIME.").replace("&#x2014;", " -- ")
    look.publisher.up_to = "2026-05-28"
    (found,) = look(today=LATER)
    assert found.outcome == "unchanged"
    assert "has not changed since the entry was written" in found.sentence


def test_a_changed_text_is_told_with_both_dates_and_the_number_that_is_gone(look: Looking) -> None:
    look()
    look.publisher.sections["164.524"] = WORDS.replace("30 days", "fifteen days")
    look.publisher.up_to = "2026-05-28"
    (found,) = look(today=LATER)
    assert (found.outcome, found.before, found.now) == ("changed", date(2026, 3, 5), date(2026, 5, 28))
    assert found.missing == (30,)
    assert found.sentence.endswith("; 30 is no longer in it.")
    assert [f.outcome for f in look(today=date(2026, 6, 2))] == ["changed"], "it stays told until the entry is new"


def test_the_publishers_own_account_dates_the_change(look: Looking) -> None:
    look.publisher.amended["164.524"] = "2026-03-01"
    look.publisher.sections["164.524"] = WORDS.replace("30 days", "fifteen days")
    (found,) = look()
    assert found.outcome == "changed"
    assert found.sentence == (
        "45 CFR 164.524(b)(2) was changed at its source on 2026-03-01, after the entry was written; 30 is not in it."
    )


def test_an_entry_written_after_the_amendment_is_current(look: Looking) -> None:
    look.publisher.amended["164.524"] = "2026-03-01"
    look()
    (found,) = look(rule(as_of="2026-03-02"))
    assert found.outcome == "unchanged"


def test_a_verified_entry_is_held_against_the_text_it_was_written_from(look: Looking) -> None:
    same, other = "Time. A letter is answered within 30 days, or within 60 if the writer is told.", "An older text."
    look.publisher.amended["164.524"] = "2026-03-01"
    (found,) = look(texts=written_from(same))
    assert found.outcome == "unchanged", "amended, but not in its words"
    look.state.unlink()
    (found,) = look(texts=written_from(other))
    assert (found.outcome, found.before) == ("changed", date(2025, 1, 1))


def test_another_copy_of_a_text_that_was_not_amended_is_no_change(look: Looking) -> None:
    copy = written_from("Time. A letter is answered within 30 days, or within 60 if the writer is told. See note.")
    assert [f.outcome for f in look(texts=copy)] == ["unchanged"]
    look.publisher.sections["164.524"] = WORDS.replace("writer", "sender")
    assert [f.outcome for f in look(today=LATER, texts=copy)] == ["changed"]


def test_a_missing_number_outweighs_the_publishers_account(look: Looking) -> None:
    look.publisher.sections["164.524"] = WORDS.replace("60", "90")
    (found,) = look(texts=written_from("Time. A letter is answered within 30 days, or within 60."))
    assert (found.outcome, found.missing) == ("changed", (60,))


def test_a_number_that_was_never_in_the_text_is_said_once_and_raises_no_alarm(look: Looking) -> None:
    counted = article(summary="There are 18 ways to answer within one month.")
    (first,) = look(counted)
    assert (first.outcome, first.lacking) == ("first seen", (18,))
    assert "18 is not in it" in first.sentence
    look.publisher.articles["12"] = ARTICLE + " and a stamp"
    (found,) = look(counted, today=LATER)
    assert (found.outcome, found.missing) == ("changed", ())


def test_an_entry_that_was_written_anew_starts_anew(look: Looking) -> None:
    look(article())
    look.publisher.articles["12"] = "A letter is answered within one month, free of charge"
    assert look(article(), today=LATER)[0].outcome == "changed"
    assert look(article(as_of="2026-05-30"), today=LATER)[0].outcome == "first seen"


def test_a_section_that_is_gone_is_said_and_may_come_back(look: Looking) -> None:
    look()
    words = look.publisher.sections.pop("164.524")
    assert [f.outcome for f in look(today=TOMORROW)] == ["gone"]
    look.publisher.sections["164.524"] = words
    assert [f.outcome for f in look(today=LATER)] == ["unchanged"]


def test_an_article_that_was_never_there_is_gone_at_first_sight(look: Looking) -> None:
    (found,) = look(article(number="99"))
    assert (found.outcome, found.now) == ("gone", None)


def test_the_newest_consolidated_version_is_read_and_its_marks_are_not(look: Looking) -> None:
    look(article())
    look.publisher.consolidated = [
        "02016R0679-20180101",
        "02016R0679-20260301",
        "02099R0001-20260302",
        "02016R0679-29990101",
    ]
    (found,) = look(article(), today=TOMORROW)
    assert found.outcome == "unchanged", "the same words, with ▼M1 and another markup"
    assert found.now == date(2026, 3, 1)
    assert "/resource/celex/02016R0679-20260301" in look.publisher.asked


def test_what_no_machine_has_is_said_as_such_and_nothing_is_asked(look: Looking) -> None:
    (found,) = look(rule(citation="PCI DSS", url="https://www.pcisecuritystandards.org/"))
    assert found.outcome == "not by machine"
    assert "cannot be fetched by machine" in found.sentence
    assert look.publisher.asked == []


def test_two_entries_of_one_section_are_one_request(look: Looking) -> None:
    found = look(
        rule("one"), rule("two", "45 CFR 164.524(a)"), rule("three", "45 CFR 164.526"), article(), article("x", "13")
    )
    assert [f.outcome for f in found] == ["unchanged"] * 3 + ["first seen"] * 2
    for part in ("full/2026-03-05/title-45.xml?part=164&section=164.524", "titles.json", "resource/cellar/", "sparql"):
        assert sum(part in path for path in look.publisher.asked) == 1, part


def test_a_second_run_on_the_same_day_asks_nothing(look: Looking) -> None:
    before = look()
    asked = list(look.publisher.asked)
    assert look() == before
    assert look.publisher.asked == asked


# --- bad answers --------------------------------------------------------------------------------------------------

BOMB = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'
    '<DIV8 N="164.524" TYPE="SECTION"><P>&b;</P></DIV8>'
)
HALF = WORDS.encode() * 30
BAD: dict[str, tuple[Misbehaviour, str]] = {
    "a server error": (saying("", 500), "500"),
    "a browser gate": (saying("<html>Are you human?</html>", 202), "202"),
    "too many requests": (saying("", 429), "429"),
    "half an answer": (saying(HALF[:900], Content_Length=str(len(HALF))), "900 of"),
    "a huge answer": (saying("", Content_Length=str(MOST_BYTES + 1)), "more than 8 MB"),
    "an untold huge answer": (lambda handler: _endless(handler), "more than 8 MB"),
    "an entity bomb": (saying(BOMB, Content_Type="application/xml"), "document type"),
    "a hidden bomb": (saying(BOMB.encode("utf-16"), Content_Type="application/xml"), "not text"),
    "a web page": (saying("<!doctype html><html><body>Welcome</body></html>"), "web page"),
    "broken XML": (saying('<DIV8 N="164.524" TYPE="SECTION"><P>A letter'), "not whole XML"),
    "another section": (saying('<DIV8 N="164.530" TYPE="SECTION"><P>30 and 60</P></DIV8>'), "does not hold § 164.524"),
    "no words": (saying('<DIV8 N="164.524" TYPE="SECTION"><HEAD>x</HEAD><P> </P></DIV8>'), "without a word"),
    "garbage": (saying(bytes(range(128, 256)) * 9), "not text"),
    "nothing": (saying(""), "not whole XML"),
    "packed": (saying(b"\x1f\x8b0000", Content_Encoding="gzip"), "packed"),
    "another host": (saying("", 302, Location="https://unblock.example.org/"), "another host"),
    "a file": (saying("", 302, Location="file:///etc/passwd"), "not allowed"),
    "a circle": (lambda handler: handler.send(302, "", {"Location": handler.path}), "302"),
    "a nonsense length": (saying("", Content_Length="many"), ""),
}  # fmt: skip


def _endless(handler: Any) -> None:
    handler.send_response(200)
    handler.end_headers()
    for _ in range(MOST_BYTES // 2**16 + 2):
        handler.wfile.write(b"<" * 2**16)


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_answer_changes_nothing_and_spoils_no_other(look: Looking, kind: str) -> None:
    look(rule(), rule("other", "45 CFR 164.526"))
    before = look.state.read_text()
    look.publisher.broken["section=164.524"], said = BAD[kind]
    first, other = look(rule(), rule("other", "45 CFR 164.526"), today=LATER)
    assert first.outcome == "not reached"
    assert said in first.reason
    assert other.outcome == "unchanged"
    after = json.loads(look.state.read_text())["entries"]
    assert after["letters"] == json.loads(before)["entries"]["letters"]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("<html><body><p class='oj-ti-art'>Article 12</p><p>A letter is ans", "not whole"),
        ("<html><body><p>Please enable JavaScript</p></body></html>", "a form I do not know"),
        ('<!DOCTYPE html [<!ENTITY a "a">]><html><p class="oj-ti-art">Article 12</p>&a;</html>', "entities"),
        (
            "<html><body><p class='oj-ti-art'>Article 12</p><p class='oj-ti-art'>Article 13</p></body></html>",
            "without a word",
        ),
    ],
)
def test_a_page_that_is_no_act_changes_nothing(look: Looking, answer: str, said: str) -> None:
    look(article())
    look.publisher.broken["/resource/cellar"] = saying(answer, Content_Type="application/xhtml+xml")
    (found,) = look(article(), today=LATER)
    assert found.outcome == "not reached"
    assert said in found.reason


@pytest.mark.parametrize("broken", ["titles.json", "sparql"])
@pytest.mark.parametrize("answer", ["[]", "{}", "nonsense", '{"titles": 3, "results": 4}', "[" * 100_000])
def test_a_list_in_another_form_is_no_answer_and_nothing_is_gone(look: Looking, broken: str, answer: str) -> None:
    look.publisher.broken[broken] = saying(answer, Content_Type="application/json")
    (found,) = look(rule() if broken == "titles.json" else article())
    assert found.outcome == "not reached"
    look.publisher.broken[broken] = saying("", 404)
    (found,) = look(rule() if broken == "titles.json" else article())
    assert (found.outcome, "is not there" in found.reason) == ("not reached", True)


def test_without_the_ledger_the_text_alone_counts(look: Looking) -> None:
    look.publisher.broken["versions/"] = saying("", 503)
    assert [f.outcome for f in look()] == ["first seen"]
    assert [f.outcome for f in look(today=TOMORROW)] == ["unchanged"]


def test_a_silent_server_is_left_after_its_time(look: Looking, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "SECONDS_OF_SILENCE", 0.2)
    look.publisher.broken["section="] = silent(2)
    many = [rule(f"r{n}", f"45 CFR 164.{n}") for n in range(500, 520)]
    start = time.monotonic()
    found = look(*many)
    assert {f.outcome for f in found} == {"not reached"}
    assert time.monotonic() - start < 2, "after two silences the host is left alone"
    assert sum("full/" in path for path in look.publisher.asked) == 2


def test_a_server_that_drips_keeps_nobody(look: Looking, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "SECONDS_A_REQUEST", 0.5)
    look.publisher.broken["section=164.524"] = dripping
    start = time.monotonic()
    first, other = look(rule(), rule("other", "45 CFR 164.526"))
    assert (first.outcome, other.outcome) == ("not reached", "unchanged")
    assert time.monotonic() - start < 3


def test_the_time_of_a_run_is_kept_and_the_rest_is_said_and_done_next(look: Looking) -> None:
    look.publisher.broken["section=164.526"] = silent(3)
    entries = [rule(), rule("slow", "45 CFR 164.526"), article()]
    start = time.monotonic()
    found = look(*entries, seconds=0.6)
    assert time.monotonic() - start < 1.5
    assert [f.outcome for f in found] == ["unchanged", "not reached", "not reached"]
    assert "no time left" in found[-1].reason
    look.publisher.broken.clear()
    look.publisher.asked.clear()
    assert [f.outcome for f in look(*entries)] == ["unchanged", "unchanged", "first seen"]
    assert not [path for path in look.publisher.asked if "section=164.524" in path]


def test_with_no_network_it_is_quick_and_says_so(state: Path) -> None:
    nowhere = Sources(ecfr="http://127.0.0.1:9", eurlex="http://127.0.0.1:9")
    many = [rule(f"r{n}", f"45 CFR 164.{n}") for n in range(500, 600)]
    start = time.monotonic()
    found = refresh(many, state=state, sources=nowhere, today=TODAY, texts={})
    assert time.monotonic() - start < 2
    assert {f.outcome for f in found} == {"not reached"}
    assert "No source could be reached" in in_words(found)[-1]
    assert not state.exists()


def test_nothing_but_https_is_asked_outside_this_machine(state: Path) -> None:
    plain = Sources(ecfr="http://192.0.2.1", eurlex="ftp://192.0.2.1")
    found = refresh([rule(), article()], state=state, sources=plain, today=TODAY, texts={})
    assert all("neither https" in f.reason for f in found)
    for name in ("ATTUNE_ECFR", "ATTUNE_EURLEX"):
        with pytest.raises(UserError, match=name):
            Sources.from_environment({name: "http://mirror.example.org"})
    mirror = Sources.from_environment({"ATTUNE_ECFR": "https://mirror.example.org/"})
    assert (mirror.ecfr, mirror.eurlex) == ("https://mirror.example.org", Sources().eurlex)


# --- the file of what was seen ------------------------------------------------------------------------------------

RUN = """
import sys
from datetime import date
from pathlib import Path
from knowledge.official import Sources
from knowledge.refresh import refresh
from tests.knowledge.test_refresh import rule
many = [rule(f"r{n}", f"45 CFR 164.{n}") for n in range(100, 140)]
refresh(many, state=Path(sys.argv[1]), sources=Sources(sys.argv[2], sys.argv[2]), today=date(2026, 3, 10), texts={})
"""


def test_killed_half_way_the_file_is_whole_and_the_next_run_goes_on(publisher: Publisher, state: Path) -> None:
    for number in range(100, 140):
        publisher.sections[f"164.{number}"] = WORDS
    process = subprocess.Popen([sys.executable, "-c", RUN, str(state), publisher.url], cwd=Path(__file__).parents[2])
    end = time.monotonic() + 30
    while len(publisher.asked) < 20 and time.monotonic() < end:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    seen = set(read_state(state).entries)
    assert 0 < len(seen) < 40
    publisher.asked.clear()
    many = [rule(f"r{n}", f"45 CFR 164.{n}") for n in range(100, 140)]
    found = refresh(many, state=state, sources=publisher.sources, today=TODAY, texts={})
    assert {f.outcome for f in found} == {"unchanged"}
    assert sum("full/" in path for path in publisher.asked) == 40 - len(seen)


def test_two_refreshes_of_one_file_keep_what_both_saw(look: Looking) -> None:
    def meanwhile(handler: Any) -> None:
        del look.publisher.broken["section=164.524"]
        look(rule("other", "45 CFR 164.526"))
        handler.do_GET()

    look.publisher.broken["section=164.524"] = meanwhile
    look()
    assert set(read_state(look.state).entries) == {"letters", "other"}


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"entries": {"letters": 3}}', bytes(range(128, 256))])
def test_a_file_that_is_none_of_ours_is_named_and_left_alone(look: Looking, content: bytes) -> None:
    look.state.parent.mkdir()
    look.state.write_bytes(content)
    with pytest.raises(UserError) as caught:
        look()
    assert str(look.state) in str(caught.value)
    assert look.state.read_bytes() == content


def test_what_was_found_can_be_told_later_without_asking(look: Looking) -> None:
    look.publisher.amended["164.524"] = "2026-03-01"
    (found,) = look()
    look.publisher.asked.clear()
    (later,) = last_findings([rule(), article()], look.state)
    assert later == found
    assert last_findings([rule(as_of="2026-03-09")], look.state) == []
    assert look.publisher.asked == []


# --- the hashes of the packs, and the command line ----------------------------------------------------------------


def test_the_hashes_of_the_packs_are_those_of_the_law_texts(shared: Path, tmp_path: Path) -> None:
    file = tmp_path / "texts.json"
    verified = [entry for entry in read_packs().values() if entry.verified]
    assert record_texts(PACKS, shared / "law", file) == len(verified)
    assert read_texts(file) == read_texts(), "run: python -m knowledge check --law DIR --record"


def test_recording_keeps_hashes_and_no_words(shared: Path) -> None:
    entry: Rule | Term = read_packs()["gdpr-breach"]
    text = section_text(shared / "law", "eu-gdpr", "33", headings=False)
    assert text is not None
    assert read_texts()["gdpr-breach"] == Recorded(hash=hash_of(text), as_of=entry.as_of)


def test_the_command_line_tells_a_table_or_json(
    publisher: Publisher, state: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ATTUNE_ECFR", publisher.url)
    monkeypatch.setenv("ATTUNE_EURLEX", publisher.url)
    publisher.amended["164.524"] = "2026-03-01"
    only = ["refresh", "--only", "health-access-to-records", "health-amend-records", "--state", str(state)]
    assert main(only) == 0
    table = capsys.readouterr().out
    assert "45 CFR 164.524(b)(2) was changed at its source on 2026-03-01" in table
    assert "2 entries: 1 changed, 1 unchanged." in table
    assert main([*only, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [entry["outcome"] for entry in told["entries"]] == ["changed", "unchanged"]
    assert told["entries"][0]["amended"] == "2026-03-01"
    monkeypatch.setenv("ATTUNE_ECFR", "http://127.0.0.1:9")
    state.unlink()
    assert main(only) == 0
    assert "No source could be reached" in capsys.readouterr().out
    assert main(["refresh", "--only", "nothing"]) == 1
    assert "no entry called nothing" in capsys.readouterr().err
    monkeypatch.setenv("ATTUNE_ECFR", "http://192.0.2.1")
    assert main(only) == 1


def test_a_file_that_cannot_be_written_is_named(look: Looking) -> None:
    look.state.parent.mkdir()
    look.state.mkdir()
    with pytest.raises(UserError, match="cannot be kept"):
        look()
    assert not list(look.state.parent.glob("*.part"))
