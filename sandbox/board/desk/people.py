"""People at the organisers' desk: found, given roles, let in again, kept out, and listed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from sqlalchemy import Select, func, or_, select
from werkzeug.wrappers import Response as AnyResponse
from wtforms import SelectField, StringField, SubmitField
from wtforms.validators import Optional

from sandbox import clock
from sandbox.board import addresses, exports, mail
from sandbox.board.access import only
from sandbox.board.forms import N_, Form, address, at_most, required, tidy
from sandbox.board.people import by_mail, passes, roles
from sandbox.board.people.visitor import end_sign_ins, myself
from sandbox.board.site import page
from sandbox.board.store import db
from sandbox.board.words import gettext
from sandbox.state import audit
from sandbox.state.people import Account, Identity, Pass, Role, RoleHeld, SignIn

pages = Blueprint("desk_people", __name__, url_prefix="/organiser/people")
Answer = str | tuple[str, int] | AnyResponse
ON_A_PAGE = 50


class RoleForm(Form):
    """A role, and what it is limited to."""

    role = SelectField(N_("Role"))
    scope = SelectField(N_("For"))
    submit = SubmitField(N_("Give the role"))

    def __init__(self, **more: Any):
        super().__init__(**more)
        self.role.choices, self.scope.choices = roles.choices(), roles.scope_choices()

    def fits(self) -> bool:
        """Whether role and scope go together; says on the form if not."""
        if problem := roles.scope_problem(Role(self.role.data), str(self.scope.data)):
            self.scope.errors = [problem]
            return False
        return True

    @property
    def slug(self) -> str:
        return str(self.scope.data).partition(":")[2]


class PersonForm(RoleForm):
    """Somebody who shall get a link before they have ever been here, such as a judge."""

    name = StringField(
        N_("Name"), [required(N_("Write their name.")), at_most(80)], [tidy],
        render_kw={"autocomplete": "off"},
    )  # fmt: skip
    email = StringField(
        N_("E-mail address"), [Optional(), address], [tidy],
        render_kw={"type": "email", "autocomplete": "off"},
    )  # fmt: skip
    submit = SubmitField(N_("Add this person"))


class ActForm(Form):
    """A button for each thing that can be done about somebody."""

    link = SubmitField(N_("Make a link"))
    card = SubmitField(N_("Print a card"))
    mail = SubmitField(N_("Send a link by e-mail"))
    block = SubmitField(N_("Block"))
    unblock = SubmitField(N_("Unblock"))
    revoke = SubmitField(N_("Take back"))


# --- the list -------------------------------------------------------------------------------------


@pages.get("/")
@only(Role.ORGANISER)
def overview() -> str:
    words, role = tidy(request.args.get("q", ""))[:100], request.args.get("role", "")
    found = _found(words, role)
    total = db().scalar(select(func.count()).select_from(found.subquery())) or 0
    last = max(-(-total // ON_A_PAGE), 1)
    at = min(max(request.args.get("page", 1, type=int), 1), last)
    people = db().scalars(
        found.order_by(func.lower(Account.name), Account.id)
        .limit(ON_A_PAGE).offset((at - 1) * ON_A_PAGE)
    )  # fmt: skip
    return render_template(
        "board/desk/people.html",
        people=list(people), total=total, at=at, last=last, words=words, role=role,
        choices=roles.choices(), shown=roles.shown,
    )  # fmt: skip


def _found(words: str, role: str) -> Select[Account]:
    """People whose name or address holds `words`, and who have `role`; all if these are empty."""
    found = select(Account).where(Account.deleted_at.is_(None))
    if words:
        names = (
            column.icontains(words, autoescape=True) for column in (Account.name, Account.email)
        )
        found = found.where(or_(*names))
    if role in list(Role):
        held = select(RoleHeld.account_id).where(RoleHeld.role == role)
        found = found.where(Account.id.in_(held))
    return found


@pages.get("/people.csv")
@only(Role.ORGANISER)
def listed() -> Response:
    """Everybody, for badges and the caterer's head count; with what the list shows, no more."""
    people = db().scalars(_found("", "").order_by(Account.id))
    columns = ("number", "name", "email", "email confirmed", "joined", "roles", "blocked")
    rows = (
        (p.id, p.name, p.email, bool(p.email_confirmed_at), p.joined_at,
         "; ".join(f"{held.role} {held.scope}".strip() for held in p.roles), bool(p.blocked_at))
        for p in people
    )  # fmt: skip
    return exports.csv_file("people.csv", columns, rows)


@pages.route("/new", methods=["GET", "POST"])
@only(Role.ORGANISER)
def new() -> Answer:
    asked = PersonForm()
    if asked.validate_on_submit() and asked.fits():
        email = asked.email.data or None
        if not email or not db().scalar(select(Account.id).where(Account.email == email)):
            return redirect(url_for(".person", number=_added(asked, email)))
        asked.email.errors = [gettext("There is an account with this address already.")]
    shown = render_template("board/desk/person_new.html", form=asked)
    return shown, 422 if asked.errors else 200


def _added(asked: PersonForm, email: str | None) -> int:
    added = Account(name=str(asked.name.data), email=email, created_at=clock.now())
    db().add(added)
    db().flush()
    audit.record(db(), "account.make", f"account {added.id}", myself().id)
    roles.grant(db(), added, asked.role.data, asked.slug, myself().id)
    db().commit()
    flash(gettext("Added. Give them a link or a card, and they are in."))
    return added.id


# --- somebody -------------------------------------------------------------------------------------


@pages.get("/<int:number>")
@only(Role.ORGANISER)
def person(number: int) -> str:
    return _page(_person(number), RoleForm(formdata=None))


def _page(account: Account, asked: RoleForm, **more: Any) -> str:
    still = (SignIn.ended_at.is_(None), SignIn.ends_at > clock.now())
    sessions = select(func.count()).where(SignIn.account_id == account.id, *still)
    cards = select(func.count()).where(
        Pass.account_id == account.id, Pass.kind == "card", Pass.ended_at.is_(None)
    )
    issuers = db().scalars(select(Identity.issuer).where(Identity.account_id == account.id))
    return render_template(
        "board/desk/person.html",
        account=account,
        form=asked,
        act=ActForm(formdata=None),
        sessions=db().scalar(sessions),
        cards=db().scalar(cards),
        issuers=list(issuers),
        mailable=mail.possible(),
        shown=roles.shown,
        **more,
    )


@pages.post("/<int:number>/roles")
@only(Role.ORGANISER)
def grant(number: int) -> Answer:
    account, asked = _person(number), RoleForm()
    if not (asked.validate_on_submit() and asked.fits()):
        return _page(account, asked), 422
    news = roles.grant(db(), account, asked.role.data, asked.slug, myself().id)
    db().commit()
    flash(gettext("The role is given.") if news else gettext("They have this role already."))
    return redirect(url_for(".person", number=number))


@pages.post("/<int:number>/roles/<int:held>/revoke")
@only(Role.ORGANISER)
def revoke(number: int, held: int) -> Answer:
    account = _person(number)
    found = next((role for role in account.roles if role.id == held), None) or abort(404)
    if found.role == Role.ORGANISER and roles.is_last_organiser(db(), account):
        flash(gettext("The last organiser stays: make somebody else one first."))
    else:
        roles.revoke(db(), found, myself().id)
        db().commit()
        flash(gettext("The role is taken back."))
    return redirect(url_for(".person", number=number))


@pages.post("/<int:number>/block")
@only(Role.ORGANISER)
def block(number: int) -> Answer:
    """Keep somebody out, at once: whatever they could come in with ends."""
    account = _person(number)
    if account.id == myself().id:
        flash(gettext("You cannot block yourself."))
    elif roles.is_last_organiser(db(), account):
        flash(gettext("The last organiser stays: make somebody else one first."))
    else:
        account.blocked_at = account.blocked_at or clock.now()
        end_sign_ins(db(), account.id)
        passes.end_passes(db(), account, "link", "card")
        audit.record(db(), "account.block", f"account {account.id}", myself().id)
        db().commit()
        flash(gettext("Blocked: signed out everywhere, and links and cards have ended."))
    return redirect(url_for(".person", number=number))


@pages.post("/<int:number>/unblock")
@only(Role.ORGANISER)
def unblock(number: int) -> Answer:
    account = _person(number)
    account.blocked_at = None
    audit.record(db(), "account.unblock", f"account {account.id}", myself().id)
    db().commit()
    flash(gettext("Unblocked. They can sign in again."))
    return redirect(url_for(".person", number=number))


@pages.post("/<int:number>/link")
@only(Role.ORGANISER)
def link(number: int) -> Answer:
    """A link that is shown in this answer and never again, so there is no page to go on to."""
    account = _let_in(number)
    token = passes.link_for(db(), account, made_by=myself().id)
    audit.record(db(), "link.make", f"account {account.id}", myself().id)
    db().commit()
    made = addresses.absolute(url_for("sign_in.link", token=token))
    return _shown("board/desk/link.html", account, address=made, qr=addresses.qr(made))


@pages.post("/<int:number>/card")
@only(Role.ORGANISER)
def card(number: int) -> Answer:
    account = _let_in(number)
    if account.has(Role.ORGANISER):
        flash(gettext("A card opens for whoever finds it, so organisers get none: make a link."))
        return redirect(url_for(".person", number=number))
    code = passes.card_for(db(), account, myself().id)
    audit.record(db(), "card.make", f"account {account.id}", myself().id)
    db().commit()
    return _shown("board/desk/card_sheet.html", account, cards=drawn([(account.name, code)]))


@pages.post("/<int:number>/mail")
@only(Role.ORGANISER)
def send(number: int) -> Answer:
    account = _let_in(number)
    if not (mail.possible() and account.email):
        abort(404)
    by_mail.send(db(), account.email, account.language or page().language)
    audit.record(db(), "link.mail", f"account {account.id}", myself().id)
    db().commit()
    flash(gettext("A link is on its way to them; it works for 30 minutes."))
    return redirect(url_for(".person", number=number))


def drawn(codes: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
    """Cards as the sheet shows them, of (name, code) pairs."""
    return [
        {
            "name": name,
            "code": code,
            "qr": addresses.qr(addresses.absolute(url_for("codes.code", code=code))),
        }
        for name, code in codes
    ]


def _shown(template: str, account: Account, **more: Any) -> str:
    """A page with a secret: the answer to a form, which no browser keeps."""
    return render_template(
        template,
        account=account,
        home=addresses.absolute(url_for("codes.form")),
        elsewhere=addresses.works_elsewhere(),
        **more,
    )


def _person(number: int) -> Account:
    found = db().get(Account, number)
    return found if found and not found.deleted_at else abort(404)


def _let_in(number: int) -> Account:
    """Somebody who may be given a way in."""
    found = _person(number)
    return abort(404) if found.blocked_at else found
