"""Freeze vocabularies and holidays from libraries into JSON; run by hand, never by a build.

    python -m sandbox.recipes.vocabularies.freeze

Names: Faker 40.54.0, locale no_NO, MIT licence (© Daniele Faraglia and contributors).
Holidays: the library holidays 0.109, country NO, MIT licence (© Vacanza Team and contributors).
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


def main() -> None:
    hashes = {}
    for file, content in (("no_NO.json", names()), ("holidays_NO.json", holidays_of_norway())):
        text = json.dumps(content, ensure_ascii=False, indent=1) + "\n"
        (FOLDER / file).write_text(text, encoding="utf-8")
        hashes[file] = hashlib.sha256(text.encode()).hexdigest()
    (FOLDER / "hashes.json").write_text(json.dumps(hashes, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
