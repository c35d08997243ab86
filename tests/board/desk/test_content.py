"""Which content the event uses: chosen by boxes, and impossible choices told before writing."""

import shutil
import tomllib

import pytest

from sandbox.board.desk import settings as settings_file
from tests.board.desk.conftest import SETTINGS
from tests.board.desk.forms import filled

PAGE = "/organiser/content/"


@pytest.fixture
def choose(organiser, own):
    """Send the form with these boxes ticked."""

    def send(status=302, **boxes):
        sent = {"seen": settings_file.digest(own)} | boxes
        return organiser.post(PAGE, sent, form="/account/", status=status)

    return send


def test_the_page_tells_of_each_what_it_is_and_what_it_needs(organiser):
    page = organiser.get(PAGE)
    for words in ("SYNTHETIC Licence: CC0-1.0", " rows, ", "Needs the data: norway, visits"):
        assert words in page.text
    assert "Needs the starter: hello" in page.text
    sent = filled(page)
    assert sent["all_datasets"] == sent["all_challenges"] == sent["all_starters"] == ["y"]
    assert sent["datasets"] == ["norway", "visits"]


def test_an_untouched_form_changes_nothing(choose, settings, audited):
    choose(all_datasets="y", all_challenges="y", all_starters="y")
    assert settings() == SETTINGS
    assert audited() == []


def test_a_choice_is_written_and_audited_and_what_is_not_chosen_stays_out(
    choose, settings, audited, organiser
):
    choose(datasets=["norway"], starters=["hello"])
    said = tomllib.loads(settings())
    assert (said["datasets"], said["challenges"], said["starters"]) == (["norway"], [], ["hello"])
    assert audited() == [("event.content", {"fields": ["challenges", "datasets", "starters"]})]
    sent = filled(organiser.get(PAGE))
    assert sent["datasets"] == ["norway"]
    assert "challenges" not in sent


def test_a_challenge_without_its_data_or_its_starter_is_told_and_nothing_is_written(
    choose, settings
):
    page = choose(422, datasets=["norway"], challenges=["shorter-queue"])
    assert "needs “Visits" in page.text
    assert {"#datasets", "#starters"} <= set(page.links)
    assert settings() == SETTINGS


def test_an_event_without_any_data_is_refused(choose, settings):
    assert "at least one dataset" in choose(422).text
    assert settings() == SETTINGS


def test_a_name_that_is_not_offered_is_refused(choose, settings):
    page = choose(422, datasets=["norway", "../../etc"], starters=["hello"])
    assert "choice" in page.text
    assert settings() == SETTINGS


def test_two_datasets_with_tables_of_one_name_are_told_and_nothing_is_written(
    choose, own, settings
):
    (own.folder / "datasets").mkdir()
    shutil.copytree(own.kit / "datasets" / "visits", own.folder / "datasets" / "visits-again")
    try:
        page = choose(422, datasets=["norway", "visits", "visits-again"], starters=["hello"])
        assert "both have the name “visits”. Choose one." in page.text
        assert "is taken by" in page.text  # and so the check says of the folders
        assert settings() == SETTINGS
    finally:
        shutil.rmtree(own.folder / "datasets")


def test_what_is_chosen_and_not_built_is_named(own, organiser):
    (own.folder / "starter_templates").mkdir()
    starter = own.folder / "starter_templates" / "second"
    shutil.copytree(own.kit / "starter_templates" / "hello", starter)
    try:
        page = organiser.get(PAGE)
        assert "Chosen, and not built yet" in page.text
        assert "second" in page.text
        assert "Your own" in page.text
    finally:
        shutil.rmtree(own.folder / "starter_templates")
