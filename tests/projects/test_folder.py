"""The folder that a team fills in: every mistake with its line, and a pack that is the same."""

import io
from datetime import UTC, datetime

import pytest
from PIL import Image

from sandbox import clock
from sandbox.errors import PackError
from sandbox.projects import folder as folders
from sandbox.projects import keys, packs
from tests.projects.filled import ANSWERS, fill, key, picture

KEY = key()
NOON = datetime(2027, 3, 6, 12, tzinfo=UTC)


@pytest.fixture
def ours(tmp_path):
    return fill(tmp_path / "ours", KEY, answers=True)


def problems(folder):
    with pytest.raises(PackError) as caught:
        folders.read(folder)
    return "\n".join(map(str, caught.value.problems))


def change(folder, before, after):
    text = (folder / folders.FILE).read_text("utf-8")
    assert before in text
    (folder / folders.FILE).write_text(text.replace(before, after, 1), "utf-8")


def packed(folder, out, held=KEY, moment=NOON):
    out.mkdir(exist_ok=True)
    with clock.fixed(moment):
        return folders.pack(folders.read(folder), held, out)


def test_what_was_filled_in_is_in_the_pack(ours, tmp_path):
    change(ours, "links: []", "links:\n  - address: https://example.org/code")
    (ours / "texts" / "how_to_try.txt").write_text("\r\n# Run it  \r\n\r\n  deep\r\n", "utf-8")
    made = packed(ours, tmp_path / "out")
    found = packs.read(made.file.read_bytes())
    assert made.file.name == f"otters-{found.digest[:8]}.pack.json"
    assert (made.digest, made.code, made.bytes) == (found.digest, found.code,
                                                    made.file.stat().st_size)  # fmt: skip
    said = found.payload
    assert (said.event, said.team, said.challenge) == (KEY.event, "otters", "shorter-queue")
    assert said.fields["title"] == "Otters"
    assert said.fields["how_to_try"] == "# Run it\n\n  deep"
    link = "https://example.org/code"
    assert said.fields["links"] == [{"label": link, "address": link}]
    assert "ai_model" not in said.fields, "what is empty is left out"
    assert said.answers["shorter-queue"].bytes.decode() == ANSWERS
    assert said.made_at == "2027-03-06T12:00:00Z"


def test_the_same_folder_key_and_clock_give_the_same_bytes(ours, tmp_path):
    one, two = packed(ours, tmp_path / "one"), packed(ours, tmp_path / "two")
    assert one.file.read_bytes() == two.file.read_bytes()
    assert packed(ours, tmp_path / "later", moment=NOON.replace(minute=1)).digest != one.digest
    assert packed(ours, tmp_path / "else", key()).file.read_bytes() != one.file.read_bytes()


def test_pictures_go_along_smaller_and_without_where_they_were_taken(ours, tmp_path, monkeypatch):
    monkeypatch.setattr(folders, "SIDE", 200)
    with_place = io.BytesIO()
    exif = Image.Exif()
    exif[0x010F] = "Camera of Kari"
    Image.new("RGB", (300, 150), "plum").save(with_place, "JPEG", exif=exif)
    (ours / "images" / "front.png").write_bytes(with_place.getvalue())
    found = packs.read(packed(ours, tmp_path / "out").file.read_bytes())
    raw = found.payload.images[0].bytes
    assert b"Camera of Kari" in with_place.getvalue() and b"Camera of Kari" not in raw
    with Image.open(io.BytesIO(raw)) as shown:
        assert (shown.format, shown.size) == ("WEBP", (200, 100))


def test_a_new_folder_asks_in_the_teams_language_and_lists_all_that_it_needs(tmp_path):
    folders.new(tmp_path / "new", key(language="nb"))
    assert "# Lisens" in (tmp_path / "new" / folders.FILE).read_text("utf-8")
    told = problems(tmp_path / "new")
    for file, name in (("submission.yml:", "title"), ("submission.yml:", "licence"),
                       ("texts/outcome.txt:1:", "outcome")):  # fmt: skip
        assert any(line.startswith(file) and f" {name}: this is still needed" in line
                   for line in told.splitlines()), name  # fmt: skip


def test_a_folder_that_holds_something_is_left_alone(tmp_path):
    (tmp_path / "notes.txt").write_text("mine", "utf-8")
    with pytest.raises(PackError, match="nothing was changed"):
        folders.new(tmp_path, KEY)
    assert [file.name for file in tmp_path.iterdir()] == ["notes.txt"]


MISTAKES = {
    "an unknown key": ('title: "', 'titel: "', "titel is not a key that belongs here"),
    "no YAML": ('title: "Otters"', 'title: "Otters', "this is not YAML"),
    "a number for a text": ('title: "Otters"', "title: 2030", "text"),
    "another licence": ('licence: "MIT"', "licence: WTFPL", "this is not one of the choices"),
    "a long title": ('title: "Otters"', "title: " + "O" * 81, "81 characters"),
    "no address": ('prototype: ""', 'prototype: "our laptop"', "not the address of a page"),
    "a link to a program": ("links: []", "links:\n  - address: javascript:x", "not the address"),
    "another language": ("language: en", "language: tlh", "language is not one of the kit's"),
    "no challenge": ("challenge: shorter-queue", 'challenge: ""', "challenge is not the name"),
    "a missing picture": ("file: front.png", "file: frnt.png", "did you mean front.png"),
    "no words for a picture": ("alt: A chart", 'alt: ""', "says in words what the picture shows"),
    "a model without its card": ('ai: "none"', 'ai: "used"', "ai_model: this is still needed"),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_with_its_line(name, ours):
    before, after, told = MISTAKES[name]
    change(ours, before, after)
    found = problems(ours)
    assert told in found
    assert "submission.yml:" in found


def test_all_that_is_wrong_is_told_at_once(ours):
    change(ours, 'licence: "MIT"', "licence: WTFPL")
    (ours / "texts" / "outcome.md").write_text("where?", "utf-8")
    (ours / "texts" / "evidence.txt").write_text("x" * 3001, "utf-8")
    (ours / "texts" / "tools_made.txt").write_bytes(b"\xff\xfe")
    (ours / "images" / "front.png").write_bytes(b"<svg/>")
    (ours / "images" / "other.png").write_bytes(picture())
    (ours / "answers" / "Shorter queue.xlsx").write_bytes(b"PK")
    found = problems(ours)
    for told in ("licence: this is not one", "did you mean outcome.txt", "evidence.txt:1:",
                 "not UTF-8", "images/front.png: the picture cannot be read",
                 "images/other.png: the picture is not named",
                 "answers/Shorter queue.xlsx: this is not named after a challenge"):  # fmt: skip
        assert told in found, told


def test_a_picture_of_too_many_pixels_is_not_opened(ours, monkeypatch):
    monkeypatch.setattr(folders, "MOST_PIXELS", 1000)
    assert "40 × 30 pixels" in problems(ours)


def test_what_systems_leave_behind_is_no_mistake(ours):
    for name in ("texts/.DS_Store", "images/Thumbs.db", "answers/._a.csv"):
        (ours / name).write_bytes(b"\0")
    folders.read(ours)


def test_a_pack_that_nobody_would_take_is_not_written(ours, tmp_path, monkeypatch):
    monkeypatch.setattr(packs, "MOST_BYTES", 1000)
    (ours / "answers" / "shorter-queue.csv").write_text("x" * 900, "utf-8")
    with pytest.raises(PackError, match="too large for a pack"):
        packed(ours, tmp_path / "out")
    assert not list((tmp_path / "out").iterdir())


def test_a_key_survives_its_file_and_what_is_none_is_refused(tmp_path):
    (tmp_path / "otters.key").write_bytes(KEY.file())
    assert keys.read(tmp_path / "otters.key") == KEY
    assert KEY.private_key not in repr(KEY)
    for content in (b"", b"[]", b"{}", b"\xff", b"[" * 90_000, b'{"format": 9}', b"x" * 200_000,
                    KEY.file().replace(b'"private_key": "', b'"private_key": "AAAA')):  # fmt: skip
        (tmp_path / "bad.key").write_bytes(content)
        with pytest.raises(PackError, match=r"no team's key"):
            keys.read(tmp_path / "bad.key")
    with pytest.raises(PackError, match="there is no key here"):
        keys.read(tmp_path / "absent.key")


def test_a_challenge_that_the_key_does_not_know_is_named(ours):
    filled = folders.read(ours)
    assert folders.unknown(filled, KEY) == []
    assert folders.unknown(filled, key(challenges={"other": "Other"})) == ["shorter-queue"]
