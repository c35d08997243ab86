"""The organisers' desk: everything an event needs, without a terminal."""

from __future__ import annotations

from typing import NamedTuple

from flask import Blueprint, render_template

from sandbox.board.access import only
from sandbox.board.words import N_
from sandbox.state.people import Role

pages = Blueprint("desk", __name__, url_prefix="/organiser")


class Section(NamedTuple):
    """A part of the desk: the view it begins at, its name, and what it is for."""

    endpoint: str
    title: str
    summary: str


# In the order in which an organiser needs them.
SECTIONS: dict[str, tuple[Section, ...]] = {
    N_("Before the event"): (
        Section(
            "setup.form", N_("The event"), N_("Name, dates, languages, and what people are asked.")
        ),
        Section("setup.mail_form", N_("Mail"), N_("The server that mails go through, and a test.")),
        Section(
            "content.form",
            N_("Data, challenges, starters"),
            N_("What of the kit, and of your own, this event uses."),
        ),
        Section("building.overview", N_("Build"), N_("Make the data anew after a change.")),
        Section("imports.form", N_("Import"), N_("Bring an event along from dribdat.")),
        Section(
            "desk_texts.index",
            N_("Texts"),
            N_("Terms, code of conduct, privacy and accessibility: read, edit, publish."),
        ),
        Section(
            "desk_challenges.index",
            N_("Challenges"),
            N_("Write, review, announce, open and close them."),
        ),
    ),
    N_("People"): (
        Section(
            "desk_invites.overview",
            N_("Invites"),
            N_("Codes that let people in, to print for the wall or to send."),
        ),
        Section(
            "desk_cards.overview",
            N_("Cards"),
            N_("Printed keys for those who have no e-mail at hand."),
        ),
        Section(
            "desk_people.overview",
            N_("People"),
            N_("Who is here: roles, links for judges, blocking, and the list as a file."),
        ),
        Section(
            "desk_teams.overview",
            N_("Teams"),
            N_("Who is in which and who in none, how large they may be, and more time for one."),
        ),
        Section(
            "desk_young.index",
            N_("Young participants"),
            N_("Who waits for a guardian’s consent, and below which age one is needed."),
        ),
        Section(
            "desk_needs.index",
            N_("What people need"),
            N_("Food, needs at the venue, telephone numbers, and who may be written to later."),
        ),
    ),
    N_("During the event"): (
        Section(
            "desk_announcements.index",
            N_("Announcements"),
            N_("Tell everybody: on a page, as a banner, in the feed, by e-mail; now or later."),
        ),
        Section(
            "desk_questions.index",
            N_("Questions"),
            N_("What waits for an answer and for whose, and how fast answers come."),
        ),
        Section(
            "desk_scores.index",
            N_("Scores"),
            N_("Leaderboards and every file: rules, freeze, results."),
        ),
        Section("help.queue", N_("Mentors’ queue"), N_("Who waits for a mentor, and since when.")),
        Section(
            "desk_packs.index",
            N_("Packs"),
            N_("Submissions made without a network: take them in, and decide on late ones."),
        ),
        Section("desk_webhooks.form", N_("Webhooks"), N_("Tell other programs what happens here.")),
    ),
    N_("Keeping and erasing"): (
        Section(
            "desk_backups.overview",
            N_("Backup"),
            N_("Everything in one file, at any moment, without stopping anybody."),
        ),
        Section(
            "desk_retention.index",
            N_("How long data is kept"),
            N_("The rules, what is due, and the proof of what was erased."),
        ),
        Section(
            "desk_log.overview",
            N_("Log"),
            N_("Who with rights did what, and when. Nothing in it can be changed."),
        ),
    ),
}


@pages.get("/")
@only(Role.ORGANISER)
def overview() -> str:
    from sandbox.board.desk import readiness  # which links to the desk's parts

    facts = readiness.facts()
    return render_template("board/desk/overview.html", sections=SECTIONS, facts=facts)
