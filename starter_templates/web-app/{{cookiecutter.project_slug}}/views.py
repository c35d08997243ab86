"""What the first page shows for each challenge. Change this first: columns, filters, the chart."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Filter:
    """A field of the form. Operators: exact, contains, gte (at least), lte (at most), and more in
    sandbox_data.OPERATORS."""

    column: str
    operator: str = "exact"

    @property
    def name(self):
        return f"{self.column}__{self.operator}"


@dataclass(frozen=True)
class Chart:
    """A bar for each value of `by`: how many rows, or the sum of another column."""

    by: str
    sum: str | None = None


@dataclass(frozen=True)
class Names:
    """Where the name behind a code stands: `label` in the row of `table` with that `key`."""

    table: str
    key: str
    label: str = "name"


@dataclass(frozen=True)
class View:
    """A table of the sandbox, and what to show of it."""

    table: str
    columns: tuple[str, ...]
    filters: tuple[Filter, ...]
    chart: Chart
    names: dict[str, Names] = field(default_factory=dict)


VIEWS = {
    "same-day-permit": View(
        table="applications",
        columns=(
            "application_id",
            "received_at",
            "municipality_code",
            "measure_type",
            "area_m2",
            "boundary_m",
        ),
        filters=(
            Filter("measure_type"),
            Filter("municipality_code"),
            Filter("area_m2", "gte"),
        ),
        chart=Chart(by="measure_type"),
        names={"municipality_code": Names("municipalities", "municipality_code")},
    ),
    "explain-a-decision": View(
        table="support_cases",
        columns=(
            "case_id",
            "received_on",
            "language",
            "household_size",
            "yearly_income",
            "monthly_rent",
        ),
        filters=(
            Filter("language"),
            Filter("circumstance"),
            Filter("yearly_income", "gte"),
        ),
        chart=Chart(by="circumstance"),
    ),
    "reminder-letter": View(
        table="appointments",
        columns=("appointment_id", "clinic_code", "appointment_on", "age_band", "prior_noshow"),
        filters=(
            Filter("clinic_code"),
            Filter("age_band"),
            Filter("prior_noshow", "gte"),
        ),
        chart=Chart(by="clinic_code", sum="prior_noshow"),
        names={"clinic_code": Names("clinics", "clinic_code")},
    ),
    "data-quality-hunt": View(
        table="reports",
        columns=("report_id", "category", "municipality_code", "seen_on", "sent_at", "size_cm"),
        filters=(
            Filter("category"),
            Filter("municipality_code"),
            Filter("size_cm", "gte"),
        ),
        chart=Chart(by="category"),
        names={"municipality_code": Names("municipalities", "municipality_code")},
    ),
    "living-conditions": View(
        table="indicators",
        columns=("figure_id", "subdistrict_id", "year", "indicator", "value", "se", "n"),
        filters=(
            Filter("indicator"),
            Filter("subdistrict_id"),
            Filter("n", "gte"),
        ),
        chart=Chart(by="indicator", sum="n"),
        names={"subdistrict_id": Names("subdistricts", "subdistrict_id")},
    ),
    "know-your-municipality": View(
        table="municipalities",
        columns=("municipality_code", "name", "county_code", "population", "area_km2"),
        filters=(
            Filter("name", "contains"),
            Filter("county_code"),
            Filter("population", "gte"),
        ),
        chart=Chart(by="county_code", sum="population"),
        names={"county_code": Names("counties", "county_code")},
    ),
}
