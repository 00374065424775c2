"""What the guide says or does next, decided from the project's state and the user's words alone."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from assistant.choices import columns_in, place_to_publish
from assistant.glossary import explain
from assistant.messages import OPENED, Exchange
from assistant.understanding import SURE, Understood
from tools.brief import Brief, in_words
from tools.interview import status_in_words
from tools.journey import STAGE_NAMES, State


@dataclass(frozen=True)
class Say:
    """Words for the user. `waiting_for` tells what the next answer is an answer to."""

    text: str
    options: tuple[str, ...] = ()
    waiting_for: str | None = None
    note: dict[str, Any] = field(default_factory=dict)  # what the guide needs to know next time


@dataclass(frozen=True)
class Call:
    """A tool to run, with words that go before it."""

    tool: str
    args: dict[str, Any] = field(default_factory=dict)
    text: str = ""


Move = Say | Call

# Suggested replies that are commands: what they mean is known, so it is not guessed.
COMMANDS: dict[str, str] = {
    "keep all": "keep",
    "keep none": "drop",
    "prepare the data": "prepare",
    "i will add another file": "more_files",
    "use only rules and terms": "prepare",
    "show me the data": "show_data",
    "approved": "approve",
    "start training": "start_training",
    "train anyway": "train_anyway",
    "try the model": "try",
    "show the results": "results",
    "publish it": "publish",
    "leave the trial": "leave_trial",
    "good answer": "rate_good",
    "not a good answer": "rate_bad",
    "watch over it": "watch",
    "begin a new round": "new_round",
    "where are we?": "where",
    "why do you ask?": "why",
    "skip this": "skip",
    "stop the training": "stop",
    "how is it going?": "progress",
}
# How an uncertain reading is offered back; each is a key of COMMANDS or understood as it stands.
INTENT_LABELS: dict[str, str] = {
    "start_training": "Start training",
    "show_data": "Show me the data",
    "prepare": "Prepare the data",
    "try": "Try the model",
    "results": "Show the results",
    "publish": "Publish it",
    "where": "Where are we?",
    "why": "Why do you ask?",
    "skip": "Skip this",
    "watch": "Watch over it",
    "new_round": "Begin a new round",
    "stop": "Stop the training",
}
WHY: dict[str, str] = {
    "rules": "What you keep goes into the examples, the tests and the model's standing instruction, with its citation.",
    "files": "The model learns from your own questions and answers; I cannot make those up.",
    "columns": "A model trained on the wrong column learns the wrong thing.",
    "approval:approve_data": "The test set is what the model is judged by. Nobody should be able to say later that it "
    "was changed to fit, so it is sealed once you approve it.",
    "approval:start_training": "Training uses this machine for some minutes, so I ask first.",
    "approval:publish": "Publishing writes files that others may use, so I ask first.",
    "approval:delete_project": "Deleting cannot be undone, so I ask first.",
    "trial": "Your own questions show more than my test can.",
    "train_anyway": "I would rather save you a training that is not worth its time.",
    "publish": "Each place needs something else from me.",
}
HELLO = (
    "Hello, I am Attune. I help a team tune a language model to its own work, by talking: I learn what you need, find "
    "the rules that apply, build and clean the data, train a model on this machine, test it honestly against the "
    "untuned one, and let you try it before anybody else does. Nothing leaves this machine unless you publish it. "
    "You can drop files into the chat at any time, ask why, or ask where we are."
)


ENGLISH_ONLY = (
    "I can only hold this conversation in English so far; the model you tune may answer in another language if its "
    "base model knows it."
)


class Policy:
    """One decision for one turn's next step.

    Args:
        state: the project as its files tell it.
        exchange: the turn in hand.
        read: understands a text; called at most once.
        define: the meaning of a term of the trade with its source, or None.
    """

    def __init__(
        self,
        state: State,
        exchange: Exchange,
        read: Callable[..., Understood],
        define: Callable[[str], str | None],
    ) -> None:
        self.state, self.exchange, self.define = state, exchange, define
        self.asked = exchange.asked
        field_asked = self.asked if self.asked in Brief.questions() else None
        self.understood: Understood | None = None
        if exchange.said and not exchange.program:
            deciding = bool(self.asked and self.asked.startswith("approval:"))
            self.understood = read(exchange.said, asked=field_asked, deciding=deciding)

    # --- the turn -----------------------------------------------------------------------------------------------

    def move(self) -> Move:
        if self.exchange.program:
            return self.on_event()
        failed = next((m for m in self.exchange.done if m.status == "error"), None)
        if failed is not None:
            return self.after_failure(str(failed.content), str(failed.name))
        for call in self.agenda():
            if not self.exchange.ran(call.tool):
                return call
        if not self.exchange.done:
            side = self.side_answer()
            if side is not None:
                return side
        return self.go_on()

    def on_event(self) -> Move:
        if self.exchange.said == OPENED:
            return self.with_question(HELLO, self.question_for("organisation"))
        if not self.exchange.done:
            return Call("report_evaluation")
        told = self.told()
        if not self.state.evaluated:
            ask = "You can change the plan, or go back to the data, and say “start training” to try again."
            return Say(f"{told}\n\n{ask}", ("Start training", "Show me the data"))
        return Say(
            f"The training and the test are over. {told}\n\nWould you like to try it? I will show both answers.",
            ("Try the model", "Publish it", "Show me the data"),
        )

    def after_failure(self, problem: str, tool: str) -> Say:
        """A tool said no: tell it in its own words, and leave the next step open."""
        question = self.pending() if tool not in ("start_training", "approve_data") else None
        if question is None:
            return Say(problem, self.suggestions())
        return self.with_question(problem, question)

    # --- what the user's words ask for ---------------------------------------------------------------------------

    def said_command(self) -> str | None:
        """The meaning of a suggested reply, taken as it stands."""
        said = self.exchange.said.strip().lower().rstrip(".!?")
        return COMMANDS.get(said) or COMMANDS.get(f"{said}?")

    @property
    def intent(self) -> str | None:
        """What the user wants done, when that is certain."""
        if command := self.said_command():
            return command
        if self.understood is None or not self.understood.intents:
            return None
        best = self.understood.intents[0]
        return best.name if best.score >= SURE else None

    def agenda(self) -> list[Call]:
        """The tools that the user's message calls for, in order. It depends on the message alone, not on results."""
        if self.in_trial():
            return self.trial_agenda()
        calls = []
        if (recorded := self.facts_call()) is not None:
            calls.append(recorded)
        if self.exchange.files:
            calls.append(Call("read_files", {"names": self.exchange.files}))
        if (action := self.action()) is not None:
            calls.append(action)
        return calls

    def facts_call(self) -> Call | None:
        if self.understood is None or self.intent in ("edit", "correct_answer", "show_data", "try"):
            return None
        facts = {n: plain(f.value) for n, f in self.understood.facts.items() if f.score >= SURE}
        if self.said_command():
            facts.pop(str(self.asked), None)
        if self.asked in ("rules", "columns", "files", "publish") and not self.understood.removed:
            facts.pop("organisation", None)  # an answer about something else is not a self-description
        removed = {n: values for n, values in self.understood.removed.items() if values}
        if removed and self.asked not in removed:
            facts.pop(str(self.asked), None)  # "no, the EU, not Ohio" corrects an earlier answer, not the open question
        skipped = self.skipped_fields()
        if not (facts or removed or skipped):
            return None
        args: dict[str, Any] = {}
        if facts:
            args["facts"] = facts
        if removed:
            args["remove"] = removed
        if skipped:
            args["skip"] = skipped
        return Call("record_facts", args)

    def skipped_fields(self) -> list[str]:
        """What the user leaves open: the question at hand, or all of them when a later stage is asked for."""
        later = self.understood.target if self.understood and self.intent in ("next", "back") else None
        if self.state.stage == "interview" and later in ("knowledge", "data"):
            return self.state.brief.missing()
        return [self.asked] if self.asked in Brief.questions() and self.skips() else []

    def skips(self) -> bool:
        """The user leaves the question open: skip, a second "I don't know", or "no" to "is there anything …?"."""
        if self.intent == "skip" or (self.intent == "next" and self.asked in Brief.questions()):
            return True
        if self.intent == "unsure":
            return bool(self.exchange.extra.get("helped")) or not self.needed()
        return self.intent == "no" and not self.needed()

    def needed(self) -> bool:
        return self.asked in Brief.questions() and Brief.ask(str(self.asked)).needed

    def action(self) -> Call | None:
        """The command in the message as a tool call; None where there is none, or a word is still missing."""
        intent, said = self.intent, self.exchange.said
        rows = self.understood.rows if self.understood else []
        simple = {
            "undo": "undo_last",
            "where": "project_status",
            "results": "report_evaluation",
            "watch": "watch",
            "new_round": "new_round",
            "delete_project": "delete_project",
            "prepare": "prepare_data",
            "progress": "training_status",
            "approve": "approve_data",
        }
        if self.asked == "rules" and (choice := self.rules_choice(rows)) is not None:
            return choice
        if self.asked == "columns" and (choice := self.columns_choice()) is not None:
            return choice
        if intent in simple and not (intent == "where" and self.state.running):
            return Call(simple[intent])
        if intent in ("where", "stop") and self.state.running:
            return Call("stop_training" if intent == "stop" else "training_status")
        if intent == "find_rules":
            return Call("find_rules", {"query": said if self.state.knowledge.offered else ""})
        if intent == "show_data" or (intent == "back" and self.understood and self.understood.target == "data"):
            return Call("show_data")
        if intent == "drop" and rows:
            return Call("drop_examples", {"rows": rows})
        if intent == "edit" and rows:
            part = "question" if re.search(r"\bquestion\b", said.split(":")[0], re.I) else "answer"
            return Call("edit_example", {"row": rows[0], part: self.wording})
        if intent == "change_setting" and self.understood and self.understood.settings:
            return Call("plan_training", {"changes": self.understood.settings})
        if intent == "start_training":
            return self.towards_training()
        if intent in ("train_anyway", "yes") and self.asked == "train_anyway":
            return Call("plan_training")
        if intent in ("publish", "export") or self.asked == "publish" or self.perhaps("publish"):
            where = place_to_publish(said)  # an uncertain wish may go on: it leads to a question anyway
            return Call("publish", {"where": where}) if where else None
        if intent in ("rate_good", "rate_bad", "correct_answer"):
            return self.rating()
        if intent == "yes" and self.asked == "files" and self.state.sources.files:
            return Call("prepare_data")
        return None

    def perhaps(self, intent: str) -> bool:
        """The likeliest reading of the message, if nothing in it is certain."""
        return (
            self.intent is None
            and self.understood is not None
            and [i.name for i in self.understood.intents[:1]] == [intent]
        )

    def towards_training(self) -> Call | None:
        """The next tool on the way to a training; None where the user must do something first."""
        if not self.state.sources.sealed:
            return None
        if self.state.verdict is None:
            return Call("judge_tuning")
        return Call("start_training") if self.state.plan else Call("plan_training")

    def rating(self) -> Call:
        good = self.intent == "rate_good" and not self.wording
        return Call("rate_answer", {"good": good, "correction": self.wording})

    @property
    def wording(self) -> str:
        """The words the user wants to stand somewhere: behind "it should have said" or "change it to"."""
        return (self.understood.said if self.understood else None) or ""

    def rules_choice(self, rows: list[int]) -> Call | None:
        said = self.exchange.said.lower()
        if self.intent in ("skip", "next"):
            return Call("keep_rules", {"others": True})
        if rows and self.understood and self.understood.all_but:
            return Call(
                "keep_rules", {"drop" if self.intent != "drop" else "keep": rows, "others": self.intent != "drop"}
            )
        if rows and self.intent == "drop":
            return Call("keep_rules", {"drop": rows, "others": True})
        if rows and self.intent in ("keep", "yes", None):
            return Call("keep_rules", {"keep": rows, "others": False})
        if self.intent in ("keep", "yes"):
            return Call("keep_rules", {"others": True})
        if self.intent in ("drop", "no") and ("none" in said or "all" in said or said in ("no", "nope", "n")):
            return Call("keep_rules", {"others": False})
        return None

    def columns_choice(self) -> Call | None:
        if not self.state.sources.unsure:
            return None
        file = self.state.sources.unsure[0]
        named = columns_in(self.exchange.said, file.header)
        if len(named) < 2:
            return None
        if "answer" in self.exchange.said.lower().split(named[0].lower())[0]:
            named = [named[1], named[0], *named[2:]]
        return Call("set_columns", {"file": file.name, "question": named[0], "answer": named[1]})

    # --- the trial ------------------------------------------------------------------------------------------------

    def in_trial(self) -> bool:
        return self.asked == "trial" and not self.leaves_trial()

    def leaves_trial(self) -> bool:
        """In the trial almost everything is a question to the models; only short, certain commands end it."""
        short = len(self.exchange.said.split()) <= 5
        return short and self.intent in (
            "leave_trial", "stop", "publish", "export", "results", "goodbye", "next", "back", "watch", "new_round",
            "show_data", "where", "delete_project", "undo", "help",
        )  # fmt: skip

    def trial_agenda(self) -> list[Call]:
        if self.intent in ("rate_good", "rate_bad", "correct_answer") and self.exchange.extra.get("answered"):
            return [self.rating()]
        return [Call("try_model", {"prompt": self.exchange.said})] if self.exchange.said else []

    # --- answers that need no tool ---------------------------------------------------------------------------------

    def side_answer(self) -> Say | None:
        """Why, what does that mean, hello, I don't know …: answered, and then back to the open question."""
        understood, intent = self.understood, self.intent
        if self.asked == "train_anyway" and intent == "no":
            return Say("A good decision. Bring more or other data and I will look again.", self.suggestions(), "files")
        if refused := self.refused():
            return refused
        if intent == "try":
            return self.enter_trial()
        if intent in ("publish", "export"):
            options = ("A zip file", "An API", "A Hugging Face Space", "The Hub")
            return Say("Where should it go: a file on this machine, an API, a Space, or the Hub?", options, "publish")
        if intent == "back" and understood is not None:
            return self.go_back(understood.target)
        if intent == "start_training":
            return self.not_ready()
        answer = self.small_talk()
        if answer is not None:
            question = self.pending(again=True)
            return self.with_question(answer, question) if question else Say(answer, self.suggestions())
        if self.language not in ("en", self.exchange.extra.get("language", "en")) and self.pending() is not None:
            return None  # go_on() tells it, and asks on
        if intent is None and not self.exchange.files and (understood is None or not understood.facts):
            return self.not_understood()
        return None

    def not_ready(self) -> Say:
        """Training was asked for too early: say what comes before it."""
        question = self.pending(again=True)
        text = f"Not yet: we are still at “{STAGE_NAMES[self.state.stage]}”."
        return self.with_question(text, question) if question else Say(text, self.suggestions())

    def refused(self) -> Say | None:
        """The user did not say yes to an approval."""
        if not (self.asked or "").startswith("approval:") or self.intent != "no":
            return None
        if self.asked == "approval:approve_data":
            return Say(
                "Then let us look at the data first. Tell me which rows to change or drop.", ("Show me the data",)
            )
        return Say("All right, I leave it. Nothing was started or changed.", self.suggestions())

    def small_talk(self) -> str | None:
        intent, understood = self.intent, self.understood
        if intent == "why":
            if self.asked in Brief.questions():
                return Brief.ask(str(self.asked)).why
            return WHY.get(self.asked or "", "I ask so that the model fits your work and not somebody else's.")
        if intent == "meaning":
            word = (understood.target if understood else None) or ""
            entry = explain(word)
            if entry is not None:
                return f"{entry.term}: {entry.text}"
            return self.define(word) or (
                "Which word do you mean? I can explain the ones I use, such as adapter, loss or test set, and the terms "
                "of your trade that I have a source for."
            )
        if intent == "unsure" and self.asked in Brief.questions():
            return None  # answered with help by pending()
        texts = {
            "greet": "Hello!",
            "thanks": "You are welcome.",
            "goodbye": "Goodbye. Everything is saved; come back whenever you like and we go on here.",
            "help": HELLO,
            "hostile": "I am sorry this is frustrating. Tell me what went wrong and I will try to put it right.",
            "offtopic": "I cannot help with that; I am here to tune a language model to your work.",
            "language_request": ENGLISH_ONLY,
            "stop": "Nothing is running. Everything is saved, so you can leave and come back.",
            "unsure": "That is fine.",
        }
        if intent in texts:
            return texts[intent]
        return None

    def go_back(self, target: str | None) -> Say:
        if target in Brief.questions():
            question = self.question_for(str(target))
            value = getattr(self.state.brief, str(target))
            now = f"So far I have: {in_words(str(target), value)}. " if value else ""
            return Say(now + question.text, question.options, target)
        if target == "knowledge":
            return Say("Which rules should change? Give me the numbers to keep or drop.", ("Keep all",), "rules")
        if target == "trial":
            return self.enter_trial()
        if target == "interview" or target is None:
            known = "; ".join(f"{n.replace('_', ' ')}: {in_words(n, v)}" for n, v in self.state.brief.known().items())
            return Say(f"This is what I have: {known or 'nothing yet'}. Tell me what to change.", self.suggestions())
        return Say(f"{status_in_words(self.state)} What would you like to change?", self.suggestions())

    def not_understood(self) -> Say | None:
        """Nothing certain in the message: offer the likely readings, never act on a guess."""
        guesses = self.understood.intents if self.understood else []
        options = tuple(dict.fromkeys(INTENT_LABELS[g.name] for g in guesses[:3] if g.name in INTENT_LABELS))
        question = self.pending(again=True)
        if options:
            return Say(
                "I am not sure what you mean. Is it one of these?", options, question.waiting_for if question else None
            )
        if question is not None:
            return self.with_question("I did not quite get that.", question)
        return Say("I did not quite get that. You could say one of these:", self.suggestions())

    # --- what comes next --------------------------------------------------------------------------------------------

    def go_on(self) -> Move:
        """After the message is dealt with: the next automatic step, or the next question."""
        state, stage = self.state, self.state.stage
        told = self.told()
        if self.in_trial() or self.exchange.ran("try_model"):
            return self.after_trial_answer(told)
        if self.exchange.ran("delete_project"):
            return Say(told)
        if self.exchange.ran("show_data") and stage not in ("interview", "knowledge"):
            closing = "Say “drop 3”, “row 2 should answer: …”, or go on."
            return Say(f"{told} {closing}", self.suggestions(), self.waiting_after_data())
        if self.exchange.ran("plan_training") and not self.exchange.ran("start_training"):
            return Call("start_training", text=told)
        if stage == "knowledge" and not state.knowledge.offered:
            return Call("keep_rules") if self.exchange.ran("find_rules") else Call("find_rules", text=told)
        if self.moved_away():
            return Call("find_rules", text=told)
        if stage == "verdict":
            return Call("judge_tuning", text=told)
        if stage == "plan" and self.exchange.ran("judge_tuning"):
            return self.after_verdict(told)
        question = self.pending()
        if question is not None:
            return self.with_question(told, question)
        return Say(told or status_in_words(state), self.suggestions(), None)

    def moved_away(self) -> bool:
        """Industry or place was corrected after rules were chosen: the list must be made again."""
        call = self.facts_call()
        if call is None or not self.state.knowledge.offered or self.exchange.ran("find_rules"):
            return False
        return bool({"industry", "jurisdictions"} & {*call.args.get("facts", {}), *call.args.get("remove", {})})

    def after_verdict(self, told: str) -> Move:
        if self.state.verdict and self.state.verdict["level"] == "stop":
            return Say(
                f"{told}\n\nMy advice is not to tune on this. Shall I all the same?",
                ("Train anyway", "No"),
                "train_anyway",
            )
        return Call("plan_training", text=told)

    def after_trial_answer(self, told: str) -> Say:
        answered = bool(self.exchange.ran("try_model"))
        text = "Is the tuned answer good? You can also tell me what it should have said, or just ask the next question."
        if self.exchange.ran("rate_answer"):
            text = f"{told} Ask the next question, or leave the trial."
        options = (
            ("Good answer", "Not a good answer", "Leave the trial") if answered else ("Leave the trial", "Publish it")
        )
        return Say(text, options, "trial", {"answered": answered})

    def enter_trial(self) -> Say:
        if not any((r.adapter / "adapter_config.json").exists() for r in self.state.project.runs()):
            return Say("There is no tuned model to try yet.", self.suggestions())
        text = "Type a question as one of your people would. I will show both answers side by side."
        return Say(text, ("Leave the trial",), "trial")

    def waiting_after_data(self) -> str | None:
        return "approval:approve_data" if self.state.stage == "data" and self.state.sources.prepared else None

    @property
    def language(self) -> str:
        """The language the user writes, as far as it was noticed; told once."""
        return (self.understood.language if self.understood else "") or str(self.exchange.extra.get("language", "en"))

    def told(self) -> str:
        """What the tools of this turn said, in one piece; the brief's facts in the user's words."""
        parts = []
        if self.language not in ("en", self.exchange.extra.get("language", "en")):
            parts.append(f"You seem to write in another language ({self.language}). {ENGLISH_ONLY}")
        for message in self.exchange.done:
            if message.id in self.exchange.told:
                continue
            if message.name == "record_facts":
                if self.understood is not None and (facts := self.understood_in_words()):
                    parts.append(f"I understood: {facts}.")
                elif self.skips():
                    parts.append("Fine, we leave that open.")
            elif message.name != "try_model":
                parts.append(str(message.content))
        return " ".join(parts)

    def understood_in_words(self) -> str:
        facts = self.understood.facts if self.understood else {}
        return "; ".join(
            f"{n.replace('_', ' ')}: {in_words(n, getattr(self.state.brief, n))}"
            for n, f in facts.items()
            if f.score >= SURE and getattr(self.state.brief, n)
        )

    def with_question(self, text: str, question: Say) -> Say:
        joined = f"{text}\n\n{question.text}" if text else question.text
        return Say(joined, question.options, question.waiting_for, question.note)

    def pending(self, *, again: bool = False) -> Say | None:
        """The question the journey is at, shorter where it is asked `again`; None where the next move is the user's."""
        state = self.state
        stage = state.stage
        if stage == "interview":
            name = self.asked if again and self.asked in state.brief.missing() else state.brief.missing()[0]
            question = self.question_for(str(name))
            return replace(question, text=Brief.ask(str(name)).question) if again else question
        if stage == "knowledge":
            text = "Which of these apply to you? Say “keep all”, or the numbers to keep or drop."
            return Say(text, ("Keep all", "Keep none", "Drop 1"), "rules")
        if stage == "data":
            return self.data_question()
        return None

    def data_question(self) -> Say:
        sources = self.state.sources
        if sources.unsure:
            file = sources.unsure[0]
            pairs = tuple(f"{q} → {a}" for q, a in zip(file.header, file.header[1:], strict=False))[:3]
            text = f"In {file.name}: which column holds what comes in, and which the answer? " + ", ".join(file.header)
            return Say(text, pairs, "columns")
        if sources.prepared:
            text = (
                "Have a look at the rows. When you are content, type “approved”: that seals the test set, which the "
                "model is judged by and never trained on."
            )
            return Say(text, ("approved", "Show me the data", "I will add another file"), "approval:approve_data")
        if sources.files:
            return Say(
                "Is there another file, or shall I prepare the data?",
                ("Prepare the data", "I will add another file"),
                "files",
            )
        text = (
            "Now your data. Drop a file here: a spreadsheet of questions and answers is best; handbooks, policies and "
            "FAQs work too (CSV, XLSX, JSONL, TXT, Markdown, HTML, DOCX, PDF)."
        )
        return Say(text, ("Use only rules and terms", "Why do you ask?"), "files")

    def question_for(self, name: str) -> Say:
        """A brief field's question with its reason; a guess that was too uncertain to record is an option."""
        ask = Brief.ask(name)
        options = ask.options
        if self.understood is not None and name in self.understood.facts:
            guess = self.understood.facts[name]
            if guess.score < SURE:
                options = (in_words(name, guess.value), *options)[:4]
        helped = self.intent == "unsure" and self.asked == name
        if helped:
            examples = f" For example: {'; '.join(ask.options)}." if ask.options else ""
            text = f"No problem. {ask.why}{examples} A rough answer is enough, or say “skip”."
        else:
            text = f"{ask.question} {ask.why}"
        return Say(text, options, name, {"helped": True} if helped else {})

    def suggestions(self) -> tuple[str, ...]:
        """Replies worth offering when nothing in particular is asked."""
        stage = self.state.stage
        return {
            "interview": ("Where are we?", "Why do you ask?"),
            "knowledge": ("Keep all", "Where are we?"),
            "data": ("Show me the data", "Prepare the data"),
            "verdict": ("Start training", "Show me the data"),
            "plan": ("Start training", "Show me the data"),
            "training": ("How is it going?", "Stop the training"),
            "evaluation": ("How is it going?",),
            "trial": ("Try the model", "Show the results", "Publish it"),
            "publish": ("Publish it", "Try the model"),
            "watch": ("Watch over it", "Try the model", "Begin a new round"),
        }[stage]


def plain(value: Any) -> Any:
    """A fact's value as JSON: pairs become dictionaries."""
    if isinstance(value, list):
        return [plain(v) for v in value]
    return value.model_dump() if hasattr(value, "model_dump") else value
