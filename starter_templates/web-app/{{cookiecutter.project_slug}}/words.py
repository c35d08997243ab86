"""Every word on the pages in each language. To add one: a block here, and its tag in LANGUAGES."""

LANGUAGES = {"en": "English", "nb": "Norsk bokmål"}
NEAREST = {"no": "nb", "nn": "nb"}  # whoever reads these reads Norwegian bokmål as well

WORDS = {
    "en": {
        "skip": "Skip to content",
        "languages": "Language",
        "prototype": "Prototype, not for real cases.",
        "live": "LIVE",
        "cached": "CACHED",
        "sample": "SAMPLE",
        "live_means": "These rows were fetched just now from the sandbox at {}.",
        "cached_means": "The sandbox does not answer ({}). These rows were fetched {} UTC.",
        "sample_means": "The sandbox does not answer ({}). These rows came with this project.",
        "synthetic": "SYNTHETIC",
        "open": "OPEN",
        "synthetic_means": "Synthetic data: nobody and nothing in it exists.",
        "open_means": "Open data about real places, as of {}.",
        "filter": "Filter",
        "any": "All",
        "show": "Show",
        "reset": "Remove all filters",
        "exact": "{}",
        "contains": "{} contains",
        "startswith": "{} begins with",
        "gte": "{}, at least",
        "lte": "{}, at most",
        "gt": "{}, more than",
        "lt": "{}, less than",
        "not": "{}, other than",
        "yes": "yes",
        "no": "no",
        "problems": "Please check the filter",
        "not_a_number": "Write a number, such as 50 or 2.5.",
        "not_a_integer": "Write a number, such as 50.",
        "not_a_date": "Write a date, such as 2026-11-23.",
        "not_a_choice": "Choose one of the list.",
        "left_out": "It was left out of this answer.",
        "rows_by": "Rows by {}",
        "sum_by": "{}, sum by {}",
        "other_bars": "and {} more",
        "counted": "Counted over the {} rows that were fetched, of {} that match.",
        "value": "Value",
        "picture": "Picture",
        "table": "Rows",
        "matching": "{} rows match.",
        "shown": "The first {} are shown.",
        "nothing": "No row matches.",
        "nothing_fix": "Make a filter wider, or remove them all.",
        "about": "About the data",
        "licence": "Licence of the data: {}.",
        "sample_of": "Offline, this project has {} of {} rows.",
        "not_found": "There is no such page",
        "wrong_question": "The sandbox cannot be asked this",
        "home": "To the first page",
    },
    "nb": {
        "skip": "Hopp til innholdet",
        "languages": "Språk",
        "prototype": "Prototype, ikke for virkelige saker.",
        "live": "DIREKTE",
        "cached": "MELLOMLAGRET",
        "sample": "UTVALG",
        "live_means": "Radene er hentet akkurat nå fra sandkassen på {}.",
        "cached_means": "Sandkassen svarer ikke ({}). Radene ble hentet {} UTC.",
        "sample_means": "Sandkassen svarer ikke ({}). Radene fulgte med prosjektet.",
        "synthetic": "SYNTETISK",
        "open": "ÅPNE DATA",
        "synthetic_means": "Syntetiske data: ingen og ingenting i dem finnes.",
        "open_means": "Åpne data om virkelige steder, per {}.",
        "filter": "Filter",
        "any": "Alle",
        "show": "Vis",
        "reset": "Fjern alle filtre",
        "exact": "{}",
        "contains": "{} inneholder",
        "startswith": "{} begynner med",
        "gte": "{}, minst",
        "lte": "{}, høyst",
        "gt": "{}, mer enn",
        "lt": "{}, mindre enn",
        "not": "{}, ikke lik",
        "yes": "ja",
        "no": "nei",
        "problems": "Se over filteret",
        "not_a_number": "Skriv et tall, for eksempel 50 eller 2,5.",
        "not_a_integer": "Skriv et tall, for eksempel 50.",
        "not_a_date": "Skriv en dato, for eksempel 2026-11-23.",
        "not_a_choice": "Velg fra listen.",
        "left_out": "Det er ikke brukt i dette svaret.",
        "rows_by": "Rader etter {}",
        "sum_by": "{}, sum etter {}",
        "other_bars": "og {} til",
        "counted": "Talt over de {} radene som ble hentet, av {} som passer.",
        "value": "Verdi",
        "picture": "Bilde",
        "table": "Rader",
        "matching": "{} rader passer.",
        "shown": "De første {} vises.",
        "nothing": "Ingen rader passer.",
        "nothing_fix": "Gjør et filter videre, eller fjern alle.",
        "about": "Om dataene",
        "licence": "Dataenes lisens: {}.",
        "sample_of": "Uten nett har prosjektet {} av {} rader.",
        "not_found": "Denne siden finnes ikke",
        "wrong_question": "Sandkassen kan ikke spørres om dette",
        "home": "Til forsiden",
    },
}


def choose_language(wanted, accepted) -> str:
    """The language asked for in the address, else the first that the browser accepts, else English.

    `accepted` are tags such as "nb-NO", in the browser's order.
    """
    for tag in (wanted or "", *accepted):
        short = tag.lower().split("-")[0]
        if (found := NEAREST.get(short, short)) in LANGUAGES:
            return found
    return "en"


def number(value, language: str, decimals: int = 0) -> str:
    """1,234.5 in English, 1 234,5 in Norwegian (with spaces that do not break)."""
    text = f"{value:,.{decimals}f}"
    if language == "nb":
        text = text.replace(",", "\u00a0").replace(".", ",")
    return text.replace("-", "\u2212")
