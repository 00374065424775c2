"""What other tools read of the messy folder; run by `messy_folder --peers`, with the other tool's own Python.

Only their reading is asked, no model. Each file in a process of its own, a minute at most. Where a tool must be told
the columns it is told them: LLaMA-Factory in its dataset_info, Kiln, which wants "input" and "output", by a copy of the
file with these two headers. Arguments: the tool, the files' folder, what is planted, the file for the answer.
"""

import json
import multiprocessing
import re
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

SECONDS = 60
Texts = tuple[list[str], list[tuple[str, str]]]  # running text, and pairs of question and answer


def synthetic_data_kit(path: Path, columns: list[str] | None) -> Texts:
    from synthetic_data_kit.core.ingest import process_file

    with tempfile.TemporaryDirectory() as out:
        written = Path(process_file(str(path), out, "text", {}))
        return [written.read_text(encoding="utf-8")], []


def kiln(path: Path, columns: list[str] | None) -> Texts:
    from kiln_ai.datamodel import Project, Task
    from kiln_ai.utils.dataset_import import DatasetImportFormat, ImportConfig, import_csv

    if path.suffix != ".csv":
        raise ValueError("its import takes CSV alone; documents go to a model as they are")
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy.csv"
        data = path.read_bytes()
        for old, new in zip(columns or [], ("input", "output"), strict=False):
            data = data.replace(old.encode(), new.encode(), 1)
        copy.write_bytes(data)
        project = Project(name="p", path=Path(folder) / "project.kiln")
        project.save_to_file()
        task = Task(name="t", instruction="Answer.", parent=project)
        task.save_to_file()
        import_csv(task, ImportConfig(DatasetImportFormat.CSV, str(copy), "copy"))
        return [], [(str(run.input), run.output.output) for run in task.runs()]


def llamafactory(path: Path, columns: list[str] | None) -> Texts:
    from llamafactory.data.loader import _load_single_dataset
    from llamafactory.data.parser import DatasetAttr
    from llamafactory.hparams import DataArguments, ModelArguments

    attribute = DatasetAttr("file", dataset_name=path.name)
    if columns:
        attribute.prompt, attribute.response = columns
        attribute.query = None
    head = path.read_bytes()[:2000]
    if b'"messages"' in head or b'"conversations"' in head:
        attribute.formatting = "sharegpt"
    if b'"messages"' in head:
        attribute.messages, attribute.role_tag, attribute.content_tag = "messages", "role", "content"
        attribute.user_tag, attribute.assistant_tag = "user", "assistant"
    arguments = DataArguments(dataset_dir=str(path.parent), overwrite_cache=True)
    with tempfile.TemporaryDirectory() as cache:
        model = ModelArguments(model_name_or_path="none", cache_dir=cache)
        alone = SimpleNamespace(local_process_index=0, dataloader_num_workers=0)
        rows = list(_load_single_dataset(attribute, model, arguments, alone))
    return [], [(row["_prompt"][-1]["content"], row["_response"][0]["content"]) for row in rows if row["_response"]]


TOOLS: dict[str, Callable[[Path, list[str] | None], Texts]] = {
    "synthetic-data-kit": synthetic_data_kit, "kiln-ai": kiln, "llamafactory": llamafactory
}  # fmt: skip


def plain(text: str) -> str:
    return re.sub(r"\s+([?!:;])", r"\1", re.sub(r"\s+", " ", text)).strip()


def read(tool: str, path: Path, planted: dict[str, Any], answer: Any) -> None:
    """Put what became of a file into the pipe."""
    try:
        texts, rows = TOOLS[tool](path, planted["columns"])
    except BaseException as error:  # noqa: BLE001 (whatever a tool raises is its answer)
        answer.send({"outcome": "failed", "error": f"{type(error).__name__}: {error}"[:300].replace("\n", " ")})
        return
    text = plain(" ".join([*texts, *(part for row in rows for part in row)]))
    told = [(plain(question), plain(reply)) for question, reply in rows]
    pairs = sum(any(plain(q) in one and plain(a) == two for one, two in told) for q, a in planted["pairs"])
    # A tool that gives running text alone has found a pair where both stand in it.
    pairs = pairs if rows else sum(plain(q) in text and plain(a) in text for q, a in planted["pairs"])
    unwanted = sum(one in text for one in planted["unwanted"])
    found = sum(plain(one) in text for one in planted["sentences"])
    answer.send({
        "outcome": "read" if text else "nothing", "error": "", "rows": len(rows), "sentences": found, "pairs": pairs,
        "unwanted": unwanted,
    })  # fmt: skip


def main() -> None:
    tool, folder, planted_file, out = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4])
    found: dict[str, dict[str, Any]] = {}
    with suppress(Exception):  # so that its libraries are imported once, and not in each process
        TOOLS[tool](folder / "nothing of that name.csv", None)
    for name, planted in json.loads(planted_file.read_text()).items():
        here, there = multiprocessing.Pipe()
        began = time.perf_counter()
        process = multiprocessing.Process(target=read, args=(tool, folder / name, planted, there))
        process.start()
        ended = {"outcome": "hung" if process.is_alive() else "died", "error": ""}
        found[name] = here.recv() if here.poll(SECONDS) else ended
        found[name] = {"rows": 0, "sentences": 0, "pairs": 0, "unwanted": 0, **found[name]}
        found[name]["seconds"] = round(time.perf_counter() - began, 2)
        process.kill()
        process.join()
    out.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
