"""What is said about sources: delete one, what a model was trained on, whose a file is, how personal data is hidden."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from assistant.messages import Exchange
from assistant.moves import Call, Say
from finetune.errors import UserError
from tools.brief import Brief
from tools.deletion import deletions, files_telling, source_named, sources_fitting
from tools.journey import State
from tools.rights import OWNERS

ASKS = ASKS_RIGHTS, ASKS_PERSONAL = "rights", "personal"  # waited for while the prepared data is looked over
ASKS_WHICH = "delete"  # several files fit what is to be deleted
FILE = r"[\w()&+-]+(?:[. ][\w()&+-]+)*\.(?:pdf|docx?|pptx|xlsx|csv|tsv|json|jsonl|html?|md|markdown|txt|eml|mbox|zip)\b"
DELETES = re.compile(
    r"\b(?:delete|remove|forget|erase|withdraw|get rid of|throw (?:out|away)|destroy|wipe)\b(?P<what>.*)", re.I | re.S
)
ROWS_ONLY = re.compile(r"\b(?:rows?|examples?|questions?|answers?) (?:\d|about|with|on|number)|\bduplicates?\b", re.I)
# "Delete handbook": meant as a file, though none is called so.
DELETES_THING = re.compile(
    r"\W*(?:please )?(?:delete|erase|wipe|(?P<softer>ignore|remove|drop|skip|forget|leave out|throw out)) "
    r"(?:the |our |my )?"
    r"(?!(?:all|every|it|that|this|project|conversation|chat|rows?|answers?|questions?|data|plan|model|account|history)\b)"
    r"(?P<thing>[\w&+-]+(?: [\w&+-]+){0,2})\W*",
    re.I,
)
FILE_WORD = re.compile(r"\b(?:files?|documents?|sheets?|spreadsheets?|tables?|lists?|handbook|faq)\b", re.I)
PUTS_BACK = re.compile(
    r"\W*(?:please )?(?:(?:put|bring|get|add) (?P<thing>.+) back(?: in)?|(?:restore|undelete) (?P<other>.+?))\W*", re.I
)
DELETES_ROUND = re.compile(
    r"\W*(?:(?:please|yes|ok|now|and|then)\W+)*(?:delete|remove|erase|destroy|wipe|get rid of|throw (?:out|away))\s+"
    r"(?:the\s+|our\s+|my\s+|that\s+|this\s+)?(?:(?:tuned|trained|old|whole|entire)\s+)*"
    r"(?:model(?:\s+(?:of|from)\s+round)?|round|run|adapter|training)(?:\s+(?:of\s+training\s+)?(?:number\s+|no\.?\s+)?#?(?P<run>\d+))?"
    r"(?:\s+(?:for good|completely|permanently|now|again|please|and (?:its|the) model))*\W*",
    re.I,
)
MODEL = r"(?:models?|rounds?|runs?|adapters?)"
LEARNT = r"(?:train\w*|tuned?|learn\w*|made|built|based|know\w*|saw|seen|us(?:e|es|ed)|contains?|comes?|came)"
ABOUT_MODEL = re.compile(
    rf"\b(?:what|which|where)\b.*\b{MODEL}\b(?:\s*(?:number\s*)?#?(?P<run>\d+))?.*\b{LEARNT}\b|"
    rf"\b(?:lineage|provenance|origin)s? of (?:the |our |tuned )*{MODEL}(?:\s*(?:number\s*)?#?(?P<of>\d+))?",
    re.I,
)
ABOUT_ROW = re.compile(
    r"\b(?:lineage|provenance|origin|trace|traced)\b.*\brow (?:number )?#?(\d+)|"
    r"\bwhere (?:does|did|do|is) row (?:number )?#?(\d+) (?:come|came|stem|originate|from)|"
    rf"\b{MODEL}\b.*\b{LEARNT}\b.*\brow (?:number )?#?(\d+)",
    re.I,
)
ABOUT_FILE = re.compile(
    rf"\b(?:which|what|who)\b.*\b(?:{MODEL}|train\w*)\b|"
    rf"^\W*(?:is|was|were|has|have|does|do|did)\b.*\b(?:{MODEL}|train\w*)\b|"
    r"\b(?:lineage|provenance|origins?|trace)\b|\bwho knows\b",
    re.I,
)


# "The files are ours, but don't publish them": said whatever is asked.
OF_THE_FILES = re.compile(
    r"\b(?:files?|documents?|texts|data|sheets?|folder|all of (?:it|this|them)|everything)\b", re.I
)
# "How long will training take?" says nothing of whose the files are, though it speaks of training.
ASKS_BACK = re.compile(r"\W*(?:(?:and|so|but|ok)\W+)*(?:how|what|when|where|who|why|which)\b", re.I)


def call_for(state: State, exchange: Exchange) -> Call | None:
    """The tool that a message about sources asks for; None for any other message."""
    said, asked = exchange.said, exchange.asked or ""
    if exchange.files or not said:
        return None
    if (call := _deletion(said, state, exchange) or _lineage(said, state, asked)) is not None:
        return call
    if asked == ASKS_WHICH and (name := _file_chosen(said, state)):
        return _delete(name, state, exchange)
    if asked != "trial" and (kept := kept_in(said)) is not None:
        return kept
    if state.sources.files and (style := STYLE_SAID.get(said.strip().lower().rstrip(".!"))):
        return Call("choose_personal", style)  # its own offer, whichever question is open by now
    if asked in Brief.questions() and state.sources.attached and OF_THE_FILES.search(said) and "?" not in said:
        told = [answer for answer in rights_in(said, ()) if "owner" in answer and answer.keys() & USES.keys()]
        return Call("set_rights", {"answers": told}) if told else None
    if asked in Brief.questions() or asked.startswith("practice:") or asked == "trial":
        return None
    if (asked == ASKS_PERSONAL or state.sources.prepared) and (chosen := personal_in(said)) is not None:
        return Call("choose_personal", chosen)
    if ASKS_BACK.match(said):
        return None
    told = rights_in(said, state.sources.attached)
    if asked != ASKS_RIGHTS and not (named(said, state.sources.attached) and "?" not in said):
        # Its own offer, given once the rows were looked at first.
        waits = nobody_said_whose(state) or exchange.ran("set_rights")
        told = [files for files in told if waits and "owner" in files and files.keys() & USES.keys()]
    return Call("set_rights", {"answers": told}) if told else None


def passed_over(asked: str | None) -> Call | None:
    """What stores that a question about sources was left open, so that it is not asked again."""
    if asked == ASKS_PERSONAL:
        return Call("choose_personal")
    return Call("set_rights", {"answers": []}) if asked == ASKS_RIGHTS else None


def _files_in(text: str) -> list[str]:
    """What looks like a file's name in a text: of a name with spaces its last word."""
    return [found.split()[-1] for found in re.findall(FILE, text, re.I)]


def named(text: str, files: Sequence[str]) -> list[str]:
    """The files a text names, whole or without their ending, in the text's order."""
    places = {name: _place(text, name) for name in files}
    return sorted((name for name, place in places.items() if place >= 0), key=lambda name: places[name])


def _place(text: str, name: str) -> int:
    """Where a file is named, or -1. A short or everyday stem alone is no name of it."""
    stem = Path(name).stem
    spelt = [re.escape(name), *([re.escape(stem)] if len(stem) > 3 else [])]
    found = re.search(rf"(?<![\w.]){'|'.join(spelt)}(?!\w)", text, re.I)
    return found.start() if found else -1


def _deletion(said: str, state: State, exchange: Exchange) -> Call | None:
    if match := DELETES_ROUND.fullmatch(said):
        return Call("delete_round", {"run": match["run"] or ""})
    match = DELETES.search(said)
    if "?" in said or ROWS_ONLY.search(said):
        return None
    if match is None:
        return _thing_deleted(said, state, exchange)
    name = _file_meant(match["what"], state) or next(iter(_files_in(match["what"])), None)
    if name is None:
        return _thing_deleted(said, state, exchange)
    stem = re.escape(Path(name).stem)
    alone = rf"\W*(?:(?:the|our|my) )?{stem}(?:,? (?:and|with) (?:everything|all)\b.*)?\W*"
    outright = re.search(rf"{FILE}|\b(?:files?|documents?|sources?|everything)\b", match["what"], re.I)
    if not outright and not re.fullmatch(alone, match["what"], re.I):
        return _thing_deleted(said, state, exchange)
    return _delete(name, state, exchange)


def _delete(name: str, state: State, exchange: Exchange) -> Call:
    if done := exchange.ran("delete_source"):
        return Call(str(done.name), {"name": name})
    try:
        return Call("delete_source", {"name": source_named(state.project, name)})
    except UserError:
        return Call("show_lineage", {"file": name})  # nothing to approve: its answer says which files there are


def files_to_choose(state: State, exchange: Exchange) -> list[str]:
    """The files that all fit what the message wants deleted; none where it is clear or nothing is to go."""
    call = call_for(state, exchange)
    if call is None or call.tool != "show_lineage" or _lineage(exchange.said, state, exchange.asked or ""):
        return []
    return sources_fitting(state.project, call.args["file"])


def _file_chosen(said: str, state: State) -> str | None:
    """What tells the file, where several fitted and it was asked which one is to go."""
    if "?" in said:
        return None
    return _file_meant(said, state) or (said if sources_fitting(state.project, said) else None)


def _thing_deleted(said: str, state: State, exchange: Exchange) -> Call | None:
    """A file that is called by a part of its name: "delete the price list"."""
    thing = DELETES_THING.fullmatch(said) if state.sources.attached else None
    if thing is None:
        return None
    # "Drop the price rule" may mean much else: only what is said to be a file, and is one, is taken for it.
    known = exchange.ran("delete_source") or sources_fitting(state.project, thing["thing"])
    if thing["softer"] and not (known and FILE_WORD.search(thing["thing"])):
        return None
    return _delete(thing["thing"], state, exchange)


def _file_meant(text: str, state: State) -> str | None:
    """The first file named in a text, as it is spelt there; one within an archive before the archive itself."""
    spelt: dict[str, set[str]] = {}
    for name in [*state.sources.attached, *(file.name for file in state.sources.files)]:
        stem = Path(name).stem
        for words in {name, name.partition("/")[2], Path(name).name, stem if len(stem) > 3 else ""} - {""}:
            spelt.setdefault(words.lower(), set()).add(name)
    found = {words: place for words in spelt if (place := _place_of(text, words)) >= 0}
    inner = {name.partition("/")[0] for words in found for name in spelt[words] if "/" in name}
    left = [words for words in found if not any(spelt[words] == {archive} for archive in inner)] or list(found)
    return min(left, key=lambda words: (found[words], -len(words)), default=None)


def _place_of(text: str, words: str) -> int:
    match = re.search(rf"(?<![\w.]){re.escape(words)}(?!\w)", text, re.I)
    return match.start() if match else -1


def _lineage(said: str, state: State, asked: str) -> Call | None:
    if match := ABOUT_ROW.search(said):
        return Call("show_lineage", {"row": int(next(filter(None, match.groups())))})
    gone = [deletion.file for deletion in deletions(state.project)]
    if (back := PUTS_BACK.fullmatch(said)) and (lost := files_telling(gone, back["thing"] or back["other"])):
        return Call("show_lineage", {"file": lost[-1]})
    known = [*state.sources.attached, *gone]
    if ABOUT_FILE.search(said) and (found := named(said, known) or _files_in(said)):
        return Call("show_lineage", {"file": found[0]})
    if (match := ABOUT_MODEL.search(said)) and (state.project.runs() or asked not in Brief.questions()):
        return Call("show_lineage", {"run": match["run"] or match["of"] or ""})
    return None


# --- whose a file is ------------------------------------------------------------------------------------------------

SAYS_OWNER: dict[str, str] = {
    "customers": r"\b(?:customers?|clients?|patients?|members?|users?|citizens?|guests?|people)['’]?s?['’]? (?:own )?"
    r"(?:letters?|e-?mails?|messages?|questions?|texts?|words|tickets?|mail)\b|"
    r"\b(?:by|from|of) (?:our |the )?(?:customers|clients|patients|members|users|citizens|guests)\b",
    "licensed": r"\blicen[sc]ed\b|\bbought\b|\bpurchased\b|\bthird[- ]part(?:y|ies)\b|\bpublisher\b|\bsomeone else\b|"
    r"\bnot ours\b",
    "public": r"\bpublic\b|\bopen data\b|\bfrom the (?:internet|web)\b|\bcreative commons\b",
    "ours": r"\bours\b|\bour own\b|\bwe wrote\b|\bwritten by us\b|\bin[- ]house\b|\bown work\b|\bmine\b|\bmy own\b",
}
LICENCE = re.compile(
    r"\bcc0(?:[- ]1\.0)?\b|\bcc[- ]by(?:[- ](?:sa|nc|nd))*(?:[- ]\d(?:\.\d)?)?|\b(?:mit|odbl|apache[- ]2\.0|"
    r"ogl|public domain|open government licen[cs]e(?: v?\d(?:\.\d)?)?)\b",
    re.I,
)
NEVER = (
    r"\b(?:not|cannot|\w+n['’]t|(?:do|does|wo|must|should|ca|is|are)nt|never|no|nobody|neither|nor|without)\b"
    r"(?:(?!\bbut\b|[,;.]).){0,40}?"
)
USES = {
    "train": r"\b(?:train\w*|tun(?:e|ed|ing)|learn\w*)\b",
    "publish": r"\b(?:publish\w*|shar(?:e|ed|ing)|pass(?:ed)? on)\b",
}


def rights_in(text: str, files: Sequence[str]) -> list[dict[str, Any]]:
    """What is said of files as the arguments of set_rights; without a name it is said of all that are still open."""
    places = sorted((place, name) for name in files if (place := _place(text, name)) >= 0)
    if not places:
        return [told] if (told := _said_of(text)) else []
    starts = [0, *(place for place, _ in places[1:]), len(text)]
    parts = [
        _said_of(re.sub(re.escape(name), " ", text[start:end], flags=re.I))
        for (_, name), start, end in zip(places, starts, starts[1:], strict=False)
    ]
    answers = []
    for number, (_, name) in enumerate(places):
        # "a.csv and b.md are ours" says nothing of the first by itself, "publish a.csv and b.md" nothing of the last.
        told = next(filter(None, [*parts[number:], *reversed(parts[:number])]), {})
        answers += [{**told, "file": name}] if told else []
    return answers


def _said_of(text: str) -> dict[str, Any]:
    owner = next((owner for owner, words in SAYS_OWNER.items() if re.search(words, text, re.I)), None)
    told: dict[str, Any] = {"owner": owner} if owner else {}
    if licence := licence_in(text):
        told["licence"] = licence
    for use, words in USES.items():
        if re.search(words, text, re.I):
            told[use] = not re.search(NEVER + words, text, re.I)
    if re.search(r"\bneither\b", text, re.I) and not told.keys() & USES.keys():
        told |= dict.fromkeys(USES, False)
    return told


def licence_in(text: str) -> str:
    """A licence that is named, as the Hub spells it; empty where none is."""
    match = LICENCE.search(text)
    return re.sub(r"\s+", "-", match[0].strip().lower()) if match else ""


# --- how personal data is hidden -----------------------------------------------------------------------------------

INVENTED = re.compile(
    r"\b(?:invented|made[- ]up|fake|fictional|fictitious|realistic|natural)\b.{0,20}\b(?:names?|data|values?|numbers?|"
    r"persons?|people|stand)|\bstand[- ]?ins?\b|\bpseudonyms?\b",
    re.I,
)
TAGS = re.compile(r"\btags?\b|\bplaceholders?\b|\[name\]", re.I)
INSTEAD = re.compile(r"\b(?:instead of|rather than|in place of|not)\b.*", re.I | re.S)
INDIRECT = (
    r"\b(?:towns?|cit(?:y|ies)|places?|employers?|compan(?:y|ies)|organi[sz]ations?|dates?|ages?|titles?|professions?|"
    r"indirect)\b"
)
HIDES = re.compile(rf"\b(?:hide|mask|anonymi[sz]e|replace|black out|cover)\b.*{INDIRECT}", re.I)
SHOWS = re.compile(
    rf"\b(?:keep|leave|show|bring back|stop hiding|(?:do not|don['’]t) (?:hide|mask|replace))\b.*{INDIRECT}", re.I
)


CONTACT = r"(?:(?:tele)?phones?|numbers?|e-?mails?|add?res+e?s?|contacts?|contact details|web ?sites?)"
OUR_CONTACT = re.compile(
    rf"\b(?:our|my)(?:(?: \w+){{0,3}} {CONTACT}|(?: own)?(?: (?:business|company|practice|clinic|firm))? name)\b", re.I
)
STAYS = re.compile(
    r"\b(?:keep|kept|stays?|remains?|visible|leave|show|shown|unhide|(?:stop|without|not?|never|un) ?hid(?:e|ing|den)|"
    r"don['’]?t hide|bring back)\b",
    re.I,
)
IS_OURS = re.compile(rf"^\W*(?:(?:and|but|ok|so|by the way)\W+)*(?:our|my)(?: \w+){{0,3}} {CONTACT} (?:is|are)\b", re.I)
OF_PEOPLE = re.compile(
    r"\b(?:stop hiding|don['’]?t hide|do not hide|unhide|show|bring back) (?:me )?(?:all )?(?:the |their )?(?:real )?"
    rf"(?:(?:first |last |people['’]?s |customers?['’]? )?names?|people|persons?|personal data|"
    rf"(?:{CONTACT} )?{CONTACT})\W*$",
    re.I,
)
KEPT_VALUE = re.compile(
    r"^\W*(?:please )?(?:keep|leave|don['’]?t hide|do not hide|stop hiding|unhide) "
    r"(?:the )?(?:(?:names?|words?|numbers?|address|town|place) (?:of )?[“\"']?(?P<named>[^”\"']{3,80}?)[”\"']?|"
    r"[“\"']?(?P<capital>(?-i:[A-Z])[\w'’.-]+(?: (?-i:[A-Z])[\w'’.-]+){0,4})[”\"']?)"
    r"(?: (?:as (?:it|they) (?:is|are)|visible|in))?\W*$",
    re.I,
)
SHORT = 30  # words; a longer message says more than what stays


STYLE_SAID: dict[str, dict[str, Any]] = {
    "keep the tags": {"style": "tags"},
    "use invented names": {"style": "stand-ins"},
    "hide towns and employers too": {"indirect": True},
}


def kept_in(text: str) -> Call | None:
    """What is said of values that are no secret: the team's own number, the name of its vet; None for other words."""
    if "?" in text or len(text.split()) > SHORT or re.search(r"\brows?\b", text, re.I):
        return None
    if (OUR_CONTACT.search(text) and STAYS.search(text)) or IS_OURS.match(text):
        values = own_values(text)
        return Call("choose_personal", {"keep": values}) if values else Call("own_contacts_kept")
    if OF_PEOPLE.search(text):
        return Call("own_contacts_kept", {"people": True})
    if (match := KEPT_VALUE.match(text)) and (value := match["named"] or match["capital"]):
        hides = re.search(r"\b(?:hidden|tags?|rules?|all|both|it|them|that|this|going)\b", value, re.I)
        return None if hides else Call("choose_personal", {"keep": [value.strip()]})
    return None


def own_values(text: str) -> list[str]:
    """The phone numbers and addresses that a message calls the team's own."""
    from finetune.data.personal import find_personal, own_contacts

    items = find_personal([text])
    own = own_contacts([text], items)
    return list(dict.fromkeys(text[item.start : item.end] for item in items if item.text_hash in own))


def personal_in(text: str) -> dict[str, Any] | None:
    """How personal data is to be hidden, as the arguments of choose_personal; None where nothing is said of it."""
    if "?" in text:
        return None
    chosen: dict[str, Any] = {}
    wanted = INSTEAD.sub(" ", text)
    if INVENTED.search(wanted):
        chosen["style"] = "stand-ins"
    elif TAGS.search(wanted) and re.search(r"\b(?:use|keep|tags)\b", wanted, re.I):
        chosen["style"] = "tags"
    if SHOWS.search(text) or HIDES.search(text):
        chosen["indirect"] = not SHOWS.search(text)
    return chosen or None


# --- questions ------------------------------------------------------------------------------------------------------


def nobody_said_whose(state: State) -> list[str]:
    return [name for name in state.sources.attached if name not in state.sources.rights]


def open_question(state: State) -> Say | None:
    """What is still to be asked of prepared data, once; None where all is answered or passed over."""
    if state.personal_found and not state.sources.personal.asked:
        return Say(
            "Personal data is replaced by tags such as [name]. Keep the tags, use invented names instead, or hide "
            "towns and employers too? Tags are plain to see; with invented names the model learns natural sentences; "
            "the more is hidden, the less can point to a person.",
            tuple(said.capitalize() for said in STYLE_SAID),
            ASKS_PERSONAL,
        )
    files = nobody_said_whose(state)
    if not files:
        return None
    names = ", ".join(files[:3]) + (f" and {len(files) - 3} more" if len(files) > 3 else "")
    return Say(
        f"Whose texts are these ({names}): {', '.join(OWNERS.values())}? May we train on them, and may the data be "
        "published? It stands on the data's card, so that someone can sign it; one answer for all will do.",
        (
            "Our own: train and publish",
            "Our own: train, do not publish",
            "Our customers' letters: train, do not publish",
            "Skip this",
        ),
        ASKS_RIGHTS,
    )
