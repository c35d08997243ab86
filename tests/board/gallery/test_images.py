"""Pictures: whatever is sent, what is kept is a small WebP of its pixels alone."""

import io
import zipfile
import zlib

import pytest
from PIL import Image, ImageCms

from sandbox.board.projects import decoder, images
from sandbox.board.projects.images import NoPicture, encoded, kind_of
from tests.board.gallery.pictures import opened, picture

EXIF_ORIENTATION, EXIF_GPS, ON_ITS_SIDE = 0x0112, 0x8825, 6


def refused(content):
    with pytest.raises(NoPicture) as told:
        encoded(content)
    return told.value.why


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "empty"),
        (b'<?xml version="1.0"?><!-- a --><svg xmlns="http://www.w3.org/2000/svg"/>', "svg"),
        (b"\xef\xbb\xbf \n<SVG onload=alert(1)>", "svg"),
        ("<svg></svg>".encode("utf-16"), "svg"),
        (b"<html><body>GIF89a", "other"),
        (b"%PDF-1.7\n", "pdf"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "heic"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "heic"),
        (b"\0\0\0\x1cftypavif", "avif"),
        (b"\0\0\0\x18ftypmp42", "video"),
        (b"II*\0\x08\0\0\0", "raw"),
        (b"PK\x03\x04", "other"),
        (b"\xff\xd8\xff\xe0" + b"x" * images.MOST_BYTES, "bytes"),
    ],
)
def test_what_is_no_picture_is_told_apart_and_told_so(content, why):
    assert refused(content) == why


def test_every_word_of_the_decoder_has_a_sentence():
    assert {kind_of(picture(kind)) for kind in ("JPEG", "PNG", "WEBP", "GIF")}.isdisjoint(
        images.TOLD
    )
    assert {"pixels", "memory", "damaged"} <= images.TOLD.keys()


def test_what_is_encoded_says_nothing_of_where_the_photo_was_taken_and_stands_upright():
    exif = Image.Exif()
    exif[EXIF_ORIENTATION] = ON_ITS_SIDE
    exif[EXIF_GPS] = {1: "N", 2: (59.0, 54.0, 0.0)}
    sent = picture(exif=exif, comment=b"Kari's kitchen", size=(2000, 1000))
    assert opened(sent).getexif().get_ifd(EXIF_GPS)
    made = encoded(sent)
    for content, size in ((made.large, (800, 1600)), (made.small, (240, 480))):
        kept = opened(content)
        assert (kept.format, kept.size) == ("WEBP", size)
        assert not kept.getexif() and not {"exif", "xmp", "icc_profile"} & kept.info.keys()
        assert b"kitchen" not in content
    assert (made.width, made.height) == (800, 1600)
    upright = opened(made.large).convert("L")
    assert upright.getpixel((780, 20)) < 30 < upright.getpixel((20, 20))  # the corner has turned


def test_a_file_that_is_a_picture_and_an_archive_and_a_page_comes_out_as_a_picture():
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("evil.html", "<script>alert(1)</script>")
    small = picture(size=(64, 40))
    sent = small + b"<html><script>alert(1)</script></html>" + archive.getvalue()
    assert zipfile.is_zipfile(io.BytesIO(sent))
    kept = encoded(sent).large
    assert not zipfile.is_zipfile(io.BytesIO(kept))
    assert b"script" not in kept
    assert kept == encoded(small).large  # also: the same pixels, the same bytes


def by_palette():
    out = io.BytesIO()
    Image.new("RGBA", (60, 40), (0, 0, 0, 0)).quantize(2).save(out, "PNG")
    return out.getvalue()


@pytest.mark.heavy
@pytest.mark.parametrize(
    "sent",
    [
        picture("PNG", (60, 40), mode="RGBA", colour=(255, 0, 0, 0)),  # nothing but transparent
        by_palette(),
        picture("GIF", (60, 40), mode="P", colour=3, transparency=3),
        picture("PNG", (60, 40), mode="LA", colour=(0, 0)),
        picture("PNG", (60, 40), mode="I;16", colour=65_000),
        picture("JPEG", (60, 40), mode="CMYK", colour=(0, 0, 0, 0)),
        picture("WEBP", (60, 40), mode="RGBA", colour=(9, 9, 9, 0)),
        picture("PNG", (60, 40), mode="1", colour=1),
    ],
)  # fmt: skip
def test_what_is_transparent_lies_on_white_in_every_mode(sent):
    made = encoded(sent)
    assert opened(made.large).convert("L").getpixel((30, 20)) > 240
    assert made.small == b""  # small enough as it is


@pytest.mark.heavy
def test_of_what_moves_the_first_picture_is_kept():
    frames = [Image.new("RGB", (50, 50), colour) for colour in ("white", "black", "black")]
    for kind in ("GIF", "WEBP", "PNG"):
        out = io.BytesIO()
        frames[0].save(out, kind, save_all=True, append_images=frames[1:], duration=20)
        assert opened(encoded(out.getvalue()).large).convert("L").getpixel((25, 25)) > 240


@pytest.mark.heavy
def test_colours_of_a_wide_profile_become_those_of_the_web():
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert abs(opened(encoded(picture(icc_profile=lab)).large).getpixel((400, 300))[1] - 128) < 8
    broken = encoded(picture(icc_profile=b"no profile at all" * 20))
    assert opened(broken.large).size == (640, 400)


def bomb(width, height):
    """A PNG of a few bytes that says it is so large, all of one colour."""

    def chunk(kind, data):
        whole = kind + data
        return len(data).to_bytes(4) + whole + zlib.crc32(whole).to_bytes(4)

    head = width.to_bytes(4) + height.to_bytes(4) + bytes([1, 0, 0, 0, 0])
    data = zlib.compress(b"\0" * (width // 8 + 1) * min(height, 5_000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


@pytest.mark.heavy
@pytest.mark.parametrize("size", [(7_100, 7_100), (10_001, 10_000), (100_000, 100_000)])
def test_a_bomb_is_refused_by_its_head(size):
    assert refused(bomb(*size)) == "pixels"


@pytest.mark.heavy
def test_a_gif_with_a_large_canvas_is_refused_however_small_its_frames_are():
    sent = bytearray(picture("GIF", (10, 10), mode="P", colour=1))
    sent[6:10] = (20_000).to_bytes(2, "little") * 2
    assert refused(bytes(sent)) == "pixels"


@pytest.mark.heavy
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_half_a_picture_is_refused(kind):
    noise = Image.effect_noise((300, 300), 60).convert("RGB")
    out = io.BytesIO()
    noise.save(out, kind)
    assert refused(out.getvalue()[: len(out.getvalue()) // 2]) == "damaged"
    assert refused(out.getvalue()[:40]) == "damaged"


@pytest.mark.heavy
def test_a_decoder_that_dies_or_stands_still_fails_one_upload(monkeypatch, tmp_path):
    for body, why in (
        ("import os; os.kill(os.getpid(), 9)", "memory"),
        ("raise SystemExit(3)", "failed"),
        ("import time; time.sleep(60)", "memory"),
    ):
        child = tmp_path / "child.py"
        child.write_text(body)
        monkeypatch.setattr(decoder, "__file__", str(child))
        monkeypatch.setattr(images, "SECONDS", 1.0)
        assert refused(picture()) == why


@pytest.mark.heavy
def test_the_decoder_knows_no_secret_and_writes_no_file(monkeypatch, tmp_path):
    child = tmp_path / "child.py"
    child.write_text(
        "import json, os, sys\n"
        f"sys.path.insert(0, {str(decoder.__file__).rpartition('/')[0]!r})\n"
        "import decoder; decoder.limit()\n"
        "try:\n    open('written', 'w').write('x')\n"
        "except OSError: pass\n"
        "told = [n for n in os.environ if n not in ('LC_CTYPE',)]\n"
        "print(json.dumps({'refused': 'busy' if told or os.path.getsize('written') else 'pixels'}))"
    )
    monkeypatch.setenv("DATABASE_URL", "postgresql://secret")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(decoder, "__file__", str(child))
    assert refused(picture()) == "pixels"


def test_more_pictures_than_there_is_room_for_are_asked_to_come_again(monkeypatch):
    for _ in range(images.AT_ONCE + images.IN_LINE):
        images._in_line.acquire(blocking=False)
    try:
        assert refused(picture()) == "busy"
    finally:
        for _ in range(images.AT_ONCE + images.IN_LINE):
            images._in_line.release()
