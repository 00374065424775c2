"""The house rules nobody remembers to check: one direction, everything described, every error ends with an action."""

import ast
import contextlib
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path

import pytest

from tests.repository import PACKAGES, REPOSITORY, files, imports, sources, text, tree

# Who may import whom: only what stands further down. The two libraries know neither each other nor the agent.
BELOW = {
    "app": {"assistant", "tools", "finetune", "knowledge"},
    "assistant": {"tools", "finetune", "knowledge"},
    "tools": {"finetune", "knowledge"},
    "finetune": set[str](),
    "knowledge": set[str](),
}
AGENT_AND_PAGE = {"langchain", "langgraph", "gradio"}
COPIED = Path("finetune/space_app.py")  # goes into an exported Space and is never imported
TOP_LEVEL = {
    ".ci", ".gitignore", "CHANGELOG.md", "LICENSE", "README.md", "app.py", "assistant", "docs", "finetune",
    "knowledge", "pyproject.toml", "requirements.txt", "tests", "tools",
}  # fmt: skip
USED_BY_NAME = {
    "faker": "finetune/data/personal/wordlists.py imports its lists one country at a time, by name",
    "lxml": "finetune/data/markup.py names it as the parser of bs4",
}
LONGEST_FUNCTION = 120  # lines; httpx's longest has 133


def at(path: Path, line: int) -> str:
    return f"{path}:{line}"


def test_imports_go_one_way() -> None:
    wrong = []
    for path in sources():
        house = path.parts[0].removesuffix(".py")
        for module, line in imports(path):
            other = module.split(".")[0]
            if module.startswith("."):
                wrong.append(f"{at(path, line)} imports {module}; write the full name")
            elif other in BELOW and other != house and other not in BELOW[house]:
                wrong.append(f"{at(path, line)} imports {module}, which does not stand below {house}")
    assert not wrong, "\n".join(wrong)


def test_the_libraries_know_neither_the_agent_nor_the_page() -> None:
    wrong = [
        f"{at(path, line)} imports {module}"
        for path in sources()
        for module, line in imports(path)
        if path.parts[0] in ("finetune", "knowledge") and path != COPIED and module.split(".")[0] in AGENT_AND_PAGE
    ]
    assert not wrong, "\n".join(wrong)


def test_what_is_copied_is_never_imported() -> None:
    assert COPIED in sources()
    copied = ".".join(COPIED.with_suffix("").parts)
    assert not [at(path, line) for path in sources() for module, line in imports(path) if module == copied]


def test_no_module_of_the_program_imports_a_test() -> None:
    assert not [at(p, line) for p in sources() for module, line in imports(p) if module.split(".")[0] == "tests"]


def test_the_heavy_libraries_wait_until_they_are_needed() -> None:
    """What the page's first sight costs: the modules it imports before anybody has said a word."""
    heavy = ["torch", "transformers", "peft", "sentence_transformers", "chromadb", "scipy", "presidio_analyzer"]
    code = f"import app, assistant.conversation, assistant.page, sys; print(*sorted(set({heavy!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_every_plan_field_is_described() -> None:
    from finetune.plan import Estimate, TrainingPlan

    for model in (TrainingPlan, Estimate):
        assert not [name for name, field in model.model_fields.items() if not field.description], model


def test_every_brief_field_is_described_and_every_asked_one_says_why() -> None:
    from tools.brief import Brief

    assert not [name for name, field in Brief.model_fields.items() if not field.description]
    for name in Brief.questions():
        ask = Brief.ask(name)
        assert "?" in ask.question and ask.why.endswith("."), name


def test_every_tool_describes_itself_and_each_of_its_arguments() -> None:
    from tools.registry import TOOLS

    silent = []
    for name, (tool, title) in TOOLS.items():
        schema = tool.tool_call_schema
        assert not isinstance(schema, dict)
        if not tool.description.strip() or not title:
            silent.append(name)
        silent += [f"{name}.{arg}" for arg, field in schema.model_fields.items() if not field.description]
    assert not silent


def test_a_tool_that_names_another_names_one_there_is() -> None:
    from tools.registry import TOOLS

    named = {
        other
        for tool, _ in TOOLS.values()
        for other in re.findall(r"\b(?:[Cc]all|[Uu]se|with|by) ([a-z]+_[a-z_]+)\b", tool.description)
    }
    assert {"show_lineage", "approve_data"} <= named <= TOOLS.keys()


def test_what_waits_for_approval_is_a_tool_and_is_asked_as_a_question() -> None:
    from tools.registry import APPROVALS, TOOLS

    assert APPROVALS.keys() <= TOOLS.keys()
    assert all(question.endswith("?") for question in APPROVALS.values())


def test_every_user_error_says_what_happened_and_ends_with_an_action() -> None:
    found, wrong = 0, []
    for path in sources():
        for call in user_errors(tree(path)):
            found += 1
            action = next((k.value for k in call.keywords if k.arg == "action"), None)
            if not call.args:
                wrong.append(f"{at(path, call.lineno)} does not say what happened")
            if action is None:
                wrong.append(f"{at(path, call.lineno)} has no action")
            elif (end := written_end(action).rstrip(" \"'”")) and not end.endswith((".", "?")):
                wrong.append(f"{at(path, call.lineno)} ends in {end[-40:]!r}; an action is a sentence")
    assert found > 20, "the errors could not be found: has the class another name?"
    assert not wrong, "\n".join(wrong)


def user_errors(module: ast.Module) -> Iterator[ast.Call]:
    for node in ast.walk(module):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name == "UserError":
                yield node


def written_end(value: ast.expr) -> str:
    """The last words of an expression as they stand in the source; empty where only the running program knows them."""
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        return value.value
    if isinstance(value, ast.JoinedStr):
        return written_end(value.values[-1])
    return ""


def test_no_error_is_swallowed() -> None:
    """A bare `except`, or one that catches everything and goes on without a word."""
    wrong = []
    for path in sources():
        for node in ast.walk(tree(path)):
            if not isinstance(node, ast.ExceptHandler):
                continue
            catches = ast.unparse(node.type) if node.type else ""
            only_passes = all(isinstance(step, ast.Pass) for step in node.body)
            if not catches or (only_passes and catches in ("Exception", "BaseException")):
                wrong.append(at(path, node.lineno))
    assert not wrong, wrong


def test_no_function_is_longer_than_a_reader_can_hold() -> None:
    lengths = sorted(
        (
            ((node.end_lineno or 0) - node.lineno + 1, f"{at(path, node.lineno)} {node.name}")
            for path in sources()
            for node in ast.walk(tree(path))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        ),
        reverse=True,
    )
    longest = "\n".join(f"{lines} lines: {where}" for lines, where in lengths[:5])
    assert lengths[0][0] <= LONGEST_FUNCTION, longest


def test_names_come_from_the_users_world() -> None:
    vague = re.compile(r"(manager|handler|helpers?|utils?|misc|common)$", re.IGNORECASE)
    modules = [p.stem for p in files() if p.suffix == ".py"]
    classes = [n.name for p in sources() for n in ast.walk(tree(p)) if isinstance(n, ast.ClassDef)]
    assert not [name for name in modules + classes if vague.search(name)]


@pytest.mark.parametrize(
    ("what", "pattern"),
    [
        ("a folder of somebody's machine", r"(?<![\w.:/-])/(?:root|work|Users|mnt)/|(?<![\w.:/-])/home/(?!\.\.\.)\w"),
        ("a package host or its options", r"pypi\.org|pythonhosted|download\.pytorch\.org|index-url\b|find-links"),
        ("a note to do it later", r"\b(?:T[O]DO|F[I]XME|X[X]X|H[A]CK)\b"),
        ("a call left from debugging", r"\bbreakpoint\(\)|\bp[d]b\.set_trace"),
    ],
)
def test_no_committed_file_holds(what: str, pattern: str) -> None:
    searched = re.compile(pattern)
    found = [
        f"{at(path, number)} {line.strip()[:120]}"
        for path in files()
        if path != Path("tests/test_house.py")
        and "starter" not in path.parts  # a tokenizer's vocabulary holds any string
        for number, line in enumerate((text(path) or "").splitlines(), 1)
        if searched.search(line)
    ]
    assert not found, f"{what}:\n" + "\n".join(found)


def test_the_top_level_holds_what_it_should_and_no_more() -> None:
    assert {path.parts[0] for path in files()} <= TOP_LEVEL


def test_every_package_on_disk_is_installed() -> None:
    """A folder of modules that pyproject.toml does not list works in a checkout and is missing once installed."""
    settings = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["tool"]["setuptools"]
    on_disk = {".".join(path.parent.parts) for path in sources() if path.parts[0] in PACKAGES}
    assert on_disk == set(settings["packages"])


def test_every_data_file_of_a_package_is_installed() -> None:
    settings = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["tool"]["setuptools"]
    missing = []
    for path in files():
        if path.parts[0] not in PACKAGES or path.suffix == ".py":
            continue
        # The package is the longest one that holds the file.
        package = max((p for p in settings["packages"] if path.is_relative_to(p.replace(".", "/"))), key=len)
        within = path.relative_to(package.replace(".", "/"))
        patterns = settings["package-data"].get(package, [])
        if not any(within.match(pattern) and len(within.parts) == len(Path(pattern).parts) for pattern in patterns):
            missing.append(str(path))
    assert not missing, "add to [tool.setuptools.package-data]: " + ", ".join(missing)


def test_a_space_installs_the_same_dependencies() -> None:
    """requirements.txt repeats pyproject.toml, because a Space reads nothing else; torch alone is bounded tighter."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]["dependencies"]
    space = [
        line.split("#")[0].strip()
        for line in (REPOSITORY / "requirements.txt").read_text().splitlines()
        if line.split("#")[0].strip()
    ]

    def is_torch(line: str) -> bool:
        return re.match(r"torch\b", line) is not None

    assert [d for d in space if not is_torch(d)] == [d for d in project if not is_torch(d)]
    assert len([d for d in space if is_torch(d)]) == 1


def distributions_imported(paths: list[Path]) -> dict[str, set[str]]:
    """Imported packages that are not ours or Python's, with the distributions that may bring them."""
    brought = packages_distributions()
    ours = {*PACKAGES, "app", "tests", "__future__"}
    named = {module.split(".")[0] for path in paths for module, _ in imports(path)}
    return {
        name: {plain(d) for d in brought.get(name, [])}
        for name in named
        if name not in ours and name not in sys.stdlib_module_names
    }


def plain(requirement: str) -> str:
    """A requirement's name as the index compares names."""
    found = re.match(r"[\w.-]+", requirement)
    assert found
    return re.sub(r"[-_.]+", "-", found[0]).lower()


def declared() -> set[str]:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    return {plain(requirement) for requirement in project["dependencies"]}


def test_every_dependency_is_used() -> None:
    used = set().union(*distributions_imported(sources()).values())
    assert not sorted(declared() - used - USED_BY_NAME.keys())


def test_nothing_is_imported_that_is_not_installed_with_the_program() -> None:
    """What a dependency brings along may be used; what only the tests or this machine have may not."""
    installed, waiting = set[str](), declared()
    while waiting:
        name = waiting.pop()
        if name in installed:
            continue
        installed.add(name)
        with contextlib.suppress(PackageNotFoundError):
            waiting |= {plain(r) for r in requires(name) or [] if "extra ==" not in r}
    surprising = {
        package: sorted(brought)
        for package, brought in distributions_imported(sources()).items()
        if not brought & installed
    }
    assert not surprising, "add to pyproject.toml's dependencies, with the reason"


def test_the_licence_is_apaches_own_text() -> None:
    import hashlib

    official = "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30"
    assert hashlib.sha256((REPOSITORY / "LICENSE").read_bytes()).hexdigest() == official
