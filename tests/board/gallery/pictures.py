"""Pictures for tests, as bytes of a file that somebody sends."""

import io

from PIL import Image


def picture(kind="JPEG", size=(640, 400), *, colour="teal", mode="RGB", **more):
    """A file of that kind, of one colour but for a dark corner at the top left."""
    made = Image.new(mode, size, colour)
    if mode == "RGB":
        made.paste("black", (0, 0, size[0] // 4, size[1] // 4))
    out = io.BytesIO()
    made.save(out, kind, **more)
    return out.getvalue()


def opened(content):
    return Image.open(io.BytesIO(content))
