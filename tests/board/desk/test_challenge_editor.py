"""Writing a challenge in a browser: fields, drafts, two editors, preview, zips, into the event."""

import io
import shutil
import zipfile
from dataclasses import replace

import pytest

from sandbox import catalog
from sandbox.board import drafts
from sandbox.descriptors import load_yaml
from sandbox.state.topics import ChallengeDraft, ChallengeState
from tests.board.client import Client
from tests.board.filling import fields
from tests.board.test_drafts import GOOD, zipped
from tests.board.visitors import visitor

pytestmark = pytest.mark.heavy
SLUG = "shorter-queue"
NEW = "quiet-streets"
DESK = "/organiser/challenges"
EDIT = f"{DESK}/{SLUG}/edit/en"
EDIT_NB = f"{DESK}/{SLUG}/edit/nb"
HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>{{7*7}}'


@pytest.fixture
def organiser(real):
    return visitor(real, "org@example.org", roles=["organiser"])


@pytest.fixture
def workspace_of(real):
    return real.extensions["workspace"]


def draft(app, slug=SLUG):
    with app.extensions["state"].read() as reader:
        return reader.get(ChallengeDraft, slug)


def told(app, slug=SLUG):
    return load_yaml(draft(app, slug).files["challenge.yml"], "challenge.yml").value


def edit(client, address=EDIT, *, status=302, page=None, **changes):
    filled = fields(page or client.get(address))
    assert changes.keys() <= filled.keys(), changes.keys() - filled.keys()
    return client.post(address, filled | changes, status=status)


def begin(client, title="Quiet streets", **more):
    client.post(f"{DESK}/new", {"title": title, "slug": "", "like": ""} | more)


# --- fields ---------------------------------------------------------------------------------------


def test_saving_what_was_not_changed_changes_no_byte(real, organiser, workspace_of):
    edit(organiser)
    assert draft(real) is None
    edit(organiser, title="A very short queue")
    before = draft(real).files
    edit(organiser)
    edit(organiser, EDIT_NB)
    assert draft(real).files == before
    assert workspace_of.folders("challenges")[SLUG].parent.parent == workspace_of.kit


def test_each_field_lands_at_its_key_and_nothing_else_moves(real, organiser):
    page = organiser.get(EDIT)
    before = load_yaml(
        (real.extensions["workspace"].kit / "challenges" / SLUG / "challenge.yml").read_text(
            encoding="utf-8"
        ),
        "challenge.yml",
    ).value
    edit(
        organiser,
        page=page,
        baseline_value="12,5",
        decision_within_days="14",
        baseline_date="2025-12-01",
        rubric_2_title="Kind",
        rubric_2_weight="10",
        rubric_2_description="Is it kind?",
        guardrails_1="No names.",
        decision_if_unclear="Count again.",
    )
    after = told(real)
    assert after["baseline"]["value"] == 12.5
    assert after["decision"]["within_days"] == 14
    assert str(after["baseline"]["date"]) == "2025-12-01"
    assert after["rubric"][2] == {
        "title": {"en": "Kind"}, "weight": 10, "description": {"en": "Is it kind?"},
    }  # fmt: skip
    assert after["guardrails"][1] == {"en": "No names."}
    assert after["decision"]["if_unclear"] == {"en": "Count again."}
    for key in ("title", "outcome", "answers", "score", "datasets", "afterwards"):
        assert after[key] == before[key]
    assert list(after) == [key for key in catalog.Challenge.model_fields if key in after]


def test_another_language_has_words_alone_with_the_english_beside_them(real, organiser):
    page = organiser.get(EDIT_NB)
    assert "box" not in fields(page)
    assert "Nobody waits more than ten minutes" in page.text
    edit(organiser, EDIT_NB, title="Kort kø", rubric_0_title="")
    assert told(real)["title"] == {"en": "A shorter queue", "nb": "Kort kø"}
    assert told(real)["rubric"][0]["title"] == {"en": "Outcome"}
    edit(organiser, EDIT_NB, brief="# Kø\n\nFolk venter.")
    assert draft(real).files["brief.nb.md"] == "# Kø\n\nFolk venter.\n"


def test_an_emptied_criterion_goes_and_its_translations_with_it(real, organiser):
    edit(organiser, rubric_0_title="", rubric_0_weight="", rubric_0_description="")
    assert [c["title"]["nb"] for c in told(real)["rubric"]] == ["Belegg"]
    page = organiser.get(EDIT)
    assert "weights that add up to 100" in page.text
    assert "#rubric_0_title" in page.links


@pytest.mark.parametrize(
    ("field", "text", "said"),
    [
        ("baseline_value", "many", "Write a number such as 41.5."),
        ("decision_within_days", "-3", "Write a whole number such as 30."),
        ("baseline_date", "2025-02-30", "Write a day such as 2027-03-05."),
        ("box", "datasets: [visits", "Line 2: this is not YAML"),
        ("box", "datasets: [visits]\ntitle: Mine", "Line 2: 'title' does not belong here"),
        ("box", "score: {}\nscore: {}", "stands twice"),
        ("box", "a: &a [1]\nscore: *a", "aliases are not read here"),
        ("title", "x" * 301, "Write at most 300 characters"),
    ],
)
def test_what_cannot_be_kept_is_told_and_nothing_that_was_typed_is_lost(
    real, organiser, field, text, said
):
    page = edit(organiser, status=422, outcome="Everybody is served.", **{field: text})
    assert said in page.text
    filled = fields(page)
    assert filled[field].replace("\r\n", "\n") == text
    assert filled["outcome"] == "Everybody is served."
    assert draft(real) is None


def test_what_the_checker_says_stands_beside_its_field_and_counts_the_boxs_lines(organiser):
    page = organiser.get(EDIT)
    box = fields(page)["box"].replace("\r\n", "\n")
    line = box[: box.index("metric:")].count("\n") + 1
    edit(organiser, page=page, box=box.replace("metric: exact-match", "metric: Exact match"),
         owner_contact="nobody", title="")  # fmt: skip
    page = organiser.get(EDIT)
    assert f"Line {line}: score.metric is not right" in page.text
    wrong = {f.get("id") for kind in ("input", "textarea") for f in page.all(kind)
             if f.get("aria-invalid")}  # fmt: skip
    assert {"box", "owner_contact"} <= wrong
    assert "#box" in page.links


def test_an_owner_writes_words_and_never_what_decides_the_score(real, organiser):
    owner = visitor(real, "owner@example.org", roles=[("owner", SLUG)])
    filled = fields(owner.get(EDIT))
    assert "box" not in filled
    owner.post(EDIT, filled | {"title": "Ours", "box": "datasets: []", "answers": "x"})
    assert told(real)["title"]["en"] == "Ours"
    assert told(real)["datasets"] == ["visits"]
    for address in (f"{DESK}/{SLUG}.zip", f"{DESK}/{SLUG}/put", f"{DESK}/new", f"{DESK}/import"):
        assert owner.raw(address).status_code == 403
    other = visitor(real, "other@example.org", roles=[("owner", "another")])
    assert other.raw(EDIT).status_code == 403


def test_no_field_of_a_request_reaches_code_or_another_file(real, organiser):
    more = {"baseline.py": "import os", "answers.sql": "SELECT 1", "files": "{}",
            "code_from": "../../etc", "made_from": "x", "brief.md": "# Mine"}  # fmt: skip
    filled = fields(organiser.get(EDIT))
    organiser.post(EDIT, filled | more | {"title": "Ours"})
    kept = draft(real)
    assert set(kept.files) == {"challenge.yml", "brief.md", "brief.nb.md"}
    assert kept.code_from == SLUG
    assert "# Mine" not in kept.files["brief.md"]


# --- two editors ----------------------------------------------------------------------------------


def test_two_editors_overwrite_nothing_silently(real, organiser):
    second = visitor(real, "second@example.org", roles=["organiser"])
    mine, theirs = organiser.get(EDIT), second.get(EDIT)
    edit(second, page=theirs, title="Theirs", rubric_1_title="", rubric_1_description="")
    page = edit(organiser, page=mine, title="Mine", status=409)
    assert "Somebody else has saved this draft meanwhile" in page.text
    (shown,) = [d for d in page.all("div") if d.get("class") == "beside"
                and "Theirs" in "".join(d.itertext())]  # fmt: skip
    assert "Mine" in "".join(shown.itertext())
    assert told(real)["title"]["en"] == "Theirs"
    assert fields(page)["title"] == "Mine"
    assert fields(page)["rubric_1_title"] == "Evidence"
    edit(organiser, page=page)
    assert told(real)["title"]["en"] == "Mine"
    assert told(real)["rubric"][1]["title"]["en"] == "Evidence"


def test_the_same_text_by_two_editors_is_no_conflict(real, organiser):
    second = visitor(real, "second@example.org", roles=["organiser"])
    mine, theirs = organiser.get(EDIT), second.get(EDIT)
    edit(second, page=theirs, title="Ours")
    edit(organiser, page=mine, title="Ours")
    assert told(real)["title"]["en"] == "Ours"


# --- preview --------------------------------------------------------------------------------------


def test_script_in_every_text_field_is_text_in_preview_page_and_desk(real, organiser):
    begin(organiser)
    address = f"{DESK}/{NEW}/edit/en"
    page = organiser.get(address)
    keep = ("csrf_token", "based_on", "level", "box", "owner_contact", "baseline_value",
            "baseline_date", "decision_within_days")  # fmt: skip
    hostile = {
        name: HOSTILE
        for name in fields(page)
        if name not in keep and not name.endswith("weight") and not name.startswith("rubric_3")
    }
    weights = {"rubric_0_weight": "25", "rubric_1_weight": "25", "rubric_2_weight": "25",
               "rubric_3_title": HOSTILE, "rubric_3_weight": "25",
               "rubric_3_description": HOSTILE}  # fmt: skip
    brief = f"# {HOSTILE}\n\n## {HOSTILE}\n\n[x](javascript:alert(1)) ![x](x) {HOSTILE}\n"
    edit(organiser, address, page=page, **hostile | weights | {"brief": brief})
    for shown in (f"{DESK}/{NEW}/draft", address, f"{DESK}/{NEW}/", f"{DESK}/"):
        page = organiser.get(shown)
        assert "<script>alert" not in page.html
        assert "<img src=x" not in page.html
        assert "{{7*7}}" in page.text
    organiser.raw(f"{DESK}/{NEW}/draft?lang=nb")


def test_the_preview_shows_the_draft_and_says_what_the_bundle_lacks(real, organiser):
    edit(organiser, title="A queue in words", brief="# Brief\n\nRead *this*.\n\n## Part\n\nMore.")
    page = organiser.get(f"{DESK}/{SLUG}/draft")
    assert "A queue in words" in page.text
    assert "Read this." in page.text
    assert "those of the last build" in page.text
    assert "A queue in words" not in Client(real).raw("/").text
    box = fields(organiser.get(EDIT))["box"]
    edit(organiser, box=box.replace("- visits", "- visits\r\n  - tomorrow"))
    assert "tomorrow" in organiser.get(f"{DESK}/{SLUG}/draft").text


def test_without_its_parts_there_is_no_preview_but_a_list(organiser):
    edit(organiser, box="datasets: [visits]")
    page = organiser.get(f"{DESK}/{SLUG}/draft", status=422)
    assert "score is missing" in page.text


# --- a new one, and into the event ----------------------------------------------------------------


def test_a_new_challenge_begins_as_the_template_or_as_another(real, organiser):
    begin(organiser, "Stille gater på kø")
    assert draft(real, "stille-gater-pa-ko").code_from == ""
    begin(organiser, "Like it", like=SLUG)
    assert draft(real, "like-it").code_from == SLUG
    assert told(real, "like-it")["title"] == {"en": "Like it", "nb": "Like it"}
    assert told(real, "like-it")["score"]["metric"] == "exact-match"
    page = organiser.post(f"{DESK}/new", {"title": "Like it", "slug": ""}, status=422)
    assert "There is a draft of this name already." in page.text


@pytest.mark.parametrize("slug", ["../up", "a/b", "New", "new", "import", "-x", "x-", "9", SLUG,
                                  "x" * 51, ".history", "a b"])  # fmt: skip
def test_a_name_that_cannot_be_a_folder_is_refused(organiser, slug):
    data = {"title": "Mine", "slug": slug, "like": ""}
    assert "Choose another name" in organiser.post(f"{DESK}/new", data, status=422).text


def put(client, slug=SLUG, **more):
    address = f"{DESK}/{slug}/put"
    return client.post(address, fields(client.get(address)), **more)


LONG = (
    "# A queue\n\n" + "Somebody who takes half a day off to hand in one sheet of paper waits. " * 3
)
RIGHT = {
    "outcome": "Nobody waits more than ten minutes at the service centre.",
    "lawful_purpose": "Planning of opening hours, and nothing else.",
    "brief": f"{LONG}\n\n## Why\n\nMost of `visits` are on Mondays.",
}
BOX = {"explanation": "Each right answer counts the same, and a wrong one costs nothing."}


def made_right(client):
    """The small challenge of the tests, written so that the rules for a brief hold."""
    page = client.get(EDIT)
    box = fields(page)["box"].replace("Each right answer counts the same.", BOX["explanation"])
    box = box.replace("Hvert riktige svar teller likt.", "Hvert riktige svar teller like mye.")
    edit(client, page=page, **RIGHT, box=box)
    brief = "# En kø\n\n" + "Noen tar fri en halv dag for å levere ett ark og må vente lenge. " * 3
    edit(client, EDIT_NB, brief=f"{brief}\n\n## Hvorfor\n\nDe fleste i `visits` er mandager.",
         lawful_purpose="Planlegging av åpningstider, ikke noe annet.")  # fmt: skip


def test_a_draft_goes_into_the_events_folder_whole_and_the_old_one_is_kept(
    real, organiser, workspace_of
):
    made_right(organiser)
    assert "These are missing or wrong" not in organiser.get(EDIT).text
    put(organiser)
    folder = workspace_of.folder / "challenges" / SLUG
    kit = workspace_of.kit / "challenges" / SLUG
    files = {path.name for path in kit.iterdir() if path.is_file()}
    assert {path.name for path in folder.iterdir()} == files
    for name in drafts.CODE:
        assert (folder / name).read_bytes() == (kit / name).read_bytes()
    assert draft(real) is None
    with real.extensions["state"].read() as reader:
        assert reader.get(ChallengeState, SLUG).written_by is not None
    (folder / "notes.txt").write_text("kept", encoding="utf-8")
    edit(organiser, title="Again")
    put(organiser)
    assert "Again" in (folder / "challenge.yml").read_text(encoding="utf-8")
    assert (folder / "notes.txt").read_text(encoding="utf-8") == "kept"
    (old,) = (folder.parent / ".history").iterdir()
    assert "Again" not in (old / "challenge.yml").read_text(encoding="utf-8")
    assert list(workspace_of.folders("challenges")) == [SLUG]
    assert not catalog.problems_in(workspace_of)[1]


def test_a_draft_with_something_wrong_stays_a_draft(real, organiser, workspace_of):
    made_right(organiser)
    edit(organiser, guardrails_0="")
    digest = drafts.digest(draft(real).files)
    page = organiser.post(f"{DESK}/{SLUG}/put", {"digest": digest}, form=EDIT, status=422)
    assert "there are no guardrails" in page.text
    assert draft(real) is not None
    assert not (workspace_of.folder / "challenges" / SLUG).exists()


def test_what_was_edited_meanwhile_is_not_put_in_place_unseen(organiser, workspace_of):
    made_right(organiser)
    seen = fields(organiser.get(f"{DESK}/{SLUG}/put"))
    edit(organiser, title="Later")
    page = organiser.post(f"{DESK}/{SLUG}/put", seen, status=409)
    assert "It was edited meanwhile" in page.text
    assert not (workspace_of.folder / "challenges" / SLUG).exists()


def test_a_folder_that_was_changed_on_the_machine_is_not_overwritten(organiser, workspace_of):
    made_right(organiser)
    folder = workspace_of.folder / "challenges" / SLUG
    shutil.copytree(workspace_of.kit / "challenges" / SLUG, folder)
    (folder / "brief.md").write_text("# Written on the machine\n", encoding="utf-8")
    page = put(organiser, status=409)
    assert "was changed on the machine" in page.text
    assert (folder / "brief.md").read_text(encoding="utf-8") == "# Written on the machine\n"


def test_a_folder_that_cannot_be_written_is_told_and_the_draft_stays(real, organiser, workspace_of):
    made_right(organiser)
    (workspace_of.folder / "challenges").write_text("in the way", encoding="utf-8")
    assert "The system refused to write" in put(organiser, status=409).text
    assert draft(real) is not None


def test_the_demo_is_never_written_to(board, workspace):
    organiser = visitor(board, roles=["organiser"])
    made_right(organiser)
    address = f"{DESK}/{SLUG}/put"
    page = organiser.get(address)
    assert "sandbox event new ../my-event" in page.text
    before = (workspace.kit / "challenges" / SLUG / "challenge.yml").read_bytes()
    digest = drafts.digest(draft(board).files)
    page = organiser.post(address, {"digest": digest}, form=EDIT, status=409)
    assert "sandbox event new" in page.text
    assert (workspace.kit / "challenges" / SLUG / "challenge.yml").read_bytes() == before


def test_a_discarded_draft_is_gone_and_the_event_stays(real, organiser):
    edit(organiser, title="Mine")
    organiser.post(f"{DESK}/{SLUG}/discard", form=f"{DESK}/{SLUG}/")
    assert draft(real) is None
    assert "A shorter queue" in organiser.get(EDIT).html


# --- zips -----------------------------------------------------------------------------------------


def bring(client, raw, *, status=302):
    return client.post(f"{DESK}/import", {"zip": (io.BytesIO(raw), "x.zip")}, status=status,
                       content_type="multipart/form-data")  # fmt: skip


def test_export_import_export_is_the_same_bytes_and_passes_the_check(
    real, organiser, workspace_of, tmp_path
):
    made_right(organiser)
    first = organiser.raw(f"{DESK}/{SLUG}.zip")
    assert first.headers["Content-Disposition"] == f"attachment; filename={SLUG}.zip"
    organiser.post(f"{DESK}/{SLUG}/discard", form=f"{DESK}/{SLUG}/")
    bring(organiser, first.data)
    assert organiser.raw(f"{DESK}/{SLUG}.zip").data == first.data
    event = tmp_path / "another"
    with zipfile.ZipFile(io.BytesIO(first.data)) as archive:
        archive.extractall(event / "challenges")
    assert not catalog.problems_in(replace(workspace_of, folder=event))[1]


def test_a_challenge_from_the_template_survives_the_way_through_a_zip(real, organiser):
    begin(organiser)
    raw = organiser.raw(f"{DESK}/{NEW}.zip").data
    organiser.post(f"{DESK}/{NEW}/discard", form=f"{DESK}/{NEW}/")
    bring(organiser, raw)
    assert draft(real, NEW).code_from == ""
    assert organiser.raw(f"{DESK}/{NEW}.zip").data == raw
    assert "There is a draft of quiet-streets already." in bring(organiser, raw, status=422).text


def test_what_a_mac_adds_is_passed_over_and_code_may_be_left_out(real, organiser):
    more = {"mine/": "", "mine/.DS_Store": "x", "__MACOSX/mine/._challenge.yml": "x"}
    bring(organiser, zipped(GOOD | more))
    assert draft(real, "mine").files == {"challenge.yml": "title: Mine"}
    assert draft(real, "mine").code_from == ""


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (GOOD | {"mine/../../brief.md": "x"}, "a challenge has no such file"),
        (GOOD | {"mine/baseline.py": "import os"}, "code is not taken from a browser"),
        (GOOD | {"mine/brief.md": " " * 1_900_000}, "the file is too large"),
    ],
)
def test_a_zip_that_is_no_challenge_is_refused_with_the_reason(real, organiser, files, said):
    assert said in bring(organiser, zipped(files), status=422).text
    assert draft(real, "mine") is None
