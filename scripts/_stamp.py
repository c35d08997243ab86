"""Keep copies equal to their one source: the starters' data client, look and samples, and the
reference of recipes, which is made from the functions' docstrings."""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import _reference
import yaml

from sandbox.bundle import Bundle, open_bundle
from sandbox.catalog import Catalog, from_bundle
from sandbox.catalog.models import Column
from sandbox.errors import SandboxError
from sandbox.workspace import KIT, open_workspace

TEMPLATES = KIT / "starter_templates"
MOST_BYTES = 100_000  # of one challenge's sample
COLUMN_FACTS = ("type", "title", "unit", "codes")


def wanted(bundle: Bundle | None) -> Iterator[tuple[Path, bytes]]:
    """Every stamped file with its content; without a bundle those that need none."""
    yield _reference.PAGE, _reference.page()
    plan = yaml.safe_load((TEMPLATES / "_shared" / "stamp.yml").read_text(encoding="utf-8"))
    for slug, stamped in plan["starters"].items():
        project = TEMPLATES / slug / "{{cookiecutter.project_slug}}"
        for place, source in stamped["files"].items():
            yield project / place, (KIT / source).read_bytes()
        if bundle:
            for challenge, tables in plan["samples"].items():
                for table, content in sample(bundle, challenge, tables).items():
                    yield project / stamped["samples"] / challenge / f"{table}.json", content


def sample(bundle: Bundle, challenge: str, plan: dict[str, dict[str, Any]]) -> dict[str, bytes]:
    """Table → its file, with enough said in it to show the rows and their licence anywhere."""
    catalog, files, drawn = from_bundle(bundle), {}, {}
    for name, how in plan.items():
        slug, table = catalog.tables[name]
        columns = how.get("columns", list(table.columns))
        drawn[name] = rows = _rows(bundle, catalog, name, columns, how, drawn)
        about = _about(catalog, slug, name, {c: table.columns[c] for c in columns})
        total = bundle.manifest.datasets[slug].tables[name].rows
        about["sample"] = {"rows": len(rows), "of": total}
        files[name] = _as_json(about, rows)
    if (size := sum(map(len, files.values()))) > MOST_BYTES:
        raise SandboxError(
            f"The sample of {challenge} has {size} bytes, more than {MOST_BYTES}. "
            "Take fewer rows or columns: starter_templates/_shared/stamp.yml"
        )
    return files


def _rows(
    bundle: Bundle,
    catalog: Catalog,
    name: str,
    columns: list[str],
    how: dict[str, Any],
    drawn: dict[str, list[tuple[Any, ...]]],
) -> list[tuple[Any, ...]]:
    """Rows in the order of their key, whose order carries no answer. A table's key stands first."""
    table = catalog.tables[name][1]
    where, values = "", []
    if parent := how.get("of"):
        link = next(column for column, other in table.foreign_keys.items() if other == parent)
        values = [row[0] for row in drawn[parent]]
        where = f'WHERE "{link}" IN ({", ".join("?" * len(values))})'
    listed = ", ".join(f'"{column}"' for column in columns)
    # Names are those of checked descriptors.
    query = f'SELECT {listed} FROM "{name}" {where} ORDER BY "{table.key}" LIMIT ?'  # noqa: S608
    with bundle.connect() as database:
        return database.execute(query, [*values, how.get("first", -1)]).fetchall()


def _about(catalog: Catalog, slug: str, name: str, columns: dict[str, Column]) -> dict[str, Any]:
    dataset, table = catalog.datasets[slug], catalog.tables[name][1]
    return {
        "table": name,
        "title": table.title.model_dump(),
        "row": table.row.model_dump(),
        "key": table.key,
        "dataset": slug,
        "dataset_title": dataset.title.model_dump(),
        "origin": dataset.origin,
        "licence": dataset.licence,
        "attribution": dataset.attribution.model_dump() if dataset.attribution else None,
        "publisher": dataset.publisher,
        "version": dataset.version,
        "reference_date": dataset.reference_date.isoformat(),
        "columns": {column: _facts(described) for column, described in columns.items()},
    }


def _facts(column: Column) -> dict[str, Any]:
    facts = column.model_dump(exclude_none=True)
    return {fact: facts[fact] for fact in COLUMN_FACTS if fact in facts}


def _as_json(about: dict[str, Any], rows: list[tuple[Any, ...]]) -> bytes:
    """One row a line, so that people can read it and a change shows as what it is."""
    head = json.dumps(about, ensure_ascii=False, indent=1)[:-2]
    body = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    return f'{head},\n "rows": [\n{body}\n]}}\n'.encode()


def _demo() -> Bundle:
    """The demo's bundle in full; its seed is public, so its rows are the same for everyone."""
    return open_bundle(open_workspace(KIT / "demo").current_bundle())


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/stamp", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if it would")
    parser.add_argument(
        "--files", action="store_true", help="leave the samples out: no bundle needed"
    )
    parser.add_argument(
        "--bundle", type=Path, help="the demo's bundle; its current one if left out"
    )
    options = parser.parse_args()
    bundle = None
    if not options.files:
        bundle = open_bundle(options.bundle) if options.bundle else _demo()
        if bundle.manifest.seed is None or bundle.manifest.scale != 1:
            raise SandboxError("Samples come from the demo's bundle at scale 1: sandbox build")
    changed = [
        (path, content)
        for path, content in wanted(bundle)
        if not path.is_file() or path.read_bytes() != content
    ]
    for path, content in changed:
        print(f"{'differs' if options.check else 'stamped'}: {path.relative_to(KIT)}")
        if not options.check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    if changed and options.check:
        print("Run scripts/stamp, and commit what it changes.")
    return 1 if changed and options.check else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except SandboxError as error:
        sys.exit(str(error))
