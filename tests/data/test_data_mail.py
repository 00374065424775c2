"""Letters and mailboxes: who asked, who answered, and nothing but their own words."""

import time

import pytest

from finetune.data.collect import collect
from finetune.data.document import Limits
from finetune.data.letters import own_words, parts_of
from finetune.data.read import read_file
from finetune.errors import UserError
from tests.data.small_files import ANSWER, ANSWERED, ASKED, POLICY, QUESTION, TICKETS, Put, mailbox, notes, pdf


def letter(sender: str, to: str, subject: str, body: str, more: str = "") -> str:
    return f"From: {sender}\nTo: {to}\nSubject: {subject}\n{more}\n{body}\n"


# One letter's words

QUOTED = "> Can I pay by card?\n> I have a bill of 90 dollars."


@pytest.mark.parametrize(
    "header",
    [
        "On Tue, 5 May 2026 at 10:00, Jane Doe <jane@example.org> wrote:",
        "On Tue, 5 May 2026 at 10:00,\nJane Doe <jane@example.org>\nwrote:",
        "Am 05.05.2026 um 10:00 schrieb Jane Doe <jane@example.org>:",
        "Am Di., 5. Mai 2026 um 10:00 Uhr schrieb Jane Doe <\njane@example.org>:",
        "Le mar. 5 mai 2026 à 10:00, Jane Doe <jane@example.org> a écrit :",
        "El mar, 5 may 2026 a las 10:00, Jane Doe (<jane@example.org>) escribió:",
        "Il giorno mar 5 mag 2026 alle ore 10:00 Jane Doe <jane@example.org> ha scritto:",
        "Em ter., 5 de mai. de 2026 às 10:00, Jane Doe <jane@example.org> escreveu:",
        "Op di 5 mei 2026 om 10:00 schreef Jane Doe <jane@example.org>:",
        "Den tis 5 maj 2026 kl 10:00 skrev Jane Doe <jane@example.org>:",
    ],
)
def test_quoted_history_is_found_in_many_languages(header: str) -> None:
    quoted, own = parts_of(f"Yes, at the front desk.\n\n{header}\n{QUOTED}\n")
    assert (own.text, own.sender) == ("Yes, at the front desk.", "")
    assert (quoted.text, quoted.sender) == ("Can I pay by card?\nI have a bill of 90 dollars.", "jane@example.org")


@pytest.mark.parametrize(
    "header",
    [
        "-----Original Message-----\nFrom: Jane Doe <jane@example.org>\nSent: Tuesday\nTo: Desk\nSubject: Bill\n",
        "________________________________\nFrom: Jane Doe <jane@example.org>\nSent: Tuesday\nTo: Desk\nSubject: Bill\n",
        "Von: Jane Doe <jane@example.org>\nGesendet: Dienstag, 5. Mai\nAn: Praxis\nBetreff: Rechnung\n",
        "De : Jane Doe <jane@example.org>\nEnvoyé : mardi 5 mai\nÀ : Accueil\nObjet : Facture\n",
        "*From:* Jane Doe <jane@example.org>\n*Sent:* Tuesday\n*To:* Desk\n*Subject:* Bill\n",
        "---------- Forwarded message ---------\nFrom: Jane Doe <jane@example.org>\nDate: Tue\nSubject: Bill\nTo: Desk\n",
    ],
)
def test_outlooks_way_of_quoting_is_found_too(header: str) -> None:
    quoted, own = parts_of(f"Yes, at the front desk.\n\n{header}\nCan I pay by card?\n")
    assert own.text == "Yes, at the front desk."
    assert quoted.text == "Can I pay by card?" and "jane@example.org" in (quoted.sender or "")


def test_a_history_of_many_levels_comes_out_oldest_first() -> None:
    text = (
        "Six parts.\n\nOn Wed, Jane <j@x.org> wrote:\n> How many?\n>\n> On Tue, Ann <a@y.org> wrote:\n>> In parts.\n>>\n"
        ">> On Mon, Jane <j@x.org> wrote:\n>>> How do I pay?\n"
    )
    assert [part.text for part in parts_of(text)] == ["How do I pay?", "In parts.", "How many?", "Six parts."]


def test_answers_between_the_quoted_lines_stay_behind_what_they_answer() -> None:
    text = (
        "Hi Jane, see below.\n\nOn Tue, Jane Doe <j@x.org> wrote:\n> Can I pay by card?\n\nYes, at the desk.\n\n"
        "> And when are you open?\n\nFrom eight to five.\n"
    )
    assert [(part.text, part.sender) for part in parts_of(text)] == [
        ("Can I pay by card?", "j@x.org"),
        ("Hi Jane, see below.\n\nYes, at the desk.", ""),
        ("And when are you open?", "j@x.org"),
        ("From eight to five.", ""),
    ]


def test_an_answer_below_the_quotation_is_an_answer() -> None:
    text = "On Tue, Jane Doe <j@x.org> wrote:\n> Can I pay by card?\n\nYes, at the desk.\n"
    assert [part.text for part in parts_of(text)] == ["Can I pay by card?", "Yes, at the desk."]


@pytest.mark.parametrize(
    "ending",
    [
        "-- \nAnn Smith\nBright Smile", "Kind regards\nAnn", "Best,\nAnn", "Thanks again!\n\nAnn Smith", "Best regards, Ann",
        "Mit freundlichen Grüßen\n\nAnn Smith\nPraxis am Markt\nTel. 030 1234567", "Cordialement,\nAnne", "Un saludo,\nAna",
        "Cordiali saluti\nAnna", "Atenciosamente,\nAna", "Met vriendelijke groet,\nAnna", "Sent from my iPhone",
        "Ann Smith\nPhone: +1 555 010 2000\nann@brightsmile.example\nwww.brightsmile.example",
        "This email and any attachments are confidential. If you are not the intended recipient, delete it.\n\nIt was scanned.",
        "Diese E-Mail enthält vertrauliche Informationen.", "Please consider the environment before printing this e-mail.",
    ],
)  # fmt: skip
def test_signatures_and_notices_are_cut_off(ending: str) -> None:
    body = "You can pay by card at the desk.\n\nPlease bring the bill with you."
    assert own_words(f"Dear Ms Doe,\n\n{body}\n\n{ending}\n") == body


@pytest.mark.parametrize(
    "text",
    [
        "Thanks for the card you sent us. We have put it into your record, and you need to do nothing else.",
        "Best is to call the desk before you come, since the hours change.\nThen bring your card.",
        "Please call us:\n\nTel. +1 555 010 2000",
        "From: the front desk you can get the form.\nPlease fill it in.",
        "On Tuesday your dentist wrote: nothing to worry about. Come back in a year.",
        "Dear patients pay more: that is what the paper says.",
        "Hi where is my order",
        "Hello, I cannot log in",
        "Our privacy notice says which data are confidential in the first line.",
    ],
)
def test_what_only_looks_like_a_signature_stays(text: str) -> None:
    assert "\n".join(part.text for part in parts_of(text)) == text


# Letters


def test_an_answer_with_its_question_below_is_a_row(put: Put) -> None:
    document = read_file(put("answered.eml", ANSWERED.encode()))
    (conversation,) = document.conversations
    assert conversation.messages == [("user", QUESTION), ("assistant", ANSWER)]
    assert not document.passages, "a customer's letter is no handbook"


def test_a_letter_that_answers_nothing_is_text_under_its_subject(put: Put) -> None:
    text = letter("boss@desk.example", "all@desk.example", "How do we refund?", POLICY[0])
    document = read_file(put("news.eml", text.encode()))
    assert [(p.heading, p.text) for p in document.passages] == [("How do we refund?", POLICY[0])]


def test_a_letter_in_html_loses_its_markup_and_keeps_what_it_quotes_apart(put: Put) -> None:
    page = (
        "<html><head><style>p{}</style></head><body><p>Dear Jane,</p><p>Yes, at the <b>front</b> desk.</p>"
        '<div class="gmail_quote">On Tue, 5 May 2026, Jane Doe &lt;jane@gmail.com&gt; wrote:<br>'
        "<blockquote><div>Can I pay by card?</div><p>It is 90 dollars.</p></blockquote></div></body></html>"
    )
    text = letter("ann@desk.example", "jane@gmail.com", "Re: Bill", page, "Content-Type: text/html; charset=utf-8\n")
    (conversation,) = read_file(put("a.eml", text.encode())).conversations
    assert conversation.messages == [
        ("user", "Can I pay by card?\n\nIt is 90 dollars."),
        ("assistant", "Yes, at the front desk."),
    ]


def test_attachments_are_read_as_files_and_pictures_only_counted(put: Put) -> None:
    from email.message import EmailMessage

    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "boss@desk.example", "all@desk.example", "Prices"
    message.set_content("Here are the new prices for the whole year, as promised.")
    message.add_alternative("<p>Here are the prices.</p>", subtype="html")
    message.add_attachment(pdf(*POLICY), maintype="application", subtype="pdf", filename="Richtlinie für alle.pdf")
    message.add_attachment(b"x" * 99, maintype="application", subtype="octet-stream", filename="odd.bin")
    message.add_attachment(b"\x89PNG\r\n\x1a\n", maintype="image", subtype="png", filename="logo.png")
    whole = read_file(put("prices.eml", bytes(message)))
    assert [p.text for p in whole.passages] == ["Here are the new prices for the whole year, as promised."]
    assert [(part.file, len(part.passages)) for part in whole.parts] == [("prices.eml/Richtlinie für alle.pdf", 2)]
    assert 'odd.bin: Files ending in ".bin" are not supported' in notes(whole) and "not read: 1." in notes(whole)


@pytest.mark.parametrize(
    "content",
    [
        b"From: =?utf-8?B?!!!?= <a@b.example>\nTo: =?nonsense?Q?x?= <c@d.example>\nSubject: =?utf-8?Q?=FF?=\nDate: never\n\nCan I pay by card, please?",
        b"From: \xff\xfe <a@b.example>\nTo: x\nSubject: \xe9t\xe9\nContent-Type: text/plain; charset=klingon\n\nCan I pay by card, \xe9t\xe9?",
        b"From: a@b.example\nTo: x\nSubject: s\nContent-Type: text/plain; charset=utf-16\n\nCan I pay by card?",
        b"From: a@b.example\nTo: x\nSubject: s\nContent-Transfer-Encoding: base64\n\n!!!Can I pay by card?",
        b"From: a@b.example\nTo: x\nSubject: s\nContent-Type: multipart/mixed; boundary=\n\nCan I pay by card?",
        b"From: a@b.example\nTo: x\nSubject: s\nContent-Type: multipart/mixed; boundary=q\n\n--q\nContent-Type: text/plain\n\nCan I pay by ca",
        b"From: a@b.example\nTo: x\nSubject: " + b"x " * 100_000 + b"\n\nCan I pay by card?",
        b"From: a@b.example\nTo: x\n: :\nSubject s\n\nCan I pay by card?",
    ],
)  # fmt: skip
def test_broken_letters_are_read_or_refused_in_words(put: Put, content: bytes) -> None:
    path = put("broken.eml", content)
    try:
        document = read_file(path)
    except UserError as error:
        assert error.action and error.where == "broken.eml"
    else:
        assert all(p.text.isprintable() or "\n" in p.text for p in document.passages)


def test_a_letter_of_parts_within_parts_ends(put: Put) -> None:
    deep = "".join(f'Content-Type: multipart/mixed; boundary="b{n}"\n\n--b{n}\n' for n in range(3000))
    path = put("deep.eml", f"From: a@b.example\nTo: x@y.example\nSubject: s\n{deep}\nCan I pay?".encode())
    with pytest.raises(UserError) as caught:
        read_file(path)
    assert caught.value.where == "deep.eml"


# Mailboxes


def test_a_thread_becomes_a_row_for_each_answer_with_what_was_said_before(put: Put) -> None:
    third = letter(
        "jane.doe@gmail.com", "ann@brightsmile.example", "RE: Bill for my filling",
        f"How many parts may it be?\n\n-----Original Message-----\nFrom: Ann Smith\nSent: Tuesday\nTo: Jane\n\n{ANSWER}",
        "In-Reply-To: <2@brightsmile.example>\nDate: Wed, 6 May 2026 12:00:00 +0000\n",
    )  # fmt: skip
    fourth = letter(
        "ann@brightsmile.example", "jane.doe@gmail.com", "Re: Bill for my filling", "Up to six equal parts.\n-- \nAnn",
        "Date: Wed, 6 May 2026 13:00:00 +0000\n",
    )  # fmt: skip
    document = read_file(put("box.mbox", mailbox(ASKED, fourth, ANSWERED, third)))
    first, second = document.conversations
    assert (first.row, first.messages) == (3, [("user", QUESTION), ("assistant", ANSWER)])
    assert (second.row, second.messages[2:]) == (
        2, [("user", "How many parts may it be?"), ("assistant", "Up to six equal parts.")]
    )  # fmt: skip
    assert "Messages: 4, in threads: 1." in notes(document) and "@brightsmile.example" in notes(document)


def test_the_team_is_known_by_answering_in_most_threads(put: Put) -> None:
    """Once it writes first, and once to a supplier: it stays the team."""
    letters = []
    for n in range(4):
        asked = letter(f"p{n}@gmail.com", "desk@clinic.example", f"Case {n}", f"When is my appointment number {n}?")
        answered = letter("desk@clinic.example", f"p{n}@gmail.com", f"Re: Case {n}", f"It is on day {n} of the month.")
        letters += [asked, answered]
    letters += [
        letter("desk@clinic.example", "p9@gmail.com", "Reminder", "Please remember your appointment tomorrow."),
        letter("p9@gmail.com", "desk@clinic.example", "Re: Reminder", "Can I come an hour later than that?"),
        letter("desk@clinic.example", "p9@gmail.com", "Re: Reminder", "Yes, an hour later is fine."),
    ]
    document = read_file(put("box.mbox", mailbox(*letters)))
    assert [c.messages[-1][1] for c in document.conversations] == [
        *(f"It is on day {n} of the month." for n in range(4)),
        "Yes, an hour later is fine.",
    ]
    assert document.conversations[-1].messages[0] == ("user", "Can I come an hour later than that?")


def test_two_customers_with_the_same_subject_are_two_threads(put: Put) -> None:
    letters = [
        letter("a@gmail.com", "desk@clinic.example", "Question", "Are you open on Sunday?"),
        letter("b@gmail.com", "desk@clinic.example", "Question", "Do you take cash?"),
        letter("desk@clinic.example", "b@gmail.com", "Re: Question", "Yes, we take cash."),
        letter("desk@clinic.example", "a@gmail.com", "Re: Question", "We are closed on Sunday."),
    ]
    document = read_file(put("box.mbox", mailbox(*letters)))
    assert sorted(c.messages for c in document.conversations) == [
        [("user", "Are you open on Sunday?"), ("assistant", "We are closed on Sunday.")],
        [("user", "Do you take cash?"), ("assistant", "Yes, we take cash.")],
    ]


def test_automatic_letters_and_unanswered_ones_are_counted(put: Put) -> None:
    letters = [
        ASKED,
        ANSWERED,
        letter("mailer-daemon@clinic.example", "x@gmail.com", "Failure", "It could not be delivered."),
        letter(
            "x@gmail.com", "desk@clinic.example", "Holiday", "I am away until May.", "Auto-Submitted: auto-replied\n"
        ),
        letter("y@gmail.com", "desk@clinic.example", "Hours", "When are you open on Monday?"),
    ]
    document = read_file(put("box.mbox", mailbox(*letters)))
    assert len(document.conversations) == 1
    assert "left out: 2 of 5" in notes(document) and "gave no rows: 1 of 2" in notes(document)


def test_too_many_letters_are_refused(put: Put) -> None:
    with pytest.raises(UserError, match="more than 3 rows"):
        read_file(put("box.mbox", mailbox(*[ASKED] * 5)), limits=Limits(rows=3))


# Exports of tickets


def test_a_ticket_export_becomes_rows_that_cite_the_line_of_the_answer(put: Put) -> None:
    path = put("tickets.csv", TICKETS.encode())
    collected = collect([path])
    told = [(e.source.row, [m.content for m in e.messages]) for e in collected.examples]
    paid = ["How do I pay for my filling?", "you can pay by card at the desk."]
    assert told == [
        (3, paid),
        (5, [*paid, "And by cheque?", "No; we take no cheques at all."]),
        (8, ["When are you open on Sunday?", "We are closed on Sundays."]),
    ]
    said = " ".join(collected.files["tickets.csv"]["notes"])
    assert '"Ticket ID"' in said and "1 empty, internal or automatic messages were left out" in said


@pytest.mark.parametrize(
    ("header", "customer", "agent"),
    [
        ("conversation_id,from,body", "jane@gmail.com", "ann@clinic.example"),
        ("Vorgang,Absender,Nachricht", "Kunde", "Mitarbeiter"),
        ("case number,direction,text", "Inbound", "Outbound"),
        ("chat id,speaker,message", "end-user", "customer support"),
        ("thread,sender,comment", "Jane Doe", "Ann (support team)"),
    ],
)
def test_customer_and_agent_are_told_apart_in_other_words_too(put: Put, header: str, customer: str, agent: str) -> None:
    rows = [
        f'{n},{who},"{what} number {n}"'
        for n in range(3)
        for who, what in ((customer, "Where is my order"), (agent, "It is on its way"))
    ]
    examples = collect([put("export.csv", "\n".join([header, *rows]).encode())]).examples
    assert [(e.question, e.answer) for e in examples] == [
        (f"Where is my order number {n}", f"It is on its way number {n}") for n in range(3)
    ]


@pytest.mark.parametrize(
    "times",
    [("03/04/2026 10:00", "13/04/2026 09:00"), ("1767225600", "1767225700"), ("4.5.2026 10:00", "05.05.2026 09:00")],
)
def test_the_rows_of_a_thread_are_put_in_order_by_their_times(put: Put, times: tuple[str, str]) -> None:
    asked, answered = times
    text = f"ticket,time,role,message\n1,{answered},agent,It is on its way.\n1,{asked},customer,Where is my order?\n"
    (example,) = collect([put("export.csv", text.encode())]).examples
    assert (example.question, example.answer, example.source.row) == ("Where is my order?", "It is on its way.", 2)


def test_a_table_of_questions_and_answers_with_an_id_is_no_export_of_threads(put: Put) -> None:
    text = "id,author,message,reply\n" + "\n".join(
        f"{n},Ann,Where is my order {n}?,It is on its way {n}." for n in range(9)
    )
    examples = collect([put("faq.csv", text.encode())]).examples
    assert len(examples) == 9 and examples[0].answer == "It is on its way 0."


def test_the_answers_of_one_thread_stay_on_one_side_of_the_split(put: Put) -> None:
    from finetune.data.split import group_rows

    examples = collect([put("tickets.csv", TICKETS.encode())]).examples
    assert sorted(map(len, group_rows(examples).values())) == [1, 2]


def test_a_line_of_a_hundred_thousand_letters_at_a_letters_end_costs_no_minutes() -> None:
    started = time.process_time()
    letter = f"The fee is due in May.\n\nHolger Test\n{'a.' * 100_000}@\n{'1-' * 100_000}"
    assert own_words(letter).startswith("The fee is due")
    assert time.process_time() - started < 20


def test_a_letter_that_closes_ten_thousand_times_costs_no_square_of_them() -> None:
    started = time.process_time()
    assert own_words("The fee is due in May.\n" + "\nKind regards\nfice.\n" * 20_000).startswith("The fee is due")
    assert time.process_time() - started < 10


def test_a_mailbox_whose_separating_lines_have_no_time_is_cut_at_them(put: Put) -> None:
    letters = (
        ("ann@mail.example", "desk@shop.example", "Order", "Can I change my order after I have paid for it?"),
        (
            "desk@shop.example",
            "ann@mail.example",
            "Re: Order",
            "Yes, you can change your order until it has been packed.",
        ),
    )
    text = "".join(
        f"From {sender} Mon Sep 7\nFrom: {sender}\nTo: {to}\nSubject: {subject}\n\n{said}\n"
        for sender, to, subject, said in letters
    )
    rows = collect([put("old.mbox", text)]).examples
    assert [(row.question, row.answer) for row in rows] == [(letters[0][3], letters[1][3])]
    told = text.replace("paid for it?", "paid?\n\nFrom ann@mail.example Mon to you")
    assert "From ann@mail.example Mon to you" in collect([put("told.mbox", told)]).examples[0].question
