"""Light repair of rows, and the reasons why some cannot be used."""

import re
import unicodedata

from finetune.example import Example, Message

QUESTION_CHARACTERS = range(3, 4_001)
ANSWER_CHARACTERS = range(2, 8_001)
# Category labels and short facts ("30 days") may be brief; a longer lower bound would drop good answers.
MOJIBAKE = re.compile(r"[ÃÂ][\x80-\xbf\u0152-\u0178\u2018-\u203a\u20ac\u2122¡-¿]|â€|Ã\u00a0")
INVISIBLE = re.compile(r"[\u200b\u200e\u200f\u2060\ufeff\u00ad]")
BOILERPLATE = re.compile(
    r"^(?:sent from my \w+.*|this (?:e-?mail|message)(?: and any attachments?)? (?:is|are|may be) "
    r"(?:confidential|intended).*|please consider the environment.*|-{2,}\s*original message\s*-{2,}|"
    r"unsubscribe|click here to unsubscribe.*|cookie (?:policy|settings).*|all rights reserved.*|"
    r"©.*|copyright ©.*|skip to (?:main )?content)\s*$",
    re.I | re.M,
)
PLACEHOLDER = re.compile(
    r"(?:n/?a|none|null|nan|tbd|todo|tba|-+|\?+|\.+|x+|see above|same|ditto|lorem ipsum.*)\s*", re.I
)


def clean_text(text: str) -> str:
    """Repair what machines broke (line ends, double decoding, invisible characters, mail footers), never wording."""
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    if MOJIBAKE.search(text):
        text = _undo_double_decoding(text)
    text = INVISIBLE.sub("", text).replace("\u00a0", " ").replace("\u2028", "\n")
    text = "".join(c for c in text if c in "\n\t" or unicodedata.category(c) != "Cc")
    text = BOILERPLATE.sub("", text)
    text = re.sub(r"[ \t]+", " ", text)
    return re.sub(r"\n{3,}", "\n\n", re.sub(r" ?\n ?", "\n", text)).strip()


def _undo_double_decoding(text: str) -> str:
    """UTF-8 that was read as Windows-1252 ("fÃ¼r"), undone where the whole text allows it."""
    try:
        repaired = text.encode("cp1252").decode("utf-8")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return text
    return repaired if len(MOJIBAKE.findall(repaired)) < len(MOJIBAKE.findall(text)) else text


def clean_example(example: Example) -> Example:
    """The example with cleaned texts; dropped, with the reason, where it cannot teach anything."""
    messages = [Message(role=m.role, content=clean_text(m.content)) for m in example.messages]
    changed = any(new.content != old.content for new, old in zip(messages, example.messages, strict=True))
    cleaned = example.model_copy(update={"messages": messages}) if changed else example
    fault = fault_of(cleaned)
    return dropped(cleaned, fault) if fault else cleaned


def fault_of(example: Example) -> str | None:
    """Why a row cannot be used, in words that also serve as the report's heading; None where it can."""
    question, answer = example.question, example.answer
    if not question or PLACEHOLDER.fullmatch(question):
        return "no question"
    if not answer or PLACEHOLDER.fullmatch(answer):
        return "no answer"
    if len(question) < QUESTION_CHARACTERS.start or not re.search(r"\w", question):
        return "question too short"
    if len(question) >= QUESTION_CHARACTERS.stop:
        return "question too long"
    if len(answer) < ANSWER_CHARACTERS.start and example.kind != "category":
        return "answer too short"
    if len(answer) >= ANSWER_CHARACTERS.stop:
        return "answer too long"
    if normalised(question) == normalised(answer):
        return "question and answer are the same"
    return None


def dropped(example: Example, reason: str) -> Example:
    """The row out of the data but still on record."""
    reasons = example.reasons if reason in example.reasons else [*example.reasons, reason]
    return example.model_copy(update={"status": "dropped", "split": None, "reasons": reasons})


def normalised(text: str) -> str:
    """Words, numbers and currency signs, small: texts that differ in case, accents' form or punctuation are equal."""
    return " ".join(re.findall(r"\w+|[€£$%]", unicodedata.normalize("NFKC", text).casefold()))
