"""What a stranger does with a revealed seed: rebuild tables and truth, and be told equal or not."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from pydantic import SecretStr

from sandbox.build import envelope as envelopes
from sandbox.build import inputs
from sandbox.build.envelope import Envelope, read_envelope
from sandbox.build.generation import Order, fill
from sandbox.build.progress import Progress, Quiet, step
from sandbox.build.tables import read_parquet, write_csv
from sandbox.bundle import Bundle, open_bundle, read_manifest, sha256
from sandbox.catalog import Catalog, from_bundle
from sandbox.descriptors import Text
from sandbox.errors import BundleDamaged, SandboxError, VerifyError
from sandbox.truth import commitment
from sandbox.workspace import KIT, Event, Secrets, Workspace

KINDS = {"table": "tables", "truth": "files of truth", "revealed": "revealed answers"}
AGAIN = "Get the bundle once more from where it is published."


@dataclass(frozen=True)
class Compared:
    """One thing of a kind that stands in KINDS; `outcome` is "equal", or says what is not."""

    kind: str
    name: str
    outcome: str

    @property
    def equal(self) -> bool:
        return self.outcome == "equal"


@dataclass(frozen=True)
class Report:
    """All that was compared; `reasons`: what here is other than what made the bundle."""

    compared: tuple[Compared, ...]
    reasons: tuple[str, ...]

    @property
    def equal(self) -> bool:
        return bool(self.compared) and all(one.equal for one in self.compared)

    def verdict(self) -> str:
        """One sentence, or a few where something is not equal."""
        kinds = Counter(one.kind for one in self.compared)
        count = ", ".join(f"{KINDS[kind]}: {number}" for kind, number in kinds.items())
        if self.equal:
            return f"Everything is equal, and what the revealed seed makes ({count})."
        unequal = sum(not one.equal for one in self.compared)
        head = f"Not equal: {unequal} of these are not what the revealed seed makes ({count})."
        if not self.reasons:
            return (
                f"{head} Recipes, kit and libraries are those that made the bundle: somebody "
                "changed what it promised."
            )
        return f"{head} {_told(self.reasons)}"


def _told(reasons: tuple[str, ...]) -> str:
    lines = "".join(f"\n    {reason}" for reason in reasons)
    return (
        "Some of what makes tables is other here than it was there, so try it with the same "
        f"before you judge:{lines}"
    )


def verify(
    bundle_folder: Path,
    revealed: Path,
    *,
    kit: Path = KIT,
    may_run: Callable[[list[str]], bool] = lambda files: False,
    progress: Progress | None = None,
    workers: int = 1,
) -> Report:
    """Rebuild the bundle in `bundle_folder` from the seed in folder `revealed`, and compare.

    kit: whose content the event used. may_run: is asked before Python files among what was revealed
    run here, with their names; the organiser wrote them.
    Raises BundleError or BundleDamaged for a bundle that is not whole, and VerifyError when what
    was revealed cannot be read, does not open the commitment, or cannot be rebuilt here.
    """
    progress = Quiet() if progress is None else progress
    bundle = read_manifest(bundle_folder, AGAIN)
    if damage := [*bundle.damage(fix="get the bundle once more")]:
        raise BundleDamaged(damage)
    count = len(bundle.manifest.files)
    progress.say(f"bundle {bundle.digest}")  # what participants noted when the event began
    progress.say(f"it is whole: {count} files are as its manifest says")
    envelope = read_envelope(revealed)
    _open(bundle, envelope)
    progress.say(f"seed and salt open its commitment {bundle.manifest.seed_commitment[:12]}…")
    if envelope.bundle != bundle.digest:
        progress.say(f"they were revealed for another build of the event, {envelope.bundle[:12]}")
    if (code := _code(envelope, revealed)) and not may_run(code):
        raise VerifyError(f"Nothing was rebuilt, since code that was revealed may not run here: "
                          f"{', '.join(code)}. Read it, then say yes.")  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="sandbox-verify-") as home:
        workspace = _workspace(envelope, revealed, Path(home), kit)
        catalog = _catalog(bundle, workspace)
        reasons = _reasons(bundle, inputs.made_from(workspace, catalog))
        order = _order(bundle, workspace, catalog, progress, workers)
        rebuilt = _rebuild(Path(home) / "rebuilt", order, reasons)
        with step(progress, "comparing"):
            compared = (
                *_tables(bundle, rebuilt, Path(home)),
                *_truth(bundle, rebuilt),
                *_answers(bundle, envelope, revealed),
            )
    return Report(compared, reasons)


def _open(bundle: Bundle, envelope: Envelope) -> None:
    seed, salt = bytes.fromhex(envelope.seed), bytes.fromhex(envelope.salt)
    if not envelopes.opens(bundle.manifest, seed, salt):
        promised = bundle.manifest.seed_commitment
        other = envelope.seed_commitment != promised
        whose = "They were revealed for another one." if other else "Either was changed."
        raise VerifyError(
            "The revealed seed and salt do not open the commitment of this bundle. "
            f"{whose} Found {commitment(seed, salt)}, expected {promised}."
        )


def _code(envelope: Envelope, revealed: Path) -> list[str]:
    found = (path for name in envelope.content for path in (revealed / name).rglob("*.py"))
    return sorted(path.relative_to(revealed).as_posix() for path in found)


def _workspace(envelope: Envelope, revealed: Path, home: Path, kit: Path) -> Workspace:
    """The event as it was, with what was revealed of its own over the kit's content."""
    for name in envelope.content:
        shutil.copytree(revealed / name, home / "event" / name)
    secrets = Secrets.model_construct(
        seed=SecretStr(envelope.seed), salt=SecretStr(envelope.salt), session_key=SecretStr("")
    )
    event = Event(name=Text({"en": envelope.event or "Revealed"}))
    return Workspace(event, home / "event", home / "state", secrets, kit)


def _catalog(bundle: Bundle, workspace: Workspace) -> Catalog:
    """The descriptors that the bundle was published with; starters decide nothing.

    Its expectations were met when it was built, and are statements from elsewhere to a database.
    """
    catalog = from_bundle(bundle)
    wanted = (("datasets", catalog.datasets), ("challenges", catalog.challenges))
    there = {kind: workspace.folders(kind) for kind, _ in wanted}
    if lost := [f"{k}/{slug}" for k, slugs in wanted for slug in slugs if slug not in there[k]]:
        raise VerifyError(
            f"Neither this kit nor what was revealed has {', '.join(lost)}. The bundle was built "
            f"by kit {bundle.manifest.kit_version}: use its version of the content."
        )
    datasets = {s: d.model_copy(update={"expectations": ()}) for s, d in catalog.datasets.items()}
    return Catalog(datasets=datasets, challenges=catalog.challenges, starters={})


def _reasons(bundle: Bundle, here: Mapping[str, str]) -> tuple[str, ...]:
    there, libraries = bundle.manifest.made_from, inputs.library_versions()
    found = [
        f"{name} {libraries.get(name, 'is missing')} here, {version} there"
        for name, version in bundle.manifest.libraries.items()
        if libraries.get(name) != version
    ]
    found += [
        f"{name} is not the one that the bundle was made from"
        for name in sorted(there.keys() & here.keys())
        if there[name] != here[name]
    ]
    return tuple(found)


def _order(
    bundle: Bundle, workspace: Workspace, catalog: Catalog, progress: Progress, workers: int
) -> Order:
    """The build as its manifest says it was."""
    scale = bundle.manifest.scale
    by_dataset = inputs.dataset_inputs(workspace, catalog, scale)
    overall = inputs.all_inputs(workspace, catalog, by_dataset)
    return Order(workspace, catalog, by_dataset, overall, scale, progress, workers)


def _rebuild(draft: Path, order: Order, reasons: tuple[str, ...]) -> Bundle:
    draft.mkdir()
    try:
        fill(draft, order)
    except SandboxError as error:
        why = f"\n{_told(reasons)}" if reasons else ""
        raise VerifyError(f"The bundle cannot be rebuilt here: {error}{why}") from error
    return open_bundle(draft / "bundle")


# --- Comparing ------------------------------------------------------------------------------------


def _tables(bundle: Bundle, rebuilt: Bundle, home: Path) -> Iterator[Compared]:
    """Each table in all its forms: CSV, Parquet, and rows of the database."""
    promised, drawn = _digests(bundle), _digests(rebuilt)
    forms = _Forms(bundle, rebuilt, home)
    for name in sorted(promised.keys() | drawn.keys()):
        outcome = _outcome(promised.get(name), drawn.get(name))
        if outcome == "equal" and (other := forms.that_differ(*name.split("/"))):
            outcome = f"differs in {', '.join(other)}"
        yield Compared("table", name, outcome)


def _digests(bundle: Bundle) -> dict[str, str]:
    """dataset/table → its content digest."""
    return {
        f"{slug}/{name}": table.sha256
        for slug, dataset in bundle.manifest.datasets.items()
        for name, table in dataset.tables.items()
    }


def _truth(bundle: Bundle, rebuilt: Bundle) -> Iterator[Compared]:
    promised, drawn = bundle.manifest.truth, rebuilt.manifest.truth
    for name in sorted(promised.keys() | drawn.keys()):
        yield Compared("truth", name, _outcome(promised.get(name), drawn.get(name)))


def _outcome(promised: str | None, drawn: str | None) -> str:
    if promised is None:
        return "missing in the bundle"
    if drawn is None:
        return "missing here: the seed makes none"
    return "equal" if promised == drawn else "differs"


def _answers(bundle: Bundle, envelope: Envelope, revealed: Path) -> Iterator[Compared]:
    """The files that were revealed, if any were, beside the hashes in the manifest."""
    folder = revealed / envelopes.TRUTH
    if not folder.is_dir():
        return
    changed = envelopes.changed_truth(folder, bundle.manifest, bytes.fromhex(envelope.salt))
    for name in sorted(bundle.manifest.truth.keys() | changed.keys()):
        yield Compared("revealed", name, changed.get(name, "equal"))


class _Forms:
    """The other forms of a table whose content digest is right.

    Equal bytes settle it. Where versions of libraries differ, bytes do, too, so that rows decide.
    """

    def __init__(self, bundle: Bundle, rebuilt: Bundle, home: Path):
        self._bundle, self._rebuilt, self._home = bundle, rebuilt, home

    def that_differ(self, slug: str, table: str) -> list[str]:
        base = f"datasets/{slug}/{table}"
        forms: dict[str, tuple[str, Callable[[], bool]]] = {
            "CSV": (f"{base}.csv", lambda: False),
            "Parquet": (f"{base}.parquet", lambda: self._same_parquet(base)),
            "sandbox.db": ("sandbox.db", lambda: self._same_rows(table)),
        }
        return [form for form, (file, same) in forms.items() if not (self._same(file) or same())]

    def _same(self, file: str) -> bool:
        both = self._bundle, self._rebuilt
        return all(b.has(file) for b in both) and len({b.entry(file).sha256 for b in both}) == 1

    def _same_parquet(self, base: str) -> bool:
        if not self._bundle.has(f"{base}.parquet"):
            return False
        copy = self._home / "parquet.csv"
        try:
            write_csv(read_parquet(self._bundle.file(f"{base}.parquet")), copy)
        except pa.ArrowException:
            return False
        return sha256(copy) == self._rebuilt.entry(f"{base}.csv").sha256

    def _same_rows(self, table: str) -> bool:
        if not self._bundle.has("sandbox.db"):
            return False
        name = '"{}"'.format(table.replace('"', '""'))
        address = f"{self._bundle.database.absolute().as_uri()}?mode=ro&immutable=1"
        with closing(self._rebuilt.connect()) as db:
            db.execute("PRAGMA trusted_schema = OFF")  # it is a stranger's file
            try:
                db.execute("ATTACH ? AS published", [address])
                ours, theirs = (f"SELECT * FROM {of}.{name}" for of in ("main", "published"))  # noqa: S608
                return not any(
                    db.execute(f"{one} EXCEPT {other} LIMIT 1").fetchone()
                    for one, other in ((ours, theirs), (theirs, ours))
                )
            except sqlite3.Error:
                return False
