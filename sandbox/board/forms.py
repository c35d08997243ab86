"""Forms: fields whose words are translated when shown, and what is wrong said beside them."""

from __future__ import annotations

from typing import Any

from email_validator import EmailNotValidError, validate_email
from flask_wtf import FlaskForm
from wtforms import Field, SelectMultipleField
from wtforms import Form as PlainForm
from wtforms.validators import InputRequired, Length, StopValidation, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from sandbox.board.words import N_, gettext
from sandbox.state.people import normal_address


class Form(FlaskForm):  # type: ignore[misc]
    """A form with protection against requests forged elsewhere; its texts are in English here.

    `data_for(model)` is what fields hold; only named fields are ever taken from a request.
    """

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        """Words are translated by the page, not by WTForms, which lacks some of our languages."""

        locales = False

    @property
    def wrong(self) -> list[Field]:
        """Fields with something wrong in them, in the order in which they are shown."""
        return [field for field in self if field.errors]


class _Box(CheckboxInput):  # type: ignore[misc]
    """Where one choice is required, a browser that is told so would require each box."""

    validation_attrs = ("disabled",)


class CheckboxesField(SelectMultipleField):  # type: ignore[misc]
    """Any number of choices, each a box of its own."""

    widget = ListWidget(prefix_label=False)
    option_widget = _Box()


def required(message: str) -> InputRequired:
    """Refuses an empty field and says what to write: N_("Write your name")."""
    return _Filled(message)


class _Filled(InputRequired):  # type: ignore[misc]
    """Spaces alone are nothing, and a box that is not ticked is no yes."""

    def __call__(self, form: PlainForm, field: Field) -> None:
        value = field.data
        if (
            value is None
            or value is False
            or value == []
            or (isinstance(value, str) and not value.strip())
        ):
            field.errors[:] = []
            raise StopValidation(self.message)


def at_most(characters: int) -> Length:
    """Refuses longer texts, saying how long this one is."""
    return _AtMost(max=characters)


class _AtMost(Length):  # type: ignore[misc]
    def __call__(self, form: PlainForm, field: Field) -> None:
        length = len(field.data or "")
        if length > self.max:
            message = gettext("Write at most %(most)s characters; this is %(length)s.")
            raise ValidationError(message % {"most": self.max, "length": length})


def address(_form: PlainForm, field: Field) -> None:
    """Refuses what cannot be an e-mail address, without asking the network; normalises the rest."""
    try:
        found = validate_email(field.data or "", check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        raise StopValidation(gettext("Write an e-mail address such as kari@example.org.")) from None
    field.data = normal_address(found.normalized)


def tidy(text: Any) -> Any:
    """A filter for one line of text: no spaces around it, single ones inside, nothing invisible."""
    if not isinstance(text, str):
        return text
    return " ".join("".join(c for c in text if c.isprintable() or c.isspace()).split())


def tidy_lines(text: Any) -> Any:
    """A filter for longer text: line ends as LF, nothing invisible, no empty lines around it."""
    if not isinstance(text, str):
        return text
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join("".join(c for c in line if c.isprintable() or c == "\t").rstrip()
                     for line in lines).strip("\n")  # fmt: skip


__all__ = ["N_", "CheckboxesField", "Form", "address", "at_most", "required", "tidy", "tidy_lines"]
