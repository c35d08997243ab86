"""What is wrong with what somebody hands in, told in any language: found, expected, the way out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

MOST_CHARACTERS = 200  # of a value that is repeated


class Told(NamedTuple):
    """A fault in words; empty where there is nothing to say."""

    what: str
    found: str
    expected: str
    fix: str


@dataclass(frozen=True)
class Fault:
    """Each part is a message to translate (marked by N_), with `values` by name in it.

    `values` are text and numbers, so that a fault can be kept and told later to a reader of another
    language.
    """

    what: str
    found: str = ""
    expected: str = ""
    fix: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    about: str = ""  # what it is about, such as a field's label

    def told(self, translate: Callable[[str], str] = str) -> Told:
        parts = (self.what, self.found, self.expected, self.fix)
        values = self._shown
        what, *rest = (translate(part) % values if part else "" for part in parts)
        return Told(f"{translate(self.about)} {what}" if self.about else what, *rest)

    def plain(self) -> dict[str, Any]:
        return {"what": self.what, "found": self.found, "expected": self.expected,
                "fix": self.fix, "values": self._shown, "about": self.about}  # fmt: skip

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Fault:
        return cls(**plain)

    @property
    def _shown(self) -> dict[str, Any]:
        return {name: _short(value) for name, value in self.values.items()}


def _short(value: Any) -> Any:
    """Texts of strangers are repeated as far as they can be printed, and not at length."""
    if not isinstance(value, str):
        return value
    printed = "".join(c if c.isprintable() else "�" for c in value)
    return printed if len(printed) <= MOST_CHARACTERS else f"{printed[:MOST_CHARACTERS]}…"
