"""A text pasted into the chat becomes a file of the project, read like any other."""

from langchain.tools import ToolRuntime
from langchain_core.tools import tool

from finetune.data.read import read_file
from finetune.files import write_text
from tools.context import Context
from tools.dataset import Read, store_files, understand
from tools.own import indexed, indexed_in_words
from tools.result import Artifact, ToolResult, file_card


@tool(parse_docstring=True, response_format="content_and_artifact")
def add_text(runtime: ToolRuntime[Context], text: str) -> Artifact:
    """Keep a longer text the user pasted (a policy, an FAQ, notes) as a document to make examples from.

    Args:
        text: the text, word for word.
    """
    context = runtime.context
    number = 1 + len(list(context.project.files.glob("pasted-*.md")))
    path = context.project.files / f"pasted-{number}.md"
    write_text(path, text)
    document = read_file(path)
    source, made = understand(document, context)
    source = indexed(context, document, source)
    seal = store_files(context, path.name, [Read(document, source, made)])
    card = file_card(path.name, len(made), ["pasted text"])
    return ToolResult(
        f"That looks like a document, so I keep it as {path.name} and made {len(made)} examples from it."
        f"{indexed_in_words(source)} Say “undo” if it was meant otherwise. {seal}".strip(),
        [card],
    ).for_agent()
