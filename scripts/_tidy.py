"""Find what no tracked file may name: a package registry's host, or a folder of one machine."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
UNWANTED = {
    "a package registry's host (a mirror may serve the packages)": re.compile(
        rb"\b(pypi\.org|pythonhosted\.org|npmjs\.(org|com)|crates\.io|proxy\.golang\.org"
        rb"|(deb|security)\.debian\.org|anaconda\.org)\b"
    ),
    "a folder of one machine (the clone lies anywhere)": re.compile(
        rb"(?<![\w.~}])/(home|root|Users|work|tmp)/\w"
    ),
    "a note about how the text came to be (say what holds for the reader)": re.compile(
        rb"\bissue #?\d|\bsub-?agents?\b|\.\./shared\b|\bshared/[a-z]+\.md", re.IGNORECASE
    ),
}


def findings(root: Path) -> Iterator[str]:
    """Yield a line `file:line: found is what` for each unwanted name in the tracked files."""
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, check=True)
    for name in filter(None, listing.stdout.decode().split("\0")):
        path = root / name
        content = path.read_bytes() if path.is_file() else b""
        if b"\0" in content:  # not text
            continue
        for what, pattern in UNWANTED.items():
            for match in pattern.finditer(content):
                line = content.count(b"\n", 0, match.start()) + 1
                yield f"{name}:{line}: {match[0].decode(errors='replace')!r} is {what}"


if __name__ == "__main__":
    found = list(findings(ROOT))
    print("\n".join(found))
    sys.exit(bool(found))
