"""The desk's log and its backups."""

import io
import zipfile

from sqlalchemy import text

from sandbox.state import audit
from tests.board.visitors import visitor


def test_a_backup_is_downloaded_and_the_log_says_so(board):
    client = visitor(board, roles=["organiser"])
    answer = client.flask.post(
        "/organiser/backup/", data={"csrf_token": client.token("/organiser/backup/")}
    )
    assert answer.status_code == 200 and answer.headers["Cache-Control"] == "no-store"
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert "kari@example.org" in archive.read("tables/accounts.jsonl").decode()
        assert "backup.download" in archive.read("tables/audit.jsonl").decode()
    assert "backup.download" in client.get("/organiser/log/").text


def test_the_log_tells_who_did_what_and_goes_on_over_pages(board):
    client = visitor(board, roles=["organiser"])
    with board.extensions["state"].write() as writer:
        for number in range(120):
            audit.record(writer, "thing.do", f"thing {number}", 1, why="<script>alert(1)</script>")
        audit.record(writer, "event.open", "x")
    newest = client.get("/organiser/log/")
    assert "all their seals hold" in newest.text
    assert "the command line" in newest.text and "Kari" in newest.text
    assert "thing 119" in newest.text and "thing 5 " not in newest.text
    (older,) = [link for link in newest.links if "before=" in link]
    assert "thing 5" in client.get(older).text
    only = client.get("/organiser/log/?act=event.open").text
    assert "event.open" in only and "thing 119" not in only


def test_a_log_that_was_changed_from_outside_is_told(board):
    client = visitor(board, roles=["organiser"])
    state = board.extensions["state"]
    with state.write() as writer:
        audit.record(writer, "thing.do", "x")
    with state.engine.begin() as connection, audit.unlocked(connection):
        connection.execute(text("UPDATE audit SET act = 'thing.undo'"))
    assert "Their seals do not hold: number 1" in client.get("/organiser/log/").text
