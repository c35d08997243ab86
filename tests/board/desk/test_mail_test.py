"""The test of mail, against real servers on this machine: it arrives, or the reason is told."""

import ipaddress
import socket
import ssl
from datetime import UTC, datetime, timedelta

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message
from aiosmtpd.smtp import AuthResult, LoginPassword

from sandbox.board.desk import settings as settings_file
from sandbox.state import State

PAGE = "/organiser/event/mail/"


class Letters(Message):
    """Keeps what it is given."""

    def __init__(self):
        super().__init__()
        self.taken = []

    def handle_message(self, message):
        self.taken.append(message)


class Refusing(Letters):
    """A server that knows nobody."""

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        return "550 5.1.1 No such person here"


@pytest.fixture
def server():
    """Start a server: `server(handler, …)`; all are ended afterwards."""
    running = []

    def start(handler, **options):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        controller = Controller(handler, hostname="127.0.0.1", port=port, **options)
        controller.start()
        running.append(controller)
        return port

    yield start
    for controller in running:
        controller.stop()


@pytest.fixture
def trying(organiser, own):
    """Name a server, send a test mail, and return the page that tells how it went."""

    def send(port, security="none", **more):
        seen = settings_file.digest(own)
        sent = {"seen": seen, "host": "127.0.0.1", "port": port, "security": security,
                "sender": "desk@example.org", **more}  # fmt: skip
        organiser.post(PAGE, sent)
        organiser.post(f"{PAGE}test", form=PAGE)
        return organiser.get(PAGE)

    return send


def test_a_test_mail_reaches_the_organiser_who_sent_it(trying, server, audited):
    letters = Letters()
    page = trying(server(letters))
    assert "The server took the test mail" in page.text
    (letter,) = letters.taken
    assert (letter["To"], letter["From"]) == ("ola@example.org", "desk@example.org")
    assert letter["Subject"] == "A test mail from Spring event"
    assert ("event.mail_test", {"ok": True}) in audited()
    assert "ola@example.org" not in str(audited())


def test_a_refusal_is_told_in_the_servers_own_words(trying, server):
    page = trying(server(Refusing()))
    assert "The test mail was not sent" in page.text
    assert "550 5.1.1 No such person here" in page.text


def test_a_wrong_password_is_told_in_the_servers_own_words_and_not_repeated(trying, server):
    def right(_server, _session, _envelope, _mechanism, data):
        fine = isinstance(data, LoginPassword) and data.password == b"the right one"
        return AuthResult(success=fine, handled=False)

    options = {"authenticator": right, "auth_require_tls": False, "auth_required": True}
    letters = Letters()
    port = server(letters, **options)
    page = trying(port, username="desk", password="a wrong one")
    assert "535 5.7.8 Authentication credentials invalid" in page.text
    assert "a wrong one" not in page.html
    assert "The server took" in trying(port, username="desk", password="the right one").text
    assert len(letters.taken) == 1


def test_a_certificate_that_nobody_vouches_for_is_refused_before_anything_is_sent(
    trying, server, tmp_path
):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_self_signed(tmp_path))
    letters = Letters()
    page = trying(server(letters, tls_context=context), security="starttls")
    assert "its certificate is not trusted (self-signed certificate)" in page.text
    assert letters.taken == []


def test_a_server_without_starttls_gets_nothing_in_the_clear(trying, server):
    letters = Letters()
    page = trying(server(letters), security="starttls")
    assert "STARTTLS extension not supported" in page.text
    assert letters.taken == []


def test_a_server_that_is_not_there_is_told_by_its_name(trying):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        page = trying(port)  # bound, but nobody listens
    assert f"127.0.0.1:{port}" in page.text
    assert "refused" in page.text


def test_nobody_waits_for_the_database_while_the_mail_server_thinks(
    trying, event_board, monkeypatch
):
    state: State = event_board.extensions["state"]

    def slow(*_settings):
        with state.write():  # would wait for its turn, and time out, were the request a writer yet
            pass

    monkeypatch.setattr("sandbox.board.mail.deliver", slow)
    assert "The server took the test mail" in trying(25).text


def test_a_test_of_other_settings_says_nothing_about_these(trying, server, organiser, own):
    page = trying(server(Letters()))
    assert "The server took" in page.text
    sent = {"seen": settings_file.digest(own), "host": "localhost", "port": 2525,
            "security": "none", "sender": "desk@example.org"}  # fmt: skip
    organiser.post(PAGE, sent)
    assert "The server took" not in organiser.get(PAGE).text


def _self_signed(folder):
    """A fresh certificate for 127.0.0.1 that only its own key vouches for, as a file."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mail.example.org")])
    now = datetime.now(UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "server.pem"
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(secret + made.public_bytes(pem))
    return file
