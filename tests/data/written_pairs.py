# ruff: noqa: E501 (a pair reads best on one line)
"""Pairs as language models write them, right and wrong, each with its passage; worded before the checks were run on them."""

from typing import NamedTuple


class Labelled(NamedTuple):
    right: bool
    type: str
    question: str
    answer: str
    quote: str


PASSAGES: dict[str, tuple[str, str]] = {
    "loan": (
        "Overdrafts",
        "We charge an overdraft fee of $35 for each item that overdraws your account by more than $5. We do not charge more than four overdraft fees a day. You can avoid the fee by bringing your account to a positive balance before 5 p.m. Eastern time on the next business day. Debit card purchases are declined unless you have opted in to overdraft coverage.",
    ),
    "claim": (
        "Water damage",
        "Report water damage within 48 hours of discovering it. The policyholder must take photographs before any repair begins and keep the damaged items until the adjuster has seen them. We reimburse the cost of drying equipment up to 1,200 euros. Damage caused by groundwater is excluded. The adjuster, not the contractor, decides whether an item can be repaired.",
    ),
    "leave": (
        "Parental leave",
        "An employee who has worked for us for at least twelve months may take up to 16 weeks of parental leave. The employee tells the manager in writing at least 8 weeks before the leave starts. During the leave the employer continues to pay its share of the health insurance. Part-time staff receive leave in proportion to their hours. Unused leave cannot be carried over to the next calendar year.",
    ),
    "parcel": (
        "Returns",
        "You may return unworn shoes within 60 days of delivery. Returns are free if you use the label in the box; otherwise you pay the postage. A refund reaches your bank account 5 to 7 business days after we receive the parcel. Sale items can be exchanged but not refunded. Gift cards are valid for three years from the date of purchase.",
    ),
    "clinic": (
        "Vaccinations",
        "Children between 6 months and 4 years receive two doses of the flu vaccine, 28 days apart, in their first season. Everyone older receives one dose. The nurse checks the record book before each vaccination. People with a fever above 38.5 °C should wait until they have recovered. An anaphylactic reaction is a severe allergic reaction that begins within minutes and needs immediate treatment.",
    ),
    "permit": (
        "Resident parking",
        "To apply for a resident parking permit, fill in form P4 online, upload proof of address and pay the fee of 30.70 pounds. The council decides within 10 working days. A permit is valid for one year and covers one vehicle. Visitors may park in resident zones after 6 p.m. and all day on Sundays. If you move out of the zone, return the permit within 14 days.",
    ),
}  # fmt: skip

PAIRS: dict[str, list[Labelled]] = {
    "loan": [
        Labelled(True, "factoid", "How much is the overdraft fee?", "The overdraft fee is $35 for each item that overdraws the account by more than $5.", "We charge an overdraft fee of $35 for each item that overdraws your account by more than $5."),
        Labelled(True, "factoid", "How many overdraft fees can I be charged in one day?", "At most four overdraft fees a day, and no more.", "We do not charge more than four overdraft fees a day."),
        Labelled(True, "procedural", "How can I avoid an overdraft fee?", "Bring your account back to a positive balance before 5 p.m. Eastern time on the next business day.", "You can avoid the fee by bringing your account to a positive balance before 5 p.m. Eastern time on the next business day."),
        Labelled(True, "conditional", "What happens to a debit card purchase if I have not opted in to overdraft coverage?", "The purchase is declined.", "Debit card purchases are declined unless you have opted in to overdraft coverage."),
        Labelled(True, "unanswerable", "Can the overdraft fee be waived for students?", "", ""),
        Labelled(False, "factoid", "How much is the overdraft fee?", "The overdraft fee is $53 for each item.", "We charge an overdraft fee of $35 for each item that overdraws your account by more than $5."),
        Labelled(False, "factoid", "How many overdraft fees can I be charged in one day?", "Up to five overdraft fees a day.", "We do not charge more than four overdraft fees a day."),
        Labelled(False, "conditional", "What happens to a debit card purchase if I have not opted in?", "The purchase goes through and the bank covers the difference as a courtesy loan.", "Debit card purchases are declined unless you have opted in to overdraft coverage."),
        Labelled(False, "factoid", "What fee does the bank charge?", "A monthly maintenance fee applies.", "We charge a monthly maintenance fee"),
        Labelled(False, "unanswerable", "How can I avoid the overdraft fee on my account?", "", ""),
    ],
    "claim": [
        Labelled(True, "factoid", "How soon must water damage be reported?", "Within 48 hours of discovering it.", "Report water damage within 48 hours of discovering it."),
        Labelled(True, "procedural", "What must a policyholder do before repairs begin?", "Take photographs before any repair begins and keep the damaged items until the adjuster has seen them.", "The policyholder must take photographs before any repair begins and keep the damaged items until the adjuster has seen them."),
        Labelled(True, "factoid", "What is the maximum reimbursement for drying equipment?", "The cost of drying equipment is reimbursed up to €1,200.", "We reimburse the cost of drying equipment up to 1,200 euros."),
        Labelled(True, "conditional", "Is damage by groundwater covered?", "No. Damage caused by groundwater is excluded.", "Damage caused by groundwater is excluded."),
        Labelled(True, "factoid", "Who decides whether a damaged item can be repaired?", "The adjuster decides, not the contractor.", "The adjuster, not the contractor, decides whether an item can be repaired."),
        Labelled(False, "factoid", "How soon must water damage be reported?", "Within 48 days of discovering it.", "Report water damage within 48 hours of discovering it."),
        Labelled(False, "factoid", "What is the maximum reimbursement for drying equipment?", "Up to 12,000 euros.", "We reimburse the cost of drying equipment up to 1,200 euros."),
        Labelled(False, "conditional", "Is groundwater damage covered?", "Yes, damage caused by groundwater is covered.", "Damage caused by groundwater is excluded."),
        Labelled(False, "factoid", "Who decides whether an item can be repaired?", "The contractor decides whether an item can be repaired.", "The adjuster, not the contractor, decides whether an item can be repaired."),
        Labelled(False, "procedural", "What must they do before it begins?", "Take photographs before any repair begins.", "The policyholder must take photographs before any repair begins"),
    ],
    "leave": [
        Labelled(True, "factoid", "How many weeks of parental leave may an employee take?", "Up to 16 weeks, after at least twelve months with us.", "An employee who has worked for us for at least twelve months may take up to 16 weeks of parental leave."),
        Labelled(True, "procedural", "How do I announce parental leave?", "Tell the manager in writing at least 8 weeks before the leave starts.", "The employee tells the manager in writing at least 8 weeks before the leave starts."),
        Labelled(True, "conditional", "What applies to part-time staff who take parental leave?", "They receive leave in proportion to their hours.", "Part-time staff receive leave in proportion to their hours."),
        Labelled(True, "factoid", "Can unused parental leave be carried over to the next year?", "No, unused leave cannot be carried over to the next calendar year.", "Unused leave cannot be carried over to the next calendar year."),
        Labelled(True, "unanswerable", "Does parental leave also apply to grandparents?", "", ""),
        Labelled(False, "factoid", "How many weeks of parental leave may an employee take?", "Up to 16 months.", "An employee who has worked for us for at least twelve months may take up to 16 weeks of parental leave."),
        Labelled(False, "procedural", "How do I announce parental leave?", "Tell the manager in writing at least 12 weeks before the leave starts.", "The employee tells the manager in writing at least 8 weeks before the leave starts."),
        Labelled(False, "factoid", "Who pays the health insurance during the leave?", "The employee continues to pay the share alone.", "During the leave the employer continues to pay its share of the health insurance."),
        Labelled(False, "factoid", "Can unused parental leave be carried over?", "Yes, it can be carried over to the next calendar year.", "Unused leave cannot be carried over to the next calendar year."),
        Labelled(False, "factoid", "What does this section say about leave?", "An employee may take up to 16 weeks of parental leave.", "may take up to 16 weeks of parental leave"),
    ],
    "parcel": [
        Labelled(True, "factoid", "Within how many days can shoes be returned?", "Unworn shoes can be returned within 60 days of delivery.", "You may return unworn shoes within 60 days of delivery."),
        Labelled(True, "conditional", "What if I return shoes without the label in the box?", "Then you pay the postage yourself.", "Returns are free if you use the label in the box; otherwise you pay the postage."),
        Labelled(True, "factoid", "How long does a refund take?", "It reaches the bank account 5 to 7 business days after the parcel is received.", "A refund reaches your bank account 5 to 7 business days after we receive the parcel."),
        Labelled(True, "factoid", "How long are gift cards valid?", "Three years from the date of purchase.", "Gift cards are valid for three years from the date of purchase."),
        Labelled(True, "unanswerable", "Can worn sandals be resoled at the store?", "", ""),
        Labelled(False, "factoid", "How long does a refund take?", "A refund takes 5 to 7 calendar days.", "A refund reaches your bank account 5 to 7 business days after we receive the parcel."),
        Labelled(False, "conditional", "Can sale items be refunded?", "Sale items can be refunded.", "Sale items can be exchanged but not refunded."),
        Labelled(False, "factoid", "How long are gift cards valid?", "Gift cards are valid for 3 months.", "Gift cards are valid for three years from the date of purchase."),
        Labelled(False, "factoid", "Are gift cards valid for ten years?", "Yes, from the date of purchase.", "Gift cards are valid for three years from the date of purchase."),
        Labelled(False, "factoid", "How long do customers have to return shoes?", "Customers have 60 days and receive a voucher worth 10 euros.", "You may return unworn shoes within 60 days of delivery."),
    ],
    "clinic": [
        Labelled(True, "definition", "What is an anaphylactic reaction?", "A severe allergic reaction that begins within minutes and needs immediate treatment.", "An anaphylactic reaction is a severe allergic reaction that begins within minutes and needs immediate treatment."),
        Labelled(True, "factoid", "How many doses of the flu vaccine do children between 6 months and 4 years receive?", "Two doses, 28 days apart, in their first season.", "Children between 6 months and 4 years receive two doses of the flu vaccine, 28 days apart, in their first season."),
        Labelled(True, "conditional", "Should somebody with a fever above 38.5 °C be vaccinated?", "People with a fever above 38.5 °C should wait until they have recovered.", "People with a fever above 38.5 °C should wait until they have recovered."),
        Labelled(True, "factoid", "What does the nurse check before a vaccination?", "The record book.", "The nurse checks the record book before each vaccination."),
        Labelled(True, "unanswerable", "Does the flu vaccine contain gelatine?", "", ""),
        Labelled(False, "factoid", "How many doses do small children receive in their first season?", "Three doses, 28 days apart.", "Children between 6 months and 4 years receive two doses of the flu vaccine, 28 days apart, in their first season."),
        Labelled(False, "factoid", "How far apart are the two doses of the flu vaccine?", "28 weeks apart.", "two doses of the flu vaccine, 28 days apart, in their first season"),
        Labelled(False, "conditional", "From which fever should vaccination wait?", "From a fever above 39.5 °C.", "People with a fever above 38.5 °C should wait until they have recovered."),
        Labelled(False, "definition", "What is an anaphylactic reaction?", "A mild rash that fades without treatment after a few days.", "An anaphylactic reaction is a severe allergic reaction that begins within minutes and needs immediate treatment."),
        Labelled(False, "factoid", "Who checks the record book?", "The doctor and the receptionist check the insurance card.", "The nurse checks the record book before each vaccination."),
    ],
    "permit": [
        Labelled(True, "procedural", "How do I apply for a resident parking permit?", "Fill in form P4 online, upload proof of address and pay the fee of £30.70.", "To apply for a resident parking permit, fill in form P4 online, upload proof of address and pay the fee of 30.70 pounds."),
        Labelled(True, "factoid", "How long does the council take to decide on a parking permit?", "The council decides within ten working days.", "The council decides within 10 working days."),
        Labelled(True, "factoid", "For how many vehicles does a resident permit count?", "A permit covers one vehicle.", "A permit is valid for one year and covers one vehicle."),
        Labelled(True, "conditional", "When may visitors park in resident zones?", "After 6 p.m. and all day on Sundays.", "Visitors may park in resident zones after 6 p.m. and all day on Sundays."),
        Labelled(True, "conditional", "What must I do if I move out of the zone?", "Return the permit within 14 days.", "If you move out of the zone, return the permit within 14 days."),
        Labelled(False, "procedural", "How do I apply for a resident parking permit?", "Fill in form P5 online and pay the fee of 30.70 pounds.", "To apply for a resident parking permit, fill in form P4 online, upload proof of address and pay the fee of 30.70 pounds."),
        Labelled(False, "conditional", "When may visitors park in resident zones?", "After 6 p.m. and all day on Saturdays.", "Visitors may park in resident zones after 6 p.m. and all day on Sundays."),
        Labelled(False, "conditional", "When may visitors park in resident zones?", "After 6 a.m. on every day.", "Visitors may park in resident zones after 6 p.m. and all day on Sundays."),
        Labelled(False, "factoid", "What is the fee for a resident parking permit?", "The fee is 30.70 euros.", "pay the fee of 30.70 pounds"),
        Labelled(False, "unanswerable", "How long is a resident parking permit valid?", "", ""),
    ],
}  # fmt: skip
