"""Finding rules and terms: everyday questions, places, abbreviations, noise, and an index that mends itself."""

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from knowledge.__main__ import main
from knowledge.encoder import Encoder
from knowledge.search import EVERYTHING, Library, places
from tests.benchmarks.search import as_shown, measure, questions, rankings

# industry, place, a question in everyday words, the rule it must find among the first three
QUESTIONS = [
    ("healthcare", "US", "how fast do we have to hand over a patient's chart?", "health-access-to-records"),
    ("healthcare", "US-OH", "a patient says her file is wrong and wants it fixed", "health-amend-records"),
    ("healthcare", "US", "can I text patients?", "health-confidential-communications"),
    ("healthcare", "US", "a mother calls and wants the lab results of her adult son", "health-authorisation"),
    ("healthcare", "US", "do we have to strip names before training a model?", "health-deidentification"),
    ("healthcare", "US", "someone stole a laptop with patient files", "health-breach-notice"),
    ("healthcare", "US", "what does a visit cost without insurance", "health-good-faith-estimate"),
    ("healthcare", "US", "records about drug rehab", "health-substance-use-records"),
    ("healthcare", "US-CA", "must our AI replies say they are from a machine?", "health-ai-patient-message-ca"),
    ("banking", "US", "my wallet was stolen and somebody used my card", "bank-unauthorised-transfer-liability"),
    ("banking", "US", "how many days to investigate a disputed transaction", "bank-error-resolution"),
    ("banking", "US-TX", "why was my loan turned down", "bank-adverse-action-notice"),
    ("banking", "US", "I want to stop an automatic payment", "bank-stop-payment"),
    ("banking", "US", "charged 35 dollars for overdrawing with my debit card", "bank-overdraft-opt-in"),
    ("banking", "US", "may we say our account is free of charge?", "bank-advertising-free"),
    ("banking", "US", "there is a wrong late payment on my credit report", "bank-credit-report-dispute"),
    ("banking", "US", "do you give my data to other firms", "bank-privacy-notice"),
    ("insurance", "US-CA", "how long may the insurer take to decide about my claim", "ins-ca-claims-15-days"),
    ("insurance", "US-TX", "when do we have to confirm a claim we received", "ins-tx-claims-15-days"),
    ("insurance", "US-NY", "we were hacked, whom do we tell?", "ins-cyber-event-72-hours"),
    ("insurance", "US", "a man on the phone claims to be the policyholder's brother", "ins-pretexting"),
    ("insurance", "US", "claim was denied, what can I do", "ins-health-appeal"),
    ("insurance", "US", "will you insure me with asthma I already have", "ins-no-preexisting-exclusion"),
    ("insurance", "US", "mortgage company bought insurance for my house", "ins-force-placed"),
    ("support", "US", "customer wants to unsubscribe from newsletters", "support-email-opt-out"),
    ("support", "US", "my package is late and I want a refund", "support-late-order"),
    ("support", "US", "how can people end their subscription", "support-subscription-cancel"),
    ("support", "DE", "customer wants to send back what she bought online", "support-eu-withdrawal"),
    ("support", "UK", "toaster broken after a week, money back?", "support-uk-reject"),
    ("support", "US", "the customer typed his credit card number into the chat", "support-card-data"),
    ("support", "US", "can you post good reviews about us", "support-fake-reviews"),
    ("support", "FR", "does the bot have to say it is not human?", "ai-act-tell-people"),
    ("insurance", "DE", "a customer asks for everything we store about him", "gdpr-access"),
    ("banking", "EU", "erase all my data please", "gdpr-erasure"),
    ("healthcare", "IE", "personal data leaked, how soon must it be reported", "gdpr-breach"),
    ("support", "US-CA", "delete my personal information", "ccpa-delete"),
]  # fmt: skip

# Harder ones, in words that no entry uses: counted together, and the place where better search will show.
HARD_QUESTIONS = [
    ("healthcare", "US", "is it okay to leave a voicemail with test results", "health-confidential-communications"),
    ("healthcare", "US", "patient asks for x-rays to be sent to her", "health-access-to-records"),
    ("healthcare", "US", "can I tell the boss of a patient that he was here", "health-authorisation"),
    ("healthcare", "US", "what must be removed so that data is anonymous", "health-deidentification"),
    ("healthcare", "US", "upcoding a visit", "health-fraud"),
    ("healthcare", "US", "email went to the wrong patient", "health-breach-notice"),
    ("banking", "US", "there's a charge on my statement I don't recognize", "bank-error-resolution"),
    ("banking", "US", "is a bank allowed to ask about my religion for a mortgage", "bank-no-credit-discrimination"),
    ("banking", "US", "get a copy of the house valuation", "bank-appraisal-copy"),
    ("banking", "US", "fees went up without warning", "bank-account-change-notice"),
    ("banking", "US", "cancel my monthly autopay", "bank-stop-payment"),
    ("banking", "US", "lost my ATM card yesterday", "bank-unauthorised-transfer-liability"),
    ("insurance", "US-NY", "do customer files need to be encrypted", "ins-cyber-encryption"),
    ("insurance", "US", "why is my car insurance so expensive, is it my credit score", "ins-fcra-adverse-action"),
    ("insurance", "US-CO", "could our pricing model discriminate", "ins-co-unfair-discrimination"),
    ("insurance", "DE", "can the chatbot recommend a policy", "ins-idd-fair"),
    ("insurance", "US", "wife asks about her husband's policy", "ins-pretexting"),
    ("insurance", "FR", "AI to price health insurance", "ins-ai-act-high-risk"),
    ("support", "US", "is it legal to send SMS promotions", "support-text-consent"),
    ("support", "US-CA", "can we record support calls", "support-call-recording-ca"),
    ("support", "US", "does a gift certificate run out", "support-gift-card-expiry"),
    ("support", "ES", "laptop stopped working after 18 months", "support-eu-legal-guarantee"),
    ("support", "IT", "how long until a refund is paid out", "support-eu-refund-time"),
    ("support", "US", "customer is a kid", "coppa-consent"),
    ("support", "UK", "customer asks for a human to check the decision", "uk-gdpr-automated-decision"),
    ("banking", "DE", "do we need a contract with our cloud provider", "gdpr-processor-contract"),
    ("support", "EU", "train our staff on AI", "ai-act-literacy"),
    ("support", "EU", "how many weeks to reply to a GDPR request", "gdpr-reply-in-a-month"),
]

NOISE = [
    "who won the football match on Sunday?",
    "write me a poem about the sea",
    "what is the capital of Mongolia",
    "how do I bake sourdough bread",
    "asdf qwer zxcv",
    "hello",
    "thank you very much",
    "which guitar strings sound warmest",
    "how tall is the Eiffel tower",
    "best pizza in town",
    "tell me a joke about my neighbour",
    "the weather in Lisbon next week",
]

HARD_NOISE = [
    "where can I park",
    "what time do you open",
    "do you sell bicycles",
    "my cat is ill",
    "how do I install the printer driver",
    "who is the president of France",
    "good morning",
    "I love this product",
    "what is 17 times 23",
    "recommend a movie",
    "can you sing",
    "when does the train leave",
    "how old are you",
    "lol",
    "the login button does not work",
    "who founded your company",
]

NAMES = [
    ("What is PHI?", "health-term-phi"),
    ("what does EOB mean on my letter", "health-term-eob"),
    ("kyc", "bank-term-kyc"),
    ("What is the APY on this account?", "bank-term-apy"),
    ("explain SAR", "bank-term-sar"),
    ("DPIA", "term-dpia"),
    ("is that PII?", "term-personal-data"),
    ("what's a copay", "health-term-copay"),
    ("what is an IPID", "ins-term-ipid"),
    ("our SLAs", "support-term-sla"),
]


@pytest.mark.parametrize(("industry", "place", "question", "rule"), QUESTIONS, ids=[q[3] for q in QUESTIONS])
def test_an_everyday_question_finds_its_rule(
    library: Library, industry: str, place: str, question: str, rule: str
) -> None:
    found = library.find(question, industries=[industry], jurisdictions=[place], kinds=["rule"])
    assert rule in [one.entry.id for one in found[:3]]


def test_most_everyday_questions_find_their_rule_first(library: Library) -> None:
    first = [
        library.find(question, industries=[industry], jurisdictions=[place], kinds=["rule"], limit=1)[0].entry.id
        == rule
        for industry, place, question, rule in QUESTIONS
    ]
    assert sum(first) / len(first) >= 0.8


@pytest.mark.slow
@pytest.mark.parametrize("name", ["dev", "final"])
def test_questions_by_people_who_never_saw_the_entries_find_theirs(library: Library, name: str) -> None:
    rows = questions(name)
    figures, seen = measure(rows, rankings(library)["hybrid"]), as_shown(rows, library)
    assert figures["recall@5"] >= 0.95
    assert figures["mrr"] >= 0.80
    assert seen["of"] >= 40
    assert seen["nothing found"] >= 0.90


def test_three_in_four_hard_questions_find_their_rule(library: Library) -> None:
    found = [
        rule
        in [one.entry.id for one in library.find(text, industries=[key], jurisdictions=[place], kinds=["rule"])[:3]]
        for key, place, text, rule in HARD_QUESTIONS
    ]
    assert sum(found) / len(found) >= 0.75


def test_three_in_four_pieces_of_small_talk_find_nothing(library: Library) -> None:
    quiet = [library.find(text) == [] for text in HARD_NOISE]
    assert sum(quiet) / len(quiet) >= 0.75


@pytest.mark.parametrize("text", NOISE)
def test_what_no_rule_is_about_finds_nothing(library: Library, text: str) -> None:
    assert library.find(text) == []


@pytest.mark.parametrize(("question", "term"), NAMES)
def test_an_abbreviation_finds_its_term(library: Library, question: str, term: str) -> None:
    best = library.find(question, kinds=["term"])[0]
    assert best.entry.id == term
    assert "names" in best.reason


def test_an_empty_question_finds_nothing(library: Library) -> None:
    assert library.find("  ") == []


def test_a_state_has_its_country_and_a_member_the_union() -> None:
    assert places(["US-OH"]) == {"US-OH", "US", "international"}
    assert places(["DE"]) == {"DE", "EU", "international"}
    assert places(["GB"]) == {"UK", "international"}
    assert places(["eu"]) == {"EU", "international"}


@pytest.mark.parametrize(
    ("place", "allowed"),
    [
        ("US-OH", {"US", "US-OH", "international"}),
        ("US-CA", {"US", "US-CA", "international"}),
        ("DE", {"DE", "EU", "international"}),
        ("UK", {"UK", "international"}),
    ],
)
def test_only_rules_of_the_place_are_found(library: Library, place: str, allowed: set[str]) -> None:
    found = library.find("delete my personal data", jurisdictions=[place], limit=50, floor=EVERYTHING)
    assert found
    assert {one.entry.jurisdiction for one in found} <= allowed


def test_only_rules_of_the_industry_and_of_all_are_found(library: Library) -> None:
    found = library.find("a late payment", industries=["support"], limit=200, floor=EVERYTHING)
    assert found
    assert all({"support", "all"} & set(one.entry.industries) for one in found)


def test_no_place_given_finds_every_place(library: Library) -> None:
    found = library.find("delete my personal data", limit=50, floor=EVERYTHING)
    assert {"EU", "US-CA"} <= {one.entry.jurisdiction for one in found}


def test_only_the_asked_kind_is_found(library: Library) -> None:
    assert {one.entry.kind for one in library.find("personal data", kinds=["term"], floor=EVERYTHING)} == {"term"}


def test_every_entry_is_indexed(library: Library) -> None:
    assert library.indexed() == {entry.id for entry in library.entries()}


@pytest.mark.slow
def test_every_entry_is_found_by_its_own_question(library: Library) -> None:
    for entry in library.entries():
        question = entry.customer_question if entry.kind == "rule" else f"What is {entry.name}?"
        found = library.find(question, industries=[entry.industries[0]], jurisdictions=[entry.jurisdiction])
        assert entry.id in [one.entry.id for one in found[:2]], entry.id


def test_what_is_found_says_why(library: Library) -> None:
    found = library.find("how do I stop a recurring payment", industries=["banking"], jurisdictions=["US"])
    assert "stop" in found[0].reason and "payment" in found[0].reason


def test_a_brief_of_few_words_still_gets_the_rules_of_its_industry(library: Library) -> None:
    found = library.relevant(["A dental clinic"], industries=["healthcare"], jurisdictions=["US-OH"], limit=10)
    assert len(found) == 10
    assert sum("healthcare" in one.entry.industries for one in found) >= 5


def test_every_project_hears_that_people_must_know_they_talk_to_a_machine(library: Library) -> None:
    found = library.relevant(["We sell shoes"], industries=["support"], jurisdictions=["DE"], limit=10)
    assert "ai-act-tell-people" in [one.entry.id for one in found]


def test_a_project_gets_the_best_of_each_need_without_repetition(library: Library) -> None:
    needs = [
        "A dental practice in Ohio",
        "Questions by e-mail about bills and appointments",
        "It shows personal data",
        "Questions by e-mail about bills and appointments",
    ]
    found = library.relevant(needs, industries=["healthcare"], jurisdictions=["US-OH"], limit=10)
    ids = [one.entry.id for one in found]
    assert len(ids) == 10
    assert len(ids) == len(set(ids))
    assert all(one.entry.jurisdiction in {"US", "US-OH", "international"} for one in found)


@pytest.fixture
def own_packs(tmp_path: Path) -> Path:
    folder = tmp_path / "packs"
    folder.mkdir()
    (folder / "one.yaml").write_text(PACK.format(definition="What a visit is called here."), encoding="utf-8")
    return folder


PACK = """
industries: [healthcare]
terms:
  - {{id: own-visit, term: visit, jurisdiction: US, citation: x, url: "https://example.org/x", as_of: 2026-01-01,
     definition: "{definition}"}}
  - {{id: own-chair, term: chair, jurisdiction: US, citation: x, url: "https://example.org/x", as_of: 2026-01-01,
     definition: "What the patient sits on."}}
"""


def test_changed_packs_are_indexed_anew_and_the_old_index_goes(
    encoder: Encoder, own_packs: Path, tmp_path: Path
) -> None:
    index = tmp_path / "index"
    Library(index, encoder, own_packs).find("visit")
    before = {path.name for path in index.iterdir() if path.is_dir()}
    (index / "not ours").mkdir()
    (own_packs / "one.yaml").write_text(PACK.format(definition="A meeting with the dentist."), encoding="utf-8")
    found = Library(index, encoder, own_packs).find("meeting with the dentist")
    assert found[0].entry.id == "own-visit"
    after = {path.name for path in index.iterdir() if path.is_dir()}
    assert before.isdisjoint(after)
    assert "not ours" in after


def test_an_index_left_half_built_is_completed(encoder: Encoder, own_packs: Path, tmp_path: Path) -> None:
    library = Library(tmp_path / "index", encoder, own_packs)
    library._ask(lambda collection: collection.delete(ids=["own-chair#0", "own-chair#1"]))
    assert library.indexed() == {"own-visit"}
    again = Library(tmp_path / "index", encoder, own_packs)
    assert again.indexed() == {"own-visit", "own-chair"}


# A process that indexes and is killed after some rows; it imports what the tests use, so it takes a few seconds.
KILLED = """
import os, sys
from pathlib import Path
import knowledge.search as search
from knowledge.encoder import load_encoder
search.BATCH = 20
encoder = load_encoder(allow_download=False)
whole, calls = search.encode, []
def dying(encoder, passages):
    calls.append(1)
    if len(calls) == 4:
        os.kill(os.getpid(), 9)
    return whole(encoder, passages)
search.encode = dying
search.Library(Path(sys.argv[1]), encoder).find("hello")
"""


@pytest.mark.slow
def test_killed_while_indexing_it_is_whole_afterwards(encoder: Encoder, tmp_path: Path) -> None:
    index = tmp_path / "index"
    killed = subprocess.run([sys.executable, "-c", KILLED, str(index)], check=False)
    assert killed.returncode == -9
    library = Library(index, encoder)
    assert library.indexed() == {entry.id for entry in library.entries()}
    assert library.find("What is PHI?")[0].entry.id == "health-term-phi"


BUILDING = """
import sys
from pathlib import Path
from knowledge.encoder import load_encoder
from knowledge.search import Library
library = Library(Path(sys.argv[1]), load_encoder(allow_download=False))
print(len(library.indexed()), library.find("What is PHI?")[0].entry.id)
"""


@pytest.mark.slow
def test_two_processes_may_build_the_index_at_once(library: Library, tmp_path: Path) -> None:
    command = [sys.executable, "-c", BUILDING, str(tmp_path / "index")]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate()[0].split() for process in processes]
    assert said == [[str(len(library.entries())), "health-term-phi"]] * 2


@pytest.mark.parametrize("damage", ["garbage", "cut", "gone"])
def test_a_damaged_index_is_built_anew(encoder: Encoder, own_packs: Path, tmp_path: Path, damage: str) -> None:
    Library(tmp_path / "first", encoder, own_packs).find("visit")
    # A copy stands for what the next process finds: within one process Chroma keeps the old file open.
    index = tmp_path / "index"
    shutil.copytree(tmp_path / "first", index)
    database = next(index.glob("*/chroma.sqlite3"))
    if damage == "gone":
        database.unlink()
    else:
        database.write_bytes(b"no database" * 500 if damage == "garbage" else database.read_bytes()[:20_000])
    library = Library(index, encoder, own_packs)
    assert library.find("What is a chair?")[0].entry.id == "own-chair"
    again = Library(index, encoder, own_packs)
    assert again.indexed() == {"own-visit", "own-chair"}


def test_a_search_takes_less_than_thirty_milliseconds_in_the_middle(library: Library) -> None:
    library.find("warm up")
    seconds = []
    for industry, place, question, _ in QUESTIONS:
        started = time.perf_counter()
        library.find(question + " ", industries=[industry], jurisdictions=[place])
        seconds.append(time.perf_counter() - started)
    # The median, and with room: tests may run beside other work on the same processors.
    assert sorted(seconds)[len(seconds) // 2] < 0.1


def test_the_command_line_searches(library: Library, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["search", "stolen debit card", "--industry", "banking", "--jurisdiction", "US-OH"]
    assert main([*arguments, "--index", str(tmp_path), "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert rows[0]["id"] == "bank-unauthorised-transfer-liability"
    assert rows[0]["url"].startswith("https://")
    assert main(["search", "sourdough bread", "--index", str(tmp_path)]) == 0
    assert "Nothing found" in capsys.readouterr().out
