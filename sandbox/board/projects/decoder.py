"""The child process that alone decodes people's pictures: a file on stdin, ours of it on stdout.

It runs as a file of its own, imports nothing of the kit and is given no environment, so that it
starts fast and knows no secret. Its answer is a line of JSON, then the bytes that the line counts.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import warnings

from PIL import Image, ImageCms, ImageOps

FORMATS = ("JPEG", "PNG", "WEBP", "GIF")  # only these decoders ever see a byte
LARGE, SMALL = 1600, 480  # pixels of the longer side
QUALITY = 82  # text in screenshots stays readable; a photo takes about 150 kB
MOST_PIXELS = 50_000_000
MEBIBYTES = 1024  # of address space: 50 million pixels with alpha, twice, and the libraries
SECONDS = 20  # of processor time
NICENESS = 5  # less than a judge's, since somebody waits for the page that follows


class Refused(Exception):
    """What the file is not, by one word that the board has a sentence for."""


def limit() -> None:
    """Bound this process, where the system can: memory, time, and no file is ever written.

    Pages go first: one picture takes as much of a processor as fifty of them.
    """
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEBIBYTES * 2**20,) * 2)
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    os.nice(NICENESS)


def decoded(content: bytes) -> Image.Image:
    """The first picture in `content`, upright, in sRGB on white, at most LARGE pixels a side."""
    image: Image.Image = Image.open(io.BytesIO(content), formats=FORMATS)
    if image.width * image.height > MOST_PIXELS:  # as its head says: nothing is decoded yet
        raise Refused("pixels")
    profile = image.info.get("icc_profile")
    if image.mode.startswith(("I", "F")):  # 16 bits of grey
        image = image.point(lambda value: value * (1 / 256)).convert("L")
    elif image.mode in ("1", "P", "PA", "LA"):  # which cannot be made smaller smoothly
        image = image.convert("RGBA")
    image.thumbnail((LARGE, LARGE), reducing_gap=3.0)
    if profile and image.mode in ("RGB", "CMYK"):
        with contextlib.suppress(ImageCms.PyCMSError, OSError, TypeError, ValueError):
            own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            srgb = ImageCms.createProfile("sRGB")
            image = ImageCms.profileToProfile(image, own, srgb, outputMode="RGB") or image
    with contextlib.suppress(SyntaxError, ValueError, TypeError, KeyError, OSError):
        image = ImageOps.exif_transpose(image)  # whatever else its EXIF says is dropped
    seen = image.convert("RGBA")
    white = Image.new("RGB", seen.size, "white")
    white.paste(seen, mask=seen.getchannel("A"))
    return white


def webp(image: Image.Image) -> bytes:
    """The same bytes for the same pixels and the same version of the library; no metadata."""
    out = io.BytesIO()
    image.save(out, "WEBP", quality=QUALITY, method=4)
    return out.getvalue()


def encoded(content: bytes) -> tuple[dict[str, int], bytes]:
    """What the answer's line says, and the bytes: the picture, and its small twin if it needs one.

    width, height: of the picture, in pixels; large, small: how many bytes each of the two takes.
    """
    image = decoded(content)
    large, small = webp(image), b""
    if max(image.size) > SMALL:
        twin = image.copy()
        twin.thumbnail((SMALL, SMALL))
        small = webp(twin)
    told = {"width": image.width, "height": image.height}
    return {**told, "large": len(large), "small": len(small)}, large + small


def main() -> None:
    content = sys.stdin.buffer.read()
    limit()
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    warnings.simplefilter("ignore")  # cameras write many things wrong that do not matter
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    head: dict[str, object]
    try:
        head, body = encoded(content)  # type: ignore[assignment]  # numbers are objects
    except Refused as refused:
        head, body = {"refused": str(refused)}, b""
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        head, body = {"refused": "pixels"}, b""
    except MemoryError:
        head, body = {"refused": "memory"}, b""
    except Exception as error:  # decoders meet whatever people make, and say it in many ways
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        head, body = {"refused": "damaged"}, b""
    sys.stdout.buffer.write(json.dumps(head).encode() + b"\n" + body)


if __name__ == "__main__":
    main()
