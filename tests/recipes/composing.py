"""Recipes put together at random from expressions that cover the vocabulary.

Homes stand in places, persons live in homes, and things happen to persons. Each expression names
what it is made from, so that any choice of them can be completed to a recipe that draws.
"""

from dataclasses import dataclass, replace

from hypothesis import strategies as st

CELL, OTHERS, WHOLE = "cell", "looks at rows of a table that grows", "whole table"


@dataclass(frozen=True)
class Part:
    """A column or fault: `needs` names what must be there, `kind` what more rows may do to it."""

    name: str
    type: str
    text: str
    needs: tuple[str, ...] = ()
    kind: str = CELL


def _homes(name, type_, text, *needs, kind=CELL):
    return Part(f"homes.{name}", type_, text, tuple(f"homes.{n}" for n in needs), kind)


def _persons(name, type_, text, *needs, kind=CELL):
    full = tuple(n if "." in n else f"persons.{n}" for n in needs)
    return Part(f"persons.{name}", type_, text, full, kind)


COLUMNS = [
    _homes("place_code", "string > places", "pick(places, by=people)"),
    _homes("street", "string", "street_name() + ' ' + text(integer(1, 120))"),
    _homes("rent", "number", "round(lognormal(9, .4) * (1 + row / 1_000), 2)"),
    _homes("since", "date", "day(2020, season=[1, 2, 1, 1, 1, 0, 0, 1, 1, 1, 1, 3])"),
    _homes("left", "date", "when(bernoulli(.3), add_business_days(since, poisson(40)))", "since"),
    _homes("seen", "datetime", "moment(since, 9, 17) + hours(uniform(0, 2))", "since"),
    _homes("note", "string", "grammar('notes.csv', 'note', street=street)", "street"),
    _homes("sort", "string", "draw('sorts.csv', given=place.name)", "place_code"),
    _homes("level", "integer", "clip(poisson(2.5) - 1, 0, 40)"),
    _homes("twin", "string", "pick(places, size=level, by=people).name", "level"),
    _homes("living", "integer", "count(persons)"),
    _homes("extra", "number", "bonus * level + (lucky == 'a')", "level"),
    replace(_homes("grown", "integer", "count(persons, age > 17)"), needs=("persons.age",)),
    replace(_homes("old", "boolean", "any(persons, age > 60)"), needs=("persons.age",)),
    _homes("like", "integer", "count(homes, level=level)", "level", kind=OTHERS),
    _homes("near", "integer > homes", "pick(homes, by=rent)", "rent", kind=OTHERS),
    _homes("place_rank", "integer", "rank(rent, by=place)", "rent", "place_code", kind=WHOLE),
    _homes("share", "integer", "quota(900, by=rent)", "rent", kind=WHOLE),
    _homes("sum", "number", "round(total(rent, by=sort) / 10, 3)", "rent", "sort", kind=WHOLE),
    _homes("exact", "string", "allot('sorts.csv', given=place.name)", "place_code", kind=WHOLE),
    _homes("served", "date", "queue(since, .4, 1, by=place)", "since", "place_code", kind=WHOLE),
    _persons("sex", "string", "choice(F=.5, M=.5)"),
    _persons("age", "integer", "integer(0, 99)"),
    _persons("birth_date", "date", "born(age)", "age"),
    _persons("name", "string", "given_name(sex) + ' ' + per_parent(family_name())", "sex"),
    _persons("mail", "string", "email(given_name(sex), 'Å', row)", "sex"),
    _persons("height", "number", "normal(170, 9) + home.level * .5", "homes.level"),
    _persons("when", "date", "home.since + days(position * 3)", "homes.since"),
    _persons("treated", "boolean", "bernoulli(.5)"),
    _persons("outcome", "boolean", "bernoulli(sigmoid(bonus * treated - .5))", "treated"),
    _persons("away", "integer", "business_days_between(home.since, home.since + days(age * 9))",
             "age", "homes.since"),
    _persons("walked", "string", "home.place.name", "homes.place_code"),
    _persons("friend", "string", "nth(persons, 2, age=age)", "age", kind=OTHERS),
    _persons("sibling", "string", "lookup(persons, home_id=home, place=1)", "place", kind=OTHERS),
    _persons("place", "integer", "position"),
    _persons("number", "string", "national_id_no(birth_date, sex)", "birth_date", "sex",
             kind=OTHERS),
    _persons("oldest", "integer", "rank(-age, by=home)", "age", kind=WHOLE),
    _persons("older", "integer", "oldest + rank(age)", "oldest", "age", kind=WHOLE),
]  # fmt: skip
FAULTS = [
    _homes("missing", "", "missing(rent, .2 * (rent > 9_000))", "rent"),
    _homes("swapped", "", "swapped_day_month(since, .5)", "since"),
    _homes("unit", "", "wrong_unit(rent, .2, 12)", "rent"),
    _homes("never", "", "impossible(level, .2, -9, -1)", "level"),
    _homes("damaged", "", "damaged_encoding(street, .5)", "street"),
    _homes("typed", "", "typo(street, .5)", "street"),
    _homes("slipped", "", "time_zone_slip(seen, .5)", "seen"),
    _homes("recoded", "", "recoded(place_code, .5, 'codes.csv')", "place_code"),
    _homes("broken", "", "broken_key(place_code, .2)", "place_code"),
    _persons("lost", "", "missing(height, .3)", "height"),
    _persons("twice", "", "duplicate(.2, name)", "name", kind=OTHERS),
]
EFFECTS = [
    _persons("plain", "", "effect(outcome, treated)", "outcome"),
    _persons("by_sex", "", "effect(outcome, treated, by=sex)", "outcome", "sex"),
]
ALL = {part.name: part for part in [*COLUMNS, *FAULTS, *EFFECTS]}
assert len(ALL) == len(COLUMNS) + len(FAULTS) + len(EFFECTS)
FILES = {
    "places.csv": "place_code,name,people,size\n01,Nes,900,1\n02,Ås,200,2\n03,Sæter,50,\n",
    "codes.csv": "value,instead\n01,1\n03,30\n",
    "sorts.csv": "sort,Nes,Ås,Sæter\nflat,.5,.2,.1\nhouse,.4,.8,0\nhut,.1,0,.9\n",
    "notes.csv": "symbol,text,weight\nnote,In {street} {what}.,2\nnote,{what}!,1\n"
                 "what,nobody is there,1\nwhat,æ ø å,1\n",
    "ways.csv": "state,next,share,days_low,days_high\nnew,old,.6,1,9\nnew,gone,.4,1,1\n"
                "old,gone,1,1,3\n",
    "parts.csv": "part,share\n1,.5\n2-4,.5\n",
}  # fmt: skip


@dataclass(frozen=True)
class Composed:
    """A recipe as chosen: names of columns, faults and effects, and whether further tables."""

    parts: tuple[str, ...]
    events: bool = False
    shares: bool = False
    held: int = 0
    rows: int = 12

    @property
    def completed(self):
        """The parts and all that they need, each after what it needs where that was not chosen."""
        found = {}

        def add(name):
            if name not in found:
                found[name] = ALL[name]
            for need in ALL[name].needs:
                add(need)

        for name in self.parts:
            add(name)
        if self.held:
            add("persons.outcome")
        return found

    def _of(self, table, group):
        chosen = self.completed
        return {
            name.partition(".")[2]: part
            for name, part in chosen.items()
            if part in group and name.startswith(f"{table}.")
        }

    def described(self):
        """Table → column → type, and > table for a foreign key."""
        keys = {"homes": {"home_id": "integer"},
                "persons": {"person_id": "string", "home_id": "integer > homes"}}  # fmt: skip
        tables = {"places": {"place_code": "string", "name": "string", "people": "integer",
                             "size": "integer"}}  # fmt: skip
        for table, columns in keys.items():
            own = {name: part.type for name, part in self._of(table, COLUMNS).items()}
            tables[table] = columns | own
        if self.events:
            tables["events"] = {"event_id": "integer", "person_id": "string > persons",
                                "state": "string", "after": "number"}  # fmt: skip
        if self.shares:
            tables["shares"] = {"share_id": "integer", "size": "integer", "place": "string"}
        return tables

    def recipe(self):
        homes = {"rows": self.rows, "home_id": "row", "_size": "choice([0, 1, 3], [.2, .4, .4])"}
        persons = {"per": "homes * _size", "person_id": "code('P-', shuffled(row, 4), 4)",
                   "home_id": "parent"}  # fmt: skip
        tables = {"places": {"file": "places.csv"}, "homes": homes, "persons": persons}
        for table in ("homes", "persons"):
            body = tables[table]
            body |= {name: part.text for name, part in self._of(table, COLUMNS).items()}
            if faults := self._of(table, FAULTS):
                body["faults"] = [part.text for part in faults.values()]
            if effects := self._of(table, EFFECTS):
                body["truth"] = {name: part.text for name, part in effects.items()}
        if self.held:
            persons["hold_out"] = {"rows": self.held, "columns": ["outcome"]}
        if self.events:
            tables["events"] = {
                "per": "persons * walk('ways.csv', 'new')",
                "event_id": "row",
                "person_id": "parent",
                "state": "state",
                "after": "elapsed",
            }
        if self.shares:
            tables["shares"] = {
                "per": "places * split(quota(40, by=people), 'parts.csv')",
                "share_id": "row",
                "size": "part",
                "place": "parent.name",
            }
        return {"secrets": {"bonus": "secret(1, 2)", "lucky": "secret_choice(['a', 'b'])"},
                "tables": tables}  # fmt: skip


def composed(kinds=(CELL, OTHERS, WHOLE)):
    """Recipes made of parts of these kinds."""
    names = [
        name
        for name, part in ALL.items()
        if all(p.kind in kinds for p in Composed((name,)).completed.values())
    ]
    chosen = st.lists(st.sampled_from(names), min_size=1, max_size=14, unique=True).map(tuple)
    whole = st.booleans() if WHOLE in kinds else st.just(False)
    held = st.integers(0, 6) if OTHERS in kinds else st.just(0)
    return st.builds(Composed, chosen, st.booleans(), whole, held, st.integers(1, 40))
