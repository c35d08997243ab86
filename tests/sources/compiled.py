"""Where the facts lie that the snapshot of Norway was compiled from, if they are here."""

from sandbox.workspace import KIT

COMPILED = KIT.parent / "shared" / "open-data" / "norway-2024"
