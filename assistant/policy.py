"""What the guide says or does next, decided from the project's state and the user's words alone."""

import re
from collections.abc import Callable
from dataclasses import replace

from assistant.choices import passages_wanted
from assistant.glossary import explain
from assistant.messages import OPENED, Exchange
from assistant.moves import Call, Move, Say
from assistant.provenance import ASKS, ASKS_WHICH, files_to_choose, open_question
from assistant.replies import ENGLISH_ONLY, HELLO, INCOMPLETE, INTENT_LABELS, SMALL_TALK, WHY, WHY_AT_ALL
from assistant.targets import SETTING_WORDS
from assistant.understanding import SURE, Understood
from assistant.wishes import PRACTICE, Wishes
from finetune.data.report import counted
from tools.brief import Brief, in_words
from tools.conflicts import still_open
from tools.interview import status_in_words
from tools.journey import STAGE_NAMES, State
from tools.own import without_quotes
from tools.report import read_evaluation
from tools.rights import PASSED

# After these the next row is more likely than the next stage.
REVIEWING = (
    "mark_examples", "explain_example", "approve_examples", "set_reviewer", "show_agreement", "export_examples"
)  # fmt: skip


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
        if exchange.said.isdecimal() and exchange.asked != "rules":
            options = exchange.extra.get("options") or []
            if 1 <= int(exchange.said) <= len(options):  # "2" is the second suggestion
                exchange = replace(exchange, said=options[int(exchange.said) - 1])
        self.state, self.exchange, self.define = state, exchange, define
        self.asked = exchange.asked
        self.understood: Understood | None = None
        if exchange.said and not exchange.program:
            field_asked = self.asked if self.asked in Brief.questions() else None
            deciding = (self.asked or "").startswith(("approval:", *ASKS))
            self.understood = read(exchange.said, asked=field_asked, deciding=deciding)
        self.wishes = Wishes(state, exchange, self.understood)
        self.intent = self.wishes.intent

    # --- the turn -----------------------------------------------------------------------------------------------

    def move(self) -> Move:
        if self.exchange.program:
            return self.on_event()
        untold = [m for m in self.exchange.done if m.id not in self.exchange.told]
        failed = next((m for m in untold if m.status == "error"), None)
        if failed is not None:
            if failed.name == "show_lineage" and (files := files_to_choose(self.state, self.exchange)):
                return Say(str(failed.content), tuple(f"Delete {name}" for name in files), ASKS_WHICH)
            return self.ask_on(str(failed.content))
        for call in self.wishes.agenda():
            if not self.exchange.ran(call.tool):
                return call
        if not self.exchange.done and (side := self.side_answer()) is not None:
            return side
        return self.go_on()

    def on_event(self) -> Move:
        if self.exchange.said == OPENED:
            return self.question_for("organisation").after(HELLO)
        if not self.exchange.done:
            return Call("report_evaluation")
        told = self.told()
        if not self.state.evaluated:
            ask = "You can change the plan, or go back to the data, and say “start training” to try again."
            return Say(f"{told}\n\n{ask}", ("Start training", "Show me the data"))
        over = f"The training and the test are over. {told}\n\n"
        evaluation = read_evaluation(self.state.run) if self.state.run else None
        if evaluation and evaluation.advice != "release":
            first = f"What would help most: {evaluation.to_do[0]} " if evaluation.to_do else ""
            ask = f"{first}Would you like to improve the data for a new round, or try the model as it is?"
            return Say(over + ask, ("Begin a new round", "What is missing?", "Try the model", "Show me the data"))
        return Say(
            f"{over}Would you like to try it? I will show both answers.",
            ("Try the model", "Publish it", "Show me the data"),
        )

    def ask_on(self, text: str) -> Move:
        """Say something, and go back to what was open: an approval, a question, or what the user may do next."""
        waiting = self.exchange.pending_call
        if waiting is not None and not self.exchange.ran(waiting["name"]):
            return Call(waiting["name"], waiting["args"], text)  # asks for the approval again
        question = self.pending(again=True)
        return question.after(text) if question else Say(text, self.suggestions())

    # --- answers that need no tool ---------------------------------------------------------------------------------

    def side_answer(self) -> Move | None:
        """Why, what does that mean, hello, I don't know …: answered, and then back to the open question."""
        if self.asked == "train_anyway" and self.intent == "no":
            return Say("A good decision. Bring more or other data and I will look again.", self.suggestions(), "files")
        if (self.asked or "").startswith("approval:") and self.intent == "no":
            return self.refused()
        if self.intent == "try" and self.state.has_model:
            return self.enter_trial()
        if self.intent in ("publish", "export") and self.state.has_model:
            options = ("A zip file", "An API", "A Hugging Face Space", "The data set")
            return Say("Where should it go: a file on this machine, an API, a Space, or the Hub?", options, "publish")
        if self.intent == "back":
            return self.go_back(self.understood.target if self.understood else None)
        if self.intent in ("start_training", "train_anyway"):
            return self.ask_on(self.not_ready())
        if (answer := self.small_talk()) is not None:
            return self.ask_on(answer)
        if self.noticed_language() and self.pending() is not None:
            return None  # go_on() tells it, and asks on
        if self.intent is None and (preferred := self.wishes.source_preferred()) is not None:
            return self.ask_on(f"No other row says otherwise than {preferred[0]}, as far as I can tell.")
        if self.intent is None and not self.exchange.files and not self.told_something():
            return self.not_understood()
        return None

    def told_something(self) -> bool:
        """The message states a fact, be it only a guess at what was asked."""
        facts = self.understood.facts if self.understood else {}
        return any(fact.score >= SURE or name == self.asked for name, fact in facts.items())

    def not_ready(self) -> str:
        """Training was asked for too early: say what comes before it, and the quick way there."""
        if self.state.stage == "interview":
            open_points = ", ".join(name.replace("_", " ") for name in self.state.missing)
            return (
                f"Not yet. Still open: {open_points}. The quick way: drop a file with questions and answers, and say "
                "“skip everything”."
            )
        return f"Not yet: we are still at “{STAGE_NAMES[self.state.stage]}”."

    def refused(self) -> Say:
        """The user said no to an approval."""
        if self.asked == "approval:approve_data":
            return Say(
                "Then let us look at the data first. Tell me which rows to change or drop.", ("Show me the data",)
            )
        return Say("All right, I leave it. Nothing was started or changed.", self.suggestions())

    def small_talk(self) -> str | None:
        if self.intent == "why":
            return self.why()
        if self.intent == "meaning":
            return self.meaning()
        if self.intent == "unsure" and self.asked in Brief.questions():
            return None  # answered with help by pending()
        incomplete = INCOMPLETE.get(self.intent or "")
        return incomplete or SMALL_TALK.get(self.intent or "")

    def why(self) -> str:
        """The reason for a setting that is named, or else for the open question."""
        if self.state.plan is not None:
            for name, words in SETTING_WORDS.items():
                if re.search(rf"\b(?:{words})\b", self.exchange.said, re.I) and name in self.state.plan.reasons:
                    value = getattr(self.state.plan, name)
                    return f"{name.replace('_', ' ').capitalize()} {value}: {self.state.plan.reasons[name]}"
        if self.asked in Brief.questions():
            return Brief.ask(str(self.asked)).why
        asked = self.asked or ""
        return WHY["practice"] if asked.startswith(PRACTICE) else WHY.get(asked, WHY_AT_ALL)

    def meaning(self) -> str:
        word = (self.understood.target if self.understood else None) or ""
        entry = explain(word)
        if entry is not None:
            return f"{entry.term}: {entry.text}"
        return self.define(word) or (
            "Which word do you mean? I can explain the ones I use, such as adapter, loss or test set, and the terms of "
            "your trade that I have a source for."
        )

    def go_back(self, target: str | None) -> Move:
        if target in Brief.questions():
            question = self.question_for(str(target))
            value = getattr(self.state.brief, str(target))
            now = f"So far I have: {in_words(str(target), value)}. " if value else ""
            return Say(now + question.text, question.options, target)
        if target == "knowledge":
            return Say("Which rules should change? Give me the numbers to keep or drop.", ("Keep all",), "rules")
        if target == "trial" and self.state.has_model:
            return self.enter_trial()
        if target == "interview" or target is None:
            known = "; ".join(f"{n.replace('_', ' ')}: {in_words(n, v)}" for n, v in self.state.brief.known().items())
            return Say(f"This is what I have: {known or 'nothing yet'}. Tell me what to change.", self.suggestions())
        return Say(f"{status_in_words(self.state)} What would you like to change?", self.suggestions())

    def not_understood(self) -> Move:
        """Nothing certain in the message: offer the likely readings, never act on a guess."""
        guesses = self.understood.intents if self.understood else []
        options = tuple(dict.fromkeys(INTENT_LABELS[g.name] for g in guesses[:3] if g.name in INTENT_LABELS))
        question = self.pending(again=True)
        if options and self.exchange.pending_call is None:
            waiting_for = question.waiting_for if question else None
            return Say("I am not sure what you mean. Is it one of these?", options, waiting_for)
        if question is None and self.exchange.pending_call is None:
            return Say("I did not quite get that. You could say one of these:", self.suggestions())
        return self.ask_on("I did not quite get that.")

    # --- what comes next --------------------------------------------------------------------------------------------

    def go_on(self) -> Move:
        """After the message is dealt with: the next automatic step, or the next question."""
        state, stage, ran, told = self.state, self.state.stage, self.exchange.ran, self.told()
        if self.wishes.in_trial() or ran("try_model"):
            return self.after_trial_answer(told)
        if ran("delete_project"):
            return Say(told)
        if (sheets := self.wishes.returned_sheets()) and not ran("import_examples"):
            return Call("import_examples", {"names": sheets}, text=told)
        if stage == "data" and any(ran(tool) for tool in REVIEWING):
            return self.after_reviewing(told)
        if ran("show_data") and stage not in ("interview", "knowledge"):
            return self.after_showing(told)
        if ran("plan_training") and not ran("start_training"):
            return Call("start_training", text=told)
        if self.intent == "write_examples" and not ran("write_examples"):
            return Call("write_examples", passages_wanted(self.exchange.said), told)
        if self.moved_away():
            return Call("find_rules", text=told)
        if stage == "knowledge" and not state.knowledge.offered:
            return Call("keep_rules") if ran("find_rules") else Call("find_rules", text=told)
        if stage == "verdict":
            return Call("judge_tuning", text=told)
        if stage == "plan" and ran("judge_tuning"):
            return self.after_verdict(told)
        if self.exchange.pending_call is not None and not ran(self.exchange.pending_call["name"]):
            return self.ask_on(told)
        question = self.pending()
        return question.after(told) if question else Say(told or status_in_words(state), self.suggestions())

    def moved_away(self) -> bool:
        """Industry or place was corrected after rules were chosen: the list must be made again."""
        call = self.wishes.facts_call()
        if call is None or not (self.state.knowledge.offered or self.state.knowledge.skipped):
            return False
        changed = {*call.args.get("facts", {}), *call.args.get("remove", {})}
        return bool({"industry", "jurisdictions"} & changed) and not self.exchange.ran("find_rules")

    def after_showing(self, told: str) -> Say:
        closing = "Say “drop 3”, “row 2 should answer: …”, “more”, or go on."
        waiting = "approval:approve_data" if self.state.stage == "data" and self.state.sources.prepared else None
        view = self.wishes.view()
        row = view["start"] + 1 if list(view) == ["start"] else None
        shown = self.exchange.ran("show_data")
        offered = shown.artifact.get("options") if shown and isinstance(shown.artifact, dict) else None
        options = tuple(offered or self.suggestions())
        return Say(f"{told} {closing}", options, waiting, {"view": view, "row": row})

    def after_reviewing(self, told: str) -> Say:
        """Somebody goes through the rows: no word about what comes next each time."""
        waiting = "approval:approve_data" if self.state.sources.prepared else None
        note = {"view": self.exchange.extra.get("view"), "row": self.wishes.rows[0] if self.wishes.rows else None}
        return Say(told, ("Show the worst 20", "Show the unmarked rows", "Export the rows"), waiting, note)

    def after_verdict(self, told: str) -> Move:
        if self.state.verdict and self.state.verdict["level"] == "stop":
            text = f"{told}\n\nMy advice is not to tune on this. Shall I all the same?"
            return Say(text, ("Train anyway", "No"), "train_anyway")
        return Call("plan_training", text=told)

    def after_trial_answer(self, told: str) -> Say:
        answered = bool(self.exchange.ran("try_model"))
        text = "Is the tuned answer good? You can also tell me what it should have said, or just ask the next question."
        if self.exchange.ran("rate_answer"):
            text = f"{told} Ask the next question, or leave the trial."
        leave = ("Leave the trial", "Publish it")
        options = ("Good answer", "Not a good answer", "Leave the trial") if answered else leave
        return Say(text, options, "trial", {"answered": answered})

    def enter_trial(self) -> Say:
        text = "Type a question as one of your people would. I will show both answers side by side."
        return Say(text, ("Leave the trial",), "trial")

    def noticed_language(self) -> bool:
        """The user writes another language than English, and was not told yet that I do not."""
        return self.language not in ("en", self.exchange.extra.get("language", "en"))

    @property
    def language(self) -> str:
        """The language the user was last noticed to write, English aside; told once."""
        noticed = str(self.exchange.extra.get("language", "en"))
        written = self.understood.language if self.understood and self.wishes.review is None else "en"
        return written if written not in ("", "en") else noticed

    def told(self) -> str:
        """What the tools of this turn said, in one piece; the brief's facts in the user's words."""
        parts = []
        if self.noticed_language():
            parts.append(f"You seem to write in another language ({self.language}). {ENGLISH_ONLY}")
        for message in self.exchange.done:
            if message.id in self.exchange.told:
                continue
            if message.name == "record_facts":
                if facts := self.understood_in_words(str(message.content)):
                    parts.append(f"I understood: {facts}.")
                elif self.wishes.skipped_fields():
                    parts.append("Fine, we leave that open.")
                else:
                    parts.append("Noted.")
            elif message.content == PASSED and len(self.exchange.done) > 1:
                continue  # the user did something else instead of answering
            elif message.name != "try_model":
                parts.append(without_quotes(str(message.content)))
        return " ".join(parts)

    def understood_in_words(self, noted: str) -> str:
        """What the message told that is new, by what was `noted`, and what is left where something was taken out."""
        call = self.wishes.facts_call()
        told, removed = (call.args.get("facts", {}), call.args.get("remove", {})) if call else ({}, {})
        known = {n: f"{n.replace('_', ' ')}: {in_words(n, value)}" for n, value in self.state.brief.known().items()}
        return "; ".join(said for n, said in known.items() if n in removed or (n in told and said in noted))

    def pending(self, *, again: bool = False) -> Say | None:
        """The question the journey is at, shorter where it is asked `again`; None where the next move is the user's."""
        stage = self.state.stage
        if self.state.sources.unsure:
            return self.columns_question()  # while the file is on the user's mind
        if stage == "interview":
            name = str(self.asked) if again and self.asked in self.state.missing else self.state.missing[0]
            question = self.question_for(name)
            return replace(question, text=Brief.ask(name).question) if again else question
        if stage == "knowledge":
            text = "Which of these apply to you? Say “keep all”, or the numbers to keep or drop."
            return Say(text, ("Keep all", "Keep none", "Drop 1"), "rules")
        if stage == "data" and not self.state.sources.files and self.state.knowledge.to_ask:
            return self.practice_question()
        return self.data_question() if stage == "data" else None

    def practice_question(self) -> Say:
        """What a kept rule leaves to the team: asked before the data, since it may show what the data must say."""
        knowledge = self.state.knowledge
        rule = knowledge.to_ask[0]
        first = "" if knowledge.practice else "Some of the rules depend on how you work. "
        text = f"{first}Number {knowledge.offered.index(rule) + 1} asks: {rule.asks}"
        return Say(text, ("Skip this", "Skip these questions"), f"{PRACTICE}{rule.id}")

    def columns_question(self) -> Say:
        """Which column is which, the likeliest pair first."""
        file = self.state.sources.unsure[0]
        guess = [f"{file.question} → {file.answer}"] if file.question and file.answer else []
        pairs = [f"{q} → {a}" for q, a in zip(file.header, file.header[1:], strict=False)]
        columns = ", ".join(file.header)
        text = f"In {file.name}: which column holds what comes in, and which the answer? It has: {columns}."
        return Say(text, tuple(dict.fromkeys([*guess, *pairs]))[:3], "columns")

    def data_question(self) -> Say:
        sources = self.state.sources
        if sources.prepared:
            if (question := open_question(self.state)) is not None:
                return question
            left = still_open(self.state.project)
            questions = counted(left, "question has different answers", "questions have different answers")
            text = f"{questions} still: say “show the contradictions” and decide which one holds. " * bool(left) + (
                "Have a look at the rows. When you are content, type “approved”: that seals the test set, which the "
                "model is judged by and never trained on."
            )
            first = ("Show the contradictions", "approved") if left else ("approved",)
            replies = (*first, "Show me the data", "What is missing?", "I will add another file")
            return Say(text, replies[:4], "approval:approve_data")
        if sources.files:
            if self.state.may_offer_writing and not self.state.project.replies.exists():
                text = "Is there another file, shall a chat model write examples from your documents (I tell the cost "
                offers = ("Prepare the data", "Write examples with the model", "I will add another file")
                return Say(f"{text}first), or shall I prepare the data?", offers, "files")
            options = ("Prepare the data", "I will add another file")
            return Say("Is there another file, or shall I prepare the data?", options, "files")
        text = (
            "Now your data. Drop a file here: a spreadsheet of questions and answers is best; handbooks, policies, "
            "FAQs, tickets and e-mails work too (CSV, XLSX, JSONL, TXT, Markdown, HTML, DOCX, PPTX, PDF, EML, MBOX, or "
            "a ZIP of these)."
        )
        return Say(text, ("Use only rules and terms", "Why do you ask?"), "files")

    def question_for(self, name: str) -> Say:
        """A brief field's question with its reason; a guess that was too uncertain to record is an option."""
        ask = Brief.ask(name)
        options = ask.options
        if self.understood is not None and name in self.understood.facts:
            guess = self.understood.facts[name]
            if guess.score < SURE:
                words = in_words(name, guess.value)
                words = words[:1].upper() + words[1:]
                options = (words, *(o for o in options if o.lower() != words.lower()))[:4]
                if self.asked == name:
                    return Say(f"Did you mean “{words}”? If not: {ask.question}", options, name)
        if self.intent == "unsure" and self.asked == name:
            examples = f" For example: {'; '.join(ask.options)}." if ask.options else ""
            text = f"No problem. {ask.why}{examples} A rough answer is enough, or say “skip”."
            return Say(text, options, name, {"helped": True})
        return Say(f"{ask.question} {ask.why}", options, name)

    def suggestions(self) -> tuple[str, ...]:
        """Replies worth offering when nothing in particular is asked."""
        return {
            "interview": ("Where are we?", "Why do you ask?"),
            "knowledge": ("Keep all", "Where are we?"),
            "data": ("Show me the data", "Prepare the data"),
            "verdict": ("Start training", "Show me the data"),
            "plan": ("Start training", "Show the plan", "Show me the data"),
            "training": ("How is it going?", "Stop the training"),
            "evaluation": ("How is it going?",),
            "trial": ("Try the model", "Show the results", "Publish it"),
            "publish": ("Publish it", "Try the model"),
            "watch": ("Watch over it", "Try the model", "Begin a new round"),
        }[self.state.stage]
