import sqlite3

import pytest

from sandbox.catalog import Question
from sandbox.catalog.models import Parameter
from sandbox.explore.questions import ParameterMistake, bind, with_defaults


def question(**types):
    defaults = {"integer": 5, "number": 1.5, "boolean": "true", "date": "2024-01-01"}
    parameters = {
        name: Parameter(title={"en": name}, type=type_, default=defaults.get(type_, "x"))
        for name, type_ in types.items()
    }
    return Question(title={"en": "?"}, sql="select 1", parameters=parameters)


def test_a_missing_or_empty_parameter_gets_its_default():
    asked = question(age="integer", county="string")
    assert with_defaults(asked, "age=&_lang=nb") == "_lang=nb&age=5&county=x"


def test_an_address_that_says_everything_stays_as_it_is():
    assert with_defaults(question(age="integer"), "age=7&b=%20") == "age=7&b=%20"


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("integer", "5", 5),
        ("number", "1,5", 1.5),
        ("number", "1.5", 1.5),
        ("boolean", "true", 1),
        ("boolean", "0", 0),
        ("date", "2024-02-29", "2024-02-29"),
        ("string", "0301", "0301"),
    ],
)
def test_a_value_gets_its_parameters_type(kind, text, value):
    assert bind(question(it=kind), {"it": text, "other": "x"}) == {"it": value, "other": "x"}


@pytest.mark.parametrize(
    ("kind", "text"),
    [("integer", "five"), ("integer", "1.5"), ("date", "2023-02-29"), ("boolean", "yes")],
)
def test_a_value_of_another_type_is_an_error_of_the_query(kind, text):
    with pytest.raises(ParameterMistake, match=f"it is not of type {kind}") as raised:
        bind(question(it=kind), {"it": text})
    assert isinstance(raised.value, sqlite3.DatabaseError), "shown in the page, not as a failure"
