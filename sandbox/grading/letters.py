"""How easily a letter is read, in which language it is, and whether it names an amount."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

WORD = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*")
SENTENCE_END = re.compile(r"[.!?:…]+(?=\s|$)")
LONG = 6  # letters; a word with more is a long one

# Frequent words, and endings of longer ones, that a language has and neither of the others.
MARKS_AS_TEXT = {
    "nb": "ikke jeg hun dere deres fra hva hvem hvor hvis hvilken hvilke hvorfor hvordan noe noen "
    "mer mye bare være blir ble gjør får en et da høyere høyest høyst leser kommer kommet finner "
    "gjelder tjener søker skriver sier saken reglene måneder penger selv",
    "nn": "ikkje eg dykk dykkar frå kva kven kvar kvifor korleis noko nokon nokre meir mykje berre "
    "vere vert vart gjer ein eit eitt då høgare høgast høgst kjem kome dei desse tener søkjer "
    "seier reglane månader pengar sjølv òg husleiga",
    "en": "the and of you your are not this that these with have has had we our it its which would "
    "could can than because if from will been who when what why",
}
MARKS = {tag: frozenset(text.split()) for tag, text in MARKS_AS_TEXT.items()}
ENDINGS = {"nb": ("ende", "lig", "lige", "het"), "nn": ("ande", "ane", "leg", "lege", "heit")}


@dataclass(frozen=True)
class Reading:
    """What was counted in a text; its language is nb, nn or en, or None if that is not clear."""

    words: int
    sentences: int
    long_words: int
    language: str | None

    @property
    def lix(self) -> float:
        """Words in a sentence, and long words in a hundred; 0 where there is no word."""
        if not self.words:
            return 0.0
        return self.words / self.sentences + 100 * self.long_words / self.words


@lru_cache(maxsize=4096)  # a standard letter goes out thousands of times
def reading(text: str) -> Reading:
    """The figures behind LIX, the readability index of C. H. Björnsson (Läsbarhet, 1968).

    LIX = words / sentences + 100 × words of more than six letters / words. A word is a run of
    letters and digits, hyphens and apostrophes within it included; a sentence ends at . ! ? or :
    before a space or at the end, and what comes after the last one counts as one more. The
    point in 12.500 ends nothing.
    The language is the one of which most MARKS and ENDINGS are found.
    """
    words = WORD.findall(text)
    pieces = SENTENCE_END.split(text)
    sentences = sum(1 for piece in pieces if WORD.search(piece))
    long_words = sum(len(word) > LONG for word in words)
    return Reading(len(words), sentences, long_words, _language(words))


def _language(words: list[str]) -> str | None:
    """The language of which most marks are found, if it is one alone."""
    plain = [word.casefold() for word in words]
    found = {tag: sum(word in marks for word in plain) for tag, marks in MARKS.items()}
    for tag, endings in ENDINGS.items():
        found[tag] += sum(len(word) > LONG and word.endswith(endings) for word in plain)
    first, second = sorted(found.values(), reverse=True)[:2]
    return max(found, key=lambda tag: found[tag]) if first > second else None


def names_number(text: str, value: float) -> bool:
    """Whether a whole number stands in a text, thousands apart or not: 312 500, 312.500, 312500."""
    grouped = re.sub(r",", r"[\\s.,]?", f"{round(value):,}")
    return re.search(rf"(?<!\d){grouped}(?!\d)", text) is not None


def names_paragraph(text: str, paragraph: str) -> bool:
    """Whether a text names a paragraph such as § 4, however it is spaced."""
    number = re.escape(paragraph.removeprefix("§").strip())
    return re.search(rf"§\s*{number}(?!\d)", text) is not None
