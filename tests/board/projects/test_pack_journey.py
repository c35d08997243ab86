"""A team whose network fails in the last hour: key, folder, pack, code, deadline, file, receipt."""

import re
from base64 import b64encode
from dataclasses import replace
from io import BytesIO

from click.testing import CliRunner

from sandbox import cli, clock
from sandbox.board.scores import answers
from sandbox.state.projects import Pack
from sandbox.state.scores import AnswerFile
from tests.board.projects import packing
from tests.board.projects.packing import HOUR, close, submissions
from tests.projects.filled import fill


def test_a_team_that_loses_its_network_submits_all_the_same(board, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    kari = packing.team(board)
    now = clock.now()
    close(board, now + HOUR)
    key = packing.key_of(kari)
    (tmp_path / "otters.key").write_bytes(key.file())

    fill(tmp_path / "ours", key)  # from here on without a network
    with clock.fixed(now + HOUR / 2):
        done = CliRunner().invoke(
            cli.main, ["submission", "pack", "ours", "--key", "otters.key"], catch_exceptions=False
        )
    assert done.exit_code == 0, done.output
    code = re.search(r"code +(\S+)", done.output)[1]
    (file,) = tmp_path.glob("*.pack.json")

    with clock.fixed(now + 0.9 * HOUR):  # somebody's phone has a bar of 4G
        kari.raw("/project/pack")
        kari.post("/project/pack/note", {"code": code.lower()}, form="/project/pack")
    with clock.fixed(now + 2 * HOUR):  # the Wi-Fi is back
        packing.bring(kari, file.read_bytes())
        page = kari.get("/project/pack")
    (made,) = submissions(board)
    assert made.at == now + 0.9 * HOUR
    assert made.content["fields"]["title"] == "Otters"
    assert "Submitted: the pack is submission 1" in page.text
    assert f"{made.receipt[:5]}-{made.receipt[5:]}" in page.text


def test_answers_of_a_pack_are_handed_in_once_and_late_ones_told(board):
    kari = packing.team(board)
    key = packing.key_of(kari)
    answers = {"shorter-queue": {"name": "a.csv", "content": b64encode(b"x,y\n1,2\n").decode()}}
    content = packing.packed(key, answers=answers)
    packing.bring(kari, content)
    packing.bring(kari, content)
    (made,) = packing.rows(board, AnswerFile)
    assert (made.challenge, made.name, made.team_id) == (
        "shorter-queue", "a.csv", packing.team_id(board),
    )  # fmt: skip
    assert made.arrived_at == submissions(board)[0].at
    assert not packing.rows(board, Pack)[0].faults
    elsewhere = {"no-such-challenge": answers["shorter-queue"]}
    packing.bring(kari, packing.packed(key, answers=elsewhere))
    page = kari.get("/project/pack").text
    assert "The answers to no-such-challenge were not taken; the rest of the pack was" in page
    assert len(packing.rows(board, AnswerFile)) == 1


def test_answers_of_a_pack_are_taken_also_from_whoever_has_handed_in_all_files_for_now(
    board, monkeypatch
):
    monkeypatch.setattr(answers, "TRIES", (replace(answers.TRIES[0], times=1),))
    kari, page = packing.team(board), f"/challenges/{packing.CHALLENGE}/answers/"
    key = packing.key_of(kari)
    for status, sent in ((302, b"a"), (429, b"b")):
        file = {"file": (BytesIO(sent), "a.csv")}
        kari.post(page, file, status=status, content_type="multipart/form-data")
    packed = {packing.CHALLENGE: {"name": "p.csv", "content": b64encode(b"b").decode()}}
    packing.bring(kari, packing.packed(key, answers=packed))
    assert [file.name for file in packing.rows(board, AnswerFile)] == ["a.csv", "p.csv"]
