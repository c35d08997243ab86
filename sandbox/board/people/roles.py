"""Roles: what they are called, what they may be limited to, giving them and taking them back."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from wtforms import SelectChoice

from sandbox import clock
from sandbox.board.served import generation
from sandbox.board.site import page
from sandbox.board.words import N_, gettext
from sandbox.state import audit
from sandbox.state.people import Account, Role, RoleHeld

NAMES = {
    Role.PARTICIPANT: N_("Participant"),
    Role.JUDGE: N_("Judge"),
    Role.MENTOR: N_("Mentor"),
    Role.OWNER: N_("Challenge owner"),
    Role.STEWARD: N_("Data steward"),
    Role.DECISION_MAKER: N_("Decision maker"),
    Role.RESPONDER: N_("Responder for the code of conduct"),
    Role.ORGANISER: N_("Organiser"),
}
# What a role's scope names, and whether it must name one.
SCOPES = {
    Role.OWNER: ("challenge", True),
    Role.STEWARD: ("dataset", False),
    Role.JUDGE: ("challenge", False),
    Role.MENTOR: ("challenge", False),
    Role.DECISION_MAKER: ("challenge", False),
}


def choices() -> list[SelectChoice]:
    return [SelectChoice(role.value, gettext(name)) for role, name in NAMES.items()]


def scope_choices() -> list[SelectChoice]:
    """Everything, each challenge, each dataset; the value says which of them a slug is of."""
    known, tongue = generation().catalog, page().language
    kinds = (
        ("challenge", gettext("Challenges"), known.challenges),
        ("dataset", gettext("Datasets"), known.datasets),
    )
    named = [
        SelectChoice(f"{kind}:{slug}", found.title.best(tongue)[0], optgroup=group)
        for kind, group, all_of_them in kinds
        for slug, found in all_of_them.items()
    ]
    return [SelectChoice("", gettext("Everything")), *named]


def scope_problem(role: Role, chosen: str) -> str | None:
    """What is wrong with limiting `role` to `chosen`, one of the scope's choices."""
    kind = chosen.partition(":")[0]
    expected, needed = SCOPES.get(role, ("", False))
    if needed and not kind:
        return gettext("Choose which challenge they own.")
    if kind and not expected:
        return gettext("This role is for everything.")
    if kind and kind != expected:
        if expected == "dataset":
            return gettext("This role can be limited to a dataset only.")
        return gettext("This role can be limited to a challenge only.")
    return None


def shown(role: str, scope: str) -> str:
    """Judge, or Judge (Quiet streets), in the reader's language."""
    name = gettext(NAMES[Role(role)])
    if not scope:
        return name
    known = generation().catalog
    kind = SCOPES.get(Role(role), ("challenge", False))[0]
    found = (known.datasets if kind == "dataset" else known.challenges).get(scope)
    return f"{name} ({found.title.best(page().language)[0] if found else scope})"


def holds(account: Account, role: str, scope: str) -> bool:
    return any(held.role == role and held.scope == scope for held in account.roles)


def grant(
    writer: Session, account: Account, role: str, scope: str, actor_id: int | None, **how: Any
) -> bool:
    """Give `account` a role, in the audit log too; whether it was news."""
    if holds(account, role, scope):
        return False
    account.roles.append(
        RoleHeld(role=str(role), scope=scope, granted_at=clock.now(), granted_by=actor_id)
    )
    writer.flush()
    about = f"account {account.id}"
    audit.record(writer, "role.grant", about, actor_id, role=str(role), scope=scope, **how)
    return True


def revoke(writer: Session, held: RoleHeld, actor_id: int | None) -> None:
    account = held.account
    account.roles.remove(held)
    writer.flush()
    about = f"account {account.id}"
    audit.record(writer, "role.revoke", about, actor_id, role=held.role, scope=held.scope)


def is_last_organiser(reader: Session, account: Account) -> bool:
    """Whether nobody else could let an organiser in again."""
    if not account.has(Role.ORGANISER):
        return False
    others = (
        select(func.count())
        .select_from(RoleHeld)
        .join(Account, RoleHeld.account_id == Account.id)
        .where(RoleHeld.role == Role.ORGANISER, Account.id != account.id)
        .where(Account.blocked_at.is_(None), Account.deleted_at.is_(None))
    )
    return not reader.scalar(others)
