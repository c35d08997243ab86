"""An event from dribdat's data package: looked at first, then taken over whole, without people."""

import copy
import io
import json
import tomllib
import zipfile

import pytest
from sqlalchemy import select

from sandbox.board.desk import dribdat
from sandbox.state.records import Setting
from sandbox.state.topics import ChallengeDraft
from tests.board.desk.conftest import SETTINGS
from tests.board.desk.forms import filled

PAGE, PREVIEW = "/organiser/import/", "/organiser/import/preview"

# Our own words in the form of dribdat's export, with what people write into such fields.
PACKAGE = {
    "name": "event-7",
    "title": "Bydelshack",
    "sources": [{"title": "dribdat", "path": "https://dribdat.cc"}],
    "contributors": [{"title": "torunn-the-admin", "role": "author"}],
    "created": "2027-01-02T10:00",
    "version": "0.2.0",
    "resources": [
        {"name": "events", "data": [{
            "id": 7, "name": "Bydelshack", "summary": "Two days for a kinder district",
            "hostname": "The library", "location": "Storgata 1", "hashtags": "#bydel",
            "starts_at": "2027-05-07T09:00", "ends_at": "2027-05-08T16:30",
            "description": "# Welcome\n<script>alert(1)</script>\nBring *ideas*.",
            "webpage_url": "https://bydel.example.org/", "community_url": "",
            "custom_css": "body{}", "boilerplate": "", "instruction": "",
        }]},
        {"name": "projects", "data": [
            {"id": 1, "name": "Snø på fortauet!", "summary": "Nobody knows who clears what.",
             "longtext": "Old people stay in. [more](javascript:alert(1)) <img src=x onerror=y>",
             "progress": 0, "is_challenge": True, "category_name": "Streets",
             "source_url": "https://example.org/snow", "webpage_url": "javascript:alert(2)",
             "maintainer": "torunn-the-admin", "team": "ola-nordmann, kari-nordmann",
             "event_name": "Bydelshack"},
            {"id": 2, "name": "Benches", "summary": "", "longtext": "", "progress": -1,
             "team": "ola-nordmann"},
            {"id": 3, "name": "Half an app", "progress": 20, "is_challenge": False,
             "longtext": "by ola-nordmann"},
        ]},
        {"name": "categories", "data": [{"id": 1, "name": "Streets", "description": "Outdoors"}]},
        {"name": "resources", "data": [
            {"id": 5, "name": "Map of streets", "url": "https://example.org/map", "project_id": 1},
            {"id": 6, "name": "Nowhere", "url": "file:///etc/passwd", "project_id": 1},
        ]},
        {"name": "users", "data": [{"username": "ola-nordmann", "email": "ola.n@example.org"}]},
        {"name": "activities", "data": [{"name": "star", "user_name": "ola-nordmann"}]},
        {"name": "readme", "path": "PACKAGE.txt"},
    ],
}  # fmt: skip
PEOPLE = ("nordmann", "torunn")


def changed(edit):
    """The package after `edit` has had it, as a file."""
    package = copy.deepcopy(PACKAGE)
    edit(package)
    return json.dumps(package).encode()


RAW = changed(lambda package: None)


@pytest.fixture
def upload(organiser):
    def send(content=RAW, name="datapackage.json", status=302):
        sent = {"package": (io.BytesIO(content), name)}
        return organiser.post(PAGE, sent, status=status, content_type="multipart/form-data")

    return send


def rows(app, table):
    with app.extensions["state"].read() as reader:
        return list(reader.scalars(select(table)))


def test_the_preview_says_what_becomes_what_and_changes_nothing(
    upload, organiser, event_board, settings, audited
):
    assert upload().location == PREVIEW
    assert PREVIEW in organiser.get(PAGE).links  # for whoever comes back to it later
    page = organiser.get(PREVIEW)
    for words in ("Nothing has been changed yet.", "Bydelshack", "2027-05-07 09:00 (Europe/Oslo)",
                  "The library, Storgata 1", "Snø på fortauet!", "Benches", "Half an app",
                  "Map of streets", "Streets", "None of that is kept"):  # fmt: skip
        assert words in page.text, words
    assert "outcome is missing" in page.text  # a gap that the check of challenges names
    assert settings() == SETTINGS
    assert rows(event_board, ChallengeDraft) == []
    assert audited() == []


def test_what_is_confirmed_becomes_settings_and_drafts(
    upload, organiser, event_board, settings, audited
):
    upload()
    organiser.post(PREVIEW, filled(organiser.get(PREVIEW)) | {"submit": "1"})
    said = tomllib.loads(settings())
    assert (said["name"], said["tagline"]) == ("Bydelshack", "Two days for a kinder district")
    assert said["starts"].isoformat() == "2027-05-07T09:00:00"
    drafts = {draft.slug: draft for draft in rows(event_board, ChallengeDraft)}
    assert set(drafts) == {"sno-pa-fortauet", "benches"}
    files = drafts["sno-pa-fortauet"].files
    assert (
        "title: Snø på fortauet!\nsummary: Nobody knows who clears what." in files["challenge.yml"]
    )
    assert files["brief.md"].startswith("# Snø på fortauet!\n\nCategory: Streets\n")
    assert "- <https://example.org/snow>\n- <https://example.org/map>" in files["brief.md"]
    assert audited() == [
        ("event.import", {"drafts": ["sno-pa-fortauet", "benches"]}),
        ("event.settings", {"fields": ["ends", "name", "starts", "tagline"]}),
    ]
    done = organiser.get(PAGE)
    assert "Drafts to finish" in done.text
    assert "Half an app" in done.text
    assert organiser.raw(PREVIEW).location == PAGE  # nothing waits any more


def test_nothing_about_people_is_kept_anywhere(upload, organiser, event_board, audited):
    package = changed(lambda p: p["resources"][1]["data"].pop())  # whose text names somebody
    upload(package)
    page = organiser.get(PREVIEW)
    organiser.post(PREVIEW, filled(page) | {"submit": "1"})
    kept = [
        str(vars(row)) for table in (Setting, ChallengeDraft) for row in rows(event_board, table)
    ]
    for name in PEOPLE:
        assert name not in " ".join(kept) + page.html + str(audited())


def test_texts_are_shown_without_anything_that_runs(upload, organiser):
    upload()
    page = organiser.get(PREVIEW)
    assert not [e for e in page.root.iter() if e.tag == "img" and e.get("src") == "x"]
    assert "alert(1)</script>" not in page.html
    assert not [link for link in page.links if link.startswith(("javascript", "file"))]


def test_only_what_is_chosen_is_taken_over(upload, organiser, event_board, settings):
    upload()
    sent = filled(organiser.get(PREVIEW))
    del sent["settings"]
    organiser.post(PREVIEW, sent | {"challenges": ["benches"], "language": "nb"})
    assert settings() == SETTINGS
    (draft,) = rows(event_board, ChallengeDraft)
    assert draft.slug == "benches"
    assert set(draft.files) == {"challenge.yml", "brief.nb.md"}
    assert "title:\n  nb: Benches" in draft.files["challenge.yml"]


def test_texts_in_another_language_join_those_that_are_there(upload, organiser, settings):
    upload()
    sent = filled(organiser.get(PREVIEW)) | {"challenges": [], "language": "nb"}
    organiser.post(PREVIEW, sent)
    assert tomllib.loads(settings())["name"] == {"en": "Spring event", "nb": "Bydelshack"}


def test_an_import_overwrites_neither_draft_nor_folder(upload, organiser, event_board):
    package = changed(lambda p: p["resources"][1]["data"][1].update(name="Shorter queue"))
    for expected in ("Shorter queue", "Snø på fortauet!"):
        upload(package)
        page = organiser.get(PREVIEW)
        assert "Left alone" in page.text
        assert expected in page.text.split("Left alone")[1]
        organiser.post(PREVIEW, filled(page) | {"submit": "1"})
    assert [draft.slug for draft in rows(event_board, ChallengeDraft)] == ["sno-pa-fortauet"]


def test_a_package_can_be_forgotten(upload, organiser, event_board, settings):
    upload()
    organiser.post(PREVIEW, {"forget": "1"})
    assert rows(event_board, Setting) == []
    assert settings() == SETTINGS


def test_dates_that_cannot_be_here_are_told_and_nothing_is_half_imported(
    upload, organiser, event_board, settings
):
    def gap(package):
        package["resources"][0]["data"][0] |= {"starts_at": "2027-03-28T02:30"}

    def backwards(package):
        package["resources"][0]["data"][0] |= {"ends_at": "2027-05-01T09:00"}

    for edit, told in ((gap, "go forward over that hour"), (backwards, "ends is not right")):
        upload(changed(edit))
        sent = filled(organiser.get(PREVIEW)) | {"submit": "1"}
        page = organiser.post(PREVIEW, sent, form="/account/", status=422)
        assert told in page.text
        assert settings() == SETTINGS
        assert rows(event_board, ChallengeDraft) == []


def test_settings_that_were_changed_meanwhile_stop_the_whole_import(
    upload, organiser, event_board, own
):
    upload()
    sent = filled(organiser.get(PREVIEW))
    (own.folder / "event.toml").write_text(SETTINGS + "# mine\n", encoding="utf-8")
    page = organiser.post(PREVIEW, sent, form="/account/", status=422)
    assert "Somebody has changed event.toml" in page.text
    assert rows(event_board, ChallengeDraft) == []


def _no_name(package):
    package["resources"][1]["data"][0]["name"] = " "
    package["resources"][0]["data"][0] |= {"name": None, "starts_at": "soon"}
    package["sources"] = []


def test_everything_that_is_wrong_is_listed_at_once(upload, settings):
    page = upload(changed(_no_name), status=422)
    for told in (
        "does not say that it comes from dribdat",
        "The event in it has no name",
        "Project 1 has no name",
        "starts_at of the event is no date and time: soon",
    ):
        assert told in page.text, told
    assert settings() == SETTINGS


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "neither JSON nor an archive"),
        (b"\xff\xfe{", "neither JSON nor an archive"),
        (b"[" * 100_000, "neither JSON nor an archive"),
        (b"[1, 2]", "it lists no resources"),
        (b'{"resources": {}}', "it lists no resources"),
        (b'{"resources": [1, {"name": 2}]}', "has no name"),
        (b'{"resources": [{"name": "events", "data": 5}]}', "neither in the file nor in the"),
        (b'{"resources": [{"name": "events", "path": "/etc/passwd"}]}', "neither in the file nor"),
        (changed(lambda p: p["resources"][0]["data"].append({"name": "Two"})), "found 2"),
        (changed(lambda p: p["resources"][1].update(data=[{}] * 5001)), "5001 rows"),
        (b"PK\x03\x04 and so on", "neither JSON nor an archive"),
    ],
    ids=range(11),
)
def test_what_is_no_package_of_one_event_is_told_why(upload, content, told, event_board):
    assert told in upload(content, status=422).text
    assert rows(event_board, Setting) == []


def test_nothing_chosen_is_told(organiser):
    page = organiser.post(PAGE, {}, status=422, content_type="multipart/form-data")
    assert "Choose the file that dribdat exported." in page.text


def zipped(files):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return made.getvalue()


def test_an_archive_with_rows_in_csv_beside_is_read_alike(app):
    def beside(package):
        package["resources"][1] = {"name": "projects", "path": "projects.csv"}

    table = (
        "id,name,summary,longtext,is_challenge,progress\r\n"
        '1,"Snø, mye","To\nlinjer",x,True,0\r\n2,Ferdig,,,False,40\r\n3,Benk,,,,-1\r\n'
    )
    content = zipped({"out/datapackage.json": changed(beside), "out/projects.csv": table})
    with app.test_request_context("/"):
        app.preprocess_request()
        found = dribdat.read(content)
    assert [brief.title for brief in found.challenges] == ["Snø, mye", "Benk"]
    assert found.projects == ("Ferdig",)


def test_archives_that_hide_something_are_refused(app):
    bomb = zipped({"datapackage.json": RAW, "big": b"0" * (dribdat.MOST_UNPACKED + 1)})
    two = zipped({"a/datapackage.json": RAW, "b/datapackage.json": RAW})
    none = zipped({"readme": b""})
    with app.test_request_context("/"):
        app.preprocess_request()
        for content in (bomb, two, none):
            with pytest.raises(dribdat.NotAPackage, match="must hold one"):
                dribdat.read(content)


def test_a_package_may_be_larger_than_other_forms_and_not_larger_than_said(upload, organiser):
    def larger(package):
        package["resources"][5]["data"] = [{"content": "x" * 1000}] * 3000

    assert len(changed(larger)) > 3_000_000
    assert upload(changed(larger)).location == PREVIEW
    token = organiser.token("/account/")
    sent = {"csrf_token": token, "package": (io.BytesIO(b" " * 10_100_000), "x.json")}
    answer = organiser.flask.post(PAGE, data=sent, content_type="multipart/form-data")
    assert answer.status_code == 413
    elsewhere = {"csrf_token": token, "package": (io.BytesIO(b" " * 2_100_000), "x.json")}
    answer = organiser.flask.post(
        "/organiser/content/", data=elsewhere, content_type="multipart/form-data"
    )
    assert answer.status_code == 413


def test_the_largest_package_that_is_taken_fits_a_page_and_a_larger_one_is_told(upload, organiser):
    def many(count):
        text = "<&'\" " * 1500
        projects = [
            {"name": f"{number} {'Å' * 70}", "summary": text, "longtext": text, "progress": 0}
            for number in range(count)
        ] + [{"name": f"T{number} {'x' * 70}", "progress": 9} for number in range(500)]
        links = [{"name": "n" * 80, "url": f"https://e.org/{number}"} for number in range(500)]
        return changed(
            lambda p: (
                p["resources"][1].update(data=projects),
                p["resources"][2].update(data=[{"name": "c", "description": text}] * 200),
                p["resources"][3].update(data=links),
                p["resources"][0]["data"][0].update(description=text),
            )
        )

    upload(many(dribdat.MOST_CHALLENGES))
    organiser.get(PREVIEW)  # the client holds it to 100 kB
    assert "It has 51 challenges" in upload(many(51), status=422).text


@pytest.mark.parametrize(
    ("titles", "slugs"),
    [
        (["Blåbær & æbler", "Ökad hälsa"], ["blabaer-aebler", "okad-halsa"]),
        (["New", "Import"], ["new-2", "import-2"]),
        (["42!", "!!!"], ["challenge", "challenge-2"]),
        (["A", "a", "A?"], ["a", "a-2", "a-3"]),
        (["x" * 80], ["x" * 40]),
        (["../../etc"], ["etc"]),
    ],
)
def test_each_title_gives_a_folders_name_of_its_own(app, titles, slugs):
    package = changed(
        lambda p: p["resources"][1].update(data=[{"name": t, "progress": 0} for t in titles])
    )
    with app.test_request_context("/"):
        app.preprocess_request()
        assert [brief.slug for brief in dribdat.read(package).challenges] == slugs
