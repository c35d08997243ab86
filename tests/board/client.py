"""A client of the board: every page it fetches must be valid, labelled, in order, and home-made."""

import re
from collections import Counter
from contextlib import contextmanager
from urllib.parse import urljoin, urlsplit

import html5lib
from sqlalchemy import event

from sandbox.descriptors import LANGUAGES

MOST_BYTES = 100_000
MOST_QUERIES = 10
NAMELESS = ("hidden", "submit")
FRAME = '<!doctype html><html lang="en"><title>A · b</title><h1>A</h1><h2>B</h2>{}'
VOICELESS = {"style", "srcdoc"}


class Page:
    """A parsed page: `text` as read, `links` as addresses, `one` and `all` find elements."""

    def __init__(self, answer, frame="{}"):
        self.answer = answer
        self.html = frame.format(answer.get_data(as_text=True))
        parser = html5lib.HTMLParser(html5lib.getTreeBuilder("etree"), namespaceHTMLElements=False)
        self.root = parser.parse(self.html)
        self.mistakes = [(place, error) for place, error, _ in parser.errors]

    def all(self, path):
        return self.root.findall(f".//{path}")

    def one(self, path):
        (found,) = self.all(path)
        return found

    @property
    def text(self):
        return re.sub(r"\s+", " ", "".join(self.root.find("body").itertext()))

    @property
    def links(self):
        return [a.get("href") for a in self.all("a")]


class Client:
    """A browser without script: it keeps cookies, and sends forms with the token they carry."""

    def __init__(self, app):
        self.app = app
        self.flask = app.test_client()

    def raw(self, address, **options):
        return self.flask.get(address, **options)

    def get(self, address, *, status=200, **options):
        """The page at `address`, after it has passed every check."""
        with queries(self.app) as asked:
            answer = self.raw(address, **options)
        assert answer.status_code == status, f"{address}: {answer.status}"
        assert len(asked) <= MOST_QUERIES, f"{address} asked the database:\n" + "\n".join(asked)
        return self._checked(address, answer)

    def fragment(self, address):
        """The piece of HTML that a live part asks for, put into a page and checked as part of it.

        The same piece asked for again must be the same bytes, or it would cost more than a 304.
        """
        with queries(self.app) as asked:
            answer = self.raw(address)
        assert answer.status_code == 200, f"{address}: {answer.status}"
        assert len(asked) <= MOST_QUERIES, f"{address} asked the database:\n" + "\n".join(asked)
        again = self.raw(address, headers={"If-None-Match": answer.headers["ETag"]})
        assert again.status_code == 304, f"{address} changes by itself"
        assert b"<html" not in answer.data, f"{address} has a frame"
        piece = Page(answer, FRAME)
        wrong = list(complaints(piece))
        assert not wrong, f"{address}:\n" + "\n".join(wrong)
        return piece

    def post(self, address, data=None, *, form=None, status=302, **options):
        """Send `data` as the form on the page `form` (the same address unless said) would.

        Returns the answer as it is for a redirect, and else the page, after it has passed every
        check.
        """
        token = self.token(form or address)
        answer = self.flask.post(address, data={"csrf_token": token} | (data or {}), **options)
        assert answer.status_code == status, f"{address}: {answer.status}"
        return answer if 300 <= status < 400 else self._checked(address, answer)

    def token(self, address):
        """The token of a form on the page at `address`."""
        fields = self.get(address).all("input")
        return next((f.get("value") for f in fields if f.get("name") == "csrf_token"), "")

    def _checked(self, address, answer):
        page = Page(answer)
        wrong = list(complaints(page))
        assert not wrong, f"{address}:\n" + "\n".join(wrong)
        return page

    def walk(self, start):
        """Every page and file that links of the board lead to, from `start` on.

        What is for members alone leads a stranger to the sign-in, and no further; so does what
        belongs to a team lead whoever has none to the teams.
        """
        ahead, seen, inner = [start], {}, set()
        while ahead:
            address = ahead.pop()
            if address in seen or address in inner:
                continue
            answer = self.raw(address)
            if answer.headers.get("Location", "").startswith(("/sign-in/?next=", "/teams/")):
                inner.add(address)
                continue
            # 410: a challenge that was withdrawn, whose page says why.
            assert answer.status_code in (200, 410), f"{address}: {answer.status}"
            seen[address] = answer
            if answer.mimetype == "text/html":
                page = self.get(address, status=answer.status_code)
                ahead += [found for link in page.links if (found := inside(address, link))]
        return seen


@contextmanager
def queries(app):
    """The statements that the board sends to its database meanwhile, transactions' own left out."""
    asked, engine = [], app.extensions["state"].engine

    def note(_connection, _cursor, statement, *_rest):
        asked.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(engine, "before_cursor_execute", note)
        asked[:] = [statement for statement in asked if not statement.startswith("BEGIN")]


def inside(address, link):
    """`link` as an address on the board, None if it leaves the board or the language."""
    whole = urlsplit(urljoin(f"http://board{address}", link))
    if whole.scheme != "http" or whole.netloc != "board" or whole.path.startswith("/data/"):
        return None
    if "lang=" in whole.query:
        return None
    return whole.path + (f"?{whole.query}" if whole.query else "")


def complaints(page):
    """Everything that keeps a page from being right."""
    yield from (f"HTML: {error} at {place}" for place, error in page.mistakes)
    if page.root.get("lang") not in LANGUAGES:
        yield "html has no lang"
    title = page.one("title").text or ""
    if not re.search(r"\S.* · \S", title):
        yield f"title {title!r}"
    if len(page.all("h1")) != 1:
        yield f"{len(page.all('h1'))} h1"
    yield from _headings(page)
    ids = Counter(element.get("id") for element in page.root.iter() if element.get("id"))
    yield from (f"id {name} stands {times} times" for name, times in ids.items() if times > 1)
    yield from (f"#{n} leads nowhere" for n in _fragments(page) if n not in ids)
    yield from _foreign(page)
    yield from _inline(page)
    yield from _unlabelled(page, ids)
    yield from _tables(page)
    if len(page.answer.data) > MOST_BYTES:
        yield f"{len(page.answer.data)} bytes"
    if "default-src 'none'" not in page.answer.headers.get("Content-Security-Policy", ""):
        yield "no content security policy"


def _headings(page):
    before = 0
    for element in page.root.find("body").iter():
        if isinstance(element.tag, str) and re.fullmatch(r"h[1-6]", element.tag):
            level = int(element.tag[1])
            if level > before + 1:
                yield f"h{level} after h{before}: {''.join(element.itertext())!r}"
            if not "".join(element.itertext()).strip():
                yield f"an empty h{level}"
            before = level


def _fragments(page):
    return [link[1:] for link in page.links if link.startswith("#")]


def _foreign(page):
    for element in page.root.iter():
        if not isinstance(element.tag, str) or element.tag == "a":
            continue
        for name in ("src", "href", "action", "srcset"):
            if re.match(r"(\w+:)?//", element.get(name, "")):
                yield f"{element.tag} asks another host: {element.get(name)}"


def _inline(page):
    for element in page.root.iter():
        if element.tag == "style" or (element.tag == "script" and not element.get("src")):
            yield f"inline {element.tag}"
        for name in element.attrib:
            if name in VOICELESS or str(name).startswith("on"):
                yield f"{element.tag} has the attribute {name}"
    for link in page.links:
        if not re.match(r"(https?|mailto):|[/#?.\w]", link) or link.startswith("javascript"):
            yield f"a link to {link}"


def _unlabelled(page, ids):
    labelled = {label.get("for") for label in page.all("label")}
    for kind in ("input", "select", "textarea"):
        for field in page.all(kind):
            if field.get("type") not in NAMELESS and field.get("id") not in labelled:
                yield f"{kind} {field.get('name')} has no label"
    for element in page.root.iter():
        for name in ("aria-describedby", "aria-labelledby"):
            yield from (f"{name}={i}" for i in element.get(name, "").split() if i not in ids)
    for image in page.all("img"):
        if image.get("alt") is None:
            yield f"no alt: {image.get('src')}"


def _tables(page):
    for table in page.all("table"):
        if (caption := table.find("caption")) is None:
            continue  # of a brief: Markdown has neither captions nor scopes
        if not "".join(caption.itertext()).strip():
            yield "an empty caption"
        if any(not cell.get("scope") for cell in table.iter("th")):
            yield "a header without scope"
