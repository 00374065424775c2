# A pattern broken over lines cannot be read or searched for: long lines are wanted here.
# ruff: noqa: E501, SIM905
"""What a command is about: a stage, a brief field, a term, rows, settings, or the words to put in."""

import re
from typing import Any

from assistant.glossary import explain
from finetune.plan import TrainingPlan
from tools.brief import Brief

# Everyday words for the stages, in the order they are looked for.
STAGE_WORDS: dict[str, str] = {
    "evaluation": r"evaluation|results?|scores?|test results|metrics",
    "data": r"data|data ?set|rows?|examples?|files?|uploads?|test set|training set|spreadsheet|documents?",
    "knowledge": r"rules?|knowledge|regulations?|laws?|terms|legal",
    "verdict": r"verdict",
    "plan": r"plan|settings",
    "training": r"training|run",
    "trial": r"trial|try-?out|trying|side by side",
    "publish": r"publish(?:ing)?|release|export",
    "watch": r"watch(?:ing)?|monitoring|drift|feedback",
    "interview": r"interview|questions|the beginning|the start|basics|brief",
}
FIELD_WORDS: dict[str, str] = {
    "right_answer": r"right answer|good answer|what makes (?:it|an answer) right",
    "wrong_answer": r"wrong answer|bad answer|what makes (?:it|an answer) wrong",
    "jurisdictions": r"jurisdictions?|places?|locations?|countr(?:y|ies)|states?|where we (?:are|work)|regions?",
    "industry": r"industry|sector|field of work",
    "audience": r"audience|readers?|who reads",
    "task": r"task|what it should do",
    "tone": r"tone|voice|style|how it sounds",
    "languages": r"languages?",
    "size": r"team size|size|number of (?:people|staff|employees)|headcount",
    "deployment": r"deployment|hosting|where it (?:will )?runs?",
    "never": r"never|forbidden|must not",
    "inputs": r"inputs?|what comes in",
    "outputs": r"outputs?|what (?:goes|comes) out|should come out",
    "pairs": r"real (?:case|example|question)s?|pairs?",
    "organisation": r"organi[sz]ation|company|business|practice|what we do|our team|our name",
}
SETTING_WORDS: dict[str, str] = {
    "epochs": r"epochs?|passes|times through",
    "learning_rate": r"learning[- ]?rate|lr",
    "rank": r"rank|lora r",
    "alpha": r"alpha",
    "dropout": r"dropout",
    "examples_per_update": r"batch size|examples per update|batch",
    "tokens_per_batch": r"tokens per batch",
    "max_length": r"max(?:imum)? length|longest row",
    "weight_decay": r"weight decay",
    "warmup_share": r"warm-?up(?: share)?",
    "general_share": r"(?:%|per ?cent)?\s*general (?:rows|examples|share)",
    "evaluations_per_epoch": r"evaluations per epoch|checks per epoch",
    "patience": r"patience",
    "seed": r"seed",
}
# "Mix in general rows", without a share: a tenth is usual for rehearsal.
USUAL_GENERAL_SHARE = 0.1
GENERAL_ROWS = re.compile(
    r"\b(?:mix(?:ing)?(?: in)?|add|with|use|put in)\b(?P<between>[^.?!\d]{0,20})\bgeneral (?:rows|examples)\b|"
    r"\b(?P<none>no|without|leave out|drop)\b[^.?!\d]{0,20}\bgeneral (?:rows|examples)\b"
)
NUMBER = r"\d+(?:\.\d+)?(?:e-?\d+)?|\.\d+"
WORD_NUMBERS = {
    w: n
    for n, w in enumerate("zero one two three four five six seven eight nine ten eleven twelve".split())
}  # fmt: skip
MODEL_NAME = re.compile(
    r"\b((?:[\w.-]+/)?(?:smollm|qwen|llama|gemma|phi|mistral|granite|olmo|falcon)[\w.-]*|starter)\b", re.IGNORECASE
)
# A folder, or any name on the Hub, is taken only behind the word "model": "and/or" is neither.
MODEL_PLACE = re.compile(
    r"\bmodel\b(?: (?:called|named|in|at|from|to|is))*\s*[:=]?\s*[\"']?((?:~|\.{1,2})?/[^\s\"',;]+|[\w-][\w.-]*/[\w.-]+)",
    re.IGNORECASE,
)
ROW_LIST = re.compile(
    r"(?:\b(?:rows?|rules?|examples?|items?|numbers?|entry|entries|terms?|pairs?|snippets?|nos?\.?)\s*#?|#)"
    r"\s*((?:\d+(?:\s*(?:-|–|to|through|until|\.\.)\s*\d+)?(?:\s*(?:,|;|and|&|\+|,\s*and|or)\s*#?)?)+)",
    re.IGNORECASE,
)
BARE_LIST = re.compile(
    r"^\W*(?:please |just |only |ok |yes |no |then |, )*(?:drop|remove|delete|discard|keep|exclude|reject|take|edit|change|undo|restore|"
    r"show(?: me)?|use|rewrite)\s+(?:only |just |the |all |everything |but |except(?: for)? |all but |first )*"
    r"((?:#?\d+(?:\s*(?:-|–|to|through)\s*\d+)?(?:\s*(?:,|and|&|\+|,\s*and|or)\s*)?)+)(?=\s*(?:$|[.,;:!?]|and\b|please|but|instead|only|too|again|from|in|to|out|back))",
    re.IGNORECASE,
)
RANGE = re.compile(r"(\d+)(?:\s*(?:-|–|to|through|until|\.\.)\s*(\d+))?")
FIRST = re.compile(rf"\bfirst\s+(\d+|{'|'.join(WORD_NUMBERS)})\b", re.IGNORECASE)
ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8}
ORDINAL = re.compile(
    rf"\b({'|'.join(ORDINALS)})\b(?=\s*(?:one|row|rule|example|term|entry|item|and|,|$))", re.IGNORECASE
)
EXCEPT = re.compile(r"\b(?:all|everything|every one)\s+(?:but|except|besides|other than|apart from)\b|\bexcept\b", re.I)
MOST_ROWS = 10_000
SAID = re.compile(
    r"\b(?:should|must|ought to|would|could)\s+(?:have\s+)?(?:sa(?:y|id)|be(?:en)?|answer(?:ed)?|replied|reply|read|written|write|mention(?:ed)?|told|tell|state[d]?)\s*"
    r"(?:(?:that|us|them|people)\s+)?[:=,-]?\s*(.+)$|"
    r"\b(?:right|correct|proper|better|real|true|best|good)\s+(?:answer|reply|response)(?:\s+(?:here|would be|should be|is|was))*\s*[:=,-]?\s*(?:that\s+)?(.+)$|"
    r"\b(?:change|replace|rewrite|edit|correct|fix|set)\b.{0,80}?\b(?:to|with|into|by|as)\s*[:=]?\s+(.+)$|"
    r"(?:^|[,;.]\s*)(?:correction|better|instead(?: say)?|say instead)\s*[:=]\s*(.+)$|"
    r"\bi would (?:have )?(?:sa(?:y|id)|answer|reply|write)\s*[:=]?\s*(.+)$|\bwe would (?:have )?(?:sa(?:y|id)|answer|reply|write)\s*[:=]?\s*(.+)$",
    re.IGNORECASE | re.DOTALL,
)
TERM_ASKED = (
    re.compile(r"\bwhat (?:does|do|did) (?:you mean by |it mean by )?(?:an? |the )?(.{1,50}?)(?: even| actually| really)? (?:mean|stand for)\b", re.I),
    re.compile(r"\b(?:explain|define|clarify|meaning of|what do you mean by|heard of|understand|know what)\s+(?:to me |what |me )?(?:an? |the |that |this )?(?:word |term )?(.{2,50}?)(?:\s+(?:is|are|means?|to me|please|again|in .*))*\W*$", re.I),
    re.compile(r"\b(?:what is|what's|whats|what are|what was)(?: meant by)? (?:an? |the |this |that )?(.{2,50}?)(?: again| anyway| exactly| then| please| in .*)?\W*$", re.I),
    re.compile(r"\b(?:qué significa|que significa|was bedeutet|was heißt|qu'est-ce que|c'est quoi|o que é|cosa significa|wat betekent)\s+(?:el |la |le |der |die |das |o |a |un |une |ein |eine )?(.{2,40}?)\W*$", re.I),
)  # fmt: skip
POINTING = frozenset("that this it these those you your question the".split())


def find_target(text: str) -> str | None:
    """The stage or brief field a command names; a field before a stage, as it is the narrower of the two."""
    low = text.lower()
    for words in (FIELD_WORDS, STAGE_WORDS):
        hits = [(m.start(), name) for name, pattern in words.items() if (m := re.search(rf"\b(?:{pattern})\b", low))]
        if hits:
            return min(hits)[1]
    fields = [name for name in Brief.questions() if re.search(rf"\b{name.replace('_', ' ')}\b", low)]
    return fields[0] if fields else None


def find_term(text: str) -> str | None:
    """The term someone asks about: the glossary's name for it, or the words as they stand where it has none."""
    for pattern in TERM_ASKED:
        if match := pattern.search(text):
            words = match.group(1).strip(" \"'.,?!")
            if not words or set(words.lower().split()) <= POINTING:
                continue
            entry = explain(words)
            return entry.term if entry else words.lower()
    return None


def find_rows(text: str) -> list[int]:
    """Row numbers in "drop rows 3, 5 and 8-10" or "the first three"; in the order said, each once."""
    lists = [m.group(1) for pattern in (ROW_LIST, BARE_LIST) for m in pattern.finditer(text)]
    rows: dict[int, None] = {}
    for listed in lists:
        for low, high in RANGE.findall(listed):
            last = int(high or low)
            if last - int(low) <= MOST_ROWS:
                rows.update(dict.fromkeys(range(int(low), last + 1)))
    if not rows and (match := FIRST.search(text)):
        count = int(match.group(1)) if match.group(1).isdecimal() else WORD_NUMBERS[match.group(1).lower()]
        rows.update(dict.fromkeys(range(1, min(count, MOST_ROWS) + 1)))
    if not rows:
        rows.update(dict.fromkeys(ORDINALS[m.group(1).lower()] for m in ORDINAL.finditer(text)))
    return list(rows)


def all_but(text: str) -> bool:
    """True for "keep all except 3": the rows named are the ones not meant."""
    return bool(EXCEPT.search(text))


def find_settings(text: str) -> dict[str, Any]:
    """Plan fields and the values asked for, as in "use 3 epochs" or "learning rate to 1e-4"; unchecked."""
    low = re.sub(rf"\b({'|'.join(WORD_NUMBERS)})\b", lambda m: str(WORD_NUMBERS[m.group(1)]), text.lower())
    settings: dict[str, Any] = {}
    for name, words in SETTING_WORDS.items():
        match = re.search(
            rf"\b(?:{words})\b(?:\s*(?:to|of|=|:|at|is|should be|down to|up to|from {NUMBER} to))*\s*({NUMBER})(?!\w)",
            low,
        ) or re.search(rf"({NUMBER})\s*(?:more |full |of )?(?:{words})\b", low)
        if match:
            number = float(match.group(1))
            whole = TrainingPlan.model_fields[name].annotation is int
            settings[name] = int(number) if whole and number.is_integer() else number
    if settings.get("general_share", 0) >= 1:
        settings["general_share"] /= 100  # "10 % general rows"
    elif "general_share" not in settings and (asked := GENERAL_ROWS.search(low)):
        none = asked["none"] or re.search(r"\b(?:no|any)\b", asked["between"])
        settings["general_share"] = 0.0 if none else USUAL_GENERAL_SHARE
    if model := MODEL_PLACE.search(text) or MODEL_NAME.search(text):
        settings["base_model"] = model.group(1)
    return settings


def find_said(text: str) -> str | None:
    """The words to put in, from "it should have said: …" or "change row 3 to …"; quotes around them fall away."""
    match = SAID.search(text)
    if not match:
        quoted = re.search(r'"([^"]{2,})"\s*$', text)
        return quoted.group(1).strip() if quoted else None
    said = next(group for group in match.groups() if group).strip()
    return said[1:-1].strip() if len(said) > 2 and said[0] == said[-1] and said[0] in "\"'" else said
