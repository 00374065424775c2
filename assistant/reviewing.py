# A pattern broken over lines cannot be read or searched for: long lines are wanted here.
# ruff: noqa: E501, SIM905
"""What people say while they review rows: doubt, why, marks, names, sheets. Read by pattern, as tool calls."""

import re
from typing import Any

from assistant.moves import Call
from assistant.targets import WORD_NUMBERS, find_rows
from finetune.data.changes import VERDICTS
from tools.journey import State
from tools.review_sheets import returned_folder

ROWS = r"(?:rows?|examples?|lines?|entries|entry|items?|pairs?|records?)"
NUMBERS = r"#?\d+(?:\s*(?:-|–|to|through|until|,|;|and|&|,\s*and)\s*#?\d+)*"
NAMED = rf"{ROWS}\s+(?:numbers?\s+|no\.?\s*)?{NUMBERS}"
HERE = rf"(?:this|that|the last|the same)\s+{ROWS}"
GOOD = r"good|fine|ok|okay|right|correct|great|perfect"
BAD = r"bad|wrong|incorrect|false|not (?:right|correct|good|ok|okay|true)|outdated|out of date|no longer (?:true|right)"
UNSURE = r"unsure|unclear|doubtful|not sure|questionable"
VERDICT = rf"(?P<mark>{BAD}|{UNSURE}|{GOOD})"
WHY_NOT = r"(?:\s*(?:[:;,.–-]+|\bbecause\b|\bsince\b)\s*(?P<comment>.+?))?\s*$"
MARKS = tuple(
    re.compile(pattern, re.I | re.S)
    for pattern in (
        rf"^\W*(?:please\s+|ok\s+)?(?:mark|rate|label|flag|tick)\s+(?:{ROWS}\s+)?{NUMBERS}\s+(?:as\s+|all\s+)*{VERDICT}{WHY_NOT}",
        rf"^\W*{NAMED}\s*(?:'s answer\s+)?(?:is|are|looks?|seems?|sounds?|:|=)?\s*(?:all |also |just |simply |really )*{VERDICT}{WHY_NOT}",
        rf"^\W*(?:the )?(?:answers?|questions?) (?:of|in|to) {NAMED}\s+(?:is|are|looks?|seems?)\s+(?:all |also )*{VERDICT}{WHY_NOT}",
        rf"^\W*(?:i am|i'm|we are|we're)\s+(?P<mark>not sure|unsure)\s+about\s+{NAMED}{WHY_NOT}",
    )
)
# What is to be done to the row comes before what is thought of it.
ORDERS = re.compile(
    r"\b(?:drop|remove|delete|take (?:it|them|that) out|throw|should (?:say|answer|read|be)|must (?:say|read|be)|"
    r"change (?:it|that|the)|replace|rewrite|fix it|edit)\b",
    re.I,
)
HOW_MANY = {**WORD_NUMBERS, "fifteen": 15, "twenty": 20, "thirty": 30, "fifty": 50}
COUNT = rf"(?:\d+|{'|'.join(HOW_MANY)})"
WORST = r"(?:worst|most (?:doubtful|suspicious|questionable))"
HOW_MANY_WORST = re.compile(rf"\b(?P<before>{COUNT})\s+{WORST}\b|\b{WORST}\s+(?:{ROWS}\s+)?(?P<after>{COUNT})\b", re.I)
# Parts of the data that only a reviewer asks for, as `only` of show_data.
PARTS: dict[str, str] = {
    "divided": rf"\b(?:reviewers?|we|they|both|people)\b.*\b(?:disagree|differ|mark(?:ed)? (?:it |them )?differently)\b|"
    rf"\bmarked differently\b|\b{ROWS}\b.*\bdisagreed? on\b",
    "unmarked": r"\bun-?marked\b|\bnot (?:yet )?(?:marked|reviewed|looked at|checked)\b|\bstill to (?:mark|review|check)\b|"
    r"\bwithout a mark\b|\bunreviewed\b",
    "doubtful": rf"\b{WORST}\b(?! answers? of)|"
    rf"\b(?:doubtful|suspicious|dubious|questionable|shaky|suspect)\s+{ROWS}\b|"
    rf"\b{ROWS}\b.*\b(?:are|is|look|looks|seem|might be|could be|may be)\s+(?:\w+\s+)?(?:doubtful|suspicious|dubious|questionable|odd|wrong|fishy)\b|"
    r"\bwhat (?:should|shall|do|must) (?:i|we) (?:check|look at|review|read) first\b|"
    rf"\bwhich {ROWS} (?:should|shall|do|must) (?:i|we) (?:check|look at|review|read)\b",
    "marked": rf"\b(?:the |all |my |our )?marked {ROWS}\b|\b{ROWS} (?:that |which )?(?:(?:i|we|somebody|they) )?(?:have |has )?marked\b|"
    rf"\b(?:show|which|what|list)\b.*\bmarked (?:as )?(?:good|bad|unsure|wrong)\b",
}
LOOKS = re.compile(
    r"\b(?:show|see|list|which|what|display|give|where|find|look|view|go to|review)\b|^\W*(?:the )?(?:"
    + COUNT
    + r" )?worst",
    re.I,
)
WHY = re.compile(
    rf"\b(?:why|where|what|explain|which|who|how|tell me|when)\b.*\b(?:{NAMED}|{HERE})|\b(?:{NAMED}|{HERE})\b.*\bwhy\b|"
    rf"^\W*(?:explain|history of|origin of|source of|trace)\s+(?:{NAMED}|{HERE})",
    re.I,
)
ABOUT_ORIGIN = re.compile(
    r"\b(?:here|there|left out|leave|dropped?|missing|gone|excluded|not used|unused|in the (?:data|test|training|set|list)|"
    r"on the list|used for|held out|come|comes|came|from|source|origin|happened|history|made|make|split|approved|decided|"
    r"changed|edited|doubt\w*|suspicious|worst|wrong|bad|explain|trace|kept)\b|"
    rf"^\W*why(?: (?:do|did) (?:we|you|i) (?:have|keep))?\s+{NAMED}\W*$",
    re.I,
)
SHOWS = re.compile(r"\W*(?:please\W+)?(?:show|display)\b(?:\W+\w+){1,6}\W*$", re.I)
WHY_FIRST = re.compile(rf"\W*(?:(?:but|and|wait|so)\W+)?(?:why|explain)\b[^.?!]{{0,30}}\b{NAMED}", re.I)
NAME = r"(?P<name>(?:(?:Dr|Mr|Mrs|Ms|Prof)\.? )?[A-Z][\w'’-]*(?: (?:van |de |von |da |der )*[A-Z][\w'’.-]*){0,2})"
I_AM = (
    re.compile(rf"^\W*(?:(?:[Hh]i|[Hh]ello|[Hh]ey|[Oo]k|[Nn]ow|[Yy]es)\W+)*(?:[Ii] am|[Ii]['’]?m|[Tt]his is|[Ii]t is|[Ii]t['’]s|[Hh]ere is) {NAME}(?:,? (?:here|now|reviewing|speaking|again))*\W*$"),
    re.compile(rf"^\W*(?:(?:[Hh]i|[Hh]ello|[Hh]ey)\W+)*{NAME}(?:,? here| is reviewing(?: now)?| speaking| reviews now)\W*$"),
    re.compile(r"^\W*(?:my name is|call me|the reviewer is|reviewer is|reviewer:|i review as)\s+(?P<name>[\w'’.-]+(?: [\w'’.-]+){0,2}?)\W*$", re.I),
)  # fmt: skip
NO_NAMES = frozenset(
    "sorry done ready back sure happy fine lost english german french spanish not it here ok okay".split()
)
AGREEMENT = re.compile(
    r"\binter-?\s?(?:rater|annotator|reviewer)\b|\bkappa\b|"
    r"^\W*(?:show |what is |how is |what's |see )?(?:me |us )?(?:the |our )?(?:reviewers?['’]? )?agreement(?: (?:of|between|on|among) .*)?\W*$|"
    r"^(?!.*\brows?\b).*\b(?:do|does|did|how (?:well|far|much|often))\b.*\b(?:we|they|reviewers?|both|\w+ and \w+)\b.*\bagree\b|"
    r"\bwhere (?:do|did|does)\b.*\b(?:disagree|differ)\b|\bcompare\b.*\b(?:marks|reviewers)\b|"
    r"\bwho (?:has |have )?(?:marked|reviewed)\b|\bhow many (?:rows )?(?:has|have|did) .*\bmark(?:ed)?\b",
    re.I,
)
EXPORT = re.compile(
    rf"^(?!.*\b(?:model|adapter|weights|hub|data ?set)\b).*\b(?:export|download|save|write|send|get|give me|put|have)\b.*"
    rf"\b(?:{ROWS}|review sheet|sheet for|sheets?\b|data\b.*\b(?:excel|xlsx|spreadsheet|jsonl|sheet)|marks)\b",
    re.I,
)
OUT = re.compile(
    r"\b(?:export|download|save|send)\b|\b(?:as|to|in|into) (?:an? )?(?:excel|xlsx|spreadsheet|jsonl|sheet|file)\b",
    re.I,
)
FOR_WHOM = re.compile(rf"\b(?:for|to) {NAME}")
FORMATS = {"excel": "xlsx", "xlsx": "xlsx", "spreadsheet": "xlsx", "jsonl": "jsonl"}
APPLY = re.compile(
    r"\b(?:apply|take over|take in|import|accept|use|take)\b.*\b(?:changes|sheets?(?:['’]s version)?|file['’]s version|"
    r"edits|returned|version)\b",
    re.I,
)
PREFER = re.compile(r"\bversions?\b|\bconflicts?\b|\bwins?\b|\bboth\b", re.I)
# What a row should say may hold anything, also what would be a fact or a wish elsewhere.
REWORDS = re.compile(
    rf"^\W*(?:please |ok )?(?:the (?P<part_before>answer|question) (?:of|in|to) )?{ROWS}\s+#?(?P<row>\d+)(?:['’]s (?P<part>answer|question))?\s+"
    r"(?:should|must) (?P<verb>say|answer|read|be|ask)\s*:\s*(?P<words>.+)$",
    re.I | re.S,
)
APPROVES = re.compile(
    rf"^\W*(?:please |i |we |ok |yes )*approve\s+(?:the\s+)?(?:{NAMED}|{NUMBERS})\W*$|"
    rf"^\W*(?:the\s+)?{NAMED}\s+(?:is|are)?\s*approved\W*$",
    re.I,
)


def reviewed_part(text: str) -> dict[str, Any] | None:
    """The part of the data a reviewer asks for, as arguments of show_data; None for any other message."""
    if not LOOKS.search(text) or ORDERS.search(text):
        return None
    only = next((only for only, words in PARTS.items() if re.search(words, text, re.I)), None)
    said = HOW_MANY_WORST.search(text)
    if only != "doubtful" or said is None:
        return {"only": only} if only else None
    number = (said["before"] or said["after"]).lower()
    return {"only": only, "count": int(number) if number.isdecimal() else HOW_MANY[number]}


def review_call(text: str, state: State, extra: dict[str, Any], answering: bool) -> Call | None:
    """The reviewing tool that a message calls for; None where it is no word of a reviewer.

    `extra` is what was noted beside the last reply: which row "this row" is. While `answering` a question that takes
    any words, only "show the worst rows" and why a row is here, the row named, are no answers.
    """
    if not state.project.examples.exists():
        return None
    text = text.strip()
    if answering:
        if SHOWS.match(text) and (shown := reviewed_part(text)) is not None:
            return Call("show_data", shown)
        row = asked_why(text, {}) if WHY_FIRST.match(text) else None
        return Call("explain_example", {"row": row}) if row else None
    if name := reviewer_in(text):
        return Call("set_reviewer", {"name": name})
    rows = find_rows(text)
    if rows and APPROVES.search(text):
        return Call("approve_examples", {"rows": rows})
    if match := REWORDS.search(text):
        part = match["part"] or match["part_before"] or ("question" if match["verb"].lower() == "ask" else "answer")
        return Call("edit_example", {"row": int(match["row"]), part.lower(): match["words"].strip()})
    if (marks := mark_in(text)) is not None:
        return Call("mark_examples", {"rows": find_rows(text.partition(":")[0]) or rows, **marks})
    if (row := asked_why(text, extra)) is not None:
        return Call("explain_example", {"row": row})
    if AGREEMENT.search(text):
        return Call("show_agreement")
    if (part := reviewed_part(text)) is not None:
        return Call("show_data", part)
    if EXPORT.search(text) and OUT.search(text):
        return Call("export_examples", export_in(text))
    return applied(text, state)


def reviewer_in(text: str) -> str | None:
    """The name somebody gives as theirs."""
    for pattern in I_AM:
        if (match := pattern.search(text)) and match["name"].split()[0].lower() not in NO_NAMES:
            return match["name"].strip()
    return None


def mark_in(text: str) -> dict[str, str] | None:
    """The mark and its comment, as in "row 12 is wrong: the fee is 5 euro"."""
    match = next((m for pattern in MARKS if (m := pattern.search(text))), None)
    if match is None or ORDERS.search(match["comment"] or ""):
        return None
    word = match["mark"].lower()
    mark = "bad" if re.fullmatch(BAD, word) else "unsure" if re.fullmatch(UNSURE, word) else VERDICTS.get(word, "good")
    comment = (match["comment"] or "").strip(" .")
    return {"mark": mark, **({"comment": comment} if comment else {})}


def asked_why(text: str, extra: dict[str, Any]) -> int | None:
    """The row whose story is asked for; "this row" is the one spoken of last, and 0 where none was."""
    if not WHY.search(text) or not ABOUT_ORIGIN.search(text) or ORDERS.search(text.replace("drop", "")):
        return None
    rows = find_rows(text)
    if rows:
        return rows[0]
    return int(extra.get("row") or 0)


def export_in(text: str) -> dict[str, str]:
    forms = {form for word, form in FORMATS.items() if re.search(rf"\b{word}\b", text, re.I)}
    args = {"form": forms.pop()} if len(forms) == 1 else {}
    name = FOR_WHOM.search(text)
    if name and name["name"].lower() not in FORMATS:
        args["reviewer"] = name["name"]
    return args


def applied(text: str, state: State) -> Call | None:
    """The sheet that came back last is to be taken over after all, or to win where both sides changed a row."""
    folder = returned_folder(state.project)
    sheets = sorted(folder.iterdir(), key=lambda p: p.stat().st_mtime) if folder.exists() else []
    if not sheets or not APPLY.search(text):
        return None
    prefer = {"prefer_sheet": True} if PREFER.search(text) else {}
    return Call("import_examples", {"names": [sheets[-1].name], **prefer})
