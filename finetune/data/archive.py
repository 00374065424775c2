"""ZIP archives: which files in them are worth reading, and their bytes. Nothing is ever unpacked to the disk."""

import io
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from finetune.data.document import Document, Limits, shown
from finetune.data.kinds import damaged, is_bomb
from finetune.errors import UserError

# What file systems and programs leave in archives without their owner's knowing.
LITTER = re.compile(r"(?:^|/)(?:__MACOSX|\.git|node_modules)/|(?:^|/)(?:\.[^/]*|Thumbs\.db|desktop\.ini)$", re.I)
NAMES_TOLD = 5
LINK, NO_FILE, UNOPENED = "a link, not a file", "not an ordinary file", "it may not be opened"


def too_large(limits: Limits) -> str:
    return f"more than {limits.file_mib} MiB"


@dataclass(frozen=True)
class Inner:
    """A file within a file; `name` is its path there, harmless to show. `read` gives its bytes."""

    name: str
    read: Callable[[], bytes]


@dataclass(frozen=True)
class _Listing:
    members: list[zipfile.ZipInfo]
    left_out: dict[str, list[str]]  # names by reason


def read_zip(data: bytes, name: str, limits: Limits) -> Document:
    """What an archive says about itself: which of its files are left alone, and why. The files come by themselves.

    Raises:
        UserError: there is no file in it that may be read, or there are too many.
    """
    listing = _listing(data, limits)
    notes = [
        f"Left out ({reason}): {', '.join(names[:NAMES_TOLD])}"
        + (f" and {len(names) - NAMES_TOLD} more." if len(names) > NAMES_TOLD else ".")
        for reason, names in listing.left_out.items()
    ]
    if not listing.members:
        raise UserError(
            " ".join(["There is no file in the archive that I can read.", *notes]),
            where=name,
            action="Pack the files again, without a password, and add the new archive.",
        )
    if len(listing.members) > limits.inner_files:
        raise UserError(
            f"The archive has {len(listing.members):,} files; the limit is {limits.inner_files}.",
            where=name,
            action="Pack only those with questions, answers or rules, or split it.",
        )
    return Document(name, "zip", notes=notes)


def files_in_zip(data: bytes, name: str, limits: Limits) -> list[Inner]:
    archive = zipfile.ZipFile(io.BytesIO(data))
    return [
        Inner(shown_path(member.filename), partial(_member_bytes, archive, member))
        for member in _listing(data, limits).members
    ]


def _listing(data: bytes, limits: Limits) -> _Listing:
    members: list[zipfile.ZipInfo] = []
    left_out: dict[str, list[str]] = {}
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for member in archive.infolist():
            if member.is_dir() or LITTER.search(member.filename):
                continue
            if reason := _reason(member, limits):
                left_out.setdefault(reason, []).append(shown_path(member.filename))
            else:
                members.append(member)
    return _Listing(members, left_out)


def _reason(member: zipfile.ZipInfo, limits: Limits) -> str | None:
    """Why a file in an archive is not touched, None where it may be read."""
    path = member.filename.replace("\\", "/")
    if path.startswith("/") or re.match(r"[A-Za-z]:", path) or ".." in path.split("/"):
        return "the name leads out of the archive"
    if stat.S_ISLNK(member.external_attr >> 16):
        return LINK
    if (told := member.comment.decode(errors="replace")) in (LINK, NO_FILE, UNOPENED, too_large(limits)):
        return told  # where a folder was packed
    if member.flag_bits & 1:
        return "protected by a password"
    if is_bomb(member, limits):
        return f"unpacks to more than {limits.ratio} times its size, as no ordinary file does"
    if member.file_size > limits.file_mib * 2**20:
        return too_large(limits)
    return None


def _member_bytes(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """A file's bytes, never more than the archive's own list says, which was looked at before.

    Raises:
        UserError: it is damaged, or packed by a method that Python does not know.
    """
    try:
        with archive.open(member) as file:
            return file.read(member.file_size)
    except NotImplementedError as error:
        raise UserError(
            "The file is packed in a way that I cannot unpack.",
            where=shown_path(member.filename),
            action="Pack the archive again as an ordinary ZIP file.",
        ) from error
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError) as error:
        raise damaged(shown_path(member.filename)) from error


LOCAL_HEADER = struct.Struct("<26xHH")  # ends with how long the name and the extra field after it are
DESCRIPTOR, FOLLOWED_BY_IT = 24, 0x08  # sizes written behind the bytes, with which flag; its longest form


def inner_file(data: bytes, path: str) -> bytes | None:
    """The bytes of a file in an archive, by its path as it is shown; None where it is not there.

    Raises:
        UserError: it cannot be unpacked.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        member = next((one for one in archive.infolist() if shown_path(one.filename) == path), None)
        return _member_bytes(archive, member) if member else None


def without(data: bytes, path: str) -> bytes | None:
    """An archive without one of its files; None where no other is left in it.

    What is left is copied as it is packed, byte for byte, so that even what is locked stays what it was. The archive's
    list is written anew, and nothing that stood between two files goes along.
    """
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as archive, zipfile.ZipFile(written, "w") as target:
        members = sorted(archive.infolist(), key=lambda member: member.header_offset)
        ends = [*(member.header_offset for member in members[1:]), archive.start_dir]
        left = [(m, end) for m, end in zip(members, ends, strict=True) if shown_path(m.filename) != path]
        for member, end in left:
            start = member.header_offset
            size = LOCAL_HEADER.size + sum(LOCAL_HEADER.unpack_from(data, start)) + member.compress_size
            size += DESCRIPTOR if member.flag_bits & FOLLOWED_BY_IT else 0
            member.header_offset = written.tell()
            written.write(data[start : min(start + size, end)])
            target.filelist.append(member)
        target.comment = archive.comment
        target.start_dir = written.tell()
    return written.getvalue() if any(not member.is_dir() for member, _ in left) else None


def shown_path(path: str) -> str:
    """A path within an archive as it may be shown: its folders kept, nothing that leads elsewhere."""
    parts = [part for part in path.replace("\\", "/").split("/") if part not in ("", ".", "..")]
    return "/".join(shown(part) for part in parts) or "file"
