"""The reader of the documentation sees what a person sees."""

import pytest

from tests.docs import reading


@pytest.mark.parametrize(
    "block",
    [
        "README.md        this page\n"
        "datasets/<slug>/ what the data is\n"
        "  data/            its files\n"
        "    a.csv\n"
        "scripts/         serve test\n",
        "├── README.md           this page\n"
        "├── datasets/<slug>/    what the data is\n"
        "│   └── data/           its files\n"
        "│       └── a.csv\n"
        "└── scripts/            serve test\n",
    ],
)
def test_a_tree_gives_its_paths_with_and_without_lines_drawn(block):
    expected = ["README.md", "datasets/*/", "datasets/*/data/", "datasets/*/data/a.csv", "scripts/"]
    assert list(reading.tree_paths(block)) == expected
    assert reading.tree(f"Text\n\n```\n{block}```\n") == expected


def test_commands_are_found_in_blocks_and_in_sentences():
    text = """
Run `scripts/serve --port 9000`, see `.venv/bin/sandbox check`; a `sandbox` is a box.

```sh
$ git clone x && cd x
SANDBOX_EVENT=there sandbox event new ../mine   # a note on scripts/nothing
python scripts/test --all | tail
```
"""
    assert sorted(reading.commands(text)) == [
        ["sandbox", "check"],
        ["sandbox", "event", "new", "../mine"],
        ["scripts/serve", "--port", "9000"],
        ["scripts/test", "--all"],
    ]


def test_links_to_other_sites_are_left_alone():
    text = "[a](docs/a.md#part) [b](https://example.org) ![c](c.png) <mailto:a@example.org>"
    assert reading.links(text) == ["docs/a.md#part", "c.png"]
