"""Read what the documentation promises: fenced blocks, commands, links, and the annotated tree."""

import re
import shlex
from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted(path for path in [ROOT / "README.md", *ROOT.glob("docs/**/*.md")])


def tokens(text):
    """Every Markdown token of a text, inline ones too."""
    for token in MarkdownIt().parse(text):
        yield token
        yield from token.children or ()


def fences(text):
    """The content of each fenced block."""
    return [token.content for token in tokens(text) if token.type == "fence"]


def links(text):
    """Where each link or image goes, without those to other sites."""
    found = (t.attrs.get("href") or t.attrs.get("src") for t in tokens(text) if t.attrs)
    return [link for link in found if link and not re.match(r"[a-z]+:", link)]


def commands(text):
    """Each `sandbox …` and `scripts/…` command in fenced blocks and inline code, as its words."""
    code = [t.content for t in tokens(text) if t.type in {"fence", "code_inline"}]
    for line in "\n".join(code).splitlines():
        for part in re.split(r"&&|\|\||[|;]", line.split(" #")[0]):
            words = _words(part.strip().removeprefix("$ "))
            if words and re.fullmatch(r"(.*/)?sandbox", words[0]) and len(words) > 1:
                yield ["sandbox", *words[1:]]
            elif words and re.fullmatch(r"scripts/[a-z]+", words[0]):
                yield words


def _words(part):
    """The shell words of a command after `NAME=value` settings and `python`; or none."""
    try:
        words = shlex.split(part)
    except ValueError:  # an apostrophe in prose
        return []
    while words and (re.fullmatch(r"\w+=\S*", words[0]) or re.match(r"python3?$", words[0])):
        words.pop(0)
    return words


def tree_paths(block):
    """The paths of an annotated tree: one a line, children indented, box-drawing signs or not.

    `<slug>` stands for any name and becomes `*`. What follows two spaces is the annotation.
    """
    parents = []
    for line in block.splitlines():
        plain = re.sub(r"[│├└─|`]", " ", line.replace("--", "  "))
        found = re.match(r"( *)(\S+)", plain)
        if not found:
            continue
        depth, name = len(found[1]), re.sub(r"<[^>]+>", "*", found[2].rstrip(","))
        parents = [(d, n) for d, n in parents if d < depth]
        yield "".join(n for _, n in parents) + name
        if name.endswith("/"):
            parents.append((depth, name))


def tree(text):
    """The paths of the first fenced block that is a tree with `scripts/` in it."""
    for block in fences(text):
        if re.search(r"^\W*scripts/(\s|$)", block, re.MULTILINE):
            return list(tree_paths(block))
    return []
