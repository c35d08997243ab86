"""Pages and data of the explorer as a reader, a phone and a program meet them."""

import csv
import io
import json
import shutil
from html.parser import HTMLParser
from urllib.parse import parse_qs, quote, urljoin, urlsplit

import pytest

from sandbox.bundle import open_bundle
from sandbox.catalog import load
from sandbox.descriptors import LANGUAGES
from sandbox.explore import open_explorer
from sandbox.workspace import open_workspace
from tests.explore.asking import Client

SMALL = ("norway", "population")
DATASETS = {s: d for s, d in load(open_workspace()).datasets.items() if s in SMALL}
QUESTIONS = [name for dataset in DATASETS.values() for name in dataset.questions]
WITH_OPTIONS = [
    (name, parameter)
    for dataset in DATASETS.values()
    for name, question in dataset.questions.items()
    for parameter, described in question.parameters.items()
    if described.options
]
# Sorting, paging and counting multiply without end; a crawl follows the first of them only.
MOST_LINKS = 400
JOIN = """select m.name, count(*) as persons from persons p
join municipalities m on m.municipality_code = p.municipality_code
where m.municipality_code = :code group by 1"""


class Page(HTMLParser):
    """Links, headings, labels and what the policy forbids."""

    def __init__(self, text):
        super().__init__()
        self.links, self.lang, self.h1, self.ids, self.forbidden = [], None, 0, [], []
        self.labelled, self.fields, self.headings = set(), [], []
        self.feed(text)

    def handle_starttag(self, tag, pairs):
        has = dict(pairs)
        self.lang = has.get("lang") if tag == "html" else self.lang
        self.h1 += tag == "h1"
        if tag in ("h1", "h2", "h3", "h4"):
            self.headings.append(int(tag[1]))
        self.ids += [has["id"]] if "id" in has else []
        self.links += [has[name] for name in ("href", "src", "action") if has.get(name)]
        if tag == "label":
            self.labelled.add(has.get("for"))
        if tag in ("input", "select", "textarea") and has.get("type") != "hidden":
            self.fields.append(has.get("id"))
        inline = tag == "style" or (tag == "script" and "src" not in has)
        if inline or "style" in has or any(name.startswith("on") for name in has):
            self.forbidden.append((tag, has))


def checked(answer, language="en"):
    """A page that keeps what every page promises."""
    page = Page(answer.text)
    assert page.lang == language
    assert page.h1 == 1
    assert len(page.ids) == len(set(page.ids)), "ids stand once"
    assert not page.forbidden, "the policy forbids inline scripts and styles"
    assert set(page.fields) <= page.labelled, "every field has its label"
    steps = zip(page.headings, page.headings[1:], strict=False)
    assert all(after <= before + 1 for before, after in steps), "no heading level is skipped"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    return page


@pytest.mark.heavy
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_walk_along_every_link_finds_nothing_broken(client, language):
    ahead, seen = [f"/data/?_lang={language}"], set()
    followed = set()
    while ahead and len(seen) < MOST_LINKS:
        address = ahead.pop(0)
        answer = client.get(address.removeprefix("/data"))
        assert answer.status == 200, address
        seen.add(address)
        if "text/html" not in answer.headers["content-type"]:
            continue
        for link in checked(answer, language).links:
            to = urlsplit(urljoin(f"http://sandbox{address}", link))
            assert to.hostname == "sandbox", f"{address} leads to another host: {link}"
            given = parse_qs(to.query)
            if given.get("_lang", [language]) != [language]:
                continue  # the same page in another language
            kind = (to.path, frozenset(given))
            if to.path.startswith("/data/") and kind not in followed and "#" not in link:
                followed.add(kind)
                # A form's action stands without what is in it, and a link without its language.
                query = to.query if "_lang" in to.query else f"{to.query}&_lang={language}"
                ahead.append(f"{to.path}?{query.lstrip('&')}")
    kinds = {urlsplit(address).path for address in seen}
    assert {f"/data/sandbox/{name}" for name in QUESTIONS} <= kinds
    assert len(seen) > 60


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_stored_question_is_answered_alike_as_page_json_and_csv(client, name):
    page = client.get(f"/sandbox/{name}")
    checked(page)
    rows = json.loads(client.get(f"/sandbox/{name}.json?_shape=array").body)
    if not rows and name not in DATASETS["norway"].questions:
        assert "No rows" in page.text  # the population is too small here for some questions
        return
    text = client.get(f"/sandbox/{name}.csv?_size=max").text
    assert len(list(csv.reader(io.StringIO(text)))) == len(rows) + 1
    assert page.text.count("<tr>") == len(rows) + 1


@pytest.mark.parametrize(("name", "parameter"), WITH_OPTIONS)
def test_a_choice_is_a_list_to_choose_from(client, name, parameter):
    page = client.get(f"/sandbox/{name}").text
    assert f'<select id="blank-{parameter}"' in page
    assert page.count("<option") > 1
    assert page.count(" selected>") >= 1


def test_a_changed_question_keeps_its_blanks_and_their_types(client):
    stored = client.get("/sandbox/municipalities-in-a-county?county=46").text
    edit = next(link for link in Page(stored).links if link.startswith("/data/sandbox?sql="))
    changed = client.get(edit.removeprefix("/data"))
    assert "Change the question" in changed.text
    assert '<option value="46" selected>' in changed.text
    assert "Bergen" in changed.text


def test_a_value_of_the_wrong_type_is_explained_on_the_page(client, small_catalog):
    name, parameter = next(
        (n, p)
        for n, (_, q) in small_catalog.questions.items()
        for p, described in q.parameters.items()
        if described.type == "integer"
    )
    answer = client.get(f"/sandbox/{name}?{parameter}=many")
    assert answer.status == 400
    assert "a whole number, such as 42" in answer.text


def test_the_api_joins_persons_to_municipalities(client):
    address = f"/sandbox.json?sql={quote(JOIN)}&code=0301&_shape=array"
    assert [row["name"] for row in json.loads(client.get(address).body)] == ["Oslo"]


def test_search_folds_letters_and_finds_only_what_was_searched(client):
    found = client.get("/sandbox/municipalities.json?_search=alesund&_shape=array")
    assert [row["name"] for row in json.loads(found.body)] == ["Ålesund"]


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/sandbox?sql=select+nmae+from+counties", 400),
        ("/sandbox?sql=drop+table+counties", 400),
        ("/sandbox/counties?_sort=nothing", 400),
        ("/sandbox/counties?_size=many", 400),
        ("/sandbox/counties?_timelimit=x", 200),
        ("/sandbox/counties?_where=nothing", 400),
        ("/sandbox/counties/99", 404),
        ("/sandbox/nothing", 404),
        ("/nothing", 404),
        ("/-/databases", 404),
        ("/-/static/app.css", 404),
    ],
)
def test_what_cannot_be_answered_is_a_page_in_the_same_look(client, address, status):
    answer = client.get(address)
    assert answer.status == status
    checked(answer)
    assert "Traceback" not in answer.text
    assert "sandbox.db</" not in answer.text.replace("/data/sandbox.db", "")


def test_a_query_that_was_refused_is_not_lost(client):
    assert "delete from counties" in client.get("/sandbox?sql=delete+from+counties").text


def test_hostile_words_in_an_address_are_shown_and_not_run(client):
    attack = quote('"><script>alert(1)</script>')
    for address in (
        f"/sandbox/municipalities?_search={attack}",
        f"/sandbox/municipalities?name={attack}",
        f"/sandbox/municipalities?_lang={attack}",
        f"/sandbox?sql={attack}",
        f"/sandbox?sql=select+'{attack}'",
        f"/sandbox/{attack}",
    ):
        assert "<script>alert" not in client.get(address).text


@pytest.mark.parametrize(
    ("headers", "language"),
    [
        ({"accept_language": "nb-NO,nb;q=0.9"}, "nb"),
        ({"cookie": "lang=nb; session=x", "accept_language": "en"}, "nb"),
        ({"accept_language": "de"}, "en"),
        ({"cookie": "lang=nonsense"}, "en"),
    ],
)
def test_the_language_is_the_cookies_then_the_browsers(client, headers, language):
    answer = client.get("/sandbox/counties", **headers)
    checked(answer, language)
    assert "Cookie" in answer.headers["vary"]
    assert "Accept-Language" in answer.headers["vary"]


def test_the_language_asked_for_wins_and_is_remembered(client):
    answer = client.get("/sandbox/counties?_lang=nb", cookie="lang=en")
    checked(answer, "nb")
    assert answer.headers["set-cookie"].startswith("lang=nb; Path=/")
    kept = client.get("/sandbox/counties?_lang=nb")
    assert kept.headers["etag"], "an answer that sets the language is cached all the same"


def test_pages_and_data_are_cached_by_what_differs(client):
    page, data = client.get("/sandbox/counties"), client.get("/sandbox/counties.json")
    assert data.headers["vary"].count("Accept-Encoding") >= 1
    assert "Cookie" not in data.headers["vary"]
    for answer in (page, data):
        assert answer.headers["cache-control"] == "no-cache"
        assert len([name for name, _ in answer.all_headers if name == "cache-control"]) == 1
        assert len([name for name, _ in answer.all_headers if name == "vary"]) == 1


def test_a_browser_from_elsewhere_may_read_the_data(client):
    assert client.get("/sandbox/counties.json").headers["access-control-allow-origin"] == "*"


def test_redirects_stay_below_the_prefix(client):
    for address in (
        "/sandbox/",
        "/sandbox/counties/",
        "/sandbox/counties?_filter_column=name&_filter_op=contains&_filter_value=o",
    ):
        answer = client.get(address)
        assert answer.status in (301, 302)
        assert answer.headers["location"].startswith("/data/sandbox")


def test_a_whole_table_streams_as_csv(client, small_bundle):
    text = client.get("/sandbox/persons.csv?_stream=on").text
    rows = small_bundle.manifest.datasets["population"].tables["persons"].rows
    assert len(list(csv.reader(io.StringIO(text)))) == rows + 1


def test_the_truth_is_not_needed(small_bundle, small_catalog, small_workspace, loop, tmp_path):
    alone = tmp_path / "bundle"
    shutil.copytree(small_bundle.path, alone)
    event = small_workspace.event
    opened = loop.run_until_complete(open_explorer(open_bundle(alone), small_catalog, event))
    for address in ("/", "/sandbox", "/sandbox/persons", "/sandbox/persons/1"):
        assert Client(opened, loop).get(address).status == 200
    opened.retire()
