"""What a project says of itself; the fields stand where a pack made offline can read them, too."""

from sandbox.projects.fields import (
    BY_NAME,
    CHOICES,
    FIELDS,
    LICENCES,
    MOST_ADDRESS,
    MOST_IMAGES,
    MOST_LABEL,
    MOST_LINKS,
    NONE,
    USED,
    Field,
    Kind,
    faults,
    is_address,
    is_asked,
    missing,
)

__all__ = [
    "BY_NAME",
    "CHOICES",
    "FIELDS",
    "LICENCES",
    "MOST_ADDRESS",
    "MOST_IMAGES",
    "MOST_LABEL",
    "MOST_LINKS",
    "NONE",
    "USED",
    "Field",
    "Kind",
    "faults",
    "is_address",
    "is_asked",
    "missing",
]
