"""The README is true: its commands run, its tree is the tree, its settings and command lines exist."""

import ast
import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
import yaml

from tests.repository import PACKAGES, REPOSITORY, files, has_command_line, sources, text, tree

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
START, TEST = 0, 1  # the README's two commands, in order
HELP_SECONDS = 1.0  # of processor time: tests share the machine, so the benchmark alone holds the promise by the clock
HEAVY = ("torch", "transformers", "peft", "sentence_transformers", "chromadb", "gradio", "langchain")


def commands() -> list[str]:
    """The README's two commands, each with the comments around it."""
    return re.findall(r"^```bash\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def part(title: str) -> str:
    """What stands under a heading of the README, up to the next heading of that level."""
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", README, re.MULTILINE | re.DOTALL)
    assert found, f"the README has no part called {title!r}"
    return found[1]


def test_there_are_two_commands_of_one_line_each() -> None:
    assert len(commands()) == 2
    for command in commands():
        lines = [line for line in command.splitlines() if line and not line.startswith("#")]
        assert len(lines) == 1
        subprocess.run(["bash", "-n"], input=command.encode(), check=True)


def test_both_commands_do_all_of_their_own_setting_up() -> None:
    for command, extra, last in zip(
        commands(), ("offline", "dev"), ("python app.py", "pytest -n 2 --dist worksteal"), strict=True
    ):
        line = command.splitlines()[-1]
        steps = [step.strip() for step in line.split("&&")]
        assert steps[0] == "python3.11 -m venv .venv"
        assert steps[1].endswith("torch==2.13.0"), "an open requirement may bring gigabytes of CUDA"
        assert steps[2].endswith(f'-e ".[{extra}]"')
        assert steps[3] == f".venv/bin/{last}"


@pytest.mark.slow
def test_the_first_command_ends_with_the_page_answering(home: Path) -> None:
    """Its last step, in this environment; the check in .ci runs the whole line in a fresh one."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {"ATTUNE_PORT": str(port), "ATTUNE_HOME": str(home)}
    last = commands()[START].splitlines()[-1].split("&&")[-1].split()
    assert last[0] == ".venv/bin/python"
    with (home / "page.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, *last[1:]], cwd=REPOSITORY, env=environment, stdout=log, stderr=log, start_new_session=True
        )
        try:
            page = answer(process, f"http://127.0.0.1:{port}/", seconds=60)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    assert "Attune" in page, (home / "page.log").read_text()[-2000:]


def answer(process: "subprocess.Popen[bytes]", url: str, seconds: float) -> str:
    """What the page says once it answers; empty where the program ends or the time is over."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=seconds) as response:
                return str(response.read().decode())
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    return ""


def test_the_front_matter_is_that_of_a_space() -> None:
    import gradio

    front = yaml.safe_load(README.split("---\n")[1])
    assert front["sdk"] == "gradio" and (REPOSITORY / front["app_file"]).is_file()
    assert front["license"] == "apache-2.0"
    assert front["python_version"] == "3.11"
    assert front["sdk_version"].split(".")[0] == gradio.__version__.split(".")[0]


def named_in_tree() -> tuple[dict[str, str], set[str]]:
    """The tree's files with their lines, and its folders that are told in one line for all they hold."""
    block = re.search(r"```text\n(.*?)^```$", part("The tree"), re.MULTILINE | re.DOTALL)
    assert block
    named: dict[str, str] = {}
    folders: list[str] = []
    closed: set[str] = set()
    for line in block[1].splitlines():
        shape = re.fullmatch(r"( *)(\S+)(?: +(\S.*))?", line)
        assert shape, line
        depth = len(shape[1]) // 2
        folders = folders[:depth]
        closed.discard("".join(folders))
        path = "".join(folders) + shape[2]
        if shape[2].endswith("/"):
            folders.append(shape[2])
            closed.add(path)
        else:
            named[path] = shape[3] or ""
    return named, closed


def first_sentence(path: str) -> str:
    """What a module says about itself, to be pasted into the tree."""
    documented = ast.get_docstring(tree(Path(path))) if path.endswith(".py") else None
    return (documented or "…").splitlines()[0].rstrip(".")


def test_the_tree_names_every_file_with_a_line_for_each() -> None:
    named, closed = named_in_tree()
    on_disk = {
        str(path)
        for path in files()
        if path.name != "__init__.py" and not any(str(path).startswith(folder) for folder in closed)
    }
    missing = sorted(on_disk - named.keys())
    lines = "\n".join(f"{path}  {first_sentence(path)}" for path in missing)
    assert not missing, f"the README's tree does not name:\n{lines}"
    assert not sorted(named.keys() - on_disk), "the README's tree names what is not there"
    assert not [path for path, line in named.items() if not line]
    for folder in closed:
        assert any(str(path).startswith(folder) for path in files()), f"{folder} is empty"


def test_where_to_change_what_names_files_that_exist() -> None:
    rows = [line for line in part("Where to change what").splitlines() if line.startswith("| ")][1:]
    assert len(rows) >= 10
    known = {str(path) for path in files()} | {f"{parent}/" for path in files() for parent in path.parents}
    for row in rows:
        places = re.findall(r"`([\w./]+(?:\.\w+|/))`", row.split("|")[2])
        assert places, row
        assert not [place for place in places if place not in known], row


def test_settings_are_the_ones_the_program_reads() -> None:
    pattern = re.compile(r"\bATTUNE_[A-Z_]+\b")
    read = {
        name
        for path in sources()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        for name in pattern.findall(node.value)
    }
    for_tests = {
        name
        for path in files()
        if path.parts[0] == "tests" and path.suffix == ".py"
        for name in re.findall(r"environ(?:\.get\(|\[)\"(ATTUNE_[A-Z_]+)", text(path) or "")
    }
    told = set(pattern.findall(README))
    assert read <= told, f"not in the README: {sorted(read - told)}"
    assert told <= read | for_tests, f"nothing reads: {sorted(told - read - for_tests)}"


def command_lines() -> dict[str, str]:
    """Each `python -m …` of the README's table, with its row."""
    rows = [line for line in part("Command lines").splitlines() if line.startswith("| `")]
    return {found[1]: row for row in rows if (found := re.match(r"\| `python -m ([\w.]+)", row))}


def test_every_command_line_of_the_program_is_in_the_readme() -> None:
    there = {
        ".".join(path.with_suffix("").parts).removesuffix(".__main__")
        for path in sources()
        if path.parts[0] in PACKAGES and has_command_line(path)
    }
    assert there == command_lines().keys()


@pytest.mark.parametrize("module", command_lines())
def test_help_comes_at_once(module: str) -> None:
    """And without a library that takes seconds to import."""
    command = [sys.executable, "-X", "importtime", "-m", module, "--help"]
    seconds = []
    for _ in range(3):
        before = os.times()
        done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
        after = os.times()
        spent = after.children_user + after.children_system - before.children_user - before.children_system
        seconds.append(spent)
        if spent <= HELP_SECONDS:
            break
    assert done.stdout.startswith("usage:")
    imported = {line.rsplit("|", 1)[-1].strip() for line in done.stderr.splitlines()}
    assert not imported & set(HEAVY)
    assert min(seconds) <= HELP_SECONDS


@pytest.mark.parametrize("module", [module for module, row in command_lines().items() if "--json" in row])
def test_what_is_said_to_speak_json_offers_it(module: str) -> None:
    """For a command with commands of its own, each of them."""

    def help_of(*words: str) -> str:
        command = [sys.executable, "-m", module, *words, "--help"]
        return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout

    own = re.search(r"\{([\w,]+)\} \.\.\.", help_of())
    for words in [[word] for word in own[1].split(",")] if own else [[]]:
        assert "--json" in help_of(*words), words


def test_what_is_linked_is_there() -> None:
    linked = re.findall(r"\]\((?!https?:)([^)#]+)\)", README)
    assert linked
    assert not [target for target in linked if Path(target) not in files()]


def test_the_data_shown_has_the_shape_of_the_data_written() -> None:
    from assistant.events import Reply
    from finetune.example import Example

    row, reply = (json.loads(block) for block in re.findall(r"^```json\n(.*?)^```$", README, re.MULTILINE | re.DOTALL))
    assert Example.model_validate(row).model_dump().keys() == row.keys()
    assert list(reply) == list(Reply("", [], None, "", []).as_json())


def test_the_journey_names_the_files_a_project_has() -> None:
    from finetune.project import Project

    project = Project(Path("somewhere"))
    journey = part("The journey")
    for name, value in vars(Project).items():
        if isinstance(value, property) and name not in ("name", "runs_dir"):
            path: Path = getattr(project, name)
            assert f"`{path.name}" in journey, name


def test_every_stage_has_a_row() -> None:
    from tools.journey import STAGE_NAMES

    rows = [line for line in part("The journey").splitlines() if re.match(r"\| \d", line)]
    told = [stage for row in rows for stage in re.findall(r"\w+", row.split("|")[1]) if stage in STAGE_NAMES]
    assert told == list(STAGE_NAMES)
