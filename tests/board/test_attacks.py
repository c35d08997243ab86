"""What somebody with bad intentions would try on every page, form and address of the board.

Nothing here knows a page by name: pages are found by their links, forms by their fields, addresses
by the route map. A new page is attacked from its first day on.
"""

import re
from urllib.parse import quote, urlsplit

import pytest
from sqlalchemy import select

from sandbox.state.people import Account, Role, RoleHeld
from tests.board import twins
from tests.board.client import Page
from tests.board.test_routes import PARTS, routes
from tests.board.visitors import everybody_accepts, visitor

pytestmark = pytest.mark.heavy

SCRIPT = "\"><script>alert(1)</script><img src=x onerror=alert(1)>{{7*7}}'"
# Forms whose point is to end what the attack stands on; each has tests of its own.
ENDS = re.compile(r"/sign-in/out|/account/(delete|sessions)|/join/leave|/block")


class Form:
    """A form as a browser would send it: where to, and what each field holds."""

    def __init__(self, page_address, element):
        self.action = element.get("action") or page_address
        self.method = (element.get("method") or "get").lower()
        self.fields = {}
        self.kinds = {}
        for field in element.iter():
            name = field.get("name") if isinstance(field.tag, str) else None
            if name is None or field.get("disabled") is not None:
                continue
            kind = field.get("type") or field.tag
            self.kinds[name] = kind
            if kind in ("checkbox", "radio"):
                self.fields.setdefault(name, field.get("value") or "y")
            elif kind == "select":
                options = [o.get("value", "".join(o.itertext())) for o in field.iter("option")]
                self.fields[name] = next((o for o in options if o), "")
            elif kind != "file":
                self.fields[name] = field.get("value") or "".join(field.itertext())

    def filled(self, text):
        """With `text` in every field that somebody could write in."""
        free = {"text", "search", "textarea", "input", "email", "url", "tel", "password"}
        mail = f'"{text[:20]}"@example.org'
        return {
            name: (mail if kind == "email" else text)
            if (kind := self.kinds[name]) in free else value
            for name, value in self.fields.items()
        }  # fmt: skip


def forms(client, start="/"):
    """Every form on every page that links lead to."""
    for address, answer in client.walk(start).items():
        if answer.mimetype == "text/html":
            for element in Page(answer).all("form"):
                yield Form(urlsplit(address).path, element)


def send(client, form, data):
    """Send it with the token of this moment; the answer."""
    answer = client.flask.open(
        form.action,
        method=form.method.upper(),
        **({"data": data} if form.method == "post" else {"query_string": data}),
    )
    assert answer.status_code < 500, f"{form.method} {form.action}: {answer.status}"
    return answer


@pytest.fixture(params=["sqlite"])
def database(monkeypatch):
    """Attacks are on what the board does; which database it has makes no difference to them."""
    monkeypatch.delenv("DATABASE_URL", raising=False)


@pytest.fixture
def unguarded(board, app, monkeypatch):
    """Without tokens, so that each form can be sent at once; that all need one is tested apart."""
    return twins.unguarded(board, app, monkeypatch)


@pytest.fixture
def client(unguarded):
    """Somebody who may do all, and is in a team, so that its forms are tried, too."""
    made = visitor(unguarded, roles=list(Role))
    made.post("/teams/new", {"name": "Night Owls", "challenge": "shorter-queue"})
    return made


def test_what_is_written_into_any_field_is_shown_as_text_everywhere(unguarded, client):
    sent = 0
    for form in [f for f in forms(client) if not ENDS.search(f.action)]:
        for data in (
            form.filled(SCRIPT),
            form.filled(f"Plain words {SCRIPT}\n\n[x](javascript:x)"),
        ):
            answer = send(client, form, data)
            if answer.mimetype == "text/html":
                assert "<script>alert" not in answer.get_data(as_text=True), form.action
            everybody_accepts(unguarded)  # or a new text would keep the next form from its view
            sent += 1
    assert sent
    for address, answer in client.walk("/").items():
        if answer.mimetype == "text/html":
            html = answer.get_data(as_text=True)
            assert "<script>alert" not in html and "onerror=alert(1)>" not in html, address
            assert "49'" not in html, f"{address} evaluated a template"


def test_what_stands_in_an_address_is_shown_as_text(unguarded, client):
    names = {
        "next",
        "lang",
        "q",
        "page",
        "before",
        "about",
        "slug",
        "place",
        "challenge",
        "dataset",
    }
    names |= {name for form in forms(client) if form.method == "get" for name in form.fields}
    asked = "&".join(f"{name}={quote(SCRIPT)}" for name in sorted(names))
    for rule, method in routes(unguarded):
        if method == "GET":
            address = filled(rule, "x")
            answer = client.raw(f"{address}?{asked}")
            assert answer.status_code < 500, f"{address}: {answer.status}"
            assert b"<script>alert" not in answer.data, address


TRICKS = [
    "../secret.toml", "..%2f..%2fsecret.toml", "%2e%2e", "..\\secret.toml", "a\0b", "x" * 3000,
    "'; DROP TABLE accounts; --", "%00", "~root", "NUL", "shorter-queue/../../secret",
]  # fmt: skip


@pytest.mark.parametrize(
    "trick", TRICKS, ids=[t[:16].encode("unicode_escape").decode() for t in TRICKS]
)
def test_tricks_in_addresses_lead_nowhere(unguarded, client, trick):
    for rule, method in routes(unguarded):
        if rule.arguments and method == "GET":
            answer = client.raw(filled(rule, trick))
            assert answer.status_code in (200, 302, 303, 308, 400, 403, 404, 405, 410, 414), rule
            assert b"session_key" not in answer.data and b"root:" not in answer.data


def filled(rule, value):
    """The rule's address with `value` in each part that takes text."""
    address = rule.rule
    for converter, name in re.findall(r"<(?:([^:<>]+):)?(\w+)>", rule.rule):
        if converter.startswith("int"):
            part = "1"
        elif converter.startswith("any"):
            part = re.findall(r"\w+", converter)[1]
        else:
            part = quote(value, safe="%./\\") if value != "x" else PARTS.get(name, "x")
        address = re.sub(rf"<(?:[^:<>]+:)?{name}>", part.replace("\\", "\\\\"), address, count=1)
    return address


MORE = {
    "role": "organiser", "roles": "organiser", "roles-0-role": "organiser", "scope": "",
    "is_admin": "1", "id": "1", "account_id": "1", "person": "1", "joined_at": "2020-01-01",
    "email_confirmed_at": "2020-01-01", "password_hash": "x", "blocked_at": "", "as_role": "owner",
    "pinned_at": "2020-01-01", "asked_by": "1", "by": "1", "leads": "1", "answered_at": "2020",
}  # fmt: skip


def test_no_form_takes_more_than_its_own_fields(unguarded):
    """A member adds what they would like to be to each form that they can reach."""
    visitor(unguarded, "boss@example.org", roles=["organiser"])
    client = visitor(unguarded)
    for form in [f for f in forms(client) if f.method == "post" and not ENDS.search(f.action)]:
        # What the form does not ask for: its own fields keep an innocent value.
        send(client, form, {k: v for k, v in MORE.items() if k not in form.fields} | form.fields)
    with unguarded.extensions["state"].read() as reader:
        held = reader.execute(select(Account.email, RoleHeld.role).join(RoleHeld.account)).all()
        me = reader.scalar(select(Account).where(Account.email == "kari@example.org"))
    assert [(email, role) for email, role in held if role != "participant"] == [
        ("boss@example.org", "organiser")
    ]
    assert me is not None and me.password_hash is None
