"""A small valid event, copied for a test that changes it or breaks it."""

import shutil
from pathlib import Path

VALID = Path(__file__).parent / "workspaces" / "valid"


def valid_event(folder):
    """A copy of the valid event at `folder`; git keeps no modes, so its secrets get theirs here."""
    shutil.copytree(VALID, folder)
    (folder / "secret.toml").chmod(0o600)
    return folder
