"""Small documents the tests write themselves: a practice's rows, and its policy as PDF and DOCX."""

import csv
import random
from pathlib import Path

POLICY = [
    ("Appointments", "Patients must cancel an appointment at least 24 hours before it begins. A late cancellation costs 40 dollars. New patients should arrive 15 minutes early to fill in their forms."),
    ("Bills", "A bill is sent within 10 days after the visit. Payment is due within 30 days. A payment plan means that the amount is split into equal monthly parts without interest. Patients may ask for an itemised bill at any time."),
    ("Insurance", "The practice sends claims to the insurer on the patient's behalf. Patients must tell the front desk when their insurance changes. A pre-authorisation is the insurer's written agreement to pay before treatment begins."),
    ("Records", "Patients may ask for a copy of their records. The practice must answer within 30 days. Records are sent by post or through the patient portal, never by plain e-mail."),
    ("Complaints", "Complaints are handled by the practice manager. The manager must answer in writing within 14 days."),
]  # fmt: skip


def policy_pdf(path: Path) -> Path:
    from fpdf import FPDF

    page = FPDF()
    page.add_page()
    for heading, text in POLICY:
        page.set_font("Helvetica", "B", 14)
        page.multi_cell(0, 10, heading, new_x="LMARGIN", new_y="NEXT")
        page.set_font("Helvetica", "", 11)
        page.multi_cell(0, 6, text, new_x="LMARGIN", new_y="NEXT")
    page.output(str(path))
    return path


def policy_docx(path: Path) -> Path:
    import docx

    document = docx.Document()
    for heading, text in POLICY:
        document.add_heading(heading, level=1)
        document.add_paragraph(text)
    document.save(str(path))
    return path


SERVICES = ("cleaning", "filling", "crown", "check-up", "root canal", "whitening", "X-ray", "extraction")
TURNS = {
    "How much does a {} cost?": "A {} is billed by our fee list. Please ask the front desk for the fee list, and we will send it the same day.",
    "Does my insurance pay for a {}?": "That depends on your plan. We ask your insurer before the {} and tell you its answer in writing.",
    "Can I pay for my {} in parts?": "Yes. For a {} we offer a payment plan without interest. Please speak to the billing office.",
    "When is the bill for my {} due?": "The bill for your {} is due within 30 days after we send it.",
    "Can I cancel my {} tomorrow?": "You can cancel a {} up to 24 hours before it begins. Please call the front desk.",
    "Do I need to prepare for a {}?": "Before a {} please bring your insurance card and arrive 15 minutes early.",
}  # fmt: skip


def dental_rows(count: int = 48) -> list[tuple[str, str]]:
    """Questions and answers of a practice; the same rows each time."""
    rows = [(q.format(s), a.format(s)) for q, a in TURNS.items() for s in SERVICES]
    random.Random(3).shuffle(rows)
    return rows[:count]


def dental_csv(path: Path, count: int = 48) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["Patient question", "Our answer"])
        writer.writerows(dental_rows(count))
    return path
