"""Pictures that people hand in: known by their bytes, decoded apart, and encoded anew.

Nothing of the file that was sent is ever kept or served: what is kept is what we encoded from its
pixels, so that a place (EXIF), a hidden second file or a script cannot come along.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

from sandbox.board import uploads
from sandbox.board.projects import decoder
from sandbox.board.words import N_
from sandbox.errors import SandboxError

log = logging.getLogger(__name__)
MOST_BYTES = 12_000_000  # of a file as it is sent; phones make them of 3 to 8
# At a time, in this process: two processors' worth, a few more in line, and the rest is told to
# try again, so that pictures never take the threads that answers and submissions need.
AT_ONCE, IN_LINE, SECONDS_IN_LINE = 2, 3, 10
SECONDS = 30.0
_decoding = threading.BoundedSemaphore(AT_ONCE)
_in_line = threading.BoundedSemaphore(AT_ONCE + IN_LINE)

# Why a file is refused, as its sender reads it: what it is, and the way on.
TOLD = {
    "empty": N_("The file is empty. Choose the picture again."),
    "bytes": N_("A picture may have at most 12 MB. Send a smaller one, or a screenshot of it."),
    "pixels": N_(
        "The picture has more than 50 million pixels. Save it smaller, or send a screenshot of it."
    ),
    "heic": N_(
        "This is a photo from an iPhone in its own format (HEIC). In Settings, Camera, Formats "
        "choose Most Compatible, or send a screenshot of the photo."
    ),
    "avif": N_("This is an AVIF picture. Save it as JPEG or PNG."),
    "svg": N_("An SVG can hold a program, so it is not taken. Export it as PNG."),
    "pdf": N_("This is a PDF. Take a screenshot of the page and send that."),
    "raw": N_("This is a raw or TIFF picture. Save it as JPEG."),
    "video": N_("This is a video. Send a picture of it, and link to the video."),
    "other": N_("This is no picture that can be read. Send a JPEG, PNG, WebP or GIF."),
    "damaged": N_(
        "The picture cannot be read: it is damaged, or only a part of it arrived. Send it again, "
        "or take a screenshot of it."
    ),
    "memory": N_("The picture takes too much memory to open. Save it smaller and send that."),
    "busy": N_(
        "Many pictures are arriving at this moment, so this one was not kept. Send it again in a "
        "minute."
    ),
    "failed": N_(
        "The picture could not be opened here, and nothing was kept. Send it as JPEG or PNG."
    ),
}


class NoPicture(SandboxError):
    """The file is not taken; `why` is a key of TOLD, which has the sentence for its sender."""

    def __init__(self, why: str):
        self.why = why
        super().__init__(TOLD[why])


@dataclass(frozen=True)
class Encoded:
    """A WebP of ours, and a small twin for lists; `small` is empty where the picture is small."""

    large: bytes
    small: bytes
    width: int  # of the large one, in pixels
    height: int


def encoded(content: bytes) -> Encoded:
    """What we make of a file that somebody sent; the same bytes for the same version of Pillow.

    Takes JPEG, PNG, WebP and GIF (of what moves, the first picture). Raises NoPicture. Takes half a
    second, so never call it while a writer is open.

    The decoding is done by a child process: decoders are written in C and have had holes, and one
    file can take a gigabyte. The child has limits, an empty environment and no open database, and
    if it dies one upload has failed, not the board.
    """
    if why := objection(content):
        raise NoPicture(why)
    if not _in_line.acquire(blocking=False):
        raise NoPicture("busy")
    try:
        if not _decoding.acquire(timeout=SECONDS_IN_LINE):
            raise NoPicture("busy")
        try:
            return _by_child(content)
        finally:
            _decoding.release()
    finally:
        _in_line.release()


@dataclass(frozen=True)
class Stored:
    """A picture that lies in uploads/: its digest and that of its twin, and what it is like."""

    digest: str
    small: str
    width: int
    height: int
    bytes: int


def stored(made: Encoded) -> Stored:
    """Write it and its twin so that both outlive a power cut; slow, so not under a writer."""
    small = uploads.keep(made.small) if made.small else ""
    digest = uploads.keep(made.large)
    return Stored(digest, small, made.width, made.height, len(made.large))


def objection(content: bytes) -> str:
    """Why these bytes are no picture that is taken, "" if they may be one; decodes nothing."""
    if not content:
        return "empty"
    kind = kind_of(content)
    if kind in TOLD:
        return kind
    return "bytes" if len(content) > MOST_BYTES else ""


def kind_of(content: bytes) -> str:
    """What the bytes say they are: jpeg, png, webp, gif, or a key of TOLD."""
    head = content[:64]
    for mark, kind in _MARKS.items():
        if head.startswith(mark):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if head[4:8] == b"ftyp":
        return _FAMILY.get(head[8:12], "video")
    text = content[:2_000].lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").replace(b"\0", b"").lower()
    return "svg" if text.startswith(b"<") and b"<svg" in text else "other"


_MARKS = {
    b"\xff\xd8\xff": "jpeg",
    b"\x89PNG\r\n\x1a\n": "png",
    b"GIF87a": "gif",
    b"GIF89a": "gif",
    b"%PDF-": "pdf",
    b"II*\0": "raw",
    b"MM\0*": "raw",
    b"\x1aE\xdf\xa3": "video",
}
# ISO/IEC 14496-12 names the family of a file in its first box.
_FAMILY = dict.fromkeys(
    (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"), "heic"
) | {b"avif": "avif", b"avis": "avif"}


def _by_child(content: bytes) -> Encoded:
    command = [sys.executable, "-I", str(Path(decoder.__file__))]
    try:
        child = subprocess.run(  # noqa: S603 (our own interpreter and file)
            command, input=content, capture_output=True, timeout=SECONDS, env=_NOTHING, check=False
        )
    except subprocess.TimeoutExpired:
        raise NoPicture("memory") from None
    line, _, body = child.stdout.partition(b"\n")
    try:
        told = json.loads(line)
    except ValueError:
        last = child.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
        log.warning("The decoder of pictures ended with %s: %s", child.returncode, *last or [""])
        raise NoPicture("memory" if child.returncode < 0 else "failed") from None
    if "refused" in told:
        raise NoPicture(told["refused"])
    large = body[: told["large"]]
    return Encoded(large, body[told["large"] :], told["width"], told["height"])


# Windows starts no process without this; nothing else of our environment is handed on.
_NOTHING = {"SYSTEMROOT": r"C:\Windows"} if sys.platform == "win32" else {}
