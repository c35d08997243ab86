"""Backups by a button: all that the board keeps, as one file to put somewhere safe."""

from __future__ import annotations

import tempfile

from flask import Blueprint, Response, render_template, send_file
from wtforms import SubmitField

from sandbox import clock
from sandbox.board.access import only
from sandbox.board.forms import N_, Form
from sandbox.board.people.visitor import myself
from sandbox.board.served import event, served
from sandbox.board.store import db, state
from sandbox.state import audit
from sandbox.state.backup import write
from sandbox.state.people import Role

pages = Blueprint("desk_backups", __name__, url_prefix="/organiser/backup")
IN_MEMORY = 20_000_000  # bytes; a larger one waits on the disk until it is sent


class BackupForm(Form):
    """One button."""

    submit = SubmitField(N_("Download a backup"))


@pages.get("/")
@only(Role.ORGANISER)
def overview() -> str:
    workspace = served().workspace
    return render_template(
        "board/desk/backups.html",
        form=BackupForm(formdata=None),
        command=workspace.command("event restore BACKUP.zip"),
    )


@pages.post("/")
@only(Role.ORGANISER)
def download() -> Response:
    audit.record(db(), "backup.download", actor_id=myself().id)
    db().commit()  # nobody waits while it is written
    out = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 (closed when sent)
    write(state(), served().workspace.uploads, out)
    out.seek(0)
    moment = clock.now().astimezone(event().zone)
    answer = send_file(
        out,
        mimetype="application/zip",
        as_attachment=True,
        download_name=f"board-{moment:%Y-%m-%d-%H%M}.zip",
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer
