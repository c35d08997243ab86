"""One address: the board at /, the explorer at /data/, and nothing else of the machine."""

from dataclasses import replace
from urllib.parse import urlencode

import pytest

from sandbox.catalog import load
from sandbox.server import Site
from sandbox.workspace import new_event, open_workspace
from tests.server.conftest import Browser

pytestmark = pytest.mark.heavy

QUESTIONS = sorted(load(open_workspace()).questions)
TABLES = sorted(load(open_workspace()).tables)


def test_the_home_page_is_the_board(site):
    page = site.get("/")
    assert page.status_code == 200
    assert "Sandbox demo" in page.text


def test_the_prefix_without_its_slash_leads_to_the_explorer(site):
    answer = site.get("/data?sql=select+1")
    assert answer.status_code == 308
    assert answer.headers["location"] == "/data/?sql=select+1"


def test_healthz_names_the_bundle(site, bundle):
    assert bundle.digest in site.get("/healthz").text


@pytest.mark.parametrize("question", QUESTIONS)
def test_every_stored_question_answers_as_page_json_and_csv(site, question):
    page = site.get(f"/data/sandbox/{question}")
    assert page.status_code == 200
    assert "<table" in page.text or "no rows" in page.text.lower()
    data = site.get(f"/data/sandbox/{question}.json?_shape=objects")
    assert data.json()["ok"] is True
    table = site.get(f"/data/sandbox/{question}.csv")
    assert table.headers["content-type"].startswith("text/")
    assert len(table.text.splitlines()) >= 1


@pytest.mark.parametrize("table", TABLES)
def test_every_table_is_a_page_and_data(site, table, bundle):
    assert site.get(f"/data/sandbox/{table}").status_code == 200
    rows = site.get(f"/data/sandbox/{table}.json?_shape=array&_size=5").json()
    assert rows


def test_a_stored_question_joins_persons_to_municipalities(site):
    answer = site.get("/data/sandbox/persons-by-municipality.json?_shape=array&county=Oslo").json()
    assert [row["municipality"] for row in answer] == ["Oslo"]


def test_the_api_joins_persons_to_municipalities(site):
    sql = """select m.name, count(*) as persons from persons p join municipalities m
             on m.municipality_code = p.municipality_code group by 1 order by 2 desc limit 1"""
    answer = site.get(f"/data/sandbox.json?_shape=array&sql={' '.join(sql.split())}")
    assert answer.json()[0]["name"] == "Oslo"


def test_search_finds_only_what_was_searched_for(site):
    found = site.get("/data/sandbox/municipalities.json?_shape=array&_search=ALESUND").json()
    assert [row["name"] for row in found] == ["Ålesund"]


def test_codes_keep_their_zeros(site):
    row = site.get("/data/sandbox/municipalities/0301.json?_shape=array").json()
    assert row[0]["municipality_code"] == "0301"


@pytest.mark.parametrize("path", ["/", "/datasets/norway/", "/data/", "/data/sandbox/counties"])
def test_every_page_is_kept_to_its_own_host(site, path):
    headers = site.get(path).headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("prefix", ["?_lang=nb", ""])
def test_the_explorer_speaks_the_readers_language(site, prefix):
    page = site.get(f"/data/sandbox/counties{prefix}", accept_language="nb,en;q=0.5")
    assert '<html lang="nb"' in page.text


def test_the_language_cookie_of_the_board_holds_in_the_explorer(site):
    name = site.get("/?lang=nb").headers["set-cookie"].partition("=")[0]
    page = site.get("/data/sandbox/counties", cookie=f"{name}=nb; session=x")
    assert '<html lang="nb"' in page.text


def test_a_cookie_does_not_switch_caching_off(site):
    first = site.get("/data/sandbox/counties.json")
    again = site.get(
        "/data/sandbox/counties.json", cookie="a=b", if_none_match=first.headers["etag"]
    )
    assert again.status_code == 304
    assert "set-cookie" not in first.headers


def test_the_same_page_in_two_languages_is_cached_apart(site):
    english = site.get("/data/sandbox/counties?_lang=en")
    norwegian = site.get("/data/sandbox/counties?_lang=nb")
    assert english.headers["etag"] != norwegian.headers["etag"]


def test_redirects_stay_below_the_prefix(site):
    answer = site.get("/data/sandbox/counties/")
    if answer.is_redirect:
        assert answer.headers["location"].startswith("/data/")
    else:
        assert answer.status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/data/-/databases",
        "/data/-/databases.json",
        "/data/-/threads",
        "/data/-/settings.json",
        "/data/-/versions.json",
        "/data/-/plugins.json",
        "/data/-/config.json",
        "/data/_internal",
        "/data/:memory:",
    ],
)
def test_what_shows_the_servers_inside_is_closed(site, path):
    assert site.get(path).status_code in (403, 404)


@pytest.mark.parametrize(
    "path",
    [
        "/data/../secret.toml",
        "/data/%2e%2e/secret.toml",
        "/data/sandbox.db/../../truth/same-day-permit/answers.csv",
        "/data/sandbox/%2e%2e%2f%2e%2e%2ftruth",
        "/datasets/norway/files/../../../manifest.json",
        "/datasets/norway/files/%2e%2e%2f%2e%2e%2fmanifest.json",
        "/datasets/norway/files/..%5c..%5cmanifest.json",
        "/challenges/same-day-permit/answers.csv",
        "/challenges/same-day-permit/answers.sql",
        "/static/..%2f..%2fworkspace.py",
        "/truth/same-day-permit/answers.csv",
        "/board.sqlite",
    ],
)
def test_no_trick_reaches_another_file(site, path):
    answer = site.get(path)
    assert answer.status_code in (301, 302, 307, 308, 400, 403, 404, 405)
    assert b"first_answer" not in answer.content
    assert b"Traceback" not in answer.content


@pytest.mark.parametrize(
    "sql",
    [
        "select hex(zeroblob(490000000))",
        "select length(randomblob(1000000000))",
        "select printf('%.*c', 900000000, 'x')",
        "select replace(hex(zeroblob(100000)), '0', hex(zeroblob(100000)))",
        pytest.param(
            "with recursive c(x) as (select 1 union all select x + 1 from c) select sum(x) from c",
            marks=pytest.mark.heavy,
        ),
        pytest.param(
            "select count(*) from persons a, persons b, persons c", marks=pytest.mark.heavy
        ),
        "attach database '/etc/passwd' as p",
        "vacuum into 'copy.db'",
        "select load_extension('x')",
        "select readfile('/etc/passwd')",
        "pragma database_list",
        "select * from pragma_database_list",
        "delete from counties",
        "select 1; select 2",
    ],
)
def test_hostile_sql_is_refused_and_the_next_reader_is_served(site, sql):
    answer = site.get(f"/data/sandbox.json?{urlencode({'sql': sql, '_shape': 'array'})}")
    assert answer.status_code in (400, 403)
    assert b"root:" not in answer.content
    assert b"sandbox.db" not in answer.content
    assert site.get("/data/sandbox/counties.json").status_code == 200


def test_nothing_can_be_posted_to_the_data(site):
    answer = site.post("/data/sandbox/counties")
    assert answer.status_code == 405


def test_the_database_can_be_downloaded_in_parts(site, bundle):
    part = site.get("/data/sandbox.db", range="bytes=0-15")
    assert part.status_code == 206
    assert part.content == b"SQLite format 3\x00"
    assert part.headers["etag"]
    known = site.get("/data/sandbox.db", if_none_match=part.headers["etag"])
    assert known.status_code == 304


def test_settings_that_change_are_on_the_boards_and_the_explorers_pages_at_once(tmp_path, bundle):
    folder = new_event(tmp_path / "event")
    workspace = replace(open_workspace(folder), state=bundle.path.parents[2])
    browser = Browser(Site(workspace))
    try:
        for name, accent in (("Event", "teal"), ("Høstfest", "rust"), ("Vårfest", "plum")):
            text = f'name = "{name}"\naccent = "{accent}"\n'
            (folder / "aside").write_text(text, encoding="utf-8")
            (folder / "aside").replace(folder / "event.toml")
            for address in ("/", "/data/", "/data/sandbox/counties"):
                page = browser.get(address).text
                assert f'data-accent="{accent}"' in page
                assert name in page
        (folder / "event.toml").write_text('name = "Broken\n', encoding="utf-8")
        for address in ("/", "/data/"):
            assert "Vårfest" in browser.get(address).text
    finally:
        browser.close()
