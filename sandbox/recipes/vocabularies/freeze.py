"""Freeze vocabularies, holidays and test numbers into JSON; run by hand, never by a build.

    python -m sandbox.recipes.vocabularies.freeze

Names: Faker 40.54.0, locale no_NO, MIT licence (© Daniele Faraglia and contributors).
Holidays: the library holidays 0.109, country NO, MIT licence (© Vacanza Team and contributors).
Test numbers: Skatteverket, Testpersonnummer, open data, CC0 1.0, in copies of its files.
Another version may give other lists, hence other data: then every dataset that uses them gets a new
version.
"""

from __future__ import annotations

import hashlib
import json
from importlib.metadata import version
from pathlib import Path

FOLDER = Path(__file__).parent
FIRST_YEAR, LAST_YEAR = 1990, 2060


def names() -> dict[str, object]:
    from faker.providers.address.no_NO import Provider as Places
    from faker.providers.person.no_NO import Provider as People

    return {
        "source": f"Faker {version('faker')}, locale no_NO",
        "licence": "MIT",
        "given_names_female": list(People.first_names_female),
        "given_names_male": list(People.first_names_male),
        "family_names": list(People.last_names),
        "street_endings": list(Places.street_suffixes),
    }


def holidays_of_norway() -> dict[str, object]:
    import holidays

    years = range(FIRST_YEAR, LAST_YEAR + 1)
    days = sorted(day.isoformat() for day in holidays.country_holidays("NO", years=years))
    return {
        "source": f"holidays {version('holidays')}, country NO, without Sundays",
        "licence": "MIT",
        "first_year": FIRST_YEAR,
        "last_year": LAST_YEAR,
        "days": days,
    }


def test_numbers_of_sweden() -> dict[str, object]:
    """The Swedish Tax Agency's test numbers, as far as they were read line by line.

    Its lists are regular: two numbers for each date, or one, of women and men in turn. So they are
    kept as runs of birth dates with their serials, and what a run lacks in the list; further
    numbers, which the lists have here and there, are left out. That nothing else is lacking was
    seen from the lengths of the files, whose lines are all of one width: between the ends of each
    run they hold exactly as many lines as the run has numbers and the list further ones.
    """
    runs = [
        ("1890-01-01", "1891-05-20", [980, 981], True),
        ("1900-01-01", "1901-05-30", [980, 981], True),
        ("1991-12-20", "1992-08-31", [238, 239], False),
        ("2000-01-01", "2006-03-25", [238, 239], False),
        ("2019-09-01", "2019-12-31", [238, 239], True),
    ]
    lacking = [
        ("1900-02-28", 980),
        ("1900-09-09", 981),
        ("2000-12-18", 238),
        ("2001-03-03", 239),
        ("2001-11-04", 238),
        ("2002-10-16", 238),
        ("2002-12-27", 238),
        ("2005-05-09", 238),
    ]
    return {
        "source": "Skatteverket, Testpersonnummer (skatteverket.entryscape.net, catalog 9); "
        "2000 to 2006 as in the repository Gyran/testpersonnummer, the other years as in "
        "ActiveLogin/ActiveLogin.Identity, AllPins.fs; read on 2026-11-25",
        "licence": "CC0-1.0",
        "runs": [
            {"first": first, "last": last, "serials": serials, "in_turn": in_turn}
            for first, last, serials, in_turn in runs
        ],
        "lacking": [list(one) for one in lacking],
    }


def main() -> None:
    hashes = {}
    contents = {
        "no_NO.json": names(),
        "holidays_NO.json": holidays_of_norway(),
        "test_numbers_SE.json": test_numbers_of_sweden(),
    }
    for file, content in contents.items():
        text = json.dumps(content, ensure_ascii=False, indent=1) + "\n"
        (FOLDER / file).write_text(text, encoding="utf-8")
        hashes[file] = hashlib.sha256(text.encode()).hexdigest()
    (FOLDER / "hashes.json").write_text(json.dumps(hashes, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
