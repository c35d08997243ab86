"""Measured quality is linked data that says in DQV's words what quality.json says in ours."""

import json
from decimal import Decimal

import pytest
from rdflib import Graph, Literal, Namespace, URIRef
from rdflib.namespace import RDF

from sandbox.quality import dqv, measure
from sandbox.quality.counts import Counts
from tests.quality.test_quality import KEYS, ROWS, tables

# rdflib's own reader of JSON-LD uses a class that it deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated")
DQV = Namespace("http://www.w3.org/ns/dqv#")
DQVNO = Namespace("https://data.norge.no/vocabulary/dqvno#")
OA = Namespace("http://www.w3.org/ns/oa#")
SKOS = Namespace("http://www.w3.org/2004/02/skos/core#")
BASE = "https://sandbox.example.org/datasets/trees/"
FIT = {"table": "trees", "column": "height", "call": "normal(9, 2)", "test": "Kolmogorov-Smirnov",
       "distance": 0.00001, "allowed": 0.0141, "rows": 36_000}  # fmt: skip


@pytest.fixture
def graph(dataset):
    """graph(…) → what an RDF library reads in the document; the arguments are measure's."""

    def read(**more):
        described = dataset.model_copy(
            update={"not_realistic": (dataset.title,), "caveats": (dataset.summary,)}
        )
        quality = measure(described, tables(described, ROWS), Counts(KEYS), **more)
        document = dqv.described(described, quality)
        made = Graph().parse(
            data=json.dumps(document), format="json-ld", base=f"{BASE}quality.jsonld"
        )
        return made, quality

    return read


def _values(graph, metric):
    """on → value of every measurement of a metric."""
    measured = graph.subjects(DQV.isMeasurementOf, URIRef(f"{BASE}quality.jsonld#{metric}"))
    return {
        str(graph.value(one, DQV.computedOn)).removeprefix(BASE): graph.value(one, DQV.value)
        for one in measured
    }


def test_every_measure_is_a_measurement_with_its_value(graph):
    made, _ = graph(fits=[FIT])
    assert _values(made, "filled-required-cells") == {"trees.csv": Literal(Decimal("0.875"))}
    assert _values(made, "unique-keys") == {"trees.csv": Literal(Decimal("0.75"))}
    assert _values(made, "found-foreign-keys") == {"trees.csv#col=2": Literal(Decimal("0.666667"))}
    assert _values(made, "described-codes") == {"trees.csv#col=4": Literal(Decimal("0.666667"))}
    assert _values(made, "reference-date") == {
        "": Literal("2026-01-02", datatype=URIRef(f"{dqv.CONTEXT['xsd']}date"))
    }
    assert _values(made, "distance-from-declared") == {
        "trees.csv#col=3": Literal(Decimal("0.00001"))
    }
    assert _values(made, "filled-cells")["trees.csv#col=6"] == Literal(Decimal("0.5"))


def test_every_measurement_has_what_dqv_asks_for(graph):
    made, quality = graph(fits=[FIT])
    measurements = set(made.subjects(RDF.type, DQV.QualityMeasurement))
    columns = quality["tables"]["trees"]["columns"]
    assert len(measurements) == len(quality["measures"]) + len(columns) + 1
    assert set(made.objects(URIRef(BASE), DQV.hasQualityMeasurement)) == measurements
    for measurement in measurements:
        metric = made.value(measurement, DQV.isMeasurementOf)
        value = made.value(measurement, DQV.value)
        assert (metric, RDF.type, DQV.Metric) in made
        assert made.value(metric, DQV.expectedDataType) == value.datatype
        assert made.value(metric, SKOS.definition)
        assert str(made.value(metric, DQV.inDimension)).startswith(DQVNO)


def test_what_is_not_realistic_and_the_caveats_are_annotations(graph):
    made, _ = graph()
    annotations = set(made.subjects(RDF.type, DQV.QualityAnnotation))
    assert set(made.objects(URIRef(BASE), DQV.hasQualityAnnotation)) == annotations
    said = {
        str(made.value(made.value(one, OA.hasBody), RDF.value)): made.value(one, DQV.inDimension)
        for one in annotations
    }
    assert said == {"Trees": DQVNO.accuracy, "Trees and woods.": None}


def test_what_is_withheld_has_no_measurement_and_a_comment(graph):
    made, quality = graph(withheld={"trees"})
    (only,) = made.subjects(RDF.type, DQV.QualityMeasurement)
    assert made.value(only, DQV.computedOn) == URIRef(BASE)
    comment = made.value(URIRef(f"{BASE}trees.csv"), URIRef(dqv.CONTEXT["rdfs"] + "comment"))
    assert str(comment) == quality["tables"]["trees"]["withheld"]
