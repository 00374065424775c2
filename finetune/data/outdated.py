"""Answers that name a date which has passed: an offer that ended, a rate of two years ago, a future that is over.

Only dates that say how long something holds are looked at. "Founded in 1998" is as true as ever.
"""

import calendar
import re
from datetime import date

MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan januar janvier enero", "february feb februar février febrero", "march mar märz mars marzo",
            "april apr avril abril", "may mai mayo", "june jun juni juin junio", "july jul juli juillet julio",
            "august aug août agosto", "september sep sept septembre septiembre", "october oct oktober octobre octubre",
            "november nov novembre noviembre", "december dec dezember décembre diciembre",
        ),
        1,
    )
    for name in names.split()
}  # fmt: skip
MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
DATE = (
    rf"(?:(?:the )?(?:end|beginning|middle) of )?(?P<date>(?:\d{{1,2}}(?:st|nd|rd|th|\.)? (?:of |de )?)?(?:{MONTH})\.?"
    r"(?: \d{1,2}(?:st|nd|rd|th)?,?)?(?: de)?,? (?:19|20)\d\d|(?:19|20)\d\d-\d\d-\d\d|"
    r"\d{1,2}[./]\d{1,2}[./](?:19|20)\d\d|(?:19|20)\d\d)\b(?![-/.]?\d)"
)
ENDS = re.compile(
    r"\b(?:until|till|through|expires?(?: on| in)?|expiring(?: on| in)?|ends?(?: on| in)?|closes?(?: on)?|deadline is|"
    r"no later than|(?:valid|due|available|apply|applications?|submitted|paid) (?:on or )?(?:by|before)|gültig bis|"
    rf"bis(?: zum)?|jusqu'(?:au|à|en)|hasta(?: el)?)\s+{DATE}",
    re.I,
)
AS_OF = re.compile(
    r"\b(?:as (?:of|at)|(?:last )?(?:updated|revised|reviewed)(?: on| in)?|stand:?|état au|"
    r"(?:rates?|fees?|prices?|limits?|figures|tax year|plan year|school year|calendar year)(?: (?:for|of|in))?)\s+"
    rf"{DATE}",
    re.I,
)
TO_COME = re.compile(
    rf"\b(?:from|as from|starting(?: in| on)?|beginning(?: in| on)?|effective|on|in|ab(?: dem)?)\s+{DATE}"
    r"[^.!?;]{0,80}?\b(?:will|is going to|are going to|wird|werden)\b",
    re.I,
)
PAST = re.compile(r"\b(?:was|were|had|did|used to|ended|expired|closed|war|waren|hatte|était|fue)\b", re.I)
SENTENCE = re.compile(r"(?<!\b\d\.)(?<!\b\d\d\.)(?<=[.!?])\s+(?=[^\W\d_a-z])|\n+")
OLD_YEARS = 2  # a figure "as of" a date is doubted after so long


def outdated(text: str, today: date) -> str | None:
    """The words of the text that show it to be out of date, as in "until 31 March 2023"; None where there are none."""
    if not re.search(r"(?:19|20)\d\d", text):
        return None
    for sentence in SENTENCE.split(text):
        for pattern in (ENDS, TO_COME, AS_OF):
            for match in pattern.finditer(sentence):
                last = last_day(match["date"])
                if last is None or (pattern is ENDS and PAST.search(sentence)):
                    continue
                limit = today.replace(year=today.year - OLD_YEARS, day=1) if pattern is AS_OF else today
                if last < limit:
                    return " ".join(match[0].split())
    return None


def last_day(written: str) -> date | None:
    """The last day a date can mean: a year's or month's end, the later reading of 03/04/2021; None where impossible."""
    numbers = [int(n) for n in re.findall(r"\d+", written)]
    year = next(n for n in numbers if n >= 1900)
    month = next((MONTHS[w] for w in re.findall(r"[^\W\d_]+", written.lower()) if w in MONTHS), None)
    small = [n for n in numbers if n < 1900]
    try:
        if month:
            return date(year, month, small[0] if small else calendar.monthrange(year, month)[1])
        if len(small) == 2:
            readings = [(small[0], small[1]), (small[1], small[0])]
            return max(date(year, m, d) for m, d in readings if 1 <= m <= 12 and 1 <= d <= 31)
        return date(year, 12, 31)
    except ValueError:
        return None
