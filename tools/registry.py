"""All tools in the order a user meets them, with the words the page shows and the ones that wait for approval."""

from collections.abc import Callable
from typing import Any

from langchain_core.tools import BaseTool

from tools.conflicts import settle_contradiction
from tools.context import Context
from tools.coverage import data_coverage
from tools.dataset import prepare_data, read_files, set_columns
from tools.deletion import delete_source, says_what_goes
from tools.editing import approve_examples, drop_examples, edit_example, restore_examples
from tools.interview import delete_project, project_status, record_facts, undo_last
from tools.lineage import show_lineage
from tools.own import find_passages
from tools.pasted import add_text
from tools.personal import choose_personal, own_contacts_kept
from tools.publishing import asks_to_publish, publish
from tools.report import report_evaluation
from tools.review import explain_example, mark_examples, set_reviewer, show_agreement
from tools.review_sheets import export_examples, import_examples
from tools.rights import set_rights
from tools.round_deletion import delete_round, says_what_round_goes
from tools.rows import show_data
from tools.rules import find_rules, keep_rules, note_practice
from tools.sealing import approve_data
from tools.training import (
    judge_tuning,
    plan_training,
    show_plan,
    start_training,
    stop_training,
    training_status,
    training_time,
)
from tools.trial import rate_answer, try_model
from tools.watching import new_round, watch
from tools.writing import asks_first, write_examples, writing_cost

TOOLS: dict[str, tuple[BaseTool, str]] = {
    tool.name: (tool, title)
    for tool, title in [
        (record_facts, "Noting what you said"),
        (find_rules, "Looking for rules and terms"),
        (keep_rules, "Noting which rules you keep"),
        (note_practice, "Noting how you meet a rule"),
        (read_files, "Reading your files"),
        (set_columns, "Reading the columns you named"),
        (add_text, "Keeping the text you pasted"),
        (find_passages, "Looking in your documents"),
        (writing_cost, "Counting what it would cost"),
        (write_examples, "Having examples written"),
        (set_rights, "Noting whose your files are"),
        (prepare_data, "Preparing the data"),
        (choose_personal, "Hiding personal data as you chose"),
        (own_contacts_kept, "Looking which contacts are your own"),
        (data_coverage, "Looking at what the data covers"),
        (show_data, "Showing the data"),
        (edit_example, "Changing a row"),
        (drop_examples, "Taking rows out"),
        (restore_examples, "Bringing rows back"),
        (settle_contradiction, "Settling a contradiction"),
        (explain_example, "Looking up where a row comes from"),
        (approve_examples, "Approving rows"),
        (set_reviewer, "Noting who reviews"),
        (mark_examples, "Noting your marks"),
        (show_agreement, "Comparing the reviewers' marks"),
        (export_examples, "Writing the rows to a sheet"),
        (import_examples, "Taking over what the sheet changes"),
        (show_lineage, "Tracing where it comes from"),
        (delete_source, "Deleting the file and what came from it"),
        (delete_round, "Deleting the round and its model"),
        (approve_data, "Sealing the test set"),
        (judge_tuning, "Checking whether tuning is the right tool"),
        (plan_training, "Making a plan"),
        (training_time, "Estimating the time"),
        (show_plan, "Showing the plan"),
        (start_training, "Starting the training"),
        (training_status, "Looking at the training"),
        (stop_training, "Stopping the training"),
        (report_evaluation, "Reading the test results"),
        (try_model, "Asking both models"),
        (rate_answer, "Storing your rating"),
        (publish, "Publishing"),
        (watch, "Checking feedback and rules"),
        (new_round, "Beginning a new round"),
        (project_status, "Looking where we are"),
        (undo_last, "Undoing"),
        (delete_project, "Deleting the project"),
    ]
}

# These wait for the user's yes; the sentence is what is asked.
APPROVALS: dict[str, str] = {
    "import_examples": "Shall I take these changes over?",
    "start_training": "Shall I start the training?",
    "write_examples": "Shall I have the examples written?",
    "publish": "Shall I publish it?",
    "delete_source": "Shall I delete it and everything made from it for good?",
    "delete_round": "Shall I delete it for good?",
    "delete_project": "Shall I delete this project for good, with its files, models and this conversation?",
}
# What has to be said with the question, from the context and the call's arguments; where it is None, nothing is asked.
SAID_WITH_IT: dict[str, Callable[[Context, dict[str, Any]], str | None]] = {
    "write_examples": asks_first,
    "delete_source": says_what_goes,
    "delete_round": says_what_round_goes,
    "publish": asks_to_publish,
}
