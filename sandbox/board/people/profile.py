"""What people tell of themselves, when they join and whenever they want to change it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy.orm import Session
from wtforms import SelectChoice, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.widgets import CheckboxInput, ListWidget

from sandbox.board.forms import N_, Form, at_most, required, tidy, tidy_lines
from sandbox.board.people import details
from sandbox.board.served import event
from sandbox.state.people import Account, Skill, SkillHeld
from sandbox.ui import languages

SKILLS = {
    Skill.DEVELOPER: N_("Developer: I build things"),
    Skill.DOMAIN_EXPERT: N_("Domain expert: I know the field"),
    Skill.USER: N_("User: I use such services, or work with those who do"),
    Skill.DECISION_MAKER: N_("Decision maker: I can decide what becomes of it"),
}
SHORT = {
    Skill.DEVELOPER: N_("Developer"),
    Skill.DOMAIN_EXPERT: N_("Domain expert"),
    Skill.USER: N_("User"),
    Skill.DECISION_MAKER: N_("Decision maker"),
}


class CheckboxesField(SelectMultipleField):  # type: ignore[misc]
    """Several of a few, each a box to tick."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class ProfileForm(Form):
    """Name, language, skills, and what the organiser asks for."""

    name = StringField(
        N_("Your name, as others shall see it"),
        [required(N_("Write your name, or what you want to be called.")), at_most(80)],
        [tidy],
        render_kw={"autocomplete": "name"},
    )
    language = SelectField(
        N_("The language in which we write to you"), [required(N_("Choose a language."))]
    )
    skills = CheckboxesField(
        N_("What you bring"), choices=[SelectChoice(s, label) for s, label in SKILLS.items()]
    )
    phone = StringField(
        details.ASKED["phone"].label,
        [at_most(details.ASKED["phone"].longest)],
        [tidy],
        render_kw={"type": "tel", "autocomplete": "tel"},
    )
    diet = TextAreaField(
        details.ASKED["diet"].label,
        [at_most(details.ASKED["diet"].longest)],
        [tidy_lines],
        render_kw={"autocomplete": "off"},
    )
    access = TextAreaField(
        details.ASKED["access"].label,
        [at_most(details.ASKED["access"].longest)],
        [tidy_lines],
        render_kw={"autocomplete": "off"},
    )

    def fit(self, asked: Iterable[str], *, known: bool = False) -> None:
        """Leave out what is not asked, and for somebody who is `known`, the whole profile."""
        keep = set() if known else {"name", "language", "skills", *asked}
        for name in ("name", "language", "skills", *details.ASKED):
            if name not in keep:
                delattr(self, name)
        if self.language:
            self.language.choices = [
                SelectChoice(tag, languages.NAMES[tag]) for tag in event().languages
            ]

    def fill(self, person: Account, known: Mapping[str, str], language: str) -> None:
        """Show what is kept, in a form that has not been sent."""
        if not self.name:
            return
        self.name.data = person.name
        offered = event().languages
        self.language.data = person.language if person.language in offered else language
        self.skills.data = [held.skill for held in person.skills]
        for name in details.ASKED:
            if name in self:
                self[name].data = known.get(name, "")

    def store(self, writer: Session, person: Account) -> None:
        person.name, person.language = str(self.name.data), str(self.language.data)
        chosen = set(self.skills.data or ())
        before = {held.skill: held for held in person.skills}
        for skill in before.keys() - chosen:
            person.skills.remove(before[skill])
        person.skills += [SkillHeld(skill=skill) for skill in sorted(chosen - before.keys())]
        written = {n: str(self[n].data or "") for n in details.ASKED if n in self}
        details.keep(writer, person.id, written)
