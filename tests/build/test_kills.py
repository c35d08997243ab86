"""A build that is killed at any moment leaves the bundle before it whole and current."""

import os
import random
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
KILLS = 6
BUILD = """
import sys
from dataclasses import replace
from pathlib import Path
from sandbox.build import build
from sandbox.workspace import open_workspace
kit, state = map(Path, sys.argv[1:])
build(replace(open_workspace(), kit=kit, folder=kit / "demo", state=state))
"""


def test_a_killed_build_leaves_the_old_bundle_whole(kit, norway, rewrite):
    before = build(kit)
    rewrite(norway / "dataset.yml", "One row is one county.", "A row is a county.")
    command = [sys.executable, "-c", BUILD, str(kit.kit), str(kit.state)]
    chance = random.Random(7)
    for _ in range(KILLS):
        child = subprocess.Popen(command, start_new_session=True, stderr=subprocess.DEVNULL)
        try:
            # The moment of the kill, not a wait: the build takes about a second.
            child.wait(chance.uniform(0.2, 1.0))
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
        current = open_bundle(kit.current_bundle())
        assert not list(current.damage())
        assert current.path == before or child.returncode == 0
    after = build(kit)
    assert after != before
    assert not list(kit.generations.glob(".*")), "drafts of killed builds are swept away"
