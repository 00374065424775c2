"""A folder becomes an archive, so that its files are limited, read, told and cited as those of any archive.

Links are never followed, hidden files never opened; the archive lists what was left out with the reason.
"""

import os
import stat
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from finetune.data.archive import LINK, LITTER, NO_FILE, UNOPENED, too_large
from finetune.data.document import Limits, shown_name
from finetune.errors import UserError
from finetune.files import disk_error

FOLDERS_WALKED = 10_000
DEEPEST = 40  # folders within each other; each is held open while those in it are walked
LESS = "Give me the folders in it one by one, or only the files with questions, answers or rules."


@contextmanager
def as_file(path: Path, limits: Limits = Limits()) -> Iterator[Path]:  # noqa: B008 (frozen)
    """The file itself, or for as long as it is needed the archive of a folder: NAME.zip, equal for equal files.

    Raises:
        UserError: it is a folder without files, or with too many or too large ones, or cannot be read or packed.
    """
    if not path.is_dir():
        yield path
        return
    with tempfile.TemporaryDirectory() as place:
        target = Path(place) / f"{path.resolve().name or 'folder'}.zip"
        try:
            pack(path, target, limits)
        except PermissionError as error:
            raise UserError(
                "I may not look into this folder.", where=shown_name(path), action="Allow it, or copy the files."
            ) from error
        except OSError as error:
            raise disk_error(error, target) from error
        yield target


def pack(folder: Path, target: Path, limits: Limits) -> None:
    """Write the archive of a folder."""
    name, found, size = shown_name(folder.resolve()), 0, 0
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for info, data in members(folder, limits):
            found, size = found + 1, size + len(data)
            if found > limits.inner_files or size > limits.unpacked_mib * 2**20:
                most = f"{limits.inner_files} files or {limits.unpacked_mib} MiB"
                raise UserError(f"The folder has more than {most}.", where=name, action=LESS)
            archive.writestr(info, data)
    if not found:
        raise UserError("There is no file in the folder.", where=name, action="Check that it is the right one.")
    if target.stat().st_size > limits.file_mib * 2**20:
        raise UserError(f"The folder has {too_large(limits)}, even packed.", where=name, action=LESS)


def members(folder: Path, limits: Limits) -> Iterator[tuple[zipfile.ZipInfo, bytes]]:
    """The files in a folder and the folders in it, by name; what is left out is empty and says why.

    Each is opened within the folder it was listed in, so that one put in its place meanwhile leads nowhere else.
    """
    unopened: list[str] = []
    walk = os.fwalk(folder, onerror=lambda error: unopened.append(str(error.filename)))
    for walked, (place, folders, files, opened) in enumerate(walk):
        if walked > FOLDERS_WALKED:
            raise UserError(f"The folder has more than {FOLDERS_WALKED:,} folders in it.", action=LESS)
        inside = PurePosixPath(os.path.relpath(place, folder))
        seen = sorted(one for one in folders if not one.startswith(".") and not LITTER.search(f"{one}/"))
        links = [one for one in seen if stat.S_ISLNK(os.lstat(one, dir_fd=opened).st_mode)]
        deep = seen if len(inside.parts) >= DEEPEST else []
        folders[:] = [one for one in seen if one not in (*links, *deep)]
        for one in sorted(file for file in files if not LITTER.search(file)):
            yield member(inside / one, *contents(one, opened, limits))
        for one in sorted({*links, *deep}):
            yield member(inside / one, b"", LINK if one in links else UNOPENED)
    for one in unopened:
        yield member(PurePosixPath(one), b"", UNOPENED)


def member(path: PurePosixPath, data: bytes, reason: str) -> tuple[zipfile.ZipInfo, bytes]:
    # With the oldest date there is: the same files make the same archive.
    info = zipfile.ZipInfo(os.fsencode(path).decode("utf-8", "replace"))
    info.compress_type = zipfile.ZIP_DEFLATED
    info.comment = reason.encode()
    return info, data


def contents(name: str, folder: int, limits: Limits) -> tuple[bytes, str]:
    """A file's bytes, or none and why."""
    mode = os.lstat(name, dir_fd=folder).st_mode
    if not stat.S_ISREG(mode):
        return b"", LINK if stat.S_ISLNK(mode) else NO_FILE
    try:
        # What was put in its place meanwhile is no link to follow and no pipe to wait for.
        opened = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    except OSError:
        return b"", UNOPENED
    with open(opened, "rb") as file:
        data = file.read(limits.file_mib * 2**20 + 1)
    return (b"", too_large(limits)) if len(data) > limits.file_mib * 2**20 else (data, "")
