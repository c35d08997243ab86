"""Set up a clone: an environment with the locked dependencies, made once and then left alone."""

import sys

# Older Pythons must get past the parser to this line, so the syntax here stays plain.
if sys.version_info < (3, 11):  # noqa: UP036 (this is the one place that refuses them)
    sys.exit("Sandbox needs Python 3.11 or later; this is Python " + sys.version.split()[0] + ".")

import ast
import hashlib
import json
import os
import re
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent.parent
INTERRUPTED = 128 + signal.SIGINT  # as a shell reports it
RUNTIME, DEV = "requirements.lock", "requirements-dev.lock"


class SetupError(Exception):
    """Something keeps the set-up from finishing; the message says what and the way on."""


def ready(lock: str = RUNTIME, root: Path = ROOT) -> str:
    """Return the environment's Python with everything in `lock` installed, or exit and say why."""
    try:
        if not is_ready(root, lock):
            with _one_at_a_time(root):
                if not is_ready(root, lock):
                    _install(root, lock)
    except SetupError as failed:
        sys.exit(f"\nThe set-up stopped. {failed}")
    except OSError as error:
        sys.exit(
            f"\nThe set-up stopped: {error}.\nIt writes {root / '.venv'}: put the clone in a "
            "folder you may write to, on a disk with about 1 GB free, and start again."
        )
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    return str(venv_python(root))


def call(*command: str) -> None:
    """Run a command and go on, or stop with its exit code if it fails."""
    try:
        code = subprocess.run(command, check=False).returncode
    except KeyboardInterrupt:
        code = INTERRUPTED
    if code:
        sys.exit(code)


def become(*command: str) -> NoReturn:
    """Go on as another command, which then gets this process's signals; its exit code is ours."""
    sys.stdout.flush()
    if os.name == "nt":  # execv there hands the terminal back while the command still runs
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the command's to handle
        sys.exit(subprocess.Popen(command).wait())
    os.execv(command[0], command)


def venv_python(root: Path = ROOT) -> Path:
    """Where the Python of the clone's own environment lies."""
    return root / ".venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def is_ready(root: Path, lock: str) -> bool:
    """Whether a finished set-up of exactly this lock, in this place, for this Python, is there."""
    return _belongs_here(root) and _stamp(root)["installed"].get(lock) == _fingerprint(root, lock)


def _install(root: Path, lock: str) -> None:
    """Bring the environment up to `lock`; anything half-done or moved is made anew."""
    installed = _stamp(root)["installed"] if _belongs_here(root) else None
    if installed is None:
        with _step(f"Making .venv with Python {sys.version.split()[0]}"):
            _run([_base_python(), "-m", "venv", "--clear", str(root / ".venv")], _NO_VENV)
    stamp_file(root).unlink(missing_ok=True)  # interrupted from here on, the next start begins anew
    count = len(_requirements(root, lock))
    with _step(f"Installing {count} packages (the first time downloads them)"):
        _install_packages(root, lock)
    covered = (RUNTIME, DEV) if lock == DEV else (RUNTIME,)  # the development lock has it all
    stamp = {
        "root": str(root),
        "python": os.path.realpath(venv_python(root)),
        "installed": (installed or {}) | {name: _fingerprint(root, name) for name in covered},
    }
    stamp_file(root).write_text(json.dumps(stamp), encoding="utf-8")


def _install_packages(root: Path, lock: str) -> None:
    """With uv, several times faster, or pip where uv does not run; both must match the hashes."""
    python = str(venv_python(root))
    wanted = ["--require-hashes", "-r", str(root / lock)]
    kit = ["--no-build-isolation", "-e", str(root)]
    # Its progress bars are for people; without a terminal it prints the whole list of packages.
    quiet = [] if sys.stderr.isatty() else ["--quiet"]
    uv = [python, "-m", "uv", "pip", "install", "--python", python, "--no-deps", *quiet]
    pip = [python, "-m", "pip", "install", "--disable-pip-version-check", "--no-deps"]
    if _add_uv(root, lock, pip):
        environment, flags = uv_settings(pip_settings(python))
        if all(_succeeds([*uv, *flags, *what], environment) for what in (wanted, kit)):
            return
        _say("uv could not install them; trying again with pip, which takes longer")
    for what in (wanted, kit):
        _run([*pip, *what], _NO_PACKAGES)


def _add_uv(root: Path, lock: str, pip: list[str]) -> bool:
    """Install the lock's own pin of uv, hash and all, by pip."""
    if os.environ.get("SANDBOX_INSTALLER") == "pip":
        return False
    with tempfile.TemporaryDirectory() as folder:
        only_uv = Path(folder, "uv.lock")
        only_uv.write_text(_requirements(root, lock)["uv"], encoding="utf-8")
        return _succeeds([*pip, "--quiet", "--require-hashes", "-r", str(only_uv)], None)


def uv_settings(pip: dict[str, str]) -> tuple[dict[str, str], list[str]]:
    """Say in uv's words what pip is configured with, since uv reads none of pip's configuration.

    `pip` maps pip's option names to values; returns the child's environment, where settings made
    for uv itself win, and flags. Names: https://docs.astral.sh/uv/reference/environment/
    """
    proxy = pip.get("proxy", "")
    words = {
        "UV_DEFAULT_INDEX": pip.get("index-url", ""),
        "UV_INDEX": " ".join(pip.get("extra-index-url", "").split()),
        "UV_FIND_LINKS": ",".join(pip.get("find-links", "").split()),
        "UV_INSECURE_HOST": " ".join(pip.get("trusted-host", "").split()),
        "UV_HTTP_TIMEOUT": pip.get("timeout", pip.get("default-timeout", "")),
        "SSL_CERT_FILE": pip.get("cert", ""),
        "HTTP_PROXY": proxy,
        "HTTPS_PROXY": proxy,
        # As pip does: the best version of all indexes; the hashes say which files are right.
        "UV_INDEX_STRATEGY": "unsafe-best-match",
    }
    offline = pip.get("no-index", "").lower() in {"1", "true", "yes", "on"}
    return {k: v for k, v in words.items() if v} | dict(os.environ), ["--no-index"] * offline


def pip_settings(python: str) -> dict[str, str]:
    """pip's merged configuration, as `pip config list` prints it: section.name='literal' lines."""
    command = [python, "-m", "pip", "config", "list"]
    listing = subprocess.run(command, capture_output=True, text=True, check=False)
    found: dict[str, dict[str, str]] = {"global": {}, "install": {}, ":env:": {}}
    for line in listing.stdout.splitlines():
        name, _, value = line.partition("=")
        section, _, option = name.rpartition(".")
        if section in found:
            found[section][option] = str(ast.literal_eval(value))
    return found["global"] | found["install"] | found[":env:"]


def _requirements(root: Path, lock: str) -> dict[str, str]:
    """The lock's entries by package name, each with its marker and hashes."""
    text = (root / lock).read_text(encoding="utf-8")
    entries = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)
    return {re.split(r"[=\[ ;]", entry)[0]: entry for entry in entries if "==" in entry}


def _fingerprint(root: Path, lock: str) -> str:
    """What an installation is made from: the lock, and the project file for the kit itself."""
    parts = [(root / name).read_bytes() for name in (lock, "pyproject.toml")]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def stamp_file(root: Path = ROOT) -> Path:
    """The file written last, which says that a set-up was finished and of what."""
    return root / ".venv" / "sandbox-setup.json"


def _stamp(root: Path) -> dict[str, dict[str, str]]:
    return json.loads(stamp_file(root).read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def _belongs_here(root: Path) -> bool:
    """Whether the environment was finished, in this very folder, and its Python is still there."""
    python = venv_python(root)
    try:
        stamp = _stamp(root)
        return python.exists() and [stamp["root"], stamp["python"], type(stamp["installed"])] == [
            str(root),
            os.path.realpath(python),
            dict,
        ]
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _base_python() -> str:
    """The Python behind this one, so that an environment is never made from itself."""
    return getattr(sys, "_base_executable", None) or sys.executable


def _succeeds(command: Sequence[str], environment: dict[str, str] | None) -> bool:
    return subprocess.run(command, env=environment, stdout=sys.stderr, check=False).returncode == 0


def _run(command: Sequence[str], way_out: str) -> None:
    if not _succeeds(command, None):
        raise SetupError(way_out)


@contextmanager
def _one_at_a_time(root: Path) -> Iterator[None]:
    """Let a second start wait for the first one's set-up (not on Windows: it has no such lock)."""
    (root / "build").mkdir(exist_ok=True)
    with (root / "build" / "setup.lock").open("w") as handle:
        if os.name != "nt":
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextmanager
def _step(doing: str) -> Iterator[None]:
    """Say what is being done now, and then how long it took."""
    _say(f"{doing} ...")
    began = time.monotonic()
    yield
    _say(f"  done in {time.monotonic() - began:.1f} s")


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


_NO_VENV = (
    "Python's venv module could not make .venv (its own words are above). "
    "On Debian and Ubuntu: sudo apt install python3-venv. If the folder or the disk is read-only, "
    "put the clone in a folder you may write to."
)
_NO_PACKAGES = (
    "The packages could not be installed (the reason is above). The first start, and "
    "each after an upgrade of the kit, needs the network or a mirror set in pip's configuration "
    "(pip config list shows it); later starts work offline."
)
