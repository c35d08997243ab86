from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from io import BytesIO

import pytest

from sandbox.errors import AnswersRejected, SandboxError
from sandbox.grading import MEBIBYTES, grade
from sandbox.grading.judge import judge
from sandbox.grading.order import Order
from tests.grading.making import challenge_of, write_truth

SLUG = "a-challenge"
TRUE = ["approve"] * 1400 + ["ask_for_documents"] * 400 + ["to_case_officer"] * 200
KEYS = [f"BP-{i:05}" for i in range(len(TRUE))]


@pytest.fixture
def truth(tmp_path):
    rows = [{"application_id": k, "answer": a} for k, a in zip(KEYS, TRUE, strict=True)]
    return write_truth(tmp_path / "truth", SLUG, rows)


def answers(given) -> str:
    lines = (f"{key},{answer}\n" for key, answer in zip(KEYS, given, strict=True))
    return "application_id,answer\n" + "".join(lines)


def judged(path, truth, challenge=None):
    """What the judge says, in this process."""
    return judge(Order(slug=SLUG, challenge=challenge or challenge_of(), answers=str(path),
                       shown_as=path.name, truth=str(truth), mebibytes=MEBIBYTES))  # fmt: skip


@pytest.mark.heavy
def test_the_judge_scores_in_a_process_of_its_own_whatever_lies_in_the_participants_folder(
    truth, answers_file, tmp_path, monkeypatch
):
    (tmp_path / "csv.py").write_text("raise SystemExit('taken over')")
    monkeypatch.chdir(tmp_path)
    path = answers_file(answers(TRUE))
    verdict = grade(SLUG, challenge_of(), path, truth)
    assert verdict.score == pytest.approx(90.0)
    assert verdict.passed_gates
    assert verdict == judged(path, truth)


def test_both_parts_are_measured_and_told_in_both_languages(truth, answers_file):
    verdict = judged(answers_file(answers(TRUE)), truth)
    assert verdict.public.rows == verdict.private.rows == 1000
    assert "Score: 90 %" in verdict.text()
    assert "Poeng: 90 %" in verdict.text("nb")


def test_a_closed_gate_is_told_with_its_number_and_the_share_without_it(truth, answers_file):
    told = judged(answers_file(answers([*TRUE[:-1], "refuse"])), truth).text()
    assert "Score: 0 %" in told
    assert "without the gates: 90 %" in told
    assert "NOT passed: refusals by machine (1, at most 0 cases)" in told


def test_the_parts_are_told_without_the_gates_and_say_so(truth, answers_file):
    """A part has too few approvals for a bound; its score must not look as if it counted."""
    given = [*TRUE[:-1], "refuse"]
    verdict = judged(answers_file(answers(given)), truth)
    assert verdict.public.ungated == pytest.approx(90.0)
    assert "public part, without the gates: 90 % (1000)" in verdict.text()
    assert "skjult del, uten portene: 90 % (1000)" in verdict.text("nb")


def test_a_row_of_scores_json_says_which_gates_were_passed(truth, answers_file):
    summary = judged(answers_file(answers([*TRUE[:-1], "refuse"])), truth).summary()
    assert (summary["score"], summary["passed_gates"]) == (0.0, False)
    passed = {gate["name"]: gate["passed"] for gate in summary["details"]["gates"]}
    assert passed == {"machine_refusals": False, "wrongful_approvals": True,
                      "needless_requests": True}  # fmt: skip
    assert json.loads(json.dumps(summary)) == summary


@pytest.mark.heavy
def test_mistakes_come_back_from_the_judge_with_file_and_line(truth, answers_file):
    path = answers_file(answers(TRUE).replace("approve", "yes", 1))
    with pytest.raises(AnswersRejected) as caught:
        grade(SLUG, challenge_of(), path, truth)
    [problem] = caught.value.problems
    assert (problem.file, problem.line, problem.found) == (str(path), 2, "yes")


def test_without_truth_the_reader_is_told_where_answers_are_scored(tmp_path, answers_file):
    with pytest.raises(SandboxError, match="Answers are scored where the bundle was built"):
        judged(answers_file(answers(TRUE)), tmp_path / "nothing")


def test_an_unknown_metric_is_told_with_the_known_ones(truth, answers_file):
    with pytest.raises(SandboxError, match="did you mean same-day"):
        judged(answers_file(answers(TRUE)), truth, challenge_of("same-days"))


def test_a_judge_that_takes_too_long_is_stopped(truth, answers_file):
    with pytest.raises(SandboxError, match=r"not scored within 0\.01 seconds"):
        grade(SLUG, challenge_of(), answers_file(answers(TRUE)), truth, seconds=0.01)


@pytest.mark.heavy
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux bounds a process's memory")
def test_a_judge_that_wants_too_much_memory_is_stopped(tmp_path, answers_file):
    rows = [{"application_id": str(i), "answer": "approve"} for i in range(30_000)]
    truth = write_truth(tmp_path / "truth", SLUG, rows)
    with pytest.raises(SandboxError, match="within 1 MiB of memory"):
        grade(SLUG, challenge_of(), answers_file(answers(TRUE)), truth, mebibytes=1)


@pytest.mark.heavy
def test_importing_the_grading_package_does_not_bring_the_truth_along():
    code = "import sys, sandbox.grading; sys.exit('sandbox.truth' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@pytest.mark.heavy
def test_ten_million_rows_are_refused_soon_and_in_plain_words(truth, tmp_path):
    path = tmp_path / "answers.csv"
    with path.open("w") as file:
        file.write("application_id,answer\n")
        for start in range(0, 10_000_000, 100_000):
            file.write("".join(f"X{n},approve\n" for n in range(start, start + 100_000)))
    with pytest.raises(AnswersRejected) as caught:
        grade(SLUG, challenge_of(), path, truth, seconds=20, mebibytes=512)
    told = str(caught.value)
    assert "far more rows than were asked for; reading stopped at line" in told
    assert "expected: 2,000 rows" in told
    assert len(caught.value.problems) <= 20


def xlsx() -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return buffer.getvalue()


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (answers(TRUE).encode("utf-16"), "the file is UTF-16, not UTF-8"),
        (answers(TRUE).replace("approve", "godkjønn").encode("cp1252"), "Windows-1252"),
        (xlsx(), "this is a spreadsheet"),
        (b"", "the file is empty"),
        (b"\0" * 50_000_000, "this is a binary file"),
        (b"application_id,answer\n" + b"a" * 50_000_000, "longer than 65,536 bytes"),
        (None, "this is a folder"),
    ],
    ids=["UTF-16", "cp1252", "xlsx", "empty", "zeros", "one endless line", "folder"],
)
def test_what_is_no_file_of_answers_gets_one_clear_message(content, said, truth, tmp_path):
    path = tmp_path / "answers.csv"
    path.mkdir() if content is None else path.write_bytes(content)
    with pytest.raises(AnswersRejected) as caught:
        grade(SLUG, challenge_of(), path, truth, mebibytes=512)
    [problem] = caught.value.problems
    assert said in problem.what
    assert problem.file == str(path)
    assert problem.fix


def test_the_verdict_names_what_people_judge(truth, answers_file):
    asked = challenge_of(people=["Whether a citizen understands the letter"])
    verdict = judged(answers_file(answers(TRUE)), truth, asked)
    assert "  Whether a citizen understands the letter: judged by people" in verdict.text()


@pytest.mark.heavy
def test_the_same_answers_get_the_same_figures_in_whatever_order_they_stand(tmp_path):
    told = zip(KEYS, TRUE, strict=True)
    rows = [{"application_id": k, "answer": a, "group": k[-1]} for k, a in told]
    folder = write_truth(tmp_path / "grouped", SLUG, rows)
    path = tmp_path / "answers.csv"
    header, *lines = answers(["ask_for_documents", *TRUE[1:]]).splitlines(keepends=True)
    verdicts = []
    for order in (lines, lines[::-1]):
        path.write_text(header + "".join(order))
        verdicts.append(judged(path, folder))
    assert verdicts[0] == verdicts[1]
    assert verdicts[0].whole.gap.low is not None
    assert verdicts[0].public.group_rows
