"""The check in .ci/run itself: what fails in it fails it, run here on a small repository made for the purpose."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.repository import REPOSITORY

PAGE = """\
import http.server, os

class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<title>Attune</title>")

http.server.HTTPServer(("127.0.0.1", int(os.environ["ATTUNE_PORT"])), Page).serve_forever()
"""
STARTS = "python3.11 page.py"
PASSES = "sh -c 'echo \"3 passed, 1 skipped in 0.10s\"'"
FAILS = "sh -c 'echo \"1 failed, 3 passed in 61.10s (0:01:01)\"; exit 1'"
INTERRUPTED = "sh -c 'echo \"2 passed in 0.10s\"; exit 2'"

pytestmark = pytest.mark.skipif(
    not all(shutil.which(needed) for needed in ("git", "bash", "setsid", "python3.11")),
    reason="git, bash, setsid and python3.11 are needed",
)


def check(folder: Path, start: str, test: str, *, ruff: str = "true") -> tuple[int, list[str]]:
    """Exit code and lines of .ci/run in a repository whose README has these two commands."""
    tools = folder / "bin"
    tools.mkdir(parents=True)
    for name, body in {"chromium": "echo stand-in", "ruff": ruff, "mypy": "true"}.items():
        (tools / name).write_text(f"#!/bin/sh\n{body}\n")
        (tools / name).chmod(0o755)
    repository = folder / "repository"
    (repository / ".ci").mkdir(parents=True)
    shutil.copy(REPOSITORY / ".ci" / "run", repository / ".ci" / "run")
    (repository / "page.py").write_text(PAGE)
    environment = f"mkdir -p .venv/bin && cp {tools}/ruff {tools}/mypy .venv/bin && {test}"
    (repository / "README.md").write_text(f"# Small\n\n```bash\n# why\n{start}\n```\n\n```bash\n{environment}\n```\n")
    git = ["git", "-c", "user.name=test", "-c", "user.email=test@example.org"]
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "small"]):
        subprocess.run([*git, *command], cwd=repository, check=True)
    return run(folder)


def run(folder: Path) -> tuple[int, list[str]]:
    temporary = folder / "tmp"
    temporary.mkdir(exist_ok=True)
    done = subprocess.run(
        [folder / "repository" / ".ci" / "run"],
        cwd=folder,
        env=os.environ | {"PATH": f"{folder / 'bin'}:{os.environ['PATH']}", "TMPDIR": str(temporary)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert not list(temporary.iterdir()), "something was left behind"
    return done.returncode, done.stdout.splitlines()


def test_it_passes_and_ends_with_pytests_closing_line(tmp_path: Path) -> None:
    code, lines = check(tmp_path, STARTS, PASSES)
    assert (code, lines[-1]) == (0, "3 passed, 1 skipped in 0.10s")


@pytest.mark.parametrize(
    ("start", "test", "ruff", "expected", "last"),
    [
        (STARTS, FAILS, "true", 1, "1 failed, 3 passed in 61.10s (0:01:01)"),
        (STARTS, INTERRUPTED, "true", 2, "2 passed in 0.10s"),
        ("false", PASSES, "true", 1, "3 passed, 1 skipped in 0.10s"),
        (STARTS, PASSES, "false", 1, "3 passed, 1 skipped in 0.10s"),
        (STARTS, "false", "true", 1, "pytest did not finish."),
    ],
    ids=["failing tests", "pytest's other codes", "no page", "ruff", "no tests at all"],
)
def test_it_fails_where_any_part_fails(
    tmp_path: Path, start: str, test: str, ruff: str, expected: int, last: str
) -> None:
    code, lines = check(tmp_path, start, test, ruff=ruff)
    assert (code, lines[-1]) == (expected, last)


def test_a_file_nobody_committed_is_missed(tmp_path: Path) -> None:
    needs_it = "test -f forgotten.py && python3.11 page.py"
    assert check(tmp_path, needs_it, PASSES)[0] == 1
    (tmp_path / "repository" / "forgotten.py").touch()
    code, lines = run(tmp_path)
    assert code == 1
    assert "There are changes that are not committed: they are not tested." in lines
