"""Files of the bundle: as they are, in parts, not twice, and nothing beside them."""

import csv
import io
import zipfile

import pytest

from sandbox.bundle import open_bundle, sha256

COUNTIES = "/datasets/norway/files/counties.csv"


@pytest.fixture
def bundle(workspace):
    return open_bundle(workspace.current_bundle())


def test_a_table_comes_as_it_lies_in_the_bundle_with_its_hash(client, bundle):
    for suffix, kind in (("csv", "text/csv; charset=utf-8"), ("parquet", "parquet")):
        answer = client.raw(f"/datasets/norway/files/counties.{suffix}")
        file = bundle.file(f"datasets/norway/counties.{suffix}")
        assert answer.data == file.read_bytes()
        assert answer.headers["ETag"] == f'"{sha256(file)}"'
        assert kind in answer.headers["Content-Type"]
        assert f"filename=counties.{suffix}" in answer.headers["Content-Disposition"]


def test_a_file_that_one_has_is_not_sent_again(client):
    tag = client.raw(COUNTIES).headers["ETag"]
    assert client.raw(COUNTIES, headers={"If-None-Match": tag}).status_code == 304


def test_a_download_that_broke_off_goes_on(client):
    whole = client.raw(COUNTIES)
    rest = client.raw(COUNTIES, headers={"Range": "bytes=10-", "If-Range": whole.headers["ETag"]})
    assert rest.status_code == 206
    assert whole.data[:10] + rest.data == whole.data
    other = client.raw(COUNTIES, headers={"Range": "bytes=10-", "If-Range": '"of-another-bundle"'})
    assert (other.status_code, other.data) == (200, whole.data)


def test_the_data_package_names_files_that_can_be_had(client):
    package = client.raw("/datasets/norway/datapackage.json")
    assert package.mimetype == "application/json"
    assert {r["name"] for r in package.json["resources"]} >= {"counties", "municipalities"}


def test_the_answers_template_has_each_key_and_empty_columns(client):
    answer = client.raw("/challenges/shorter-queue/answers-template.csv")
    rows = list(csv.DictReader(io.StringIO(answer.get_data(as_text=True))))
    assert list(rows[0]) == ["county_code", "answer"]
    assert len(rows) == 15
    assert {row["answer"] for row in rows} == {""}


@pytest.mark.parametrize(
    "address",
    [
        "/datasets/norway/files/quality.json",
        "/datasets/norway/files/../quality.csv",
        "/datasets/norway/files/..%2f..%2fmanifest.csv",
        "/datasets/..%2f..%2f/datapackage.json",
        "/datasets/visits/files/counties.csv",
        "/challenges/..%2f..%2ftruth/answers-template.csv",
        "/truth/shorter-queue/answers.csv",
        "/starters/..%2fhello.zip",
    ],
)
def test_only_what_the_manifest_lists_under_its_own_name_is_served(client, address):
    assert client.raw(address).status_code == 404


def test_a_starter_comes_with_the_answers_of_its_form(client):
    page = client.get("/starters/hello/?challenge=shorter-queue")
    names = [f.get("name") for f in (*page.all("input"), *page.all("select"))]
    assert sorted(names) == ["challenge", "project_name", "sandbox_url"]
    answer = client.raw("/starters/hello.zip?project_name=Kø+%26+kaffe&challenge=shorter-queue")
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        (name,) = archive.namelist()
        assert archive.read(name).decode() == "Hello from Kø & kaffe at http://localhost\n"
    assert answer.headers["Content-Disposition"].endswith(".zip")


def test_answers_that_cannot_be_used_come_back_with_the_field_named(client):
    page = client.get("/starters/hello.zip?project_name=&challenge=other", status=400)
    fields = {f.get("name"): f for f in (*page.all("input"), *page.all("select"))}
    assert fields["project_name"].get("aria-invalid") == "true"
    assert fields["challenge"].get("aria-invalid") == "true"
    assert fields["sandbox_url"].get("aria-invalid") is None
    assert {"#answer-project_name", "#answer-challenge"} <= set(page.links)


def test_an_answer_that_nobody_asked_for_is_named(client):
    page = client.get("/starters/hello.zip?colour=red", status=400)
    assert "colour: this is not asked" in page.text


def test_the_starter_speaks_the_readers_language(client):
    assert "Hva heter det?" in client.get("/starters/hello/?lang=nb").text
