"""Which passwords are taken, and how they are kept."""

import pytest
from argon2 import Type, extract_parameters

from sandbox.board.people import passwords

ABOUT = ["kari.nordmann@example.org", "Kari Nordmann", "Spring Hackathon 2027", "Vårens dag"]


@pytest.fixture
def asked(app):
    with app.test_request_context("/"):
        app.preprocess_request()
        yield lambda password: passwords.problem(password, ABOUT)


@pytest.mark.parametrize(
    "password",
    ["four words of mine", "correct horse battery staple", "Blåbær på tunga!", "498273615540",
     "min gamle sykkel er rød", "🦆 ender i dammen", "x" + "qz7-Km2pVw9#"],
)  # fmt: skip
def test_long_ones_of_one_s_own_are_taken(asked, password):
    assert asked(password) is None


@pytest.mark.parametrize(
    ("password", "why"),
    [("short", "at least 12"), ("elevenchars", "at least 12"), ("x" * 201, "at most 200"),
     ("password1234", "easy to guess"), ("PasswordPassword", "easy to guess"),
     ("123456789012", "easy to guess"), ("aaaaaaaaaaaaaaaa", "easy to guess"),
     ("abcabcabcabcabc", "easy to guess"), ("qwertyuiop12345", "easy to guess"),
     ("9876543210qwerty", "easy to guess"), ("karinordmann", "easy to guess"),
     ("Nordmann.Kari.1", "easy to guess"), ("hackathon2027", "easy to guess"),
     ("sommer2027 sommer", "easy to guess"), ("kari@example.org", "easy to guess")],
)  # fmt: skip
def test_short_common_and_known_ones_are_refused_and_told_why(asked, password, why):
    assert why in asked(password)


@pytest.mark.heavy
def test_they_are_kept_by_argon2id_as_rfc_9106_recommends_for_little_memory(monkeypatch):
    monkeypatch.undo()
    kept = passwords.hashed("four words of mine")
    found = extract_parameters(kept)
    assert (found.type, found.memory_cost, found.time_cost) == (Type.ID, 64 * 1024, 3)
    assert passwords.right("four words of mine", kept)
    assert not passwords.right("four words of yours", kept)
    assert not passwords.right("four words of mine", None)
    assert not passwords.right("four words of mine", "not a hash")
