"""Is a written pair held by its passage? Checks on words and numbers that need no model.

A pair that fails one is left out, with the reason; a good pair lost costs less than a wrong one kept. What these checks
cannot see: a true sentence that answers another question, and who does what to whom.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any

from finetune.data.document import words
from finetune.data.duplicates import FUNCTION_WORDS, NEGATIONS
from finetune.data.question_types import WrittenPair

ANSWER_SHARE = 0.7  # of the answer's content words must stand in the quote, or in question and passage both
QUOTE_WORDS = 3  # a shorter quote is found in any passage
QUESTION_WORDS = range(3, 41)
# Cosine from which a word may be another one for the same thing. With the encoder that ships, of 24 pairs such as
# refund and reimbursement 20 had it, and of 20 pairs such as dispute and bill 3.
WORD_LIKENESS = 0.5

NO_QUOTE = "quote not found in the source"
OTHER_NUMBER = "a number, date or amount that the quote does not have"
OTHER_ADDRESS = "an address that the quote does not have"
OTHER_WORDS = "answer says more than its quote"
TURNED_ROUND = "answer and quote disagree on a “not”"
NOT_ALONE = "question does not stand alone"
OFF_PASSAGE = "question is not about its passage"
HIDDEN_DATA = "rests on personal data that was hidden"
AN_ORDER = "speaks to a language model"
MAYBE_ANSWERED = "the documents may answer it after all"
NO_LANGUAGE = "unanswerable, and not in English"
NO_ANSWER = "no answer"

SAME_MARK = str.maketrans("“”„«»‘’‚‹›–—‑−", '"""""' + "'" * 5 + "-" * 4)
BULLET_START = re.compile(r"(?m)^[ \t]*[-*•◦▪–·●][ \t]+")
TAG = re.compile(r"\[[a-z ]+(?: \d+)?\]")
ADDRESS = re.compile(r"\b[\w.+-]+@[\w-]+\.[\w.-]*\w|(?:https?://|www\.)\S*\w", re.I)
POINTS_AT_TEXT = re.compile(
    r"\b(?:the|this|that|given|provided|following|above|which) "
    r"(?:passage|text|excerpt|paragraph|section|document|article|chapter|table|sentence|author|context|snippet|quote)s?\b|"
    r"\b(?:mentioned|listed|described|stated|shown|given|see|as) (?:above|below)\b|\bas follows\b|\baforementioned\b|"
    r"\bthe following\b|\bherein\b",
    re.I,
)
LEANING = words("he she they them their it its")  # where nothing was named before
POINTS_AT_A_THING = re.compile(r"\b(?:this|these|such(?! as)|those(?! who| that| with)|thereof|hereby)\b", re.I)
# "How long does it take to …" leans on nothing.
EMPTY_IT = re.compile(r"\bit\b.*\b(?:to|if|that|when|for|before|until)\b", re.I)
ORDER = re.compile(
    r"\b(?:ignore|disregard|forget|override|bypass)\b.{0,40}\b(?:instructions?|prompts?|guidelines|rules|above)\b|"
    r"\bsystem prompt\b|\byou are now\b|\bas an ai\b|\bai (?:assistant|language model)s?\b.{0,30}\b(?:must|should)\b|"
    r"<\|?/?(?:im_start|im_end|system|assistant|endoftext|tool_call|function)\b|\[/?INST\]|<<SYS>>|"
    r"\bignorier\w*.{0,40}anweisungen|\bignor[ae]z?\b.{0,40}(?:instrucciones|instructions|istruzioni|instruções)|"
    r"忽略.{0,12}指[示令]|^\s*(?:system|assistant)\s*:",
    re.I | re.M,
)
DENIES = NEGATIONS | words(
    """
    only unless except without neither prohibited forbidden excluded exclude excludes refuse refused refuses deny denied
    denies unable ineligible impossible closed
    """
)
# Names of months and days, and what kind of day is counted: an answer may not bring them from elsewhere.
DECISIVE = words(
    """
    january february march april june july august september october november december monday tuesday wednesday thursday
    friday saturday sunday business calendar working
    """
)
# Words that ask and say nothing of what is asked about.
SCAFFOLD = words(
    """
    how much many long often soon late early far who whom whose when where why kind kinds type types get gets getting
    got happen happens need needs require required possible able allow allowed offer offers provide provides available
    someone anyone person people use used using make makes made take takes give given mean means difference between does
    doing done there than into also other another case time times ask asked choose must shall yourself themselves
    ourselves itself
    """
)
NAMED_NUMBERS = """
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
    eighteen nineteen twenty
"""
TENS = {"thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90, "hundred": 100}
WORDS_FOR_NUMBERS = {name: number for number, name in enumerate(NAMED_NUMBERS.split())} | TENS
UNITS = {
    form: unit
    for unit, forms in {
        "%": "% percent", "$": "$ usd dollar dollars", "€": "€ eur euro euros", "£": "£ gbp pound pounds",
        "minute": "minute minutes min", "hour": "hour hours hrs", "day": "day days", "week": "week weeks",
        "month": "month months", "year": "year years", "am": "am a.m", "pm": "pm p.m", "km": "km", "mile": "mile miles",
        "mg": "mg", "ml": "ml", "kg": "kg",
    }.items()
    for form in forms.split()
}  # fmt: skip
SCALES = words("hundred thousand million billion")
NUMBER = re.compile(
    r"(?P<before>[$€£])?\s?(?P<digits>\d+(?:[.,\u00a0 ]\d{3})+(?:[.,]\d+)?(?!\d)|\d+(?:[.,]\d+)?)(?:st|nd|rd|th)?"
    r"|\b(?P<tens>twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)[- ](?P<ones>one|two|three|four|five|six|seven|"
    rf"eight|nine)\b|\b(?P<word>{'|'.join(WORDS_FOR_NUMBERS)})\b",
    re.I,
)
UNIT_BEHIND = re.compile(
    r"(?:\s*\(\d+\))?[\s-]*(?:(?:business|calendar|working|full|consecutive)\s+)?(%|[$€£]|[a-z.]+)", re.I
)

Number = tuple[str, str]  # the number in plain digits, and its unit or nothing
Encode = Callable[[Sequence[str]], Any]  # vectors of length one, a row a text


# --- the words of a text ----------------------------------------------------------------------------------------------


def stem(word: str) -> str:
    """A word without the ends that English grammar puts on it; "employer" and "employee" stay two words."""
    word = word.removesuffix("'s")
    for ending in ("ings", "ing", "ies", "ied", "ed", "es", "s", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word.removesuffix(ending) + ("y" if ending in ("ies", "ied") else "")
            break
    return word[:-1] if len(word) > 3 and word[-1] == word[-2] else word


def all_words(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKC", text).translate(SAME_MARK).casefold()
    return re.findall(r"[^\W\d_]+(?:'[^\W\d_]+)?", plain)


@lru_cache(maxsize=2_000)  # the same passage is looked at with each of its pairs
def stems(text: str) -> frozenset[str]:
    """Stems of the words that carry meaning."""
    return frozenset(stem(w) for w in all_words(text) if w not in FUNCTION_WORDS and len(w) > 2)


def numbers(text: str) -> list[Number]:
    """Numbers in digits or English words, with the unit or currency beside them. "One" counts before a unit alone."""
    found = []
    for match in NUMBER.finditer(text):
        behind = UNIT_BEHIND.match(text, match.end())
        following = behind[1].lower().rstrip(".") if behind else ""
        unit = match["before"] or UNITS.get(following, "")
        if (match["word"] or "").lower() != "one" or unit:
            found.append((_digits(match) + (f" {following}" if following in SCALES else ""), unit))
    return found


def _digits(match: re.Match[str]) -> str:
    """ "1,500.00", "1 500" and "1500" as one number; of a single mark, three digits behind it make thousands."""
    if match["word"] or match["tens"]:
        named = (match["word"], match["tens"], match["ones"])
        return str(sum(WORDS_FOR_NUMBERS[name.lower()] for name in named if name))
    whole, mark, rest = match["digits"], "", ""
    if behind := re.search(r"[.,](\d+)$", whole):
        marks = re.findall(r"[.,]", whole)
        grouped = marks.count(marks[-1]) > 1 or (len(behind[1]) == 3 and len(marks) == 1)
        if not grouped:
            whole, mark, rest = whole[: behind.start()], ".", behind[1].rstrip("0")
    return (re.sub(r"\D", "", whole).lstrip("0") or "0") + (mark + rest if rest else "")


def speaks_to_a_model(text: str) -> bool:
    """Whether it reads as an order to a language model, which no passage or row should hold."""
    return bool(ORDER.search(text))


# --- the quote --------------------------------------------------------------------------------------------------------


def find_quote(quote: str, text: str) -> tuple[int, int] | None:
    """Where a quote stands in the text, letter by letter but for white space, list marks, case and kinds of quote
    marks and dashes; None where it does not.
    """
    wanted = "".join(_plain(quote)[0]).strip(" \"'.…")
    letters, places = _plain(text)
    start = "".join(letters).find(wanted) if len(wanted.split()) >= QUOTE_WORDS else -1
    if start < 0:
        return None
    first, last = places[start], places[start + len(wanted) - 1] + 1
    return first, last + (text[last : last + 1] in (".", "!", "?", ")"))


def _plain(text: str) -> tuple[list[str], list[int]]:
    """Letters in their plainest form, one a place, and where each stands in the text."""
    letters: list[str] = []
    places: list[int] = []
    passed = {i for match in BULLET_START.finditer(text) for i in range(match.start(), match.end())}
    for place, character in enumerate(text):
        if place in passed or unicodedata.category(character) == "Cf":
            continue
        for letter in unicodedata.normalize("NFKD", character).translate(SAME_MARK).casefold():
            blank = letter.isspace()
            if not (blank and letters[-1:] == [" "]):
                letters.append(" " if blank else letter)
                places.append(place)
    return letters, places


# --- the checks -------------------------------------------------------------------------------------------------------


def fault_of_answered(pair: WrittenPair, quote: str, passage: str) -> str | None:
    """Why a pair with an answer is not held by its quote, the source's own words; None where it is."""
    if not pair.answer:
        return NO_ANSWER
    if fault := _fault_of_wording(pair, quote):
        return fault
    asked = stems(pair.question) & stems(passage)
    if not asked:
        return OFF_PASSAGE
    if set(ADDRESS.findall(pair.answer)) - set(ADDRESS.findall(quote)):
        return OTHER_ADDRESS
    held = numbers(quote)
    if not all(_agrees(number, held, passage) for number in numbers(pair.answer)):
        return OTHER_NUMBER
    given = numbers(passage)
    # "What if I cancel 10 hours before?" may put a case that no document names.
    if pair.type != "conditional" and not all(_agrees(n, given, passage) for n in numbers(pair.question)):
        return OTHER_NUMBER
    said = stems(pair.answer) - SCAFFOLD_STEMS
    if (said & DECISIVE_STEMS) - stems(quote):
        return OTHER_NUMBER
    if len(said & (stems(quote) | asked)) < ANSWER_SHARE * len(said):
        return OTHER_WORDS
    return TURNED_ROUND if _turns_round(pair.answer, quote) else None


DECISIVE_STEMS, SCAFFOLD_STEMS = (frozenset(stem(word) for word in listed) for listed in (DECISIVE, SCAFFOLD))


def _fault_of_wording(pair: WrittenPair, quote: str = "") -> str | None:
    """What is wrong with a pair's words before they are held against the passage."""
    if any(speaks_to_a_model(text) for text in (pair.question, pair.answer, quote)):
        return AN_ORDER
    if TAG.search(pair.question) or TAG.search(pair.answer):
        return HIDDEN_DATA
    if not stands_alone(pair.question) or POINTS_AT_TEXT.search(pair.answer):
        return NOT_ALONE
    return None


def stands_alone(question: str) -> bool:
    """Whether a reader without the passage knows what is asked."""
    said = all_words(question)
    if not question.rstrip().endswith(("?", "？")) or len(said) not in QUESTION_WORDS:
        return False
    if POINTS_AT_TEXT.search(question) or POINTS_AT_A_THING.search(question):
        return False
    for place, word in enumerate(said):
        before = [w for w in said[:place] if w not in FUNCTION_WORDS | SCAFFOLD | LEANING and len(w) > 2]
        if word in LEANING and not before:
            return word == "it" and bool(EMPTY_IT.search(question))
    return bool(stems(question) - SCAFFOLD_STEMS)


def _agrees(number: Number, held: Sequence[Number], passage: str) -> bool:
    """Whether a number stands there with its unit; one without, as in a table's cell, takes a unit named nearby."""
    amount, unit = number
    if number in held or (not unit and any(amount == other for other, _ in held)):
        return True
    if amount == "1" and unit and re.search(rf"\b(?:an?|per|each|every) {re.escape(unit)}\b", passage, re.I):
        return True  # "in one day" of "four fees a day"
    named = {u for _, u in numbers(passage)} | {UNITS.get(w, "") for w in all_words(passage)}
    return (amount, "") in held and (unit in named or unit in passage)


def _turns_round(answer: str, quote: str) -> bool:
    """Whether one of the two denies what the other says, as far as a "not" tells."""
    denied, given = set(all_words(answer)) & DENIES, set(all_words(quote)) & DENIES
    if denied:
        return not given
    said = stems(answer)
    if given and all_words(answer)[:1] == ["yes"]:
        return True
    quoted = all_words(quote)
    for place, word in enumerate(quoted):
        # What is denied stands right behind the word: "must not smoke".
        behind = [stem(w) for w in quoted[place + 1 : place + 4] if w not in FUNCTION_WORDS and len(w) > 2]
        if word in NEGATIONS and behind and behind[0] in said:
            return True
    return False


def fault_of_unanswerable(
    pair: WrittenPair, passage: str, vocabulary: frozenset[str], encode: Encode | None = None
) -> str | None:
    """Why it is not sure that no document answers the question; None where a word it turns on stands in none of them.

    Args:
        vocabulary: stems of all documents of the team.
        encode: tells whether the passage has another word for that one; without it only the same word counts.
    """
    if fault := _fault_of_wording(pair):
        return fault
    asked = stems(pair.question) - SCAFFOLD_STEMS
    if not asked & stems(passage):
        return OFF_PASSAGE
    if not is_english(passage):
        return NO_LANGUAGE
    absent = [
        word for word in dict.fromkeys(all_words(pair.question)) if len(word) > 3 and stem(word) in asked - vocabulary
    ]
    return None if any(not _has_other_word(word, passage, encode) for word in absent) else MAYBE_ANSWERED


def _has_other_word(word: str, passage: str, encode: Encode | None) -> bool:
    if encode is None:
        return False
    near = sorted({w for w in all_words(passage) if w not in FUNCTION_WORDS and len(w) > 2})
    vectors = encode([word, *near])
    return bool((vectors[1:] @ vectors[0]).max(initial=0.0) >= WORD_LIKENESS)


def is_english(text: str) -> bool:
    """Whether English function words make up enough of the text."""
    said = all_words(text)
    return sum(word in FUNCTION_WORDS for word in said) >= 0.2 * len(said) > 0


def vocabulary_of(texts: Iterable[str]) -> frozenset[str]:
    return frozenset().union(*(stems(text) for text in texts))
