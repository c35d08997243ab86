"""Measured quality as linked data: the W3C Data Quality Vocabulary, in JSON-LD.

DQV (https://www.w3.org/TR/vocab-dqv/) says how measurements, metrics and annotations hang together.
The dimensions are those of ISO/IEC 25012 as the Norwegian profile DQV-AP-NO names them. Addresses
are relative to the dataset's folder; a column is a fragment of its CSV file (RFC 7111).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sandbox.catalog.models import Dataset
from sandbox.descriptors import Text
from sandbox.quality.columns import Figures

CONTEXT = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "dqv": "http://www.w3.org/ns/dqv#",
    "dqvno": "https://data.norge.no/vocabulary/dqvno#",
    "oa": "http://www.w3.org/ns/oa#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "sdmx-attribute": "http://purl.org/linked-data/sdmx/2009/attribute#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "unit": "http://qudt.org/vocab/unit/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
DATASET = "./"
METRICS = {  # name: (dimension, definition, type of its values)
    "filled-required-cells": (
        "completeness",
        "The share of cells that must be filled and are, over all required columns of a table.",
        "decimal",
    ),
    "filled-cells": ("completeness", "The share of rows with a value in this column.", "decimal"),
    "unique-keys": ("consistency", "The share of rows with a key of their own.", "decimal"),
    "found-foreign-keys": (
        "consistency",
        "The share of filled cells that hold a key of the table they lead to.",
        "decimal",
    ),
    "described-codes": (
        "accuracy",
        "The share of filled cells that hold a code which the dataset describes.",
        "decimal",
    ),
    "reference-date": ("currentness", "The day that the dataset describes.", "date"),
    "distance-from-declared": (
        "accuracy",
        "How far what was drawn lies from the distribution that the recipe declares: the total "
        "variation distance of shares, the Kolmogorov-Smirnov distance of numbers.",
        "decimal",
    ),
}
STARTS = {
    "rate of filled required cells": "filled-required-cells",
    "rate of unique keys": "unique-keys",
    "reference date": "reference-date",
}
ENDS = {" within its codes": "described-codes"}


def described(dataset: Dataset, quality: Figures) -> dict[str, Any]:
    """quality.json and what the descriptor says of the dataset's limits, as a JSON-LD document."""
    measurements = list(_numbered("measurement", _measurements(dataset, quality)))
    annotations = list(_numbered("annotation", _annotations(dataset)))
    used = {measured["dqv:isMeasurementOf"]["@id"] for measured in measurements}
    return {
        "@context": CONTEXT,
        "@graph": [
            {
                "@id": DATASET,
                "@type": "dcat:Dataset",
                "dct:title": _words(dataset.title),
                "dct:publisher": dataset.publisher,
                "dcat:version": dataset.version,
                "dcat:distribution": [{"@id": f"{name}.csv"} for name in dataset.tables],
                "dqv:hasQualityMeasurement": [{"@id": one["@id"]} for one in measurements],
                "dqv:hasQualityAnnotation": [{"@id": one["@id"]} for one in annotations],
            },
            *_distributions(dataset, quality),
            *(metric for metric in _metrics() if metric["@id"] in used),
            *measurements,
            *annotations,
        ],
    }


def _distributions(dataset: Dataset, quality: Figures) -> Iterator[Figures]:
    for name, table in dataset.tables.items():
        withheld = quality["tables"][name].get("withheld")
        yield {
            "@id": f"{name}.csv",
            "@type": "dcat:Distribution",
            "dct:title": _words(table.title),
            "dcat:mediaType": {"@id": "https://www.iana.org/assignments/media-types/text/csv"},
        } | ({"rdfs:comment": withheld} if withheld else {})


def _metrics() -> Iterator[Figures]:
    for name, (dimension, definition, kind) in METRICS.items():
        yield {
            "@id": f"#{name}",
            "@type": "dqv:Metric",
            "skos:prefLabel": {"@value": name.replace("-", " "), "@language": "en"},
            "skos:definition": {"@value": definition, "@language": "en"},
            "dqv:expectedDataType": {"@id": f"xsd:{kind}"},
            "dqv:inDimension": {"@id": f"dqvno:{dimension}"},
        }


def _measurements(dataset: Dataset, quality: Figures) -> Iterator[Figures]:
    """What has a value: what is withheld until the reveal is left out."""
    for measured in quality["measures"]:
        if "value" in measured:
            name = _metric(measured["measure"])
            on = _address(dataset, *measured["computed_on"].split("."))
            yield _measurement(name, on, measured["value"])
    for table, told in quality["tables"].items():
        for column, figures in told.get("columns", {}).items():
            yield _measurement("filled-cells", _address(dataset, table, column), figures["filled"])
    for fit in quality["fits"]:
        on = _address(dataset, fit["table"], fit["column"])
        said = (
            f"{fit['call']}: {fit['test']}, at most {fit['allowed']:.4f} "
            f"for {fit['rows']} rows that were looked at"
        )
        yield _measurement("distance-from-declared", on, fit["distance"]) | {
            "rdfs:comment": {"@value": said, "@language": "en"}
        }


def _metric(measure: str) -> str:
    if measure in STARTS:
        return STARTS[measure]
    ends = (name for end, name in ENDS.items() if measure.endswith(end))
    return next(ends, "found-foreign-keys")


def _measurement(metric: str, on: str, value: object) -> Figures:
    kind = METRICS[metric][2]
    unit = {} if kind == "date" else {"sdmx-attribute:unitMeasure": {"@id": "unit:UNITLESS"}}
    return {
        "@type": "dqv:QualityMeasurement",
        "dqv:computedOn": {"@id": on},
        "dqv:isMeasurementOf": {"@id": f"#{metric}"},
        "dqv:value": {"@value": _literal(value), "@type": f"xsd:{kind}"},
    } | unit


def _literal(value: object) -> str:
    """Decimals without an exponent, which xsd:decimal does not know."""
    return f"{value:.6f}".rstrip("0").rstrip(".") if isinstance(value, float | int) else str(value)


def _address(dataset: Dataset, table: str, column: str | None = None) -> str:
    """dataset, a table's file, or a column of it by its number in the file."""
    if table == "dataset":
        return DATASET
    columns = list(dataset.tables[table].columns)
    return f"{table}.csv" + (f"#col={columns.index(column) + 1}" if column in columns else "")


def _annotations(dataset: Dataset) -> Iterator[Figures]:
    """What must not be relied on: what is not realistic, and the caveats."""
    for dimension, texts in (("accuracy", dataset.not_realistic), (None, dataset.caveats)):
        for text in texts:
            yield {
                "@type": "dqv:QualityAnnotation",
                "oa:motivatedBy": {"@id": "dqv:qualityAssessment"},
                "oa:hasTarget": {"@id": DATASET},
                "oa:hasBody": {"@type": "oa:TextualBody", "rdf:value": _words(text)},
            } | ({"dqv:inDimension": {"@id": f"dqvno:{dimension}"}} if dimension else {})


def _numbered(name: str, told: Iterator[Figures]) -> Iterator[Figures]:
    for number, one in enumerate(told, 1):
        yield {"@id": f"#{name}-{number}"} | one


def _words(text: Text) -> Sequence[Mapping[str, str]]:
    """A text in each of its languages."""
    return [{"@value": words, "@language": tag} for tag, words in text.root.items()]
