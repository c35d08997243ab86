"""A build that is killed at any moment leaves the bundle before it whole and current."""

import os
import signal
import subprocess
import sys

import pytest

from sandbox.build import build
from sandbox.bundle import open_bundle

pytestmark = [
    pytest.mark.heavy,
    pytest.mark.skipif(os.name != "posix", reason="SIGKILL exists on POSIX systems only"),
]
# The child kills itself at the nth step it tells of, or just before a call of the file system.
BUILD = """
import os, signal, sys
from dataclasses import replace
from pathlib import Path
from sandbox.build import build
from sandbox.workspace import open_workspace

kit, state, moment = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

class Fatal:
    steps = 0
    def say(self, text):
        self.steps += 1
        if moment == str(self.steps):
            die()

if not moment.isdigit():
    setattr(Path, moment, die)
build(replace(open_workspace(), kit=kit, folder=kit / "demo", state=state), progress=Fatal())
"""
STEPS = 5


@pytest.mark.parametrize("moment", [*map(str, range(1, STEPS + 1)), "rename", "replace"])
def test_a_killed_build_leaves_the_old_bundle_whole(kit, norway, rewrite, moment):
    before = build(kit)
    rewrite(norway / "dataset.yml", "One row is one county.", "A row is a county.")
    command = [sys.executable, "-c", BUILD, str(kit.kit), str(kit.state), moment]
    killed = subprocess.run(command, stderr=subprocess.DEVNULL)
    assert killed.returncode == -signal.SIGKILL
    current = open_bundle(kit.current_bundle())
    assert current.path == before
    assert not list(current.damage())
    after = build(kit)
    assert after != before
    assert not list(kit.generations.glob(".*")), "drafts of killed builds are swept away"
