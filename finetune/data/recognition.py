"""Text of scanned pages, by ocrmypdf where somebody installed it; without it a scan is told as such."""

import os
import resource
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from finetune.data.document import Limits

MEMORY_MIB = 4096  # Tesseract holds a page's picture several times


def recogniser() -> str | None:
    """The program that is installed for it."""
    return "ocrmypdf" if shutil.which("ocrmypdf") else None


@contextmanager
def recognised(path: Path, tool: str, limits: Limits) -> Iterator[Path | str]:
    """A copy of a PDF whose pictured pages have text, gone afterwards; or why there is none, one sentence."""
    with tempfile.TemporaryDirectory(prefix="attune-") as folder:
        out = Path(folder) / "recognised.pdf"
        # --skip-text leaves pages alone that have text already; plain PDF output needs no Ghostscript.
        command = [tool, "--skip-text", "--output-type", "pdf", "--jobs", "1", "--quiet", str(path.resolve()), str(out)]
        environment = {"PATH": os.environ.get("PATH", ""), "TMPDIR": folder, "OMP_THREAD_LIMIT": "1"}
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment,
            start_new_session=True,
        )  # fmt: skip
        if hasattr(resource, "prlimit"):  # Linux
            resource.prlimit(process.pid, resource.RLIMIT_AS, (MEMORY_MIB * 2**20,) * 2)
        try:
            _, said = process.communicate(timeout=limits.recognition_seconds)
        except subprocess.TimeoutExpired:
            # Its own session: the programs it started end with it.
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            yield f"it took longer than {limits.recognition_seconds} seconds."
            return
        if process.returncode != 0 or not out.is_file():
            last = said.decode(errors="replace").strip().rsplit("\n", 1)[-1][:200]
            yield f"{last or 'it said nothing'} (exit {process.returncode})."
            return
        yield out
