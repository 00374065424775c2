"""Watching: a kept rule that changed at its source is told, in every project that kept it; nobody waits for long."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from assistant.conversation import Assistant
from finetune.project import Project
from knowledge.official import Sources
from tests.publishers import Publisher, publishing, silent
from tests.talking import say, settings
from tools.brief import Brief
from tools.context import Context, Services
from tools.journey import Knowledge, Offered, write_model
from tools.rules import fingerprint
from tools.watching import changed_rules, look_up_rules

WORDS = "<P>(a) An answer is due within fifteen days.</P>"


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    with publishing(Publisher(sections={"164.524": WORDS}, amended={"164.524": "2026-03-01"})) as one:
        yield one


@pytest.fixture(scope="module")
def library_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


def cited(services: Services, entry: str) -> str:
    found = services.library.entry(entry)
    assert found is not None
    return found.citation


def keeping(services: Services, name: str, *ids: str) -> Context:
    """A project that kept these entries."""
    library = services.library
    entries = [entry for id in ids if (entry := library.entry(id))]
    assert len(entries) == len(ids)
    offered = [
        Offered(id=e.id, as_of=str(e.as_of), fingerprint=fingerprint(e), reason="asked for", kept=True) for e in entries
    ]
    project = Project.open(services.home, name)
    write_model(project.brief, Brief(organisation="a clinic", skipped=list(Brief.questions())))  # nothing is asked
    write_model(project.knowledge, Knowledge(offered=offered))
    return Context(project, services)


def test_a_rule_changed_at_its_source_is_told_in_every_project_that_kept_it(
    publisher: Publisher, library_home: Path
) -> None:
    services = Services(library_home, sources=publisher.sources)
    services.seen_at_sources.unlink(missing_ok=True)
    one = keeping(services, "one", "health-access-to-records", "health-amend-records")
    other = keeping(services, "other", "health-access-to-records")
    third = keeping(services, "third", "gdpr-breach")
    assert changed_rules(one) == []
    assert look_up_rules(one).sentences[0].startswith("I looked up 2 of the 2")
    publisher.asked.clear()
    told = "45 CFR 164.524(b)(2) was changed at its source on 2026-03-01, after the entry was written; 30 is not in it."
    assert told in changed_rules(one)
    assert changed_rules(other) == [told]
    assert changed_rules(third) == []
    assert publisher.asked == []


def test_sources_that_keep_silent_hold_nobody_and_are_named(
    publisher: Publisher, library_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tools.watching.LOOKING_SECONDS", 1.0)
    publisher.broken["/"] = silent(30)
    services = Services(library_home, sources=publisher.sources)
    services.seen_at_sources.unlink(missing_ok=True)
    context = keeping(services, "waiting", "health-access-to-records", "gdpr-breach", "coppa-consent")
    start = time.monotonic()
    sentences = look_up_rules(context).sentences
    assert time.monotonic() - start < 10
    assert "0 of the 3" in sentences[0]
    assert "45 CFR 164.524(b)(2); GDPR Article 33(1)" in sentences[1]
    assert "no time left" in sentences[1]
    assert sentences[2] == f"No machine can fetch {cited(services, 'coppa-consent')}: look these up yourself."
    assert changed_rules(context) == []


@pytest.mark.parametrize(
    "words", ["have the rules changed?", "can you check whether our rules have changed", "refresh the rules"]
)
def test_asked_whether_the_rules_have_changed_the_conversation_looks_them_up(
    publisher: Publisher, library_home: Path, words: str
) -> None:
    assistant = Assistant(replace(settings(library_home), sources=publisher.sources))
    assistant.services.seen_at_sources.unlink(missing_ok=True)
    name = words.replace(" ", "-").rstrip("?")
    keeping(assistant.services, name, "health-access-to-records", "coppa-consent")
    talk = assistant.conversation(name)
    list(talk.open())
    reply = say(talk, words)
    card = next(card for card in reply.cards if card["kind"] == "watch")
    talk.close()
    told = " ".join(card["sentences"])
    assert "I looked up 1 of the 2" in told
    assert "changed at its source on 2026-03-01" in told
    assert cited(assistant.services, "coppa-consent") in told


def test_where_no_source_answers_nothing_is_said_to_be_unchanged_at_its_source(
    publisher: Publisher, library_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tools.watching.LOOKING_SECONDS", 1.0)
    publisher.broken["/"] = silent(30)
    assistant = Assistant(replace(settings(library_home), sources=publisher.sources))
    assistant.services.seen_at_sources.unlink(missing_ok=True)
    keeping(assistant.services, "unreached", "health-access-to-records")
    talk = assistant.conversation("unreached")
    list(talk.open())
    told = say(talk, "have the rules changed?").text
    talk.close()
    assert "I looked up 0 of the 1" in told
    assert "no change" not in told
    assert "has changed in my collection" in told


def test_watching_without_a_word_on_rules_asks_no_source(publisher: Publisher, library_home: Path) -> None:
    assistant = Assistant(replace(settings(library_home), sources=publisher.sources))
    keeping(assistant.services, "quiet", "health-access-to-records")
    talk = assistant.conversation("quiet")
    list(talk.open())
    say(talk, "any drift?")
    talk.close()
    assert publisher.asked == []


def test_the_publishers_own_addresses_are_the_default(home: Path) -> None:
    assert Services(home).sources == Sources()
