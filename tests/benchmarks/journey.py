"""The whole journey on real rows, timed: `python -m tests.benchmarks.journey QUESTIONS.csv [--out DIR]`.

Goes from hello to the trial over the terminal's JSON, as a patients' help desk with a spreadsheet and a short policy
as PDF and DOCX. Writes transcript.md and figures.json, and prints the figures.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.files import policy_docx, policy_pdf
from tests.person import Person, go_on
from tests.terminal import Terminal

HELP_DESK = {
    "organisation": "We are the patient help desk of a kidney, liver and diabetes institute in Maryland",
    "industry": "Healthcare",
    "task": "Answer questions",
    "audience": "Our patients",
    "jurisdictions": "Maryland",
    "inputs": "Questions about a disease, by e-mail",
    "outputs": "A short, factual answer",
    "right_answer": "It says what our answers say",
    "wrong_answer": "It makes something up",
    "never": "Give a diagnosis",
    "pairs": "skip",
    "data": "A spreadsheet of questions and answers, and our policy",
    "rules": "keep all",
    "approval:approve_data": "approved",
    "approval:start_training": "yes",
    "train_anyway": "yes",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("questions", type=Path, help="CSV with the columns Topic, Patient question, Our answer")
    parser.add_argument("--out", type=Path, help="folder for the transcript, figures and the project")
    given = parser.parse_args()
    out = given.out or Path(tempfile.mkdtemp(prefix="attune-journey-"))
    out.mkdir(parents=True, exist_ok=True)
    files = [given.questions.resolve(), policy_pdf(out / "policy.pdf"), policy_docx(out / "policy.docx")]
    transcript: list[str] = []
    began = time.monotonic()

    def note(line: str, reply: dict[str, Any]) -> None:
        at = time.monotonic() - began
        transcript.append(f"**[{at:5.0f} s] you:** {line}\n\n**Attune ({reply['stage']}):** {reply['text']}\n")

    terminal = Terminal(out / "home")
    opened = terminal.wait_for("opened", 60)
    transcript.append(f"**Attune:** {opened['text']}\n")
    go_on(terminal, Person(dict(HELP_DESK), files), note=note)
    training_began = time.monotonic()
    report = terminal.wait_for("report", 1800)
    note("(training and test)", report)
    for line in ("Try the model", "What are the symptoms of kidney stones?", "Good answer", "Leave the trial"):
        note(line, terminal.say(line, 300))
    seconds = time.monotonic() - began
    run = out / "home" / "projects" / "team" / "runs" / "1"
    metrics = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    evaluation = json.loads((run / "evaluation.json").read_text())
    figures = {
        "minutes": round(seconds / 60, 1),
        "training_minutes": round(metrics[-1]["seconds"] / 60, 1),
        "training_and_test_minutes": round((time.monotonic() - training_began) / 60, 1),
        "turns": len(transcript),
        "status": json.loads((run / "status.json").read_text()),
        "verdict": evaluation["verdict"],
        "metrics": evaluation["metrics"],
    }
    (out / "transcript.md").write_text("\n".join(transcript), encoding="utf-8")
    (out / "figures.json").write_text(json.dumps(figures, indent=1), encoding="utf-8")
    print(json.dumps(figures, indent=1))
    terminal.close()


if __name__ == "__main__":
    main()
