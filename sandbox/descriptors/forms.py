"""What every descriptor is made of: frozen, strict forms, and words in several languages."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, RootModel, model_validator

LANGUAGES = ("en", "nb", "nn", "sv", "da")
FALLBACK = {"nn": ("nn", "nb", "en"), "no": ("nb", "en")}


class Descriptor(BaseModel):
    """Base of every typed form: frozen, strict about types, and an unknown key is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Expected(ValueError):
    """Raised in a validator, with what was expected; `found` where the value itself tells less."""

    def __init__(self, expected: str, found: str | None = None, fix: str | None = None):
        super().__init__(expected)
        self.found = found
        self.fix = fix


def _language(tag: str) -> str:
    if tag not in LANGUAGES:
        raise Expected(f"a language tag: {', '.join(LANGUAGES)}")
    return tag


def _said(text: str) -> str:
    if not text.strip():
        raise Expected("words, since this is shown to people")
    return text.strip()


class Text(RootModel[dict[Annotated[str, AfterValidator(_language)],
                          Annotated[str, AfterValidator(_said)]]]):  # fmt: skip
    """Words for people: one string (English) or a map of language tags, kept as the map."""

    model_config = ConfigDict(frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _as_map(cls, value: object) -> object:
        if isinstance(value, str):
            return {"en": _said(value)}
        if value and isinstance(value, dict | Text):
            return value
        raise Expected("text, or a map of language tags such as {en: …, nb: …}")

    def best(self, language: str) -> tuple[str, str]:
        """The words for a reader of `language`, and the tag of the language they are in."""
        tags = (*FALLBACK.get(language, (language,)), "en", *self.root)
        tag = next(tag for tag in tags if tag in self.root)
        return self.root[tag], tag

    def __str__(self) -> str:
        return self.best("en")[0]


Words = Text
