"""A team's key, and a folder that is in order, for tests of packs."""

import io

from PIL import Image

from sandbox.projects import folder as folders
from sandbox.projects import keys

EVENT = "e" * 64
WORDS = {
    "title": "Otters", "summary": "Waiting times on one page.", "licence": "MIT", "ai": "none",
}  # fmt: skip
TEXTS = ("outcome", "people_made", "tools_made", "evidence")
ANSWERS = "patient,days\n1,2\n"


def key(**more):
    """A key of the team Otters."""
    held = {
        "format": 1, "event": EVENT, "event_name": "Spring", "address": "http://10.0.0.1:8001",
        "team": "otters", "team_name": "Otters", "challenge": "shorter-queue",
        "challenges": {"shorter-queue": "A shorter queue"}, "language": "en",
        "made_at": "2027-03-05T09:00:00Z", "private_key": keys.new_private_key(),
    }  # fmt: skip
    return keys.TeamKey(**held | more)


def fill(folder, held, *, image=True, answers=False, **words):
    """A folder made for the key, and filled in."""
    folders.new(folder, held)
    file = folder / folders.FILE
    text = file.read_text("utf-8")
    for name, value in (WORDS | words).items():
        text = text.replace(f'{name}: ""\n', f'{name}: "{value}"\n', 1)
    if image:
        (folder / "images" / "front.png").write_bytes(picture())
        text = text.replace("\nimages: []", "\nimages:\n  - file: front.png\n    alt: A chart")
    file.write_text(text, "utf-8")
    for name in TEXTS:
        (folder / "texts" / f"{name}.txt").write_text(f"What we say of {name}.\n", "utf-8")
    if answers:
        (folder / "answers" / "shorter-queue.csv").write_text(ANSWERS, "utf-8")
    return folder


def picture(size=(40, 30), form="PNG"):
    made = io.BytesIO()
    Image.new("RGB", size, "teal").save(made, form)
    return made.getvalue()


def payload(held, **more):
    """The payload of a pack without pictures, to be changed as tests please."""
    said = {
        "event": held.event, "team": held.team, "challenge": held.challenge, "language": "en",
        "fields": WORDS | {name: f"What we say of {name}." for name in TEXTS}, "images": [],
        "answers": {}, "made_at": "2027-03-06T13:00:00Z",
    }  # fmt: skip
    return said | more
