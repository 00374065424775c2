# ruff: noqa: E501 (a case reads best on one line)
"""Questions and answers out of running text, rules and terms."""

import time
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from finetune.data.document import Document, Passage
from finetune.data.from_documents.questions import question_from_sentence, questions_from_sentence
from finetune.data.from_documents.rows import examples_from_passages
from finetune.data.from_documents.sentences import sentences
from finetune.data.from_documents.sound import Known
from finetune.data.from_documents.title import called
from finetune.data.from_knowledge import act_from_rule, examples_from_rules, examples_from_terms, refusals
from finetune.data.passages import Block, passages_from_blocks
from finetune.data.prepare import prepare
from finetune.data.read import read_file
from finetune.example import Example


def long_document(*passages: tuple[str, str], title: str = "") -> Document:
    """One long enough to have more than one fee and one form."""
    text = "The bank keeps its branches open on every working day of the year. " * 12
    return replace(document(*passages, *((f"Part {n}", text) for n in range(20))), title=title)


def document(*passages: tuple[str, str]) -> Document:
    return Document("policy.pdf", "pdf", passages=[Passage(text, 3, heading) for heading, text in passages])


@pytest.mark.parametrize(
    ("sentence", "question"),
    [
        ("Patients must cancel an appointment at least 24 hours in advance.", "How far in advance must patients cancel an appointment?"),
        ("Invoices must be paid within 30 days of receipt.", "How soon must invoices be paid?"),
        ("The clinic keeps medical records for at least seven years.", "How long does the clinic keep medical records?"),
        ("We will send you a reminder within two days of booking.", "How soon will you send me a reminder?"),
        ("If you miss an appointment, we charge a fee of $40.", "What happens if I miss an appointment?"),
        ("To reschedule your visit, call the front desk before noon.", "How do I reschedule my visit?"),
        ("The co-payment is $25 per visit.", "What is the co-payment?"),
        ("We charge $15 for copies of your X-rays.", "How much do you charge for copies of my X-rays?"),
        ("Beth Miller is a specialist in Boston, where she works with field staff.", "Who is Beth Miller?"),
        ("Medicines in My Home is a program about the safe use of medicines.", "What is Medicines in My Home?"),
        ("A deductible is the amount you pay before your insurance pays.", "What is a deductible?"),
        ('"Prior authorization" means approval from your insurer before treatment.', "What does prior authorization mean?"),
        ("We must not share your health information without your permission.", "May you share my health information without my permission?"),
        ("Staff shall never discuss patients in public areas.", "May staff discuss patients in public areas?"),
        ("You have the right to see your records at any time.", "Do I have the right to see my records at any time?"),
        ("The practice is open Monday to Friday from 8 a.m. to 5 p.m.", "When is the practice open?"),
        ("You may bring a companion to your appointment.", "May I bring a companion to my appointment?"),
    ],
)  # fmt: skip
def test_a_sentence_that_stands_alone_gives_a_natural_question(sentence: str, question: str) -> None:
    assert question_from_sentence(sentence, frozenset()) == question


@pytest.mark.parametrize(
    "sentence",
    [
        "It must be paid within 30 days of receipt.",
        "The fee is $28 per item.",
        "Our charge is about $15 for each of them.",
        "We can think of literacy as the ability to understand a text.",
        "However, reminders may be late in some weeks.",
        "They can take a while to arrive at your home.",
        "This means approval from your insurer before treatment.",
        "See section 4 for what must be paid within 30 days.",
        "which must be paid within 30 days of the receipt.",
        "Must be paid.",
        "Welcome to our practice and thank you for your trust.",
        "For accounts to which transfers can be made, the bank shall send a statement.",
        "A telephone number the consumer may call to ask about transfers.",
        "The receipt shall set forth the following information about fees.",
    ],
)
def test_a_sentence_that_leans_on_others_gives_none(sentence: str) -> None:
    assert question_from_sentence(sentence, frozenset()) is None


@pytest.mark.parametrize(
    ("sentence", "questions"),
    [
        ("A controller must notify the supervisory authority of a breach within 72 hours.", ["How soon must a controller notify the supervisory authority of a breach?", "What is the deadline for a controller to notify the supervisory authority of a breach?"]),
        ("A business that sells personal information must honor a consumer's opt-out request.", ["Must a business that sells personal information honor a consumer's opt-out request?", "Who must honor a consumer's opt-out request?"]),
        ("The bank shall, where applicable, send a written notice to the customer.", ["Must the bank send a written notice to the customer?", "Who must send a written notice to the customer?"]),
        ("If a customer reports a lost card, the bank must block the card at once.", ["What must the bank do if a customer reports a lost card?"]),
        ("Before the treatment begins, the dentist must explain all its risks to the patient.", ["What must the dentist do before the treatment begins?"]),
        ("The replacement card fee is $10 for each card.", ["What is the replacement card fee?", "How much is the replacement card fee?"]),
        ("You can request up to 240 hours of advanced sick leave.", ["How much advanced sick leave can I request?"]),
        ("Employees are entitled to four weeks of paid leave a year.", ["Are employees entitled to four weeks of paid leave a year?", "Who is entitled to four weeks of paid leave a year?"]),
        ("To reschedule your visit, call the front desk before noon.", ["How do I reschedule my visit?", "What do I need to do to reschedule my visit?"]),
    ],
)  # fmt: skip
def test_a_fact_is_asked_in_two_ways_where_both_are_natural(sentence: str, questions: list[str]) -> None:
    assert questions_from_sentence(sentence, Known()) == questions


@pytest.mark.parametrize(
    "sentence",
    [
        # What is cut in the middle of a list would ask something else.
        "A bank shall not be required by the agency, a court, or otherwise to pay a penalty twice.",
        "If a bank, a credit union, or another lender is involved, the rule does not apply to the loan.",
        # What it means stands in the sentence before, or somewhere else.
        "The provider must transmit that information to the authority without delay.",
        "The functionality required by paragraph (1) must be easy for a person to locate.",
        "Funds in the account shall be used for the purposes described in this subdivision.",
        "If you leave the company, it will be transferred to your next employer.",
        "Your supervisor will be asked to approve the hours requested.",
        "We share what we learned with our members; and to help them amplify their messages on the radio.",
        # At what somebody is or has, nothing happens; what somebody wishes is no definition.
        "If you are a term employee, you may see an error in the form for leave.",
        "If you have a key to the office, you can open the door at night.",
        "A clinic is a place where people feel safe and are better for the time they spent here.",
        "A tenant who wishes to cut timber must file an application therefor with the local office.",
        # No fact of the house: what everybody does, what one may look up, what somebody said.
        "Customers will get new phones in the coming years.",
        "You can find more forms like it on our page for patients.",
        "When I joined the clinic, I was asked to keep a diary.",
        # What the reading lost.
        "For lunch with your team, use the keyword meals in .",
        "If you need help with the form, ask for it in or by email to the desk.",
        "Institutions must treat a balance as zero to determine: The average balance of the month.",
    ],
)
def test_a_sentence_that_would_make_a_bad_question_makes_none(sentence: str) -> None:
    assert questions_from_sentence(sentence, Known()) == []


def test_a_second_way_to_ask_that_is_no_english_is_left_out() -> None:
    told = "You or your supervisor may make a request for a new badge at any branch."
    asked = [row.question for row in examples_from_passages(document(("Badges", told)))]
    assert asked == ["May I or my supervisor make a request for a new badge at any branch?"]
    staff = "All federal employees working at the branch are required to have a security clearance."
    assert not any(row.question.startswith("Does all") for row in examples_from_passages(document(("Staff", staff))))


def test_two_ways_to_ask_are_no_duplicates_and_stand_on_one_side_of_the_split() -> None:
    facts = ("opt-out", "deletion", "access", "correction", "refund", "complaint", "transfer", "closing")
    passages = [
        (f"{fact} requests".capitalize(), f"A business must honor a consumer's {fact} request within 30 days.")
        for fact in facts
    ]
    made = examples_from_passages(document(*passages))
    assert len(made) == 2 * len(facts)
    kept = [row for row in prepare(made).examples if row.status != "dropped"]
    assert len(kept) == len(made)
    sides = {fact: {row.split for row in kept if row.answer == text} for fact, text in passages}
    assert all(len(side) == 1 for side in sides.values())


LAW = """The controller shall have the following duties:
(a) to inform the data subject;
(b) to keep a record of each processing.
2. A controller shall keep a record of each processing activity in writing.
3. Processing shall be lawful only if at least one of the following applies:
(a) the person has given consent;
(b) a law asks for it."""


def test_a_laws_list_ends_where_the_next_numbered_paragraph_begins() -> None:
    asked = {e.question: e.answer for e in examples_from_passages(document(("Duties", LAW)))}
    assert asked["Which duties does the controller have?"].endswith("each processing.")
    assert asked["When is processing lawful?"].endswith("a law asks for it.")
    assert asked["Must a controller keep a record of each processing activity in writing?"].startswith("A controller")


def test_a_list_that_a_page_break_cut_answers_nothing() -> None:
    text = "The notice must include:\n(a) the name of the bank; and\n(b) the date of the transfer; or"
    assert examples_from_passages(document(("Notice", text))) == []


def test_the_definitions_in_a_list_are_asked_one_by_one() -> None:
    text = "For the purposes of this Regulation:\n(1) ‘profiling’ means any automated use of personal data to evaluate a person;\n(2) ‘consent’ of the data subject means any freely given indication of his or her wishes;"
    asked = {e.question: e.answer for e in examples_from_passages(document(("Definitions", text)))}
    assert (
        asked["What does profiling mean?"]
        == "‘profiling’ means any automated use of personal data to evaluate a person"
    )
    assert set(asked) >= {"How is profiling defined?", "What does consent of the data subject mean?"}


def test_what_a_long_document_spoke_of_before_is_not_asked_about() -> None:
    text = "The notice must be sent to each customer who asked for one. The bank must send each customer a yearly statement of fees."
    asked = [e.question for e in examples_from_passages(long_document(("Statements", text)))]
    assert "Must the bank send each customer a yearly statement of fees?" in asked
    assert not any("the notice" in question for question in asked)


def asked_in_long(heading: str, text: str, *, title: str = "") -> list[str]:
    """The questions a section gives in a long document."""
    made = examples_from_passages(long_document((heading, text), title=title))
    assert all(row.answer == row.source.quote and row.answer in text for row in made if row.topic == heading)
    return [row.question for row in made if row.topic == heading]


EXEMPTION = "Regulatory exemption - multiple site subdivision - determination required"


@pytest.mark.parametrize(
    ("heading", "sentence", "question"),
    [
        (EXEMPTION, "The Annual Report must be accompanied by a filing fee of $100.", "Under “Regulatory exemption - multiple site subdivision”, must the Annual Report be accompanied by a filing fee of $100?"),
        ("Single-home exemption", "A purchaser must make a personal inspection of each lot before signing a contract.", "Under “Single-home exemption”, must a purchaser make a personal inspection of each lot before signing a contract?"),
        ("Layout of the property report", "Side margins shall be no less than 1 inch on every page.", "Under “Layout of the property report”, must side margins be no less than 1 inch on every page?"),
        ("Reclaim member seats", "Members who have been inactive for more than 90 days should be converted to guests.", "Under “Reclaim member seats”, should members who have been inactive for more than 90 days be converted to guests?"),
    ],
)  # fmt: skip
def test_a_question_that_leans_on_its_heading_names_it(heading: str, sentence: str, question: str) -> None:
    assert question in asked_in_long(heading, sentence)


@pytest.mark.parametrize(
    ("heading", "sentence"),
    [
        ("Annual Report", "The Annual Report must be accompanied by a filing fee of $100."),
        ("Filing", "The Statement of Record must be signed by an officer of each developer who files one."),
        ("Single-home exemption", "Developers must request each exemption in writing before opening any site."),
    ],
)
def test_a_question_that_stands_alone_stays_as_it_is(heading: str, sentence: str) -> None:
    asked = asked_in_long(heading, sentence)
    assert asked and not any(question.startswith("Under") for question in asked)


BRANCHES = "Fair Branches Act (EU) 2031/17"


@pytest.mark.parametrize(
    ("heading", "sentence", "questions"),
    [
        ("Definitions", "Branch means a place of business where deposits are taken from the public.", ["What does branch mean under the Fair Branches Act?", "How is branch defined under the Fair Branches Act?"]),
        ("Annual duties", "A branch manager must keep a register of all complaints.", ["Under “Annual duties” of the Fair Branches Act, must a branch manager keep a register of all complaints?"]),
        ("Complaints", "A branch manager must keep a register of all complaints.", ["Under the Fair Branches Act, must a branch manager keep a register of all complaints?"]),
        ("§ 12", "A branch manager must keep a register of all complaints.", ["Under the Fair Branches Act, must a branch manager keep a register of all complaints?"]),
        ("Definitions for vaults", "Branch means a place of business where deposits are taken from the public.", ["Under “Definitions for vaults” of the Fair Branches Act, what does branch mean?"]),
        ("Visits", "If you visit a branch on a Sunday, you must ring the bell.", ["Under the Fair Branches Act, what should I do if I visit a branch on a Sunday?"]),
        ("Definitions", "For this law the following meanings apply:\n(1) ‘teller’ means a person who hands out cash to the public;\n(2) ‘vault’ means a room in which cash is kept.", ["How is teller defined under the Fair Branches Act?"]),
    ],
)  # fmt: skip
def test_a_question_about_a_law_names_it(heading: str, sentence: str, questions: list[str]) -> None:
    asked = asked_in_long(heading, sentence, title=BRANCHES)
    assert set(questions) <= set(asked)
    assert all("the Fair Branches Act" in question for question in asked)


def test_a_handbook_is_named_only_where_its_heading_is() -> None:
    bare = asked_in_long(
        "Reclaim member seats",
        "Members who have been inactive should be converted to guests.",
        title="Staff handbook 2031",
    )
    assert bare == [
        "Under “Reclaim member seats” in the Staff handbook, should members who have been inactive be converted to guests?"
    ]
    alone = "Colleagues of a branch must change the password of each account within 90 days."
    asked = asked_in_long("Accounts", alone, title="Staff handbook 2031")
    assert asked and not any("handbook" in question for question in asked)


@pytest.mark.parametrize(
    ("title", "called_so"),
    [
        ("Regulation Q (Branch Visits), 12 CFR 4711", "under Regulation Q (Branch Visits)"),
        ("12 CFR Part 4711", "under 12 CFR Part 4711"),
        ("Our return policy", "under your return policy"),
        ("EMPLOYEE HANDBOOK 2031", "according to the Employee Handbook"),
        ("Fair Lending Policy, version 3.2", "under the Fair Lending Policy"),
        ("Branches of tomorrow", "according to “Branches of tomorrow”"),
        ("How we work: a start", ""),
        ("2031/17", ""),
    ],
)
def test_a_title_is_said_as_one_would_in_a_sentence(title: str, called_so: str) -> None:
    assert str(called(title)) == called_so


def test_a_heading_within_a_paragraph_is_the_one_that_is_named() -> None:
    text = (
        "In general. A branch manager must greet all visitors with their full name. 7(b) Old customers. Holders of two accounts. "
        "A branch manager must send one statement of fees each month."
    )
    asked = asked_in_long("Statements of fees", text, title=BRANCHES)
    assert (
        "Under “Old customers - Holders of two accounts” of the Fair Branches Act, must a branch manager send one statement of fees each month?"
        in asked
    )
    assert (
        "Under “Statements of fees” of the Fair Branches Act, must a branch manager greet all visitors with their full name?"
        in asked
    )


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("The board shall prepare a joint report on fees. The joint report shall explore ways to lower the fees of each branch.", "joint report shall explore"),
        ("A branch must pay 2 percent of interest on each deposit. In a leap year a branch may pay less.", "2 percent"),
        ("A branch must give its terms to each holder in advance. It may do so by mail. Except on Sundays, they are read out.", "in advance"),
        ("A gift means anything worth more than 10 dollars that a branch gives away. The term does not include pens.", "gives away"),
        ("Native groups must mark any area over that as alternate choices of theirs.", "over that"),
        ("A branch tells visitors of each fee. The branch must answer each question about a fee within two days.", "must answer"),
        ("A fee is due when the branch finds: Written notice. Each branch shall keep a register of the notices.", "register"),
        ("A “teller” means a person who hands out cash to the public. The term “teller” does not include trainees.", "hands out"),
        ("Insolvency means a period in which a holder of an account is insolvent.", "insolvent"),
        ("Visitors may join a bonus plan at each branch. If a visitor refuses to sign the form, the branch shall wait for 12 months.", "refuses to sign"),
        ("The low risk visitors of the 14 percent offer must receive a written explanation from each branch.", "14 percent"),
        ("A branch manager may not close an account because of the holder's age.", "because"),
        ("Statements must be provided so that each holder can read them at home.", "so that"),
        ("Here are some definitions nobody needs: Bicycle means every device propelled solely by human power on a road.", "Bicycle"),
        ("A visitor meets with a manager of a branch to apply for a loan on a house.", "meets with"),
        ("Perhaps more branch managers are pragmatists who accept that visitors come late.", "Perhaps"),
    ],
)  # fmt: skip
def test_a_sentence_of_a_law_that_leans_on_another_makes_no_row(text: str, gone: str) -> None:
    law = document(("Duties", text), *[(f"Part {n}", "Each branch is open. " * 120) for n in range(10)])
    made = examples_from_passages(replace(law, title=BRANCHES))
    assert not [row.question for row in made if gone in row.answer]


def test_what_stands_under_two_headings_is_asked_only_where_the_outer_one_tells() -> None:
    text = "Savers in debt. A branch manager must send one statement of fees each month. General. Nothing else."
    assert asked_in_long("§ 7 Official interpretation", text, title=BRANCHES) == []
    assert asked_in_long("Statements of fees", text, title=BRANCHES) != []


def test_sentences_shown_as_a_sample_make_no_rows() -> None:
    rule = "Workers must wear two ear protectors in rooms with more than two machines."
    assert asked_in_long("Ear protectors", rule) != []
    assert asked_in_long("Before", rule) == asked_in_long("An example:", rule) == []


def test_quotations_and_a_laws_own_words_in_a_guide_make_no_rows() -> None:
    rule = "Works of imagination should be written in very plain language."
    assert asked_in_long("Writing well", rule) != []
    assert asked_in_long("Historical quotes", rule) == []
    quoted = f"{rule} A quote from a novel must name its author."
    assert asked_in_long("Use of quotes", quoted) != []  # it speaks of quotes, and is no page of them
    law = "Growers shall not pay a forest deduction for timber of less than 5,000 dollars in value."
    cited = "1. Fees are set by § 163.25 of this part."
    assert asked_in_long("Forest deductions", law) != []
    assert asked_in_long("Dense text", f"{cited}\n2. {law}") == []
    assert asked_in_long("Fees", f"{cited}\n2. {law}", title="Forest Deduction Act") != []


def test_what_i_may_do_is_asked_only_where_the_question_or_its_heading_names_the_matter() -> None:
    letter = "If you do not respond within 30 days, we will reduce your payments on September 1."
    assert asked_in_long("Responding to our letters", letter) != []
    assert asked_in_long("What we will do", letter) == []


def test_what_a_paper_shall_contain_is_asked_as_a_duty_and_what_is_authorized_as_a_state() -> None:
    paper = "A yearly statement of fees shall contain the name of the bank and the date of each fee."
    asked = "Must a yearly statement of fees contain the name of the bank and the date of each fee?"
    assert asked in asked_in_long("Statements of fees", paper)
    officer = "A branch manager shall be authorized to open each branch of the bank on a working day."
    asked = "Is a branch manager authorized to open each branch of the bank on a working day?"
    assert asked in asked_in_long("Branches", officer)


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ("What other types of letters should I write in plain words?", "Write all letters and forms in plain words."),
        ("What if I'm just changing a part of a letter?", "Use common sense and plain words."),
        ("We write a thousand letters each year. Where do we start?", "Start with the letters most people get."),
        ("How do you write a plain letter?", "- Know what you need to say\n- Order what you say"),
        (
            "Must I make a deposit?",
            "It depends. If the value is: | you must pay: | and at least: less than $100 | $5 | $1",
        ),
    ],
)
def test_a_question_that_goes_on_from_another_or_whose_answer_is_cut_makes_no_row(asked: str, answer: str) -> None:
    assert asked_in_long("What is a plain letter?", "A plain letter says what it is about.") != []
    assert asked_in_long(asked, answer) == []


def test_a_remark_on_a_term_that_is_defined_elsewhere_is_not_its_definition() -> None:
    remark = "Realized value refers to either the retail or wholesale value of the leased property."
    assert asked_in_long("Commentary", remark) != []
    meaning = 'For this law "realized value" means:\n(1) the price received; or\n(2) the highest offer.'
    assert asked_in_long("Commentary", f"{remark}\n{meaning}") == []


@pytest.mark.parametrize(
    "after",
    [
        "The term does not include a tenant of a hotel.",
        "This amount does not include what is paid later.",
        "If the home is sold, the new owner is a lessor as well.",
        "For purposes of section 9, a guarantor is a lessor.",
        "A bank is not a lessor.",
    ],
)
def test_what_a_term_means_is_not_asked_where_the_next_sentence_changes_it(after: str) -> None:
    meaning = "Lessor means a person who lets a home to a family for at least a year."
    example = "For example, the owner of a small flat in the town is one."
    other = "Notice means a letter that tells the family of a change in its rent."
    for following in ("", example, other):
        assert [row.answer for row in law(f"{meaning} {following}")][:1] == [meaning], following
    assert meaning not in [row.answer for row in law(f"{meaning} {after}")]


def test_when_something_is_so_is_not_what_it_is() -> None:
    assert asked_in_long("Words", "A letter of credit is a promise of a bank to pay the seller of goods.") != []
    assert asked_in_long("Words", "A utility company is a creditor when it bills its users later on.") == []
    assert asked_in_long("Words", 'A "transfer" is the recommended approach since it keeps all of the history.') == []


def test_a_heading_in_capitals_before_a_dash_is_not_part_of_its_sentence() -> None:
    text = "(f) ANNUAL RENEWAL. - A lease of a furnished home shall be renewed on an annual basis."
    first = law(text)[0]
    assert first.question == "Under the Housing Act, must a lease of a furnished home be renewed on an annual basis?"
    assert first.answer == text.split(" - ")[1]


def test_a_heading_between_a_rule_and_what_lifts_it_does_not_part_them() -> None:
    rule = "(1) IN GENERAL. - Any licensed agent shall be eligible to become a member of the board of homes."
    lifts = (
        "(2) SUSPENDED LICENSES. - Notwithstanding paragraph (1), an agent whose license is suspended is not eligible."
    )
    assert law(rule) != []
    assert law(rule, lifts) == []
    assert law(f"{rule}\n{lifts}") == []


def test_a_basis_is_not_a_time() -> None:
    items = "(a) the number of families concerned;\n(b) the length of the leases."
    assert law(f"Every agency shall sort the leases of homes in any of the following cases:\n{items}") != []
    assert law(f"Every agency shall sort the leases of homes based on the following criteria:\n{items}") == []


@pytest.mark.parametrize(
    ("asked", "answer", "kept"),
    [
        ("How do I get help?", "Ask the desk on the second floor. It is open all day.", False),
        ("How do I get help with a loan?", "Ask the desk on the second floor. It is open all day.", True),
        ("Who trains new staff?", "During the first week, new staff meet many people.", False),
        ("Who trains new staff?", "The office on the second floor does.", True),
        (
            "Who pays the bills?",
            "Everyone does:\n- Check the bill\n- Sign the bill The office helps by:\n- Paying",
            False,
        ),
        ("Who pays the bills?", "Everyone does:\n- Check the bill\n- Sign the bill\n- Pay the bill", True),
        ("How do I become a member?", "The form has three levels of members. for education, see the desk.", False),
        (
            "Why write short letters?",
            "A letter was written to the tenants by us. | We wrote a letter to the tenants of it.",
            False,
        ),
        ("What does a letter cost?", "It depends.\nLength | Price\nShort | $1\nLong | $2", True),
    ],
)
def test_a_long_documents_faq_says_what_it_asks_about_and_is_answered_whole(
    asked: str, answer: str, kept: bool
) -> None:
    assert asked_in_long(asked, answer) == ([asked] if kept else [])


@pytest.mark.parametrize(
    ("heading", "text", "asked"),
    [
        ("Office supplies", "If you have access to an office, check the supply rooms for what you need.", "Under “Office supplies” in the Staff handbook, what should I do if I have access to an office?"),
        ("Office supplies", "If you need supplies for an office, check the rooms of the branch in town.", "What should I do if I need supplies for an office?"),
        ("Evaluation", "The evaluation process includes an interview and a look at the form.", None),
        ("Award leave", "Expired leave cannot be recovered by anybody - please use the leave first of all.", None),
        ("Leave for veterans", "VL is a one-time benefit: everybody has a single period of a year.", None),
    ],
)  # fmt: skip
def test_what_a_handbook_leaves_to_its_heading_is_said_in_the_question(
    heading: str, text: str, asked: str | None
) -> None:
    assert asked_in_long(heading, text, title="Staff handbook")[:1] == ([asked] if asked else [])


def test_the_items_of_a_list_hold_for_whom_its_lead_says() -> None:
    item = "1. Every branch manager must write a justification for a low rating of a colleague."
    for lead, made in (
        ("Ratings are given each year.", True),
        ("There are two rules for members of the union.", False),
    ):
        document = long_document(("Ratings", lead), ("Ratings", item), title="Staff handbook")
        asked = [row.question for row in examples_from_passages(document) if row.topic == "Ratings"]
        assert any("justification" in question for question in asked) == made


def test_whose_we_is_asked_about_is_said_where_the_document_has_a_name() -> None:
    answer = "We add up what we earn and what we spend, month by month."
    assert asked_in_long("How do we balance our budget?", answer, title="Staff handbook") == [
        "In the Staff handbook, how do we balance our budget?"
    ]
    assert asked_in_long("How do I balance a budget?", answer, title="Staff handbook") == ["How do I balance a budget?"]


def test_a_piece_of_a_law_and_a_case_under_a_heading_that_tells_nothing_make_no_rows_in_a_guide() -> None:
    notice = "You must notify any neighbour by letter that you have applied to cut wood from your land."
    assert asked_in_long("Free use of wood", notice) != []
    assert asked_in_long("Section 5511.1 Free use of wood", notice) == []
    join = "If a guest is unable to join a meeting, call the guest by phone and ask what went wrong."
    assert asked_in_long("Meetings by phone", join) != []
    assert asked_in_long("Tips", join) == []


def test_a_heading_whose_section_begins_with_somebody_it_does_not_name_is_not_asked_about() -> None:
    told = "working groups for larger pieces of work. Working groups are set up and ended by the board."
    assert asked_in_long("Working groups", f"The bank sets up {told}") == ["What should I know about working groups?"]
    assert asked_in_long("Working groups", f"The Council sets up {told}") == []


def test_a_term_that_opens_its_own_paragraph_is_not_of_the_heading_before() -> None:
    text = (
        "Transition period. A person has a reasonable period of time of six months to begin with the new forms. "
        "“Sender” means a consumer in a state who asks a provider to send money to somebody abroad."
    )
    asked = asked_in_long("Transfer definitions", text, title="Transfer Act")
    assert asked == ["Under “Transfer definitions” of the Transfer Act, what does sender mean?"]


@pytest.mark.parametrize(
    "text",
    [
        "Mr. Dickerson's advice applies to any letter of a public office, not just to legal documents.",
        "The office must draw up a report on its budget nine months before the end of the five-year period.",
        "Every member may make a request on behalf of a whole group of colleagues.",
        "All employees of the branch can obtain a free license by writing to the help desk.",
        "We will consider the following metrics:\n- average time to open an account\n- number of letters a month",
        "Staff may ask for the help of others for a few hours by posting to the channel.",
    ],
)
def test_a_guides_question_that_does_not_say_what_it_is_about_is_not_asked(text: str) -> None:
    assert asked_in_long("Tips", text) == []


def test_a_guides_question_that_tells_its_matter_is_asked() -> None:
    asked = asked_in_long("Tips", "Every member may make a request for a new badge at any branch.")
    assert asked[0] == "May every member make a request for a new badge at any branch?"
    assert asked_in_long("Metrics", "We will consider the following metrics:\n- average time to pay\n- letters a month")


def test_a_question_of_an_faq_about_one_of_many_things_is_left_out() -> None:
    answer = "The office bases them on the history of the area, its economy and the number of wells drilled there."
    assert asked_in_long("What Would be the Basis for the Negotiations?", answer) == []
    assert asked_in_long("What Would be the Basis for a Lease?", answer) == ["What Would be the Basis for a Lease?"]


def test_the_state_concerned_is_one_that_was_spoken_of() -> None:
    text = "A bank must send the courts of {} a list of all complaints in each year."
    assert asked_in_long("Penalties", text.format("its own state")) != []
    assert asked_in_long("Penalties", text.format("the state concerned")) == []


def test_a_thing_that_neither_sentence_nor_heading_names_is_not_asked_about() -> None:
    supply = "A supply shall be maintained at each place where purchasers may ask for one."
    assert asked_in_long("Title and land use", supply) == []
    assert asked_in_long("General", "The Annual Report must be accompanied by a filing fee of $100.") == []
    assert asked_in_long("Training", "If you know of any courses that we have missed, please contact us.") == []


@pytest.mark.parametrize(
    "after",
    [
        "However, a late payment is accepted in December.",
        "Except in December, no reminder is sent.",
        "This section does not apply to charities.",
        "In a chart, the sender may vary from the above rule.",
    ],
)
def test_what_the_next_sentence_takes_back_is_not_asked(after: str) -> None:
    rule = "Invoices must be paid within 30 days of receipt."
    assert examples_from_passages(document(("Payment", f"{rule} We send one reminder.")))
    assert rule not in [row.answer for row in examples_from_passages(document(("Payment", f"{rule} {after}")))]


def test_a_paragraph_that_another_one_of_its_section_lifts_makes_no_row() -> None:
    deposit = "1. Every tenant shall pay a deposit of one month of rent."
    copy = "2. Every landlord shall give tenants a signed copy of their lease."
    keys = "3. Every landlord shall keep a spare key of each flat in a safe place."
    for lifts, gone in (
        ("4. Paragraph 1 shall apply to students, too.", []),
        ("4. Paragraph 1 shall not apply to students.", ["deposit"]),
        ("4. The duty set out in paragraphs 1 and 2 shall not apply to rooms in hotels.", ["deposit", "copy"]),
        (
            "4. Paragraphs 1 to 3 of this Article do not apply in a state of emergency.",
            ["deposit", "copy", "spare key"],
        ),
        ("4. The copy referred to in paragraph 2 shall not be required for a lease of a week.", ["copy"]),
    ):
        asked = " ".join(row.question for row in law(deposit, copy, keys, lifts))
        assert [word for word in ("deposit", "copy", "spare key") if word not in asked] == gone, lifts


def law(*paragraphs: str) -> list[Example]:
    """The rows of a section of these paragraphs in a long law."""
    made = examples_from_passages(
        long_document(*(("Leases of homes", text) for text in paragraphs), title="Housing Act")
    )
    return [row for row in made if row.topic == "Leases of homes"]


@pytest.mark.parametrize(
    "text",
    [
        "Trading venue means a trading venue as defined in the directive on markets.",
        "Act means the Equal Credit Opportunity Act.",
        "Director means the Director of the bureau or a person who acts in that office.",
        "For this law:\n(1) ‘payment institution’ means a payment institution as defined in the directive;\n(2) ‘venue’ means a venue as defined in the act;",
    ],
)
def test_a_definition_that_only_sends_elsewhere_makes_no_row(text: str) -> None:
    assert examples_from_passages(document(("Definitions", text))) == []


@pytest.mark.parametrize(
    "answer",
    [
        "They come in several types including: An example is a topic heading.",
        "They guide a reader. An example of a statement heading is...",
        "You can find everyone who writes headings in the channel in",
    ],
)
def test_an_faq_whose_answer_lost_its_list_or_its_end_makes_no_row(answer: str) -> None:
    asked = "Why are headings helpful?"
    assert examples_from_passages(document((asked, "They guide a reader to what matters."))) != []
    assert examples_from_passages(document((asked, answer))) == []


def test_the_time_of_what_a_contract_requires_is_no_deadline_for_the_contract() -> None:
    text = "The contract of sale must require delivery within 180 days after the signing."
    assert examples_from_passages(document(("", text))) == []


def test_a_question_that_two_places_answer_differently_is_left_out() -> None:
    rows = [
        ("Cards", "If you accept the offer, you must pay 10 dollars."),
        ("Loans", "If you accept the offer, you must pay 90 dollars."),
    ]
    assert examples_from_passages(document(*rows)) == []


def test_a_heading_that_asks_is_answered_by_its_whole_section() -> None:
    examples = examples_from_passages(
        document(("What if I cannot pay?", "Talk to us."), ("What if I cannot pay?", "We offer plans."))
    )
    assert [(e.question, e.answer, e.kind) for e in examples] == [
        ("What if I cannot pay?", "Talk to us.\nWe offer plans.", "faq")
    ]


def test_a_list_answers_the_sentence_that_leads_into_it() -> None:
    text = "The following documents are needed to register:\n- a photo ID\n- your insurance card"
    examples = examples_from_passages(document(("", text)))
    assert [(e.question, e.answer) for e in examples] == [("Which documents are needed to register?", text)]


INSURANCE = [
    ("What is covered", "We cover loss or damage to the buildings caused by fire, lightning or storm. What is covered depends on the cover you have chosen. Jewellery is covered up to 1,000 dollars."),
    ("Cancelling your policy", "You may cancel this policy within 14 days of the day it starts. We will refund your premium in full."),
    ("How to make a claim", "To make a claim, call our claims line within 30 days. You must report a theft to the police within 24 hours."),
]  # fmt: skip


def plain_pdf(path: Path, gap: bool) -> Path:
    from fpdf import FPDF

    page = FPDF()
    page.add_page()
    page.set_font("Helvetica", "", 11)
    for line in (line for section in INSURANCE for line in section):
        page.multi_cell(0, 6, line, new_x="LMARGIN", new_y="NEXT")
        page.ln(4 if gap else 0)
    page.output(str(path))
    return path


def plain_docx(path: Path) -> Path:
    import docx

    written = docx.Document()
    for line in (line for section in INSURANCE for line in section):
        written.add_paragraph(line)
    written.save(str(path))
    return path


@pytest.mark.parametrize("kind", ["tight.pdf", "loose.pdf", "plain.docx", "plain.txt"])
def test_headings_that_look_like_the_text_still_head_their_section(tmp_path: Path, kind: str) -> None:
    path = tmp_path / kind
    if path.suffix == ".pdf":
        plain_pdf(path, gap=kind == "loose.pdf")
    elif path.suffix == ".docx":
        plain_docx(path)
    else:
        path.write_text("\n".join(line for section in INSURANCE for line in section))
    read = read_file(path)
    assert [p.heading for p in read.passages] == [heading for heading, _ in INSURANCE]
    asked = {e.question: e.answer for e in examples_from_passages(read)}
    assert set(asked) == {
        "Can you tell me what is covered?",
        "Do you cover loss or damage to the buildings caused by fire, lightning or storm?",
        "Is jewellery covered up to 1,000 dollars?",
        "What should I know about cancelling my policy?",
        "Will you refund my premium in full?",
        "Can you tell me how to make a claim?",
        "How do I make a claim?",
        "What do I need to do to make a claim?",
        "How soon must I report a theft to the police?",
        "What is the deadline for me to report a theft to the police?",
    }
    assert all(answer.endswith(".") for answer in asked.values())


def test_a_heading_that_ran_into_its_text_makes_no_question() -> None:
    assert (
        question_from_sentence("What is covered We cover damage to the buildings caused by fire.", frozenset()) is None
    )
    assert question_from_sentence("Your duties You must keep the buildings in good repair.", frozenset()) is None
    assert question_from_sentence("What is covered depends on the cover you have chosen.", frozenset()) is None
    glued = "Jewellery is covered up to a certain sum for each item.\nCancelling your"
    assert next(e.answer for e in examples_from_passages(document(("Valuables", glued)))).endswith("each item.")


def test_a_heading_over_two_lines_is_one_heading() -> None:
    blocks = [
        Block("Cancelling your", 1, heading=True),
        Block("policy", 1, heading=True),
        Block("Call us.", 1, heading=False),
    ]
    assert [p.heading for p in passages_from_blocks(blocks)] == ["Cancelling your policy"]


def test_short_items_of_a_list_head_nothing() -> None:
    lines = ["Please bring:", "Photo card", "Insurance card", "We look at them before the first visit begins."]
    blocks = [Block(line, 1, heading=False) for line in lines]
    assert [p.heading for p in passages_from_blocks(blocks)] == [""] * 4


def test_every_quote_is_the_documents_own_words_with_its_page() -> None:
    text = "Refunds are issued within 14 days. It is easy. You may return goods by post, e.g. in the same box. We accept cards."
    for example in (examples := examples_from_passages(document(("3. Returns and refunds", text)))):
        assert example.answer == example.source.quote and example.answer in text
        assert (example.source.page, example.source.file, example.topic) == (3, "policy.pdf", "Returns and refunds")
    assert "How soon are refunds issued?" in [e.question for e in examples]


def test_other_languages_give_their_own_questions_only() -> None:
    german = "Die Rechnung muss innerhalb von 30 Tagen bezahlt werden, sonst fallen Gebühren an."
    assert examples_from_passages(document(("Zahlung", german))) == []
    assert [e.question for e in examples_from_passages(document(("Wann muss ich zahlen?", german)))] == [
        "Wann muss ich zahlen?"
    ]


def test_abbreviations_do_not_end_a_sentence() -> None:
    assert sentences("Ask Dr. Smith at 5 p.m. today. Then go.") == ["Ask Dr. Smith at 5 p.m. today.", "Then go."]


@dataclass(frozen=True)
class Rule:
    title: str
    citation: str
    customer_question: str
    complying_answer: str
    for_model: str = "Give the records within 30 days."


@dataclass(frozen=True)
class Term:
    term: str
    definition: str
    citation: str


def test_rules_and_terms_become_rows_with_their_citation() -> None:
    rule = examples_from_rules(
        [Rule("Access", "45 CFR 164.524", "Can I see my file?", "Yes, within 30 days."), Rule("x", "y", "", "")]
    )
    assert [(e.question, e.answer, e.kind, e.source.citation) for e in rule] == [
        ("Can I see my file?", "Yes, within 30 days.", "rule", "45 CFR 164.524")
    ]
    terms = examples_from_terms([Term("copay", "A fixed amount for a visit.", "42 USC 1")])
    assert {e.question for e in terms} == {"What does copay mean?", "Can you explain the term copay?"}
    assert all(e.kind == "term" and e.source.citation == "42 USC 1" for e in terms)


def test_a_line_of_tens_of_thousands_of_single_letters_costs_no_square_of_them() -> None:
    start = time.process_time()
    examples_from_passages(document(("Letters", "a " * 30_000)))
    assert time.process_time() - start < 5


@pytest.mark.parametrize(
    ("point", "act"),
    [
        ("Give a diagnosis", "give a diagnosis"), ("Never promise an outcome.", "promise an outcome"),
        ("giving legal advice", "give legal advice"), ("no medical advice", "give medical advice"),
        ("It must never ask for a password", "ask for a password"), ("don't quote prices", "quote prices"),
        ("politics", "help with politics"),
    ],
)  # fmt: skip
def test_what_it_must_never_do_is_understood_in_many_forms(point: str, act: str) -> None:
    assert act_from_rule(point) == act


def test_refusals_are_polite_name_the_scope_and_ask_in_several_ways() -> None:
    rows = refusals(["Give a diagnosis"], "billing and appointments", off_topic=5)
    assert len(rows) == 9 and len({r.question for r in rows}) == 9
    assert all(r.kind == "refusal" and "billing and appointments" in r.answer for r in rows)
    assert any("give a diagnosis" in r.question for r in rows)


def test_a_refusal_repeats_only_words_that_make_a_sentence() -> None:
    raw = "shuold never say things like 'give him paracetamol', pls"
    rows = refusals(["tell people which medicine to give", raw], "", off_topic=3)
    answers = " ".join(row.answer for row in rows)
    assert "I can't tell people which medicine to give." in answers and "I can't do that." in answers
    assert "paracetamol" not in answers and "pls" not in answers and "{" not in answers
    assert not [row.answer for row in rows if "I can help with ." in row.answer or "glad to help" in row.answer]


def test_a_quotation_that_a_colon_leads_into_makes_no_row_and_another_one_does(tmp_path: Path) -> None:
    shown = "> Age means how old a person is, counted from the date of birth."
    for text, asked in (
        (f"# Terms\nHere is a definition we do not need:\n{shown}\n", False),
        (f"# Terms\nHere is a definition we do not need:\n\n{shown}\n{shown.replace('Age', 'Era')}\n", False),
        (f"# Terms\nWe write for our readers.\n{shown}\n", True),
    ):
        (tmp_path / "guide.md").write_text(text, encoding="utf-8")
        document = read_file(tmp_path / "guide.md")
        assert ("What does age mean?" in [row.question for row in examples_from_passages(document)]) == asked
        assert "counted from the date of birth" in " ".join(passage.text for passage in document.passages)


def test_a_table_in_markdown_keeps_its_lines_within_the_answer(tmp_path: Path) -> None:
    path = tmp_path / "fees.md"
    path.write_text(
        "# What does a visit cost?\nThe fee depends on its length.\nLength | Fee\n--- | ---\n1\\. Short | $40\n"
        "| Long | $90 |\n\n# When are you open?\nWe are open from 8 to 5 on every day of the week.\n",
        encoding="utf-8",
    )
    read = read_file(path)
    assert read.passages[1].text == "Length | Fee\n1. Short | $40\nLong | $90"
    answers = [row.answer for row in examples_from_passages(read)]
    assert answers[0] == f"The fee depends on its length.\n{read.passages[1].text}" and len(answers) == 2
    assert [table.rows for table in read.tables] == [[["1\\. Short", "$40"], ["Long", "$90"]]]


def test_what_a_sentence_says_of_somebody_unnamed_is_not_asked() -> None:
    named = "If a teller finds a forged note, he must keep each part of that note in an envelope."
    unnamed = "If words like cash were used in letters, he would see at once what our branches offer."
    assert asked_in_long("Forged notes", named) != []
    assert asked_in_long("Words like cash in letters", unnamed) == []


def test_what_the_next_sentence_limits_by_such_is_not_asked() -> None:
    allowed = "The bank may open separate categories of accounts for children and students."
    limit = "The opening of any such accounts shall be told to the parents of each child."
    free = "Letters to the parents of each child are printed on green paper."
    asked = "May the bank open separate categories of accounts for children and students?"
    assert asked not in asked_in_long("Accounts for children", f"{allowed} {limit}")
    assert asked in asked_in_long("Accounts for children", f"{allowed} {free}")


def test_of_what_a_board_or_a_director_is_stands_in_the_question() -> None:
    board = "The Board shall be composed of seven members from seven states."
    named = "Under “Board of the Bank Association” of the Fair Branches Act, must the Board be composed of seven members from seven states?"
    assert named in asked_in_long("Board of the Bank Association", board, title=BRANCHES)
    assert asked_in_long("§ 324 15 USC 6756", board, title=BRANCHES) == []


def test_a_guides_question_that_shares_no_word_with_its_heading_names_it() -> None:
    text = "A coordinator must confirm each detail by letter within seven days."
    assert "Under “Interpreters”, must a coordinator confirm each detail by letter?" not in asked_in_long(
        "Details", text
    )
    asked = asked_in_long("Interpreters", text)
    assert asked and all(question.startswith("Under “Interpreters”, ") for question in asked)
    assert asked_in_long("Interpreters", "The class is required for all colleagues of each branch.") == []


def test_what_we_believe_of_something_is_not_what_we_can() -> None:
    believed = "We believe that friendly tellers can change how people save money."
    assert questions_from_sentence(believed, Known()) == []
    assert questions_from_sentence("We can change the password of each account at any branch.", Known()) != []


@pytest.mark.parametrize(
    "answer",
    [
        "See the support pages of the branch for details of each request and its deadline.",
        "Colleagues of a branch get support by letter, which helps them to see that their input",
        "Colleagues of a branch get support in chats and threads%20here.) by letter or by phone.",
        "Three people are involved in each request. A description of each role can be found below.",
        "Each session costs the bank 125 dollars, so that the total cost would be In 2022 we paid 75 dollars.",
    ],
)
def test_an_answer_that_sends_elsewhere_or_lost_its_middle_makes_no_row(answer: str) -> None:
    question = "How do colleagues of a branch get support?"
    assert question in asked_in_long(question, "Colleagues of a branch get support by letter, phone or e-mail.")
    assert asked_in_long(question, answer) == []


def test_what_a_sentence_before_makes_conditional_is_not_asked() -> None:
    decides = "The agency shall decide whether to charge a requester fees"
    fee = "The agency shall charge a requester of records one dollar for each page."
    question = "Who must charge a requester of records one dollar for each page?"
    asked = asked_in_long("Requesters of records", f"{decides} for the copies. {fee}")
    conditional = asked_in_long("Requesters of records", f"{decides}, unless a waiver was granted. {fee}")
    assert question in asked and question not in conditional
    other = "The agency shall publish a list of records each year."
    assert asked_in_long("List of records", f"{decides}, unless a waiver was granted. {other}") != []


def test_definitions_of_a_part_that_its_heading_does_not_name_are_not_those_of_the_law() -> None:
    meaning = "Testimony means a statement that somebody makes in the course of a legal proceeding."
    assert asked_in_long("Purpose and scope; definitions", meaning, title=BRANCHES) == []
    assert "What does testimony mean under the Fair Branches Act?" in asked_in_long(
        "Definitions", meaning, title=BRANCHES
    )


def test_a_clause_that_lost_its_object_is_not_asked() -> None:
    cut = "Banks shall have procedures ensuring that their staff maintain, in accordance with the law, the secrecy of letters."
    assert not any(question.endswith("staff maintain?") for question in asked_in_long("Secrecy of letters", cut))
    whole = "Banks shall have procedures that protect the secrecy of letters, in accordance with the law."
    assert asked_in_long("Secrecy of letters", whole) != []


def test_a_sentence_that_begins_with_however_is_no_heading() -> None:
    told = "When a colleague is defensive, managers must avoid each conversation about money."
    taken_back = "However, the defensiveness itself deserves a conversation."
    assert asked_in_long("Defensive colleagues", told) != []
    assert asked_in_long("Defensive colleagues", f"{told} {taken_back}") == []


def test_what_a_handbook_says_that_we_do_names_the_handbook() -> None:
    text = "We pay Brisk for the ability to send letters to customers of each branch."
    (question,) = asked_in_long("Rules", text, title="Staff handbook")
    assert question == (
        "In the Staff handbook, do you pay Brisk for the ability to send letters to customers of each branch?"
    )
