"""A build that is killed at any moment leaves the bundle before it whole and current."""

import os
import random
import shutil
import signal
import subprocess
import sys
from dataclasses import replace

import pytest

from sandbox.build import build
from sandbox.bundle import open_bundle
from sandbox.workspace import KIT

pytestmark = [
    pytest.mark.heavy,
    pytest.mark.skipif(os.name != "posix", reason="SIGKILL exists on POSIX systems only"),
]
# The child kills itself at the nth step it tells of, just before a call of the file system, or at
# the nth call of any function (`@n`), of which it prints the number if it comes to an end.
BUILD = """
import os, signal, sys
from dataclasses import replace
from pathlib import Path
from sandbox.build import build
from sandbox.workspace import open_workspace

kit, state, moment = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

class Steps:
    said = 0
    def say(self, text):
        self.said += 1
        if moment == str(self.said):
            die()

calls, last = 0, int(moment[1:]) if moment[0] == "@" else None

def count(frame, event, function):
    global calls
    if event in ("call", "c_call"):
        calls += 1
        if calls == last:
            die()

if moment[0] == "@":
    sys.setprofile(count)
elif not moment.isdigit():
    setattr(Path, moment, die)
build(replace(open_workspace(), kit=kit, folder=kit / "demo", state=state), progress=Steps())
sys.setprofile(None)
print(calls)
"""
STEPS = 5
POINTS = 10
SEED = int(os.environ.get("SANDBOX_KILLS_SEED") or random.SystemRandom().randrange(10**6))


def _child(kit, state, moment):
    command = [sys.executable, "-c", BUILD, str(kit.kit), str(state), moment]
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


@pytest.mark.parametrize("moment", [*map(str, range(1, STEPS + 1)), "rename", "replace"])
def test_a_killed_build_leaves_the_old_bundle_whole(kit, norway, rewrite, moment):
    before = build(kit)
    rewrite(norway / "dataset.yml", "One row is one county.", "A row is a county.")
    assert _child(kit, kit.state, moment).returncode == -signal.SIGKILL
    current = open_bundle(kit.current_bundle())
    assert current.path == before
    assert not list(current.damage())
    after = build(kit)
    assert after != before
    assert not list(kit.generations.glob(".*")), "drafts of killed builds are swept away"


def _truth(generation):
    folder = generation / "truth"
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_a_build_killed_at_random_points_leaves_a_whole_bundle(kit, norway, rewrite, tmp_path):
    """Not only between steps: at any call of a function, of Python's own or of a library's."""
    print(f"SANDBOX_KILLS_SEED={SEED}")  # shown where the test fails, to try the same again
    library = kit.kit / "datasets" / "library"
    shutil.copytree(KIT / "docs" / "examples" / "library", library)
    before = build(kit)
    old = _truth(before.parent)
    assert old
    rewrite(norway / "dataset.yml", "One row is one county.", "A row is a county.")
    rewrite(library / "recipe.yml", "poisson(.25)", "poisson(.26)")
    shutil.copytree(kit.state, tmp_path / "counted")
    counted = _child(kit, tmp_path / "counted", "@0")
    fresh = build(replace(kit, state=tmp_path / "fresh"))
    chance = random.Random(SEED)
    for number in range(POINTS):
        state = tmp_path / f"killed-{number}"
        shutil.copytree(kit.state, state)
        moment = chance.randint(1, int(counted.stdout))
        killed = _child(kit, state, f"@{moment}")
        workspace = replace(kit, state=state)
        current = open_bundle(workspace.current_bundle())
        assert not list(current.damage()), moment
        is_old = current.path.parent.name == before.parent.name
        assert is_old or current.path.parent.name == fresh.parent.name, moment
        assert killed.returncode == -signal.SIGKILL or not is_old, moment
        assert _truth(current.path.parent) == (old if is_old else _truth(fresh.parent)), moment
        after = build(workspace)
        assert open_bundle(after).digest == open_bundle(fresh).digest, moment
        assert not list(open_bundle(after).damage()), moment
        assert _truth(after.parent) == _truth(fresh.parent), moment
        assert not list(workspace.generations.glob(".*")), moment
