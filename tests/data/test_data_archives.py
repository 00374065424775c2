"""Archives and presentations: each file in them read by itself, and nothing that harms."""

import io
import stat
import zipfile

import pytest

from finetune.data.collect import collect
from finetune.data.read import read_file
from tests.data.small_files import (
    ANSWERED,
    POLICY,
    Put,
    grid,
    notes,
    pdf,
    presentation,
    refused,
    relations,
    shape,
    slide,
    small_files,
    zipped,
)

ROWS = b"Question,Answer\nOpen on Sunday?,No.\nParking?,Behind the house.\n"


def test_every_kind_is_read_alone_and_in_an_archive(put: Put) -> None:
    files = small_files()
    whole = read_file(put("all.zip", files.pop("all.zip")))
    assert [part.file for part in whole.parts] == [f"all.zip/docs/{name}" for name in files]
    assert not whole.notes
    for (name, content), part in zip(files.items(), whole.parts, strict=True):
        alone = read_file(put(name, content))
        assert (alone.tables, alone.passages, alone.conversations) == (
            [
                one if one.name != part.file else type(one)(alone.file, *list(vars(one).values())[1:])
                for one in part.tables
            ],
            part.passages,
            part.conversations,
        )


def test_rows_of_an_archive_cite_the_file_in_it(put: Put) -> None:
    collected = collect([put("faq.zip", zipped({"a/faq.csv": ROWS, "policy.pdf": pdf(*POLICY)}))])
    assert not collected.errors
    cited = {(e.source.file, e.source.page, e.source.row) for e in collected.examples}
    assert ("faq.zip/a/faq.csv", None, 2) in cited
    assert ("faq.zip/policy.pdf", 2, None) in cited
    assert collected.files["faq.zip/a/faq.csv"]["rows"] == 2


def test_a_bad_file_costs_only_itself_and_is_named(put: Put) -> None:
    files = {
        "one.csv": ROWS,
        "bad.pdf": b"%PDF-1.7\n" + b"garbage " * 50,
        "logo.png": b"\x89PNG\r\n\x1a\n" + bytes(50),
        "two.csv": ROWS,
    }
    whole = read_file(put("mixed.zip", zipped(files)))
    assert [part.file for part in whole.parts] == ["mixed.zip/one.csv", "mixed.zip/two.csv"]
    assert "2 of 4 files in it were read" in notes(whole)
    assert "bad.pdf: The file is damaged" in notes(whole) and "logo.png: The file is a picture" in notes(whole)


def test_a_folder_of_markdown_is_read_file_by_file(put: Put) -> None:
    files = {
        f"handbook/{n}.md": f"## What about {n}?\n\nAsk the desk about {n}.\n".encode() for n in ("bills", "refunds")
    }
    whole = read_file(put("handbook.zip", zipped(files | {"handbook/.DS_Store": b"x", "__MACOSX/handbook/._a": b"x"})))
    assert [p.heading for part in whole.parts for p in part.passages] == ["What about bills?", "What about refunds?"]
    assert not whole.notes


def test_an_archive_in_an_archive_is_opened_once_and_no_deeper(put: Put) -> None:
    inner = zipped({"faq.csv": ROWS})
    whole = read_file(
        put("outer.zip", zipped({"inner.zip": inner, "third.zip": zipped({"inner.zip": inner}), "a.csv": ROWS}))
    )
    assert [one.file for one in whole.all_parts() if one.tables] == ["outer.zip/inner.zip/faq.csv", "outer.zip/a.csv"]
    assert "third.zip/inner.zip: An archive within an archive within an archive" in notes(whole)


def test_names_that_lead_out_links_and_locked_files_are_left_out_by_name(put: Put) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("good.csv", ROWS)
        for name in ("../up.csv", "/etc/root.csv", "C:\\windows.csv", "a/../../up.csv"):
            archive.writestr(name, ROWS)
        link = zipfile.ZipInfo("link.csv")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    data = bytearray(packed.getvalue())
    whole = read_file(put("odd.zip", bytes(data)))
    assert [part.file for part in whole.parts] == ["odd.zip/good.csv"]
    assert "the name leads out of the archive" in notes(whole) and "a link, not a file): link.csv" in notes(whole)
    locked = bytearray(zipped({"secret.csv": ROWS}))
    locked[6] |= 1
    locked[locked.index(b"PK\x01\x02") + 8] |= 1
    assert "protected by a password" in refused(put("locked.zip", bytes(locked))).what


def test_a_bomb_in_an_archive_is_left_out_and_a_huge_one_refused(put: Put) -> None:
    whole = read_file(put("bomb.zip", zipped({"faq.csv": ROWS, "bomb.csv": bytes(20 * 2**20)})))
    assert [part.file for part in whole.parts] == ["bomb.zip/faq.csv"]
    assert "unpacks to more than 200 times its size" in notes(whole)
    assert (
        "unpack to 400 MiB" in refused(put("huge.zip", zipped({f"{n}.csv": bytes(40 * 2**20) for n in range(10)}))).what
    )


def test_an_archive_of_too_many_files_is_refused(put: Put) -> None:
    many = zipped({f"{n}.csv": ROWS for n in range(12)})
    assert "12 files; the limit is 10" in refused(put("many.zip", many), inner_files=10).what


def test_a_size_that_the_list_of_an_archive_understates_is_never_exceeded(put: Put) -> None:
    data = bytearray(zipped({"a.csv": b"q,a\n" + b"One,Two\n" * 5000, "b.csv": ROWS}))
    size = data.index(b"PK\x01\x02") + 24
    data[size : size + 4] = (20).to_bytes(4, "little")
    whole = read_file(put("liar.zip", bytes(data)))
    assert [part.file for part in whole.parts] == ["liar.zip/b.csv"]
    assert "a.csv: The file is damaged" in notes(whole)


def test_time_for_the_whole_is_bounded(put: Put) -> None:
    error = refused(put("slow.zip", zipped({"a.csv": ROWS})), whole_seconds=-1)
    assert "None of the 1 files" in error.what


@pytest.mark.parametrize(
    "content",
    [zipped({}), zipped({"folder/": b""}), zipped({"a.csv": ROWS})[:40], zipped({"a.csv": b""})],
    ids=["nothing", "a folder", "half", "an empty file"],
)
def test_an_empty_or_a_half_archive_is_refused(put: Put, content: bytes) -> None:
    assert refused(put("none.zip", content)).where == "none.zip"


def test_a_letter_in_an_archive_brings_its_attachments(put: Put) -> None:
    letter = ANSWERED.replace(
        "\n\nDear",
        '\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="b"\n\n--b\nContent-Type: text/plain\n\nDear',
        1,
    )
    letter += (
        '--b\nContent-Type: text/csv\nContent-Disposition: attachment; filename="../prices.csv"\n\n'
        + ROWS.decode()
        + "--b--\n"
    )
    whole = read_file(put("mails.zip", zipped({"a.eml": letter.encode()})))
    assert [one.file for one in whole.all_parts()] == ["mails.zip", "mails.zip/a.eml", "mails.zip/a.eml/prices.csv"]
    assert whole.parts[0].conversations and whole.parts[0].parts[0].tables[0].header == ["Question", "Answer"]


# Presentations


def test_slides_are_read_in_the_order_they_are_shown(put: Put) -> None:
    talk = presentation(
        slide(shape(["Please bring:", "your card", "the form"]), shape(["What to bring"], "title")),
        slide(shape(["Prices"], "ctrTitle"), grid([["Service", "Price"], ["Cleaning", "90 dollars"]])),
        slide(shape(["Secret"]), show="0"),
        slide(),
        notes={1: "Say that a copy of the card is enough."},
    )
    document = read_file(put("talk.pptx", talk))
    assert [(p.text, p.page, p.heading) for p in document.passages] == [
        ("Please bring:\n- your card\n- the form", 1, "What to bring"),
        ("Say that a copy of the card is enough.", 1, "What to bring"),
    ]
    assert (document.tables[0].rows, document.tables[0].page) == ([["Cleaning", "90 dollars"]], 2)
    assert "1 hidden slides" in notes(document) and "1 slides hold no text" in notes(document)


def test_a_presentation_that_attacks_its_reader_is_refused(put: Put) -> None:
    laughs = b'<!DOCTYPE x [<!ENTITY a "ha">]>' + slide(shape(["&a;"]))
    assert "damaged" in refused(put("laughs.pptx", presentation(laughs))).what
    away = zipped({
        "ppt/presentation.xml": b"<p/>", "ppt/_rels/presentation.xml.rels": relations({"rId1": "../../../etc/passwd"})
    })  # fmt: skip
    assert "no text" in refused(put("away.pptx", away)).what
