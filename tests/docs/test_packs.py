"""The page about packs: a stranger follows it with Python and OpenSSL, and sees what it says."""

import re
import shutil
import subprocess
import sys

import pytest

from sandbox.projects import packs
from sandbox.projects.codes import ALPHABET, canonical
from tests.docs.reading import ROOT
from tests.projects.filled import key, payload

PAGE = (ROOT / "docs" / "packs.md").read_text("utf-8")
KEY = key()


def block(language):
    (found,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return found


@pytest.fixture
def followed(tmp_path):
    """What the page's program prints of a pack, and the folder it wrote into."""
    (tmp_path / "ours.pack.json").write_bytes(packs.signed(canonical(payload(KEY)), KEY.private))
    (tmp_path / "look.py").write_text(block("python"), "utf-8")
    done = subprocess.run([sys.executable, "look.py", "ours.pack.json"], cwd=tmp_path,
                          capture_output=True, text=True, check=True)  # fmt: skip
    return done.stdout, tmp_path


def test_its_program_computes_digest_and_code_as_the_kit_does(followed):
    told, folder = followed
    found = packs.read((folder / "ours.pack.json").read_bytes())
    assert told.split() == ["digest", found.digest, "code", found.code, "key", KEY.public_key]


def test_openssl_verifies_the_signature_and_refuses_another_payload(followed):
    if shutil.which("openssl") is None:
        pytest.skip("OpenSSL's program is not installed here: apt-get install openssl")
    _, folder = followed

    def verify():
        return subprocess.run(block("sh").split(), cwd=folder, capture_output=True, text=True)

    assert "Signature Verified Successfully" in verify().stdout
    (folder / "payload.json").write_bytes((folder / "payload.json").read_bytes() + b" ")
    assert verify().returncode != 0


def test_it_says_each_key_limit_and_digit_as_it_is():
    for name in (*packs.PARTS, *packs.Payload.model_fields):
        assert f"| `{name}` |" in PAGE, name
    assert f"{packs.MOST_BYTES:,} bytes" in PAGE
    assert ALPHABET in PAGE
    assert f"at most {packs.MOST_IMAGES} of" in PAGE
    assert f"at most {packs.MOST_ANSWERS} " in PAGE
