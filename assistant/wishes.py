"""What the user's message asks for, as tool calls. It depends on the message and the project, never on guesses."""

import re
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from assistant.choices import (
    ON_ITS_DOING,
    asked_of_documents,
    asks_how_long,
    category_dropped,
    columns_in,
    known_about,
    pair_taken_back,
    passages_wanted,
    place_to_publish,
    replacement_in,
    row_to_read,
    rows_that_hold,
    rules_named,
    source_that_holds,
    speaks_of_rules,
    view_in,
    wanted_subjects,
    writing_wish,
)
from assistant.glossary import explain
from assistant.messages import Exchange
from assistant.moves import Call
from assistant.provenance import call_for, licence_in, passed_over
from assistant.replies import COMMANDS
from assistant.reviewing import review_call
from assistant.understanding import OUTRIGHT, SURE, Understood
from finetune.data.report import TALKED
from tools.brief import Brief
from tools.conflicts import rows_at_odds
from tools.deletion import sources_fitting
from tools.journey import State, in_use
from tools.review_sheets import returned_folder
from tools.rows import ROWS_SHOWN, holds

# Commands that are a tool's call as they stand.
DOCUMENT = 300  # characters; a shorter text only speaks of a document
PLAIN_CALLS: dict[str, str] = {
    "undo": "undo_last",
    "where": "project_status",
    "results": "report_evaluation",
    "new_round": "new_round",
    "delete_project": "delete_project",
    "prepare": "prepare_data",
    "progress": "training_status",
    "approve": "approve_data",
    "show_plan": "show_plan",
}
# In the trial almost everything is a question to the models; only these, said shortly, lead out of it.
LEAVES_TRIAL = frozenset(
    {
        "leave_trial", "stop", "publish", "export", "results", "goodbye", "next", "back", "watch", "new_round",
        "show_data", "show_plan", "where", "delete_project", "undo", "help",
    }
)  # fmt: skip
# "My answer about rule 3 is: …", at any time after the question.
ANSWERED_AGAIN = re.compile(
    r"(?:please\s+)?(?:(?:change|correct)\s+)?(?:my|our|the)\s+answer\s+(?:about|to|for|on)\s+"
    r"(?:rule|number|rule number)\s+(?P<number>[1-9]\d?)\s*"
    r"(?::|,|\bis\b:?|\bto\b:?|\bshould be\b:?|\bwas wrong\b[:,.]?)\s*(?P<answer>.{2,})",
    re.I | re.S,
)
# What is done beside an open question about sources without passing it over: looks, and what is taken back.
BESIDE = frozenset(
    {"show_data", "show_lineage", "show_plan", "find_passages", "project_status", "training_time", "undo_last"}
)
PRACTICE = "practice:"  # before the id of the rule whose question to the team is asked
ANSWERS = 5  # words; a longer message to such a question is its answer, whatever command it may sound like
CASES = frozenset({"inputs", "pairs"})  # asked for what comes in, people give other people's questions
SHOWS = re.compile(
    r"\W*(?:(?:please|but|and|so|ok|hey|wait)\W+)*(?:show|list|display|are there|"
    r"(?:which|what) (?:rows|ones|answers|files|documents|(?:of \w+ )?(?:did|could|was|were) (?:(?:you|u) )?not|"
    r"went wrong)|why (?:was|were|is|are|did|could)\b.*\bfiles?)\b",
    re.I,
)
WE_KNOW = re.compile(r"\bwhat (?:do|did|have|can) we\b", re.I)  # asked by the team and by none of its customers
# Said beside a file, which other words are about.
WE_ARE = re.compile(r"\W*(?:(?:hi|hello|hey|good \w+)\b\W*)*(?:we|i)(?: are|['’]re| am|['’]m| run| work)\b", re.I)
NOT_A_SELF_DESCRIPTION = ("rules", "columns", "files", "publish", "trial")


class Wishes:
    """A message read as wishes: `intent` is what is certain, `agenda()` the tools it calls for, in order."""

    def __init__(self, state: State, exchange: Exchange, understood: Understood | None) -> None:
        self.state, self.exchange, self.understood = state, exchange, understood
        self.asked, self.said = exchange.asked, exchange.said
        self.rows = understood.rows if understood else []
        reviewing = bool(self.said) and not exchange.program and self.asked != "trial"
        answering = self.asked in Brief.questions()
        self.review = review_call(self.said, state, exchange.extra, answering) if reviewing else None

    def said_command(self) -> str | None:
        """The meaning of a suggested reply, taken as it stands."""
        said = self.said.strip().lower().rstrip(".!?")
        return COMMANDS.get(said) or COMMANDS.get(f"{said}?")

    @property
    def intent(self) -> str | None:
        """What the user wants done, when that is certain."""
        if command := self.said_command() or self.writing_wish():
            return command
        if self.understood is None or not self.understood.intents:
            return None
        best = self.understood.intents[0]
        return best.name if best.score >= SURE else None

    def writing_wish(self) -> str | None:
        """Examples written by a chat model, or their cost; a cost in other talk may be anybody's."""
        wish = writing_wish(self.said) if self.understood and not self.exchange.files else None
        pending = (self.exchange.pending_call or {}).get("name") == "write_examples"
        if pending and passages_wanted(self.said):
            return "write_examples"  # "yes, but only 10 passages"
        about_it = pending or (self.state.may_offer_writing and self.asked not in Brief.questions())
        return wish if wish != "writing_cost" or about_it else None

    def perhaps(self, intent: str) -> bool:
        """The likeliest reading of the message, if nothing in it is certain."""
        intents = self.understood.intents[:1] if self.understood else []
        return self.intent is None and [i.name for i in intents] == [intent]

    @property
    def wording(self) -> str:
        """The words the user wants to stand somewhere: behind "it should have said" or "change it to"."""
        return (self.understood.said if self.understood else None) or ""

    def agenda(self) -> list[Call]:
        """The tools that the message calls for, in order."""
        if self.in_trial():
            return self.trial_agenda()
        if (about := self.about_sources) is not None:
            return [about]
        if self.intent == "paste" and len(self.said) >= DOCUMENT:
            return [Call("add_text", {"text": self.said})]
        if (noted := self.practice_call()) is not None:
            return [noted]
        if taken_back := self.pair_calls():
            return taken_back
        facts, action = self.facts_call(), self.action()
        files = Call("read_files", {"names": self.exchange.files}) if self.exchange.files else None
        calls = [call for call in (facts, files, action) if call is not None]
        left_open = passed_over(self.asked) if calls and not files and action and action.tool not in BESIDE else None
        return [*calls, left_open] if left_open else calls

    @cached_property
    def about_sources(self) -> Call | None:
        """What the message asks of sources: to delete or trace one, whose it is, how personal data is hidden."""
        leaves_open = passed_over(self.asked) if self.intent in ("skip", "no", "next", "unsure") else None
        return call_for(self.state, self.exchange) or leaves_open

    def asked_of_documents(self) -> str | None:
        """What the message wants to know from the team's own documents, if it is such a question."""
        names = [file.name for file in self.state.sources.files]
        own = re.search(r"\b(?:our|my)\b", self.said, re.I) or any(name in self.said for name in names)
        return asked_of_documents(self.said) if own or self.asked not in CASES else None

    def rows_of_category(self) -> list[int]:
        """The rows of a category that is to be dropped; empty where the words name none that is there."""
        named = category_dropped(self.said)
        rows = enumerate(self.state.project.read_examples(), 1) if named else ()
        return [n for n, e in rows if e.kind == "category" and e.answer.lower() == str(named).lower()]

    def asked_of_data(self) -> Call | None:
        """What is known of a thing: rows that speak of it, or else what the documents say; of a file, what was read."""
        may_ask = self.asked not in CASES or WE_KNOW.search(self.said)
        topic = known_about(self.said) if self.state.sources.files and may_ask else None
        if topic is None or explain(topic):
            return None
        if sources_fitting(self.state.project, topic):
            return Call("show_data", {"only": "files"})
        if any(holds(row, topic) for row in in_use(self.state.project.read_examples())):
            return Call("show_data", {"containing": topic})
        return Call("find_passages", {"query": topic})

    # --- the brief ------------------------------------------------------------------------------------------------

    def facts_call(self) -> Call | None:
        if (
            self.understood is None
            or self.about_sources
            or self.asked_of_documents()
            or self.named_view()
            or (WE_KNOW.search(self.said) and self.asked_of_data())
            or self.intent
            in ("edit", "correct_answer", "show_data", "try", "columns", "write_examples", "writing_cost")
            or self.review is not None
        ):
            return None
        facts = {n: plain(f.value) for n, f in self.understood.facts.items() if f.score >= SURE}
        for field in self.not_meant():
            facts.pop(field, None)
        removed = {n: values for n, values in self.understood.removed.items() if self.holds(n, values)}
        removed |= {n: getattr(self.state.brief, n) for n in self.understood.replaced if n in facts and self.is_list(n)}
        args: dict[str, Any] = {
            "facts": facts,
            "remove": removed,
            "clear": sorted(self.understood.cleared),
            "skip": self.skipped_fields(),
        }
        args = {name: value for name, value in args.items() if value}
        return Call("record_facts", args) if args else None

    def pair_calls(self) -> list[Call]:
        """A case of the interview that was none goes, and the row that was made of it."""
        pair = None if self.exchange.files else pair_taken_back(self.said, self.state.brief.pairs)
        if pair is None:
            return []
        rows = [
            number
            for number, row in enumerate(self.state.project.read_examples(), 1)
            if row.source.file == TALKED and row.question == pair.question and row.status != "dropped"
        ]
        goes = Call("record_facts", {"remove": {"pairs": [pair.model_dump()]}})
        # The row first: once the case is gone, nothing tells which row was made of it.
        return [Call("drop_examples", {"rows": rows}), goes] if rows else [goes]

    def not_meant(self) -> set[str]:
        """Fields the message is no answer to, though its words could be taken for one."""
        fields: set[str] = set()
        if ON_ITS_DOING.match(self.said):
            fields |= {"pairs", str(self.asked)}
        about_files = self.exchange.files and not (self.asked == "organisation" and WE_ARE.match(self.said))
        if self.said_command() or about_files or self.columns_choice() is not None or self.source_preferred():
            fields.add(str(self.asked))
        if self.understood and self.understood.removed and self.asked not in self.understood.removed:
            fields.add(str(self.asked))  # "no, the EU, not Ohio" corrects an earlier answer, not the open question
        if self.asked in NOT_A_SELF_DESCRIPTION and self.understood and not self.understood.removed:
            fields.add("organisation")
        return fields

    def holds(self, field: str, values: Sequence[str]) -> bool:
        """Whether the brief says any of these: "never legal advice" takes nothing from an insurer."""
        known = plain(getattr(self.state.brief, field))
        return any(value in (known if self.is_list(field) else [known]) for value in values)

    @staticmethod
    def is_list(field: str) -> bool:
        return isinstance(getattr(Brief(), field), list)

    def skipped_fields(self) -> list[str]:
        """What the user leaves open: the question at hand, or all of them when a later stage is asked for."""
        target = self.understood.target if self.understood else None
        later = self.intent in ("next", "back") and target in ("knowledge", "data")
        everything = self.intent == "skip" and target == "all"
        if self.state.stage == "interview" and (later or everything):
            return self.state.missing
        return [str(self.asked)] if self.asked in Brief.questions() and self.skips() else []

    def skips(self) -> bool:
        """The user leaves the question open: skip, a second "I don't know", or "no" to "is there anything …?"."""
        if self.intent == "skip" or (self.intent == "next" and self.asked in Brief.questions()):
            return True
        if self.intent == "unsure":
            return bool(self.exchange.extra.get("helped")) or not self.needed()
        return self.intent == "no" and not self.needed()

    def needed(self) -> bool:
        return self.asked in Brief.questions() and Brief.ask(str(self.asked)).needed

    def practice_call(self) -> Call | None:
        """The answer to what a kept rule asks the team, or that it is left open."""
        if self.exchange.files:
            return None
        if again := ANSWERED_AGAIN.fullmatch(self.said.strip()):
            offered = self.state.knowledge.offered[int(again["number"]) - 1 :][:1]
            return (
                Call("note_practice", {"answers": {rule.id: again["answer"] for rule in offered}}) if offered else None
            )
        if not (self.asked or "").startswith(PRACTICE) or not self.said:
            return None
        asked = str(self.asked).removeprefix(PRACTICE)
        if self.intent in ("skip", "next", "unsure"):
            rest = [rule.id for rule in self.state.knowledge.to_ask]
            everything = "these" in self.said.lower() or (self.understood and self.understood.target == "all")
            return Call("note_practice", {"answers": dict.fromkeys(rest if everything else [asked], "")})
        command = self.intent not in (None, "yes", "no") and len(self.said.split()) <= ANSWERS
        if command or self.said.endswith("?") or (self.understood and self.understood.removed):
            return None
        return Call("note_practice", {"answers": {asked: self.said}})

    # --- commands -------------------------------------------------------------------------------------------------

    def action(self) -> Call | None:
        """The command in the message as a tool call; None where there is none, or a word is still missing."""
        if self.intent in ("write_examples", "writing_cost"):
            return Call("writing_cost", passages_wanted(self.said))
        if keep := self.settled_rows():
            return Call("settle_contradiction", {"keep": keep})
        if (row := row_to_read(self.said)) is not None and self.state.counts.get("kept"):
            return Call("show_data", {"row": row})
        if self.review is not None:
            return self.review
        if query := self.asked_of_documents():
            return Call("find_passages", {"query": query})
        if (looked := self.asked_of_data()) is not None:
            return looked
        if rows := self.rows_of_category():
            return Call("drop_examples", {"rows": rows})
        if (choice := self.rules_choice()) is not None:
            return choice
        if (choice := self.columns_choice()) is not None:
            return choice
        if self.state.running and self.intent in ("where", "stop"):
            return Call("stop_training" if self.intent == "stop" else "training_status")
        if self.intent == "where" and asks_how_long(self.said):
            return Call("training_time")
        if self.intent == "watch":
            return Call("watch", {"look_up": True} if speaks_of_rules(self.said) else {})
        if self.intent == "where" and self.exchange.files:
            return None  # "here is everything we have" comes with a file, and asks nothing
        if self.intent in PLAIN_CALLS:
            return Call(PLAIN_CALLS[self.intent])
        return self.data_call() or self.training_call() or self.later_call()

    def data_call(self) -> Call | None:
        intent, said = self.intent, self.said
        going_back = intent == "back" and self.understood is not None and self.understood.target == "data"
        if (coverage := self.coverage_call()) is not None:
            return coverage
        if intent == "find_rules":
            return Call("find_rules", {"query": said if self.state.knowledge.offered else ""})
        # "Which rows contradict?", "show the files": no order to drop, and nothing to hand over.
        named = intent in ("drop", "export") and not self.rows and self.named_view()
        if intent == "show_data" or going_back or named or (intent is None and self.looks_at_rows()):
            return Call("show_data", self.view())
        if (pair := replacement_in(said)) and intent in (None, "edit", "change_setting"):
            return Call("edit_example", {"replace_from": pair[0], "replace_to": pair[1]})
        if intent == "drop" and self.rows:
            return Call("drop_examples", {"rows": self.rows})
        if intent == "drop" and (words := (view_in(said) or {}).get("containing")):
            return Call("drop_examples", {"containing": words})
        if intent == "restore" and self.rows:
            return Call("restore_examples", {"rows": self.rows})
        if intent == "edit" and self.rows and self.wording:
            part = "question" if re.search(r"\bquestion\b", said.split(":")[0], re.I) else "answer"
            return Call("edit_example", {"row": self.rows[0], part: self.wording})
        # "Is there another file, or shall I prepare the data?" - "no" and "yes" lead to the same.
        if intent in ("yes", "no") and self.asked == "files" and self.state.sources.files:
            return Call("prepare_data")
        return None

    def coverage_call(self) -> Call | None:
        """What is missing, once there are rows; before that the question is where the project stands."""
        if not self.state.counts.get("kept") or (self.asked in Brief.questions() and not self.state.sources.prepared):
            return Call("project_status") if self.intent == "coverage" else None
        if named := wanted_subjects(self.said):
            return Call("data_coverage", {"wanted": [named]})
        if self.intent != "coverage" or self.understood is None:
            return None
        # "Which rows are about refunds?" is near in meaning to "what are the rows about?", and asks for rows.
        if view_in(self.said) and self.understood.score("coverage") < OUTRIGHT:
            return Call("show_data", self.view())
        return Call("data_coverage")

    def returned_sheets(self) -> list[str]:
        """Sheets of the rows that came back with this message and are kept apart until they are taken over."""
        folder = returned_folder(self.state.project)
        return [name for name in self.exchange.files if (folder / name).exists()]

    def settled_rows(self) -> list[int]:
        """The rows said to be right, where contradictions were shown last, or rows are named and not rules."""
        shown = (self.exchange.extra.get("view") or {}).get("only") == "contradictions"
        named = self.review is None and self.asked != "rules" and self.intent in ("keep", None)
        named = named and self.state.sources.prepared and re.search(r"\brows?\b", self.said, re.I) is not None
        if shown or named:
            return rows_that_hold(self.said) or self.rows_of_source()
        return self.rows_of_source() if self.intent in ("keep", None) else []

    def source_preferred(self) -> tuple[str, str] | None:
        """The one file that is said to be right, and on what."""
        said = source_that_holds(self.said) if self.state.sources.prepared else None
        files = sources_fitting(self.state.project, said[0]) if said else []
        return (files[0], said[1]) if said and len(files) == 1 else None

    def rows_of_source(self) -> list[int]:
        """The contradicting rows of that file."""
        preferred = self.source_preferred()
        return rows_at_odds(self.state.project, *preferred) if preferred else []

    def named_view(self) -> bool:
        """The words ask for a part of the data by its name, whatever question is open: "show the contradictions"."""
        shows = SHOWS.match(self.said)
        only = (view_in(self.said) or {}).get("only") if shows else None
        rows = self.state.counts.get("kept") or any(file.rows for file in self.state.sources.files)
        given = self.state.sources.attached or self.state.sources.unread
        return bool(only and (rows or (only == "files" and given)))

    def looks_at_rows(self) -> bool:
        """The words name a part of the data, once there is some; "more" only right after rows were shown."""
        wanted = view_in(self.said)
        if self.asked in Brief.questions():
            return self.named_view()
        if not wanted or not self.state.counts.get("kept"):
            return self.named_view()  # which says that it comes with the preparation
        return not wanted.get("more") or bool(self.exchange.extra.get("view"))

    def view(self) -> dict[str, Any]:
        """Which part of the data to show; "more" goes on behind the part shown last."""
        wanted = view_in(self.said) or {}
        if not wanted.pop("more", False):
            return wanted
        shown = dict(self.exchange.extra.get("view") or {})
        if row := shown.pop("row", 0):
            return {"start": row}
        return {**shown, "start": shown.get("start", 0) + shown.get("count", ROWS_SHOWN)}

    def training_call(self) -> Call | None:
        if self.intent == "change_setting" and self.understood and self.understood.settings:
            return Call("plan_training", {"changes": self.understood.settings})
        if self.intent in ("train_anyway", "yes") and self.asked == "train_anyway":
            return Call("plan_training")
        if self.intent not in ("start_training", "train_anyway") or not self.state.sources.sealed:
            return None
        if self.state.verdict is None:
            return Call("judge_tuning")
        return Call("start_training") if self.state.plan else Call("plan_training")

    def later_call(self) -> Call | None:
        if self.intent in ("publish", "export") or self.asked == "publish" or self.perhaps("publish"):
            where = place_to_publish(self.said)  # an uncertain wish may go on: it leads to a question anyway
            if not where or not (self.state.has_model or where == "dataset"):
                return None
            licence = licence_in(self.said) if where == "dataset" else ""
            return Call("publish", {"where": where, **({"licence": licence} if licence else {})})
        if self.intent in ("rate_good", "rate_bad", "correct_answer") and self.state.feedback:
            return self.rating()
        return None

    def rating(self) -> Call:
        good = self.intent == "rate_good" and not self.wording
        return Call("rate_answer", {"good": good, "correction": self.wording})

    def rules_choice(self) -> Call | None:
        """Which of the offered rules to keep; later in the journey only where the message says "keep"."""
        if not self.state.knowledge.offered or not (self.asked == "rules" or (self.intent == "keep" and self.rows)):
            return None
        said, rows, dropping = self.said.lower(), self.rows, self.intent == "drop"
        if not rows and (named := rules_named(self.said)) is not None:
            subject, kept = named
            return Call("keep_rules", {"about": subject, "others": not kept})
        if rows and self.understood and self.understood.all_but:
            return Call("keep_rules", {"keep" if dropping else "drop": rows, "others": not dropping})
        if rows and dropping:
            return Call("keep_rules", {"drop": rows, "others": True})
        if rows and self.intent in ("keep", "yes", None):
            return Call("keep_rules", {"keep": rows, "others": False})
        if self.intent in ("keep", "yes", "skip", "next"):
            return Call("keep_rules", {"others": True})
        if self.intent in ("drop", "no") and ("none" in said or "all" in said or said in ("no", "nope", "n")):
            return Call("keep_rules", {"others": False})
        return None

    def columns_choice(self) -> Call | None:
        """Columns named in the user's own words, for the file in question or the last one read."""
        tables = [f for f in self.state.sources.files if f.header]
        meant = self.asked == "columns" or self.intent == "columns" or self.exchange.files or self.state.sources.unsure
        if not tables or not meant:
            return None
        file = (self.state.sources.unsure or tables[-1:])[0]
        named = columns_in(self.said, file.header, question=file.question, answer=file.answer)
        return Call("set_columns", {"file": file.name, "question": named[0], "answer": named[1]}) if named else None

    # --- the trial ------------------------------------------------------------------------------------------------

    def in_trial(self) -> bool:
        leaves = len(self.said.split()) <= 5 and self.intent in LEAVES_TRIAL
        return self.asked == "trial" and not leaves and self.about_sources is None

    def trial_agenda(self) -> list[Call]:
        if self.intent in ("rate_good", "rate_bad", "correct_answer") and self.exchange.extra.get("answered"):
            return [self.rating()]
        return [Call("try_model", {"prompt": self.said})] if self.said else []


def plain(value: Any) -> Any:
    """A fact's value as JSON: pairs become dictionaries."""
    if isinstance(value, list):
        return [plain(v) for v in value]
    return value.model_dump() if hasattr(value, "model_dump") else value
