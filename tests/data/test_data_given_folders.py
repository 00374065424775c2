"""A folder given as a folder: read like an archive of its files, and never beyond its own walls."""

import os
import stat
from pathlib import Path

import pytest

from finetune.data.__main__ import main
from finetune.data.collect import Collected, collect
from finetune.data.document import Limits
from finetune.data.folder import DEEPEST, as_file
from finetune.errors import UserError
from tests.data.small_files import pdf, small_files, zipped

ROWS = b"Question,Answer\nOpen on Sunday?,No.\nParking?,Behind the house.\n"


def lay_out(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def told(collected: Collected) -> str:
    return " ".join([*collected.errors, *(note for file in collected.files.values() for note in file["notes"])])


def test_a_folder_gives_what_its_archive_gives(tmp_path: Path) -> None:
    files = {f"deep/down/{name}": content for name, content in sorted(small_files().items())}
    folder = lay_out(tmp_path / "ours", files)
    (tmp_path / "packed").mkdir()
    (tmp_path / "packed" / "ours.zip").write_bytes(zipped(files))
    assert collect([folder]) == collect([tmp_path / "packed" / "ours.zip"])


def test_no_link_leads_out_of_the_folder(tmp_path: Path) -> None:
    secret = lay_out(tmp_path / "elsewhere", {"secret.csv": ROWS.replace(b"Parking", b"Secret")})
    folder = lay_out(tmp_path / "ours", {"faq.csv": ROWS, ".env": b"KEY=1", ".ssh/faq.csv": ROWS})
    (folder / "file.csv").symlink_to(secret / "secret.csv")
    (folder / "whole").symlink_to(secret)
    (folder / "round").symlink_to(folder)
    os.mkfifo(folder / "pipe.csv")
    collected = collect([folder])
    assert {e.source.file for e in collected.examples} == {"ours.zip/faq.csv"}
    assert "Left out (a link, not a file): file.csv, round, whole." in told(collected)
    assert "Left out (not an ordinary file): pipe.csv." in told(collected)
    assert ".env" not in told(collected)


def test_what_is_too_large_costs_only_itself(tmp_path: Path) -> None:
    folder = lay_out(tmp_path / "ours", {"faq.csv": ROWS, "film.mov": b""})
    with (folder / "film.mov").open("wb") as film:
        film.truncate(60 * 2**20)
    collected = collect([folder])
    assert len(collected.examples) == 2
    assert "Left out (more than 50 MiB): film.mov." in told(collected)


def test_folders_too_deep_are_named(tmp_path: Path) -> None:
    deepest = "/".join("d" * (DEEPEST + 2))
    collected = collect([lay_out(tmp_path / "ours", {"faq.csv": ROWS, f"{deepest}/faq.csv": ROWS})])
    assert len(collected.examples) == 2 and "Left out (it may not be opened): d/d" in told(collected)


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({f"{n}.csv": ROWS for n in range(4)}, "more than 3 files"),
        ({"a.csv": bytes(1_500_000), "b.csv": bytes(1_500_000)}, "or 2 MiB"),
        ({"a.csv": os.urandom(1_300_000)}, "more than 1 MiB"),
        ({".hidden": ROWS}, "no file in the folder"),
    ],
)  # fmt: skip
def test_a_folder_over_the_limits_is_refused(files: dict[str, bytes], says: str, tmp_path: Path) -> None:
    folder = lay_out(tmp_path / "ours", files)
    limits = Limits(inner_files=3, unpacked_mib=2, file_mib=2 if "or 2" in says else 1)
    if says == "more than 1 MiB":
        (folder / "b.csv").write_bytes((folder / "a.csv").read_bytes()[:700_000][::-1])
        (folder / "a.csv").write_bytes((folder / "a.csv").read_bytes()[:700_000])
    with pytest.raises(UserError, match=says) as refusal, as_file(folder, limits):
        pass
    assert refusal.value.action


def test_the_same_folder_packs_to_the_same_bytes(tmp_path: Path) -> None:
    folder = lay_out(tmp_path / "ours", {"b/faq.csv": ROWS, "a/policy.pdf": pdf("Refunds take 14 days.")})
    packed = []
    for _ in range(2):
        with as_file(folder) as file:
            packed.append(file.read_bytes())
        os.utime(folder / "b" / "faq.csv", (1, 1))
    assert packed[0] == packed[1] and not file.exists()


def test_a_folder_that_may_not_be_entered_is_named(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may enter all")
    folder = lay_out(tmp_path / "ours", {"faq.csv": ROWS, "closed/faq.csv": ROWS})
    (folder / "closed").chmod(0)
    assert "Left out (it may not be opened): closed." in told(collect([folder]))
    (folder / "closed").chmod(stat.S_IRWXU)


def test_a_folder_on_the_command_line_is_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = lay_out(tmp_path / "ours", {"faq.csv": ROWS, "notes/empty.txt": b""})
    assert main([str(folder), "--out", str(tmp_path / "out")]) == 0
    assert "ours.zip/faq.csv" in (tmp_path / "out" / "examples.jsonl").read_text()
    assert "notes/empty.txt: The file is empty." in capsys.readouterr().out
