"""Find every message of the kit's pages and bring the files of translations up to date.

    python -m sandbox.ui.messages

writes `translations/<tag>.po`: new messages are empty there, until somebody translates them;
messages that stand on no page any more are dropped. The comments that open a file are kept: there
it says which word of the language stands for which concept.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from babel.messages import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from sandbox.ui.languages import TRANSLATIONS

PACKAGE = Path(__file__).parent.parent
METHODS = [
    ("**.py", "python"),
    ("**.html", "jinja2.ext:babel_extract"),
    ("**.txt", "jinja2.ext:babel_extract"),
]
OPTIONS = {kind: {"newstyle_gettext": "true", "trimmed": "true"} for kind in ("**.html", "**.txt")}


def extract() -> Catalog:
    """Every message in Python and templates, with the files it stands in."""
    found = Catalog(project="sandbox", charset="utf-8")
    entries = extract_from_dir(PACKAGE, METHODS, OPTIONS, comment_tags=("Translators:",))
    for file, _line, message, comments, context in sorted(entries, key=lambda e: (e[0], e[1])):
        found.add(message, None, [(file, 0)], auto_comments=comments, context=context)
    return found


def read(tag: str) -> Catalog:
    with (TRANSLATIONS / f"{tag}.po").open("rb") as file:
        return read_po(file, locale=tag)


def renew(tag: str) -> Catalog:
    """The translations of `tag` with exactly the messages that pages use, old words kept."""
    known, renewed = read(tag), extract()
    renewed.locale, renewed.header_comment = known.locale, known.header_comment
    for message in renewed:
        if message.id and (before := known.get(message.id)):
            message.string = before.string
    return renewed


def main() -> None:
    for file in sorted(TRANSLATIONS.glob("*.po")):
        catalogue = renew(file.stem)
        with file.open("wb") as out:
            # Neither dates nor lines: two people's changes should meet only where words do.
            write_po(out, catalogue, width=100, omit_header=True, include_lineno=False)
        header = f"{catalogue.header_comment}\n" if catalogue.header_comment else ""
        header += f'msgid ""\nmsgstr ""\n"Language: {file.stem}\\n"\n'
        header += '"Content-Type: text/plain; charset=utf-8\\n"\n'
        header += '"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n'
        file.write_text(header + file.read_text(encoding="utf-8"), encoding="utf-8")
        missing = untranslated(catalogue)
        print(f"{file.stem}: {len(catalogue)} messages, {len(missing)} without translation")


def untranslated(catalogue: Catalog) -> list[str]:
    """The messages of which a form has no words, or whose words nobody has confirmed."""
    return [str(m.id) for m in catalogue if m.id and (m.fuzzy or not _complete(m.string))]


def _complete(words: str | Sequence[str] | None) -> bool:
    return all([words] if isinstance(words, str) else words or [""])


if __name__ == "__main__":
    main()
