"""The guide holds a conversation: it takes what is said, answers what is asked, and never asks twice."""

from pathlib import Path

import pytest

from assistant.conversation import Assistant, Conversation
from assistant.render import reply_as_text, rules_text
from assistant.wording import is_mashed
from knowledge.entries import Rule
from tests.files import dental_csv
from tests.talking import last, say
from tools.brief import NONE_OF_THESE, OTHER, Brief
from tools.dataset import note_unread
from tools.journey import QUESTIONS, read_brief, read_knowledge, read_sources, write_model
from tools.publishing import rule_used
from tools.rules import rules_card

DENTAL = (
    "we're a 12-person dental practice in Ohio, patients keep asking about billing and we have a spreadsheet of "
    "300 answered e-mails"
)


def finish_interview(talk: Conversation) -> None:
    """Skip whatever is still asked, up to the choice of rules."""
    for _ in range(20):
        waiting = talk.reply().waiting_for
        if waiting == "rules":
            return
        say(talk, "skip")
    raise AssertionError(f"still asking for {waiting}")


def test_it_opens_by_saying_what_it_can_do_and_asks_one_thing(talk: Conversation) -> None:
    opening = talk.reply()
    assert opening.waiting_for == "organisation"
    assert opening.text.count("?") == 1
    assert 2 <= len(opening.options) <= 4


def test_one_message_fills_many_fields_and_is_said_back(talk: Conversation) -> None:
    reply = say(talk, DENTAL)
    brief = read_brief(talk.project)
    assert brief.industry == "healthcare"
    assert brief.jurisdictions == ["US-OH"]
    assert brief.task == "answer"
    assert brief.audience and "patient" in brief.audience.lower()
    assert brief.data and "300" in brief.data
    assert brief.size and "12" in brief.size
    for word in ("Healthcare", "US-OH", "300"):
        assert word in reply.text


def test_it_never_asks_for_what_it_knows(talk: Conversation) -> None:
    say(talk, DENTAL)
    asked = []
    for _ in range(20):
        waiting = talk.reply().waiting_for
        if waiting == "rules":
            break
        asked.append(waiting)
        say(talk, {"inputs": "e-mails from patients", "outputs": "a short reply"}.get(str(waiting), "skip"))
    assert not {"organisation", "industry", "jurisdictions", "task", "audience", "data"} & set(asked)
    assert len(asked) == len(set(asked))


@pytest.mark.parametrize(
    "said", ["None of these", "none of these. we are bee keepers", "other", "no", "it's not listed", "something else"]
)
def test_an_industry_that_is_not_among_those_offered_is_no_dead_end(talk: Conversation, said: str) -> None:
    first = say(talk, "We sell honey to people in Ohio.")
    assert first.waiting_for == "industry" and NONE_OF_THESE in Brief.ask("industry").options
    reply = say(talk, said)
    assert read_brief(talk.project).industry == OTHER and reply.waiting_for == "task"
    assert "those for every industry apply" in reply.text
    assert "HIPAA" not in say(talk, "which rules apply to us?").text


def test_an_industry_named_beside_none_of_these_is_taken(talk: Conversation) -> None:
    say(talk, "We help people in Ohio.")
    say(talk, "none of these. we are a law firm")
    assert read_brief(talk.project).industry == "legal"


def test_a_vet_is_no_doctor_for_people(talk: Conversation) -> None:
    say(talk, "We are a small vet practise in Ludlow.")
    brief = read_brief(talk.project)
    assert (brief.organisation, brief.industry) == ("small vet practise in Ludlow", OTHER)


def test_who_somebody_is_not_is_no_organisation(talk: Conversation) -> None:
    assert say(talk, "what is this for? i am not a computer person").waiting_for == "organisation"
    assert read_brief(talk.project).organisation is None


@pytest.mark.parametrize(
    "said", ["what do you know about us?", "what did you write down?", "what have you noted so far"]
)
def test_what_is_known_is_shown_in_full_when_asked_for(talk: Conversation, said: str) -> None:
    say(talk, DENTAL)
    assert "Organisation: 12-person dental practice in Ohio" in reply_as_text(say(talk, said))


def test_files_may_be_given_at_any_time_and_asking_so_prepares_nothing(talk: Conversation) -> None:
    say(talk, DENTAL)
    first = say(talk, "e-mails of patients")
    reply = say(talk, "can i just give you my files now?")
    assert "drop files at any time" in reply.text and reply.waiting_for == first.waiting_for


def test_what_comes_out_is_no_data_and_a_slip_taken_back_is_left_out(talk: Conversation) -> None:
    known = {
        "organisation": "A shop",
        "industry": "retail",
        "task": "answer",
        "audience": "customers",
        "inputs": "mail",
    }
    write_model(talk.project.brief, Brief.model_validate({**known, "jurisdictions": ["UK"]}))
    say(talk, "hello")
    say(talk, "a short friendly e-mail answer")
    say(talk, "i didnt mean that. it says what our price list says")
    brief = read_brief(talk.project)
    assert (brief.outputs, brief.data) == ("a short friendly e-mail answer", None)
    assert brief.right_answer == "it says what our price list says"


def test_the_readers_are_corrected_while_something_else_is_asked(talk: Conversation) -> None:
    say(talk, DENTAL)
    say(talk, "wait no, the answers should be for our reception staff not the patients")
    assert read_brief(talk.project).audience == "staff"


def test_a_correction_replaces_what_was_understood(talk: Conversation) -> None:
    say(talk, "we are a clinic in the US and answer patients' questions")
    say(talk, "no, the EU, not the US")
    assert read_brief(talk.project).jurisdictions == ["EU"]


def test_a_correction_after_the_rules_were_chosen_makes_the_list_anew(talk: Conversation) -> None:
    say(talk, DENTAL)
    finish_interview(talk)
    say(talk, "keep all")
    say(talk, "no, the EU, not Ohio")
    offered = read_knowledge(talk.project).offered
    library = talk.context.services.library
    places = {entry.jurisdiction for o in offered if (entry := library.entry(o.id))}
    assert not {p for p in places if p.startswith("US")}


def test_why_is_answered_and_the_question_stays_open(talk: Conversation) -> None:
    say(talk, DENTAL)
    before = talk.reply()
    reply = say(talk, "why do you ask?")
    assert reply.waiting_for == before.waiting_for
    assert read_brief(talk.project).inputs is None


@pytest.mark.parametrize("word", ["overfitting", "LoRA", "test set"])
def test_a_word_of_the_trade_is_explained_in_plain_words(talk: Conversation, word: str) -> None:
    before = talk.reply()
    reply = say(talk, f"what does {word} mean?")
    assert word.lower() in reply.text.lower()
    assert reply.waiting_for == before.waiting_for


def test_i_do_not_know_gets_help_first_and_is_then_left_open(talk: Conversation) -> None:
    say(talk, DENTAL)
    field = talk.reply().waiting_for
    helped = say(talk, "I don't know")
    assert helped.waiting_for == field
    assert "skip" in helped.text
    assert say(talk, "no idea").waiting_for != field


def test_skip_moves_to_the_next_question_for_good(talk: Conversation) -> None:
    say(talk, DENTAL)
    field = talk.reply().waiting_for
    assert say(talk, "skip").waiting_for != field
    assert field in read_brief(talk.project).skipped


def test_undo_takes_the_last_answer_back(talk: Conversation) -> None:
    say(talk, DENTAL)
    say(talk, "undo")
    assert not read_brief(talk.project).known()


def test_where_are_we_names_the_stage(talk: Conversation) -> None:
    assert "getting to know you" in say(talk, "where are we?").text


@pytest.mark.parametrize(
    "text", ["you are useless, you piece of junk", "what's the weather in Paris?", "asdf qwer zxcv"]
)
def test_other_talk_leads_back_to_the_question_and_changes_nothing(talk: Conversation, text: str) -> None:
    say(talk, DENTAL)
    before = read_brief(talk.project)
    reply = say(talk, text) if "asdf" not in text else talk.reply()
    assert reply.waiting_for
    assert read_brief(talk.project).jurisdictions == before.jurisdictions


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Hola, somos una clínica dental en Madrid", "es"),
        ("Wir sind eine Zahnarztpraxis in Köln und beantworten Fragen", "de"),
    ],
)
def test_another_language_is_recognised_and_said(talk: Conversation, text: str, code: str) -> None:
    assert f"({code})" in say(talk, text).text


def test_training_cannot_be_reached_by_asking_for_it(talk: Conversation) -> None:
    say(talk, DENTAL)
    reply = say(talk, "start training")
    assert reply.waiting_for != "approval:start_training"
    assert not talk.project.runs()


def test_rules_are_kept_and_dropped_by_number(talk: Conversation) -> None:
    say(talk, DENTAL)
    finish_interview(talk)
    shown = next(card for turn in talk.history() for t in turn.tools for card in t.cards if card["kind"] == "rules")
    assert len(shown["entries"]) >= 4
    assert all(entry["citation"] and entry["url"] and entry["as_of"] for entry in shown["entries"])
    say(talk, "drop 1 and 3")
    kept = [o.kept for o in read_knowledge(talk.project).offered]
    assert kept[0] is False and kept[2] is False and all(kept[i] for i in range(len(kept)) if i not in (0, 2))


def test_rules_are_kept_and_dropped_by_what_they_are_about(talk: Conversation) -> None:
    say(talk, DENTAL)
    finish_interview(talk)
    said = say(talk, "drop the telecom rules")
    assert "about “telecom”" in said.text and said.waiting_for == "rules"
    assert all(o.kept is None for o in read_knowledge(talk.project).offered)
    shown = next(card for turn in talk.history() for t in turn.tools for card in t.cards if card["kind"] == "rules")
    about = [entry["number"] for entry in shown["entries"] if "vendor" in f"{entry['title']} {entry['summary']}"]
    assert 0 < len(about) < len(shown["entries"]), "the list has rules about vendors, and others"
    say(talk, "please drop the rules about vendors")
    assert [o.kept for o in read_knowledge(talk.project).offered] == [
        entry["number"] not in about for entry in shown["entries"]
    ]


def test_undo_at_the_rules_takes_back_what_led_there_and_not_the_search(talk: Conversation) -> None:
    say(talk, DENTAL)
    say(talk, "skip everything")
    assert talk.reply().waiting_for == "rules"
    undone = say(talk, "undo")
    assert undone.stage == "interview" and undone.waiting_for != "rules"
    assert not read_knowledge(talk.project).offered


@pytest.mark.parametrize("mashed", ["lkjh sdfsdf", "asdf qwer zxcv", "asdasd", "sdkfjhskdf"])
def test_fingers_on_keys_are_no_answer_and_no_wish(talk: Conversation, mashed: str) -> None:
    say(talk, DENTAL)
    before, asked = read_brief(talk.project), talk.reply().waiting_for
    told = say(talk, mashed)
    assert read_brief(talk.project) == before
    assert told.waiting_for == asked and "did not quite get that" in told.text


@pytest.mark.parametrize("words", ["xlsx", "gdpr", "HMRC", "property", "were", "asdf is our ticket system"])
def test_short_names_and_words_are_no_fingers_on_keys(words: str) -> None:
    assert not is_mashed(words)


@pytest.mark.parametrize(
    "said", ["answer member questions", "we answer customers' questions", "it should answer incoming patient questions"]
)
def test_whose_questions_are_answered_may_stand_before_the_word(talk: Conversation, said: str) -> None:
    say(talk, "Riverbend Community Credit Union in Ohio")
    say(talk, said)
    assert read_brief(talk.project).task == "answer"


def test_a_guess_at_the_answer_is_asked_back_in_words(talk: Conversation) -> None:
    say(talk, "Riverbend Community Credit Union in Ohio")
    asked = say(talk, "deal with what members want to know")
    assert asked.waiting_for == "task" and f"Did you mean “{asked.options[0]}”?" in asked.text
    say(talk, asked.options[0])
    assert read_brief(talk.project).task == "answer"


def test_no_message_is_met_with_the_same_question_alone(talk: Conversation) -> None:
    before = say(talk, "Riverbend Community Credit Union in Ohio")
    after = say(talk, "what did you find in the tickets")
    assert after.text != before.text and "did not quite get that" in after.text


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("what do you know about the invoices?", "rows with “invoices”"),
        ("what did you find in the mail", "mail.csv (48 examples)"),
        ("what do you know about elephants", "I have no document of yours"),
        ("what do you know about us", "Now: your data"),
    ],
)
def test_what_is_known_of_a_thing_is_looked_up_in_the_data(
    talk: Conversation, tmp_path: Path, said: str, told: str
) -> None:
    say(talk, DENTAL)
    finish_interview(talk)
    say(talk, "keep all", "skip these questions")
    rows = '"May I pay invoices by card?","Yes, all of them."\n"Who sends the invoices?","Our front desk sends them."\n'
    (tmp_path / "bills.csv").write_text(f"Question,Answer\n{rows}")
    last(talk.send("", [dental_csv(tmp_path / "mail.csv"), tmp_path / "bills.csv"]))
    assert told in say(talk, said).text


def test_a_category_is_counted_and_dropped_by_its_name(talk: Conversation, tmp_path: Path) -> None:
    say(talk, "We are an insurance broker in Manchester and sort messages into categories")
    assert read_brief(talk.project).jurisdictions == ["UK"]
    asked = {
        "Billing": "Why was bill {} charged twice?",
        "Claims": "Car {} was hit - what now?",
        "Ending": "How do I end plan {}?",
    }
    rows = [
        f"{text.format(n * 7919)},{name}"
        for name, text in asked.items()
        for n in range(3, 9 if name == "Ending" else 15)
    ]
    (tmp_path / "queues.csv").write_text("Message,Queue\n" + "\n".join(rows))
    last(talk.send("here it is", [tmp_path / "queues.csv"]))
    say(talk, "skip everything", "keep all", "prepare the data")
    told = say(talk, "how many rows per category").text
    assert "Rows by category: Billing (12), Claims (12) and Ending (6)." in told
    assert "fewer than 8 are learnt least: Ending." in told and "rules you kept" not in told
    assert "12 rows dropped" in say(talk, "please drop the claims category").text
    left = {e.answer for e in talk.project.read_examples() if e.status != "dropped" and e.kind == "category"}
    assert left == {"Billing", "Ending"}


def test_how_long_training_takes_is_told_in_minutes_from_the_first_question_on(
    talk: Conversation, tmp_path: Path
) -> None:
    asked = say(talk, DENTAL).waiting_for
    early = say(talk, "how long will training take?")
    assert "with 100 rows" in early.text and "minute" in early.text and early.waiting_for == asked
    finish_interview(talk)
    say(talk, "keep all", "skip these questions")
    last(talk.send("", [dental_csv(tmp_path / "mail.csv")]))
    assert "With your 48 rows" in say(talk, "how many minutes will the training take").text
    say(talk, "prepare the data")
    assert talk.reply().waiting_for == "rights"
    told = say(talk, "how long will training take?")
    assert "minute" in told.text and told.waiting_for == "rights", "which is no word on whose the file is"
    assert not read_sources(talk.project).rights


def test_no_other_file_leads_on_as_yes_does(talk: Conversation, tmp_path: Path) -> None:
    say(talk, DENTAL)
    finish_interview(talk)
    say(talk, "keep all", "skip these questions")
    last(talk.send("", [dental_csv(tmp_path / "mail.csv")]))
    assert talk.reply().waiting_for == "files"
    say(talk, "no")
    assert read_sources(talk.project).prepared


def test_data_can_be_seen_edited_dropped_and_must_be_approved_by_the_word(talk: Conversation, tmp_path: Path) -> None:
    say(talk, DENTAL)
    finish_interview(talk)
    say(talk, "keep all")
    read = say(talk, "", files=[dental_csv(tmp_path / "mail.csv")])
    assert "48" in read.text
    prepared = say(talk, "prepare the data")
    assert {"report", "data"} <= {card["kind"] for card in prepared.cards}
    rows = next(card for card in say(talk, "show me the data").cards if card["kind"] == "data")["rows"]
    say(talk, "drop row 2")
    dropped = next(e for e in talk.project.read_examples() if e.id == rows[1]["id"])
    assert dropped.status == "dropped"
    say(talk, "row 1 should answer: Please call us.")
    assert next(e for e in talk.project.read_examples() if e.id == rows[0]["id"]).answer == "Please call us."
    assert read_sources(talk.project).sealed is None
    say(talk, "yes")
    assert read_sources(talk.project).sealed is None
    approved = say(talk, "approved")
    assert read_sources(talk.project).sealed
    assert approved.waiting_for == "approval:start_training"
    assert {"verdict", "plan"} <= {card["kind"] for card in approved.cards}
    later = say(talk, "no, not yet")
    assert not talk.project.runs()
    assert later.waiting_for is None
    changed = say(talk, "use 2 epochs")
    plan = next(card for card in changed.cards if card["kind"] == "plan")
    assert next(s for s in plan["settings"] if s["name"] == "epochs")["value"] == 2


def test_a_conversation_opened_again_shows_every_turn(assistant: Assistant, talk: Conversation) -> None:
    say(talk, DENTAL, "why do you ask?")
    again = assistant.conversation(talk.project.name)
    assert [turn.user for turn in again.history()] == [None, DENTAL, "why do you ask?"]
    assert again.reply() == talk.reply()
    assert list(again.open()) == []


def test_a_secret_in_a_message_is_hidden_before_it_is_stored(talk: Conversation) -> None:
    reply = say(talk, "the card 4111 1111 1111 1111 was charged twice, what now?")
    assert "card number" in reply.text
    talk.connection.commit()
    assert b"4111 1111 1111 1111" not in talk.project.thread.read_bytes()


def test_a_term_of_the_trade_is_explained_with_its_source(talk: Conversation) -> None:
    assert "explanation of benefits" in say(talk, "what does EOB mean?").text.lower()


def asked_about_a_rule(talk: Conversation) -> str:
    """The conversation up to the first question of a kept rule; the rule's id."""
    say(talk, DENTAL)
    finish_interview(talk)
    reply = say(talk, "keep all")
    assert reply.waiting_for and reply.waiting_for.startswith("practice:")
    return reply.waiting_for.removeprefix("practice:")


def test_what_a_kept_rule_leaves_to_the_team_is_asked_and_stands_beside_the_rule(talk: Conversation) -> None:
    rule = asked_about_a_rule(talk)
    entry = talk.context.services.library.entry(rule)
    assert isinstance(entry, Rule)
    assert entry.question_for_team in talk.reply().text
    before = read_brief(talk.project)
    second = say(talk, "Our front desk does, and we keep all requests for 30 days").waiting_for
    assert second != f"practice:{rule}"
    knowledge = read_knowledge(talk.project)
    assert knowledge.practice == {rule: "Our front desk does, and we keep all requests for 30 days"}
    assert read_brief(talk.project) == before, "it is no fact about the team"
    card = rules_card(knowledge, talk.context)
    shown = next(row for row in card.data["entries"] if row["id"] == rule)
    assert "front desk" in "\n".join(rules_text({"entries": [shown]}))
    assert "front desk" in rule_used(entry, knowledge.practice[rule]).practice
    say(talk, "undo")
    assert read_knowledge(talk.project).practice == {}


def test_an_answer_about_a_rule_can_be_changed_later(talk: Conversation) -> None:
    rule = asked_about_a_rule(talk)
    told = say(talk, "The front desk does").text
    number = [o.id for o in read_knowledge(talk.project).offered].index(rule) + 1
    assert f"my answer about rule {number} is" in told
    say(talk, "skip these questions")
    say(talk, f"my answer about rule {number} is: the practice manager, in writing")
    assert read_knowledge(talk.project).practice[rule] == "the practice manager, in writing"
    before = read_knowledge(talk.project)
    say(talk, "my answer about rule 99 is: nobody")
    assert read_knowledge(talk.project) == before, "there is no such rule"


def test_questions_about_rules_end_after_three_or_when_skipped(talk: Conversation) -> None:
    rule = asked_about_a_rule(talk)
    assert say(talk, "why do you ask?").waiting_for == f"practice:{rule}", "answered, and asked again"
    say(talk, "I don't know")
    assert read_knowledge(talk.project).practice == {rule: ""}
    assert say(talk, "skip these questions").waiting_for == "files"
    practice = read_knowledge(talk.project).practice
    assert len(practice) == min(QUESTIONS, sum(bool(o.asks) for o in read_knowledge(talk.project).offered))
    assert not any(practice.values())


def test_a_name_or_number_in_an_answer_about_a_rule_is_left_out(talk: Conversation) -> None:
    rule = asked_about_a_rule(talk)
    say(talk, "Mail anna.berger@example.com or call 614-555-0199, she looks after it")
    assert "she looks after it" in read_knowledge(talk.project).practice[rule]
    assert "example.com" not in talk.project.knowledge.read_text()
    assert "0199" not in talk.project.knowledge.read_text()


def test_a_file_in_the_place_of_an_answer_about_a_rule_is_read(talk: Conversation, tmp_path: Path) -> None:
    asked_about_a_rule(talk)
    assert "48" in say(talk, "", files=[dental_csv(tmp_path / "mail.csv")]).text
    assert talk.reply().waiting_for == "files"
    assert read_knowledge(talk.project).practice == {}


def test_what_a_team_wants_is_no_part_of_who_they_are(talk: Conversation) -> None:
    say(talk, "Harbor Home, a small home insurer in Ohio. want a bot for members about claims n billing")
    brief = read_brief(talk.project)
    assert (brief.organisation, brief.task) == ("Harbor Home, a small home insurer in Ohio", "answer")


@pytest.mark.parametrize(
    "said", ["what did you not read?", "show the files", "which files could you not use?", "why were files skipped?"]
)
def test_what_could_not_be_read_is_told_whatever_question_is_open(
    talk: Conversation, tmp_path: Path, said: str
) -> None:
    say(talk, "Harbor Home, a small home insurer in Ohio. want a bot for members about claims n billing")
    assert talk.reply().waiting_for == "inputs" and read_brief(talk.project).task == "answer"
    (tmp_path / "scan.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(200))
    last(talk.send("", [dental_csv(tmp_path / "mail.csv"), tmp_path / "scan.png"]))
    told = say(talk, said)
    assert "mail.csv (48 examples)" in told.text and "scan.png: The file is a picture" in told.text
    assert told.waiting_for == "inputs" and read_brief(talk.project).inputs is None
    say(talk, "delete mail.csv", "yes")
    assert "could read no file so far" in say(talk, said).text


def test_a_file_that_can_be_read_at_last_is_no_longer_called_unread(talk: Conversation) -> None:
    note_unread(talk.project, "scan.pdf", ["scan.pdf: no program for scans is installed."])
    note_unread(talk.project, "notes.txt", ["notes.txt: empty."])
    note_unread(talk.project, "scan.pdf", [])
    assert read_sources(talk.project).unread == {"notes.txt": ["notes.txt: empty."]}


def test_what_the_team_wants_to_know_of_its_data_is_no_case(talk: Conversation, tmp_path: Path) -> None:
    say(talk, "Harbor Home, a small home insurer in Ohio", "answer questions", "our members")
    last(talk.send("", [dental_csv(tmp_path / "mail.csv")]))
    assert talk.reply().waiting_for == "inputs"
    assert "with “whitening”" in say(talk, "what do we know about whitening?").text
    assert read_brief(talk.project).inputs is None


def test_what_was_known_before_is_not_told_as_understood_again(talk: Conversation) -> None:
    say(talk, "Harbor Home, a small home insurer in Ohio", "answer questions", "our members")
    told = say(talk, "it must never give legal advice and never promise a claim will be paid").text
    assert "never: give legal advice" in told and "industry" not in told


def test_a_model_that_is_not_there_yet_cannot_be_handed_over_and_that_is_said(talk: Conversation) -> None:
    say(talk, "Harbor Home, a small home insurer in Ohio", "answer questions", "our members")
    assert "no tuned model to hand over yet" in say(talk, "export the model").text


@pytest.mark.parametrize(
    ("said", "publish"),
    [("the files are ours. dont publish", False), ("all of it is our own, you may train and publish", True)],
)
def test_whose_the_files_are_may_be_said_during_the_interview(
    talk: Conversation, tmp_path: Path, said: str, publish: bool
) -> None:
    say(talk, "Harbor Home, a small home insurer in Ohio", "answer questions", "our members")
    last(talk.send("", [dental_csv(tmp_path / "mail.csv")]))
    assert say(talk, said).waiting_for == "inputs"
    rights = read_sources(talk.project).rights["mail.csv"]
    assert (rights.owner, rights.publish) == ("ours", publish) and read_brief(talk.project).inputs is None


def test_once_the_data_is_prepared_what_is_missing_is_asked_of_the_data(talk: Conversation, tmp_path: Path) -> None:
    say(talk, "Harbor Home, a small home insurer in Ohio", "answer questions", "our members")
    last(talk.send("", [dental_csv(tmp_path / "mail.csv")]))
    assert "Still to ask" in say(talk, "what is missing?").text
    say(talk, "prepare the data")
    assert "To add next" in say(talk, "what is missing?").text


def test_a_dated_line_and_a_letter_to_be_filled_in_are_no_sections(talk: Conversation, tmp_path: Path) -> None:
    say(talk, "Harbor Home, a small home insurer in Ohio", "answer questions", "our members")
    (tmp_path / "handbook.md").write_text(
        "# Claims\n\n## Valid until 31 December 2031\n\nThe deductible is $500 per claim.\n\n"
        "## Template: letter to a member\n\nYou must send the appeal within 10 days.\n\n"
        "## Wind and weather\n\nSee the tables of the state.\n",
        encoding="utf-8",
    )
    last(talk.send("", [dental_csv(tmp_path / "mail.csv"), tmp_path / "handbook.md"]))
    missing = say(talk, "prepare the data", "what is missing?").text
    assert "Wind and weather" in missing and "Valid until" not in missing and "Template" not in missing
