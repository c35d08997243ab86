"""List the licences of the locked packages, and find those the kit must not be built on."""

import re
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import NamedTuple

# Copyleft over the network, "source available", or non-commercial: none goes into a kit that public
# bodies run, change and pass on under Apache-2.0.
REFUSED = re.compile(
    r"\b(AGPL|Affero|SSPL|Server Side Public|BUSL|BSL-1\.1|Business Source|Elastic|Commons.Clause"
    r"|PolyForm|[Nn]on-?[Cc]ommercial|NC-4\.0|Proprietary)\b"
)
# Sentences that only these licences' texts hold, for packages whose metadata says nothing.
_TELLTALES = {
    "Permission is hereby granted, free of charge, to any person": "MIT",
    "Redistribution and use in source and binary forms": "BSD",
    "Apache License Version 2.0": "Apache-2.0",
    "Mozilla Public License Version 2.0": "MPL-2.0",
}


class Package(NamedTuple):
    """One installed package; `licence` is what its metadata says, or empty."""

    name: str
    version: str
    licence: str


def packages(lock: Path) -> list[Package]:
    """The packages of a lock file that this platform has installed, by name."""
    names = re.findall(r"^([\w.-]+)==", lock.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return [package for name in sorted(names) if (package := _package(name))]


def _package(name: str) -> Package | None:
    """One package, or None where the lock's marker leaves it out here."""
    try:
        found = distribution(name)
    except PackageNotFoundError:
        return None
    return Package(found.metadata["Name"], found.version, licence(found))


def licence(found: Distribution) -> str:
    """The SPDX expression if given, else classifiers, else a short free text, else the file's."""
    classifiers = " or ".join(
        classifier.split(" :: ")[-1]
        for classifier in found.metadata.get_all("Classifier") or ()
        if classifier.startswith("License :: OSI Approved :: ")
    )
    text = _field(found, "License").strip()
    return (
        _field(found, "License-Expression")
        or classifiers
        or (text if len(text) < 80 else "")
        or _by_text(found)
    )


def _field(found: Distribution, name: str) -> str:
    return next(iter(found.metadata.get_all(name) or ()), "")


def _by_text(found: Distribution) -> str:
    """The kind of licence a package's own licence file is the text of."""
    for file in found.files or ():
        if re.match(r"licen[cs]e", file.name, re.IGNORECASE) and not file.name.endswith(".py"):
            text = " ".join(file.read_text(encoding="utf-8").split())
            for sentence, name in _TELLTALES.items():
                if sentence in text:
                    return f"{name} (by its text)"
    return ""


def problems(found: list[Package]) -> list[str]:
    """A sentence for each package that says no licence or a refused one."""
    return [
        f"{package.name} {package.version} says no licence: read its text and leave it out, or ask"
        if not package.licence
        else f"{package.name} {package.version} is under {package.licence}, which the kit refuses"
        for package in found
        if not package.licence or REFUSED.search(package.licence)
    ]


def main() -> int:
    """Print the table; return 1 if a package must go."""
    found = packages(Path(__file__).resolve().parent.parent / "requirements-dev.lock")
    for package in found:
        print(f"{package.name:26} {package.version:18} {package.licence or '-'}")
    wrong = problems(found)
    print("\n".join(wrong), file=sys.stderr, end="\n" if wrong else "")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
