"""Identifiers are valid, tell birth date and sex, stand once, and can be nobody's."""

from datetime import date
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stdnum import luhn
from stdnum.dk import cpr
from stdnum.fi import hetu
from stdnum.no import fodselsnummer
from stdnum.no import orgnr as orgnr_no
from stdnum.se import orgnr as orgnr_se
from stdnum.se import personnummer

from sandbox.errors import RecipeError
from sandbox.recipes import calendars
from sandbox.recipes.functions import identifiers, swedish_identifiers
from sandbox.recipes.here import Here
from sandbox.recipes.operators import Unfit
from sandbox.recipes.registry import FUNCTIONS
from sandbox.recipes.vectors import coded, constant

BIRTHS = st.dates(date(1900, 1, 1), date(2039, 12, 31))
NATIONAL = ("national_id_no", "d_number_no", "national_id_dk", "national_id_fi")
ORGANISATIONS = ("organisation_number_no", "organisation_number_se")
quickly = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def call(cook):
    """call(name, one array or vector per argument, …) → the texts that a function makes of them."""
    recipe = {"tables": {"people": {"rows": 1, "id": "row"}}}
    drawing = cook({"people": {"id": "integer"}}, recipe).drawing()

    class Rows:
        first = 0

        def __init__(self, count):
            self.drawing, self.count = drawing, count

    def made(name, *arguments, rows, **named):
        here = Here(Rows(rows), "people.made", f"{name}0")
        vector = FUNCTIONS[name].call(here, *arguments, **named)
        return vector.words.take(vector.values).to_pylist()

    return made


@pytest.fixture
def group(call):
    """group(name, birth date, sex, so many persons) → their identifiers."""

    def made(name, born, sex, rows):
        days, sexes = np.full(rows, calendars.day_number(born)), constant(sex).spread(rows)
        return call(name, days, sexes, number=np.arange(rows), rows=rows)

    return made


def _people(cook, name, rows=2_000, born="born(integer(0, 100))", **more):
    recipe = {"tables": {"people": {
        "rows": rows, "id": "row", "sex": "choice(F=.5, M=.5)", "born": born,
        "nin": f"{name}(born, sex)",
    }}}  # fmt: skip
    columns = {"id": "integer", "sex": "string", "born": "date", "nin": "string"}
    return cook({"people": columns}, recipe).draw(**more).full["people"].to_pylist()


# --- of all countries -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", NATIONAL)
def test_people_of_one_birth_date_and_sex_get_different_ids_until_there_are_none_left(group, name):
    ids = group(name, date(1990, 5, 17), "F", 150)
    assert len(set(ids)) == 150
    with pytest.raises(Unfit, match="more persons of one birth date and sex") as error:
        group(name, date(1990, 5, 17), "F", 310)
    assert 200 <= int(error.value.found.removeprefix("there are ")) <= 300


def test_a_recipe_that_needs_more_ids_than_there_are_is_told_so(cook):
    assert len({row["nin"] for row in _people(cook, NATIONAL[0], 380, "date('1990-05-17')")}) == 380
    with pytest.raises(RecipeError, match="more persons of one birth date and sex"):
        _people(cook, NATIONAL[0], 500, "date('1990-05-17')")


@pytest.mark.parametrize("rows", [1_000, 400, pytest.param(70, marks=pytest.mark.heavy)])
def test_ids_are_the_same_in_any_number_of_pieces(cook, rows):
    made = {"nin_" + name[-2:]: f"{name}(born, sex)" for name in NATIONAL if name != "d_number_no"}
    made |= {name: f"{name}(row)" for name in ORGANISATIONS}
    made |= {"pnr": "national_id_se(row)", "from_pnr": "birth_date_se(pnr)"}
    people = {"rows": 1_000, "id": "row", "sex": "choice(F=.5, M=.5)",
              "born": "date('1990-05-17') + days(row % 9)"}  # fmt: skip
    recipe = {"tables": {"people": people | made}}
    columns = {"id": "integer", "sex": "string", "born": "date"}
    columns |= dict.fromkeys(made, "string") | {"from_pnr": "date"}
    kitchen = cook({"people": columns}, recipe)
    whole = kitchen.draw().full["people"]
    assert all(len(set(whole.column(n).to_pylist())) == 1_000 for n in made if n != "from_pnr")
    assert kitchen.draw(rows_per_piece=rows).full["people"].equals(whole)


@pytest.mark.parametrize("name", ORGANISATIONS)
def test_organisations_get_different_numbers_whose_order_tells_nothing(call, name):
    made = call(name, np.arange(20_000), rows=20_000)
    assert len(set(made)) == 20_000
    rising = sum(a < b for a, b in pairwise(made))
    assert 9_000 < rising < 11_000


@pytest.mark.parametrize("name", ORGANISATIONS)
def test_a_number_beyond_those_there_are_is_refused(call, name):
    room = {"organisation_number_no": 18_181_818, "organisation_number_se": 7_000_000}[name]
    assert len(call(name, np.array([0, room - 1]), rows=2)) == 2
    with pytest.raises(Unfit, match="no room for so many organisations"):
        call(name, np.array([room]), rows=1)


# --- Norway ---------------------------------------------------------------------------------------


@quickly
@given(BIRTHS, st.sampled_from("FM"), st.integers(1, 200))
def test_norwegian_ids_are_valid_with_eighty_added_to_the_month(group, born, sex, rows):
    """python-stdnum knows no month above 12, so its check digit functions are asked alone."""
    for nin in group("national_id_no", born, sex, rows)[-2:]:
        assert nin[:6] == f"{born.day:02}{born.month + 80}{born.year % 100:02}"
        assert fodselsnummer.calc_check_digit1(nin) == nin[9]
        assert fodselsnummer.calc_check_digit2(nin) == nin[10]
        assert (int(nin[8]) % 2 == 0) == (sex == "F")
        assert (int(nin[6:9]) >= 500) == (born.year >= 2000)


def test_norwegian_check_digits_by_hand(cook):
    for row in _people(cook, "national_id_no", 500):
        digits = [int(d) for d in row["nin"]]
        assert sum(w * d for w, d in zip((3, 7, 6, 1, 8, 9, 4, 5, 2, 1), digits)) % 11 == 0  # noqa: B905
        assert sum(w * d for w, d in zip((5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1), digits)) % 11 == 0  # noqa: B905


@quickly
@given(BIRTHS, st.sampled_from("FM"))
def test_d_numbers_have_forty_added_to_the_day_as_well(group, born, sex):
    (nin,) = group("d_number_no", born, sex, 1)
    assert nin[:6] == f"{born.day + 40}{born.month + 80}{born.year % 100:02}"
    assert fodselsnummer.calc_check_digit1(nin) == nin[9]
    assert fodselsnummer.calc_check_digit2(nin) == nin[10]


@quickly
@given(st.integers(0, 18_181_817))
def test_norwegian_organisation_numbers_are_valid_and_begin_with_two_or_three(call, number):
    (made,) = call("organisation_number_no", np.array([number]), rows=1)
    assert orgnr_no.is_valid(made)
    assert made[0] in "23"


def test_there_are_as_many_norwegian_organisation_numbers_as_have_a_check_digit():
    assert identifiers._organisations()[0][-1] == 18_181_818
    upper = identifiers._upper_kinds()
    assert upper[2134 - 2000] == (3 * 2 + 2 * 1 + 7 * 3 + 6 * 4) % 11


# --- Denmark --------------------------------------------------------------------------------------


@quickly
@given(BIRTHS, st.sampled_from("FM"), st.integers(1, 180))
def test_danish_ids_are_valid_with_sixty_added_to_the_day(group, born, sex, rows):
    for nin in group("national_id_dk", born, sex, rows)[-2:]:
        assert nin[:2] == str(born.day + 60)
        assert cpr.checksum(nin) == 0
        assert cpr.get_birth_date(f"{born.day:02}{nin[2:]}") == born
        assert (int(nin[9]) % 2 == 0) == (sex == "F")


# --- Finland --------------------------------------------------------------------------------------


@quickly
@given(BIRTHS, st.sampled_from("FM"), st.integers(1, 300))
def test_finnish_ids_are_valid_and_have_serials_that_are_given_to_nobody(group, born, sex, rows):
    for nin in group("national_id_fi", born, sex, rows)[-2:]:
        assert hetu.is_valid(nin, allow_temporary=True)
        assert nin[:6] == born.strftime("%d%m%y")
        assert nin[6] in ("-YXWVU" if born.year < 2000 else "ABCDEF")
        assert 900 <= int(nin[7:10]) <= 999
        assert (int(nin[9]) % 2 == 0) == (sex == "F")


def test_the_further_signs_of_a_century_are_taken_only_when_they_are_needed(group):
    ids = group("national_id_fi", date(1990, 5, 17), "M", 300)
    assert len(set(ids)) == 300
    assert [nin[6] for nin in ids] == [sign for sign in "-YXWVU" for _ in range(50)]


# --- Sweden ---------------------------------------------------------------------------------------

# Read from the published lists, and left out here: lines of each list's beginning and end, the
# other half of a pair of which one is lacking, and what stands beside the pairs.
PUBLISHED = (
    "189001019802", "189001029819", "189012319803", "190001019801", "190012319802",
    "190105299812", "199112202388", "199202292380", "199208312398", "200001012384",
    "200001012392", "200012182390", "200103032389", "200402292387", "200505092395",
    "200603252396", "200603252388", "201909012385", "201912312392",
)  # fmt: skip
NOT_AMONG_THEM = (
    "200012182382", "200103032397", "200111042388", "200210162384", "200212272389",
    "200505092387", "190002289809", "190009099813",
)  # fmt: skip


def _test_numbers():
    days, serials = swedish_identifiers._test_numbers()
    digits = swedish_identifiers._digits(days, serials)
    return ["".join(map(str, row)) for row in digits]


def test_the_frozen_test_numbers_are_the_published_ones():
    numbers = _test_numbers()
    assert len(numbers) == len(set(numbers)) == 6_198
    assert set(PUBLISHED) <= set(numbers)
    assert all(luhn.is_valid(number[2:]) for number in NOT_AMONG_THEM)
    assert not set(NOT_AMONG_THEM) & set(numbers)


def test_swedish_ids_are_valid_and_all_of_them_test_numbers(call):
    ids = call("national_id_se", np.arange(6_198), rows=6_198)
    assert sorted(ids) == _test_numbers()
    assert all(personnummer.is_valid(nin) for nin in ids)


def test_swedish_ids_tell_birth_date_and_sex(cook):
    people = {"rows": 500, "id": "row", "nin": "national_id_se(row, 1991, 2006)",
              "born": "birth_date_se(nin)", "sex": "sex_se(nin)"}  # fmt: skip
    columns = {"id": "integer", "nin": "string", "born": "date", "sex": "string"}
    drawn = cook({"people": columns}, {"tables": {"people": people}}).draw().full["people"]
    for row in drawn.to_pylist():
        assert personnummer.get_birth_date(row["nin"]) == row["born"]
        assert 1991 <= row["born"].year <= 2006
        assert personnummer.get_gender(row["nin"]) == row["sex"]


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("national_id_se(row, 2019, 2019)", "there are 122 test numbers for 2019 to 2019"),
        ("national_id_se(row, 1950, 1960)", "there are no test numbers for 1950 to 1960"),
        ("text(birth_date_se('19900101'))", "this is no Swedish personal identity number"),
    ],
)
def test_more_swedes_than_there_are_test_numbers_for_are_refused(cook, expression, said):
    recipe = {"tables": {"people": {"rows": 200, "id": "row", "nin": expression}}}
    with pytest.raises(RecipeError, match=said):
        cook({"people": {"id": "integer", "nin": "string"}}, recipe).draw()


def test_a_missing_swedish_id_tells_nothing(column):
    made = column("string", "sex_se(when(row > 1, '200001012384'))", rows=2)
    assert made == [None, "F"]


@quickly
@given(st.integers(0, 6_999_999))
def test_swedish_organisation_numbers_are_valid_and_can_be_nobodys(call, number):
    (made,) = call("organisation_number_se", np.array([number]), rows=1)
    assert orgnr_se.is_valid(made)
    assert int(made[2]) < 2 and 13 <= int(made[2:4]) <= 19


def test_a_sex_that_is_neither_is_refused(group, call):
    with pytest.raises(Unfit, match="a sex is 'F' or 'M' here"):
        group("national_id_dk", date(1990, 5, 17), "X", 1)
    sexes = coded(np.array([0]), ("K",))
    with pytest.raises(Unfit, match="a sex is 'F' or 'M' here"):
        call("national_id_fi", np.array([0]), sexes, number=np.array([0]), rows=1)
