"""Files that survive being killed: written beside, flushed, then moved into place."""

import contextlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from finetune.errors import UserError


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """A file that takes the place of `path` once all is written: a reader sees the old one or the new, never half.

    Raises:
        UserError: the disk is full or the folder cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with open(beside, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except OSError as error:
        raise disk_error(error, path) from error
    finally:
        beside.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Replace `path` by `text` in one step, as `replacing` does."""
    with replacing(path) as file:
        file.write(text.encode())


def write_json(path: Path, value: Any) -> None:
    write_text(path, json.dumps(value, ensure_ascii=False, indent=1) + "\n")


def read_json(path: Path) -> Any | None:
    """The file's value, or None where there is no file."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None


def write_jsonl(path: Path, rows: Iterable[Any]) -> None:
    write_text(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


def append_jsonl(path: Path, row: Any) -> None:
    """Add one row and flush it to the disk; a torn last line of a killed writer is closed first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with open(path, "ab+") as file:
            if file.tell() > 0:
                file.seek(-1, os.SEEK_END)
                if file.read(1) != b"\n":
                    file.write(b"\n")
            file.write((json.dumps(row, ensure_ascii=False) + "\n").encode())
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise disk_error(error, path) from error


def read_jsonl(path: Path) -> Iterator[Any]:
    """Rows of a file of our own making; a line torn by a kill is passed over, a missing file has no rows."""
    if not path.exists():
        return
    with open(path, encoding="utf-8", errors="replace") as file:
        for line in file:
            try:
                yield json.loads(line)
            except json.JSONDecodeError:
                continue


def replace_folder(new: Path, old: Path) -> None:
    """Put `new` in the place of `old`; a kill in between leaves the old one under another name, never half of each."""
    doomed = old.with_name(f".{old.name}.{os.getpid()}.old")
    if old.exists():
        os.replace(old, doomed)
    os.replace(new, old)
    shutil.rmtree(doomed, ignore_errors=True)


def disk_error(error: OSError, path: Path) -> UserError:
    """Turn an operating system error at `path` into one the user can mend."""
    return UserError(
        f"The file could not be written ({error.strerror or error}).",
        where=path.name,
        action="Free some disk space or check the folder's permissions, then try again; what was saved is still there.",
    )
