"""The project's own files as git knows them, and their syntax trees."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
PACKAGES = ("assistant", "tools", "finetune", "knowledge")
# Only for a copy without git's records: what .gitignore leaves out.
IGNORED = {".git", ".venv", "__pycache__", "build", "dist", "runs", "home"}


def files() -> list[Path]:
    """Committed files, relative to the repository; where git is missing, whatever lies there."""
    try:
        listed = subprocess.run(
            ["git", "-c", f"safe.directory={REPOSITORY}", "ls-files", "-z"],
            cwd=REPOSITORY,
            capture_output=True,
            check=True,
        ).stdout.decode()
        paths = [Path(name) for name in listed.split("\0") if name]
    except (OSError, subprocess.CalledProcessError):
        paths = [path.relative_to(REPOSITORY) for path in REPOSITORY.rglob("*") if not ignored(path)]
    return sorted(path for path in paths if (REPOSITORY / path).is_file())


def ignored(path: Path) -> bool:
    parts = path.relative_to(REPOSITORY).parts
    return any(p in IGNORED or p.endswith((".egg-info", "_cache")) for p in parts)


def sources() -> list[Path]:
    """The program's modules, without tests: `app.py` and the four packages."""
    return [p for p in files() if p.suffix == ".py" and (p.parts[0] in PACKAGES or p == Path("app.py"))]


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse((REPOSITORY / path).read_text(encoding="utf-8"), filename=str(path))


def imports(path: Path) -> Iterator[tuple[str, int]]:
    """Every module imported anywhere in a file, inside functions and for types too, with its line."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield name.name, node.lineno
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or ""), node.lineno


def text(path: Path) -> str | None:
    """A file's text, or None where it is not text."""
    try:
        return (REPOSITORY / path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


def has_command_line(path: Path) -> bool:
    """Whether a module reads arguments, and so answers `python -m`."""
    return any(module == "argparse" for module, _ in imports(path))
