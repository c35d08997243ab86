"""A challenge's folder as texts: zips that are read in memory, code that comes from here alone."""

import io
import zipfile
from dataclasses import replace

import pytest

from sandbox.board import drafts
from sandbox.board.drafts import NotImported, NotWritten
from sandbox.workspace import open_workspace

GOOD = {"mine/challenge.yml": "title: Mine"}
CODE = drafts.code(open_workspace(), "same-day-permit")


@pytest.fixture(scope="module")
def event(tmp_path_factory):
    """An event's folder on the kit, without a bundle."""
    demo = open_workspace()
    settings = demo.event.model_copy(update={"public_seed": None})
    return replace(demo, event=settings, folder=tmp_path_factory.mktemp("event"))


def zipped(files, *, mode=0o100644, how=zipfile.ZIP_DEFLATED):
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", how) as archive:
        for name, content in files.items():
            member = zipfile.ZipInfo(name)
            member.external_attr = mode << 16
            archive.writestr(member, content, compress_type=how)
    return raw.getvalue()


REFUSED = {
    "a path out": (GOOD | {"mine/../../brief.md": "x"}, "a challenge has no such file"),
    "an absolute path": (GOOD | {"/etc/passwd": "x"}, "this cannot be a challenge"),
    "a backslash": (GOOD | {"mine/..\\brief.md": "x"}, "a challenge has no such file"),
    "a device": (GOOD | {"C:/brief.md": "x"}, "this cannot be a challenge"),
    "an unknown file": (GOOD | {"mine/evil.py": "x"}, "a challenge has no such file"),
    "a language of nobody": (GOOD | {"mine/brief.xx.md": "x"}, "a challenge has no such file"),
    "a folder within": (GOOD | {"mine/more/brief.md": "x"}, "a challenge has no such file"),
    "two folders": (GOOD | {"yours/brief.md": "x"}, "one folder is expected"),
    "no folder": ({"challenge.yml": "x"}, "this cannot be a challenge"),
    "no descriptor": ({"mine/brief.md": "x"}, "the file is missing"),
    "a kept name": ({"import/challenge.yml": "x"}, "this cannot be a challenge"),
    "new code": (GOOD | {"mine/baseline.py": "import os"}, "code is not taken from a browser"),
    "new SQL": (GOOD | {"mine/answers.sql": "SELECT 1"}, "code is not taken from a browser"),
    "code of two": (
        GOOD | {"mine/baseline.py": CODE["baseline.py"], "mine/answers.sql": "SELECT 1"},
        "code is not taken from a browser",
    ),
    "no text": ({"mine/challenge.yml": b"\xff\xfe"}, "the file is not UTF-8"),
    "an invisible sign": ({"mine/challenge.yml": "a\0b"}, "a character that cannot be printed"),
    "a bomb": (GOOD | {"mine/brief.md": " " * 2_000_000}, "the file is too large"),
    "many files": ({f"mine/{n}.md": "x" for n in range(40)}, "too many files"),
    "nothing": ({}, "one folder is expected"),
}  # fmt: skip


@pytest.mark.parametrize(("files", "said"), REFUSED.values(), ids=REFUSED)
def test_a_zip_that_is_no_challenge_is_refused_with_the_reason(event, files, said):
    with pytest.raises(NotImported, match=said):
        drafts.unpacked(zipped(files), event)


@pytest.mark.parametrize("raw", [b"", b"PK", b"%PDF-1.7", b"x" * 1_100_000, zipped(GOOD)[:-30]])
def test_what_is_no_zip_is_refused(event, raw):
    with pytest.raises(NotImported):
        drafts.unpacked(raw, event)


def test_a_link_is_no_file(event):
    with pytest.raises(NotImported, match="this is no plain file"):
        drafts.unpacked(zipped(GOOD, mode=0o120777), event)


def test_a_zip_that_lies_about_a_size_is_not_believed(event):
    """Whatever stands in its headers, no more than the limit is ever read."""
    raw = bytearray(zipped({"mine/challenge.yml": "x" * 900_000}))
    size, small = (900_000).to_bytes(4, "little"), (10).to_bytes(4, "little")
    while (at := raw.find(size)) >= 0:
        raw[at : at + 4] = small
    with pytest.raises(NotImported):
        drafts.unpacked(bytes(raw), event)


def test_a_name_that_stands_twice_is_refused(event):
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as archive, pytest.warns(UserWarning):
        archive.writestr("mine/challenge.yml", "title: One")
        archive.writestr("mine/challenge.yml", "title: Two")
    with pytest.raises(NotImported, match="it stands twice"):
        drafts.unpacked(raw.getvalue(), event)


def test_code_that_this_machine_has_is_known_by_its_bytes(event):
    files = GOOD | {f"mine/{name}": text for name, text in CODE.items()}
    slug, draft = drafts.unpacked(zipped(files), event)
    assert (slug, draft.code_from, draft.made_from) == ("mine", "same-day-permit", None)
    assert draft.files == {"challenge.yml": "title: Mine"}


def test_every_challenge_of_the_kit_packs_to_equal_bytes_and_comes_back(event):
    for slug in event.folders("challenges"):
        draft = drafts.of_folder(event, slug)
        files = {**draft.files, **drafts.code(event, draft.code_from)}
        assert drafts.packed(slug, files) == drafts.packed(slug, dict(reversed(files.items())))
        assert drafts.unpacked(drafts.packed(slug, files), event) == (slug, draft)


def test_a_draft_never_becomes_a_path_of_its_own_choosing(event):
    draft = drafts.begun(event, "Mine")
    wild = replace(draft, files={**draft.files, "../up.md": "x", "baseline.py": "import os"})
    folder = drafts.put(event, "mine", wild)
    assert "import os" not in (folder / "baseline.py").read_text(encoding="utf-8")
    assert {path.name for path in folder.iterdir()} == {*draft.files, *drafts.CODE}
    assert not (folder.parent / "up.md").exists()
    for slug in ("../mine", ".history", "", "Mine"):
        with pytest.raises(NotWritten):
            drafts.put(event, slug, draft)


def test_whose_code_is_gone_is_told(event):
    draft = replace(drafts.begun(event, "Mine"), code_from="gone")
    with pytest.raises(NotWritten, match="gone"):
        drafts.put(event, "other", draft)
    assert any("answers.sql" in p.file for p in drafts.problems(event, {"other": draft})["other"])
