"""The first page, on the sample alone: these tests never need a network."""

import json
import re
import unittest
from html import unescape
from pathlib import Path

import app as website
from sandbox_data import SandboxData
from views import VIEWS
from words import LANGUAGES, WORDS

HERE = Path(__file__).parent.parent
CHALLENGE = website.SETTINGS["challenge"]
VIEW = VIEWS[CHALLENGE]
SAMPLE = HERE / "data" / "sample" / CHALLENGE
NOBODY = "http://127.0.0.1:9/"  # a port where nothing listens


class FirstPage(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.data = SandboxData(NOBODY, SAMPLE)
        cls.client = website.create_app(cls.data).test_client()
        about = json.loads((SAMPLE / f"{VIEW.table}.json").read_text(encoding="utf-8"))
        cls.about = about
        cls.first = dict(zip(about["columns"], about["rows"][0], strict=True))

    def page(self, address="/?lang=en", status=200):
        answer = self.client.get(address)
        self.assertEqual(answer.status_code, status)
        return unescape(answer.get_data(as_text=True))

    def test_it_shows_a_row_of_the_sample(self):
        page = self.page()
        self.assertIn(f'<th scope="row">{self.first[VIEW.columns[0]]}</th>', page)

    def test_it_says_that_the_rows_are_a_sample_and_what_they_are(self):
        page = self.page()
        self.assertIn(WORDS["en"]["sample"], page)
        self.assertIn(WORDS["en"][self.about["origin"]], page)
        self.assertIn(WORDS["en"]["prototype"], page)
        self.assertIn(self.about["licence"], page)

    def test_a_filter_leaves_only_what_matches(self):
        everything = self.data.rows(VIEW.table)
        for chosen in VIEW.filters:
            value = next(v for row in everything if (v := row[chosen.column]) is not None)
            with self.subTest(chosen.name):
                expected = self.data.rows(VIEW.table, {chosen.name: value}).total
                self.assertGreater(expected, 0)
                page = self.page(f"/?lang=en&{chosen.name}={value}")
                self.assertIn(f"{expected:,} rows match", page)
                self.assertLessEqual(expected, everything.total)

    def test_what_cannot_be_read_is_said_beside_its_field(self):
        numeric = [f for f in VIEW.filters if f.operator in ("gte", "lte", "gt", "lt")]
        for chosen in numeric:
            page = self.page(f"/?lang=en&{chosen.name}=many", status=400)
            self.assertIn(f'aria-describedby="{chosen.name}-problem"', page)

    def test_nothing_matching_says_what_to_do_next(self):
        chosen = next(f for f in VIEW.filters if f.operator == "gte")
        self.assertIn(WORDS["en"]["nothing_fix"], self.page(f"/?lang=en&{chosen.name}=1e15"))

    def test_it_speaks_each_language(self):
        for tag in LANGUAGES:
            page = self.page(f"/?lang={tag}")
            self.assertIn(f'<html lang="{tag}">', page)
            self.assertIn(WORDS[tag]["prototype"], page)
        self.assertEqual(WORDS["en"].keys(), WORDS["nb"].keys())
        answer = self.client.get("/", headers={"Accept-Language": "nn-NO,en;q=0.5"})
        self.assertIn('<html lang="nb">', answer.get_data(as_text=True))

    def test_everything_comes_from_here_and_nothing_is_a_script(self):
        page = self.page()
        for address in re.findall(r'(?:src|rel="stylesheet" href)="([^"]+)"', page):
            self.assertTrue(address.startswith("/static/"), address)
        self.assertNotIn("<script", page)
        self.assertNotIn("style=", page)
        policy = self.client.get("/").headers["Content-Security-Policy"]
        self.assertIn("default-src 'none'", policy)

    def test_markup_in_an_address_is_only_text(self):
        chosen = VIEW.filters[0]
        address = f"/?lang=en&{chosen.name}=<script>alert(1)</script>"
        self.assertNotIn("<script>alert", self.client.get(address).get_data(as_text=True))

    def test_a_page_that_is_not_there_leads_home(self):
        self.assertIn(WORDS["en"]["not_found"], self.page("/nowhere?lang=en", status=404))

    def test_every_view_names_columns_that_exist(self):
        for challenge, view in VIEWS.items():
            with self.subTest(challenge):
                sample = SandboxData(NOBODY, HERE / "data" / "sample" / challenge).sample
                columns = sample.about(view.table)["columns"]
                wanted = {*view.columns, *(f.column for f in view.filters), view.chart.by}
                self.assertLessEqual(wanted, set(columns))
                for names in view.names.values():
                    self.assertIn(names.label, sample.about(names.table)["columns"])


class Port(unittest.TestCase):
    def test_a_port_that_is_none_gets_a_sentence(self):
        for wanted in ("", "http", "0", "70000"):
            with self.assertRaisesRegex(SystemExit, "must be a number"):
                website.port_from({"PORT": wanted})


if __name__ == "__main__":
    unittest.main()
