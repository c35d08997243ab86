"""What participants of an event do, each in a browser of their own, and what the board told them.

They know the board as it is documented: its addresses, the names of fields, and that what it has
acknowledged is kept. Tokens and all else that is hidden in forms they read from the pages.
"""

import asyncio
import hashlib
import io
import json
import re
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from random import Random
from typing import TypeVar
from urllib.parse import quote

from PIL import Image

from benchmarks.browser import Answer, Book, Browser, Forms, Lost
from benchmarks.filling import CHALLENGE, PARAGRAPH, project_fields

CODES = ("approve", "ask_for_documents", "to_case_officer")
PAGES = ("/", "/challenges/", f"/challenges/{CHALLENGE}/", "/teams/", "/questions/", "/projects/",
         "/announcements/", "/datasets/", "/datasets/building-permits/", "/starters/",
         f"/challenges/{CHALLENGE}/leaderboard/", "/data/",
         "/data/sandbox/applications")  # fmt: skip
QUESTIONS = ("waiting-by-measure", "persons-by-municipality", "applications-to-answer")
SQL = "select measure_type, count(*) from applications where application_id > '{}' group by 1"
ANSWERS = f"/challenges/{CHALLENGE}/answers/"
LEADERBOARD = f"/challenges/{CHALLENGE}/leaderboard/now"
WRITTEN = ("outcome", "people_made", "tools_made", "evidence", "how_to_try")
DIGEST = re.compile(r"\b[0-9a-f]{64}\b")
SECONDS_BEFORE_AGAIN = 0.3
Made = TypeVar("Made")


@dataclass(frozen=True)
class Receipt:
    """A submission that the board acknowledged: what it said, and what had been written before."""

    team: int
    number: int
    digest: str
    title: str


@dataclass(frozen=True)
class Handed:
    """A file of answers that the board acknowledged."""

    team: int
    number: int
    digest: str


@dataclass
class Told:
    """All that was acknowledged, and who was refused for coming after the end."""

    receipts: list[Receipt] = field(default_factory=list)
    files: list[Handed] = field(default_factory=list)
    images: Counter[int] = field(default_factory=Counter)  # team → how many of its pictures
    saved: dict[tuple[int, str], str] = field(default_factory=dict)  # (team, field) → its text
    late: list[float] = field(default_factory=list)  # seconds after the end at which it was sent
    in_time: list[float] = field(default_factory=list)


@dataclass
class Person:
    """Somebody with a browser; `team` is the number of a row, `code` what lets others join it."""

    browser: Browser
    told: Told
    random: Random
    team: int
    leads: bool
    place: float = 0.0  # among the leaders, from 0 to 1: decides when the team submits
    title: str = ""
    pages: tuple[str, ...] = PAGES
    _draft: dict[str, str] = field(default_factory=dict)
    _written: int = 0

    @property
    def book(self) -> Book:
        return self.browser.book

    # --- coming in --------------------------------------------------------------------------------

    async def enter(self, link: str) -> None:
        page = await self.browser.page(link, "sign in")
        await self.browser.post(link, Forms(page.text).to(link), "sign in")

    async def join(self, code: str) -> None:
        page = await self.browser.page("/teams/join", "join a team")
        fields = Forms(page.text).to("/teams/join") | {"code": code}
        await self.browser.post("/teams/join", fields, "join a team")

    # --- reading ----------------------------------------------------------------------------------

    async def read(self) -> None:
        path = self.random.choice(self.pages)
        await self.browser.get(path, "a page of data" if path.startswith("/data") else "a page")

    async def query(self) -> None:
        if self.random.random() < 0.5:
            path = f"/data/sandbox/{self.random.choice(QUESTIONS)}.json?_shape=array"
        else:
            sql = SQL.format(f"BP-{self.random.randrange(9000):06}")
            path = f"/data/sandbox.json?_shape=array&sql={quote(sql)}"
        await self.browser.get(path, "a query")

    async def watch(self) -> None:
        """What live.js asks for."""
        await self.browser.get(LEADERBOARD, "leaderboard, live")

    async def ask(self) -> None:
        page = await self.browser.page("/questions/ask", "ask")
        fields = Forms(page.text).to("/questions/ask") | {"text": f"How? {self.random.random()}"}
        await self.browser.post("/questions/ask", fields, "ask")

    # --- making -----------------------------------------------------------------------------------

    async def write_all(self, title: str) -> None:
        """Everything that a submission needs, saved once."""
        texts = {n: v for n, v in project_fields(self.team).items() if isinstance(v, str)}
        await self._save(texts | {"title": title})
        self.title = title

    async def write_on(self) -> None:
        """A little more in one field, as the page saves by itself."""
        self._written += 1
        name = self.random.choice(WRITTEN)
        await self._save({name: f"{PARAGRAPH}\n{self.title} {self._written}"})

    async def _save(self, texts: dict[str, str]) -> None:
        if not self._draft:
            page = await self.browser.page("/project/", "draft")
            fields = Forms(page.text).to("/project/")
            self._draft = {n: fields[n] for n in ("csrf_token", "revision", "pen") if n in fields}
        answer = await self.browser.post(
            "/project/", self._draft | texts, "save the draft", expect=(200,),
            Accept="application/json",
        )  # fmt: skip
        if answer.status != 200:
            return
        said = json.loads(answer.body)
        for trouble in ("wrong", "conflicts"):
            if said.get(trouble):
                self.book.complain("save the draft", f"{trouble}: {sorted(said[trouble])}")
        self._draft["revision"] = str(said["revision"])
        self.told.saved |= {(self.team, name): text for name, text in texts.items()}

    async def upload_image(self) -> None:
        page = await self.browser.page("/project/images", "images")
        fields = Forms(page.text).to("/project/images") | {"alt": "A phone", "caption": ""}
        shown = ("photo.jpg", "image/jpeg", photo(self.random))
        answer = await self.browser.post(
            "/project/images", fields, "upload an image", files={"file": shown}
        )
        self.told.images[self.team] += answer.status == 302

    # --- handing in -------------------------------------------------------------------------------

    async def hand_in(self, template: list[str], again: bool = False) -> None:
        """A file of answers, and where it stands until it has a score; `again`: however often the
        server goes away meanwhile."""
        page = await self._insist(lambda: self.browser.page(ANSWERS, "answers"), again)
        fields = Forms(page.text).to(ANSWERS)
        content = answers(template, self.random)
        file = {"file": ("answers.csv", "text/csv", content)}

        def send() -> Awaitable[Answer]:
            return self.browser.post(ANSWERS, fields, "hand in answers", files=file)

        answer = await self._insist(send, again)
        if number := re.search(r"/answers/(\d+)/", answer.leads_to):
            digest = hashlib.sha256(content).hexdigest()
            self.told.files.append(Handed(self.team, int(number[1]), digest))
            await self._insist(lambda: self.browser.page(answer.leads_to, "own answers"), again)
        elif answer.status == 302:
            self.book.complain("hand in answers", f"leads to {answer.leads_to}")

    async def submit(self, at: float = 0.0, slowly: float = 0.0, again: bool = False) -> float:
        """Open the checklist, wait for the moment `at`, press the button, read the receipt.

        Returns when it was sent (time.time()).
        """
        path = "/project/submit"
        page = await self._insist(lambda: self.browser.page(path, "checklist"), again)
        fields = Forms(page.text).to(path)
        if "csrf_token" not in fields:  # it has no button any more
            self.told.late.append(time.time())
            return time.time()
        await asyncio.sleep(max(0.0, at - time.time()))
        sent = time.time()

        def send() -> Awaitable[Answer]:
            return self.browser.post(path, fields, "submit", expect=(302, 409), slowly=slowly)

        answer = await self._insist(send, again)
        if answer.status == 409:
            self.told.late.append(sent)
            return sent
        found = re.search(r"/submissions/(\d+)/", answer.leads_to)
        if not found:
            self.book.complain("submit", f"{answer.status} leads to {answer.leads_to or 'nothing'}")
            return sent
        self.told.in_time.append(sent)
        page = await self._insist(lambda: self.browser.page(answer.leads_to, "receipt"), again)
        digest = DIGEST.search(page.text)
        self.told.receipts.append(
            Receipt(self.team, int(found[1]), digest[0] if digest else "", self.title)
        )
        return sent

    async def _insist(self, ask: Callable[[], Awaitable[Made]], again: bool) -> Made:
        """Once, or (`again`) as often as no answer comes: the same request, with all its fields."""
        while True:
            try:
                return await ask()
            except Lost:
                if not again:
                    raise
                await asyncio.sleep(SECONDS_BEFORE_AGAIN)

    async def insist_on_writing(self, title: str) -> None:
        """A new title, saved however often the server goes away meanwhile."""
        await self._insist(lambda: self.write_all(title), True)


def seeded(number: int) -> Random:
    """What a person does is the same in every run."""
    return Random(f"event {number}")  # noqa: S311 (no secret depends on it)


def answers(template: list[str], random: Random) -> bytes:
    """A file of answers: keys of the template, each with something that can be answered."""
    rows = [f"{key},{random.choice(CODES)}" for key in template]
    return ("application_id,answer\n" + "\n".join(rows) + "\n").encode()


def photo(random: Random) -> bytes:
    """A JPEG of a few hundred kilobytes, as a phone's screenshot has, unlike any other."""
    small = Image.frombytes("RGB", (160, 120), random.randbytes(160 * 120 * 3))
    file = io.BytesIO()
    small.resize((1600, 1200), Image.Resampling.BICUBIC).save(file, "JPEG", quality=85)
    return file.getvalue()
