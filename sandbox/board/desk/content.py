"""Which datasets, challenges and starters the event uses, of those that kit and event offer."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response
from wtforms import BooleanField, Field, HiddenField, SubmitField
from wtforms.fields.choices import SelectChoice as Choice

from sandbox import catalog
from sandbox.board.access import only
from sandbox.board.desk import settings, setup
from sandbox.board.forms import N_, CheckboxesField, Form
from sandbox.board.served import Generation, event, generation, served
from sandbox.board.site import page
from sandbox.board.words import gettext
from sandbox.catalog import Content
from sandbox.catalog.content import Described
from sandbox.errors import SandboxError
from sandbox.state.people import Role
from sandbox.workspace import Workspace

pages = Blueprint("content", __name__, url_prefix="/organiser/content")
# The key of event.toml → the kind of folder it chooses from.
KINDS = {"datasets": "datasets", "challenges": "challenges", "starters": "starter_templates"}


class ContentForm(Form):
    """For each kind: everything, also what comes later; or a choice."""

    seen = HiddenField()
    all_datasets = BooleanField(N_("All of them, also those that are added later"))
    datasets = CheckboxesField(N_("Datasets"))
    all_challenges = BooleanField(N_("All of them, also those that are added later"))
    challenges = CheckboxesField(N_("Challenges"))
    all_starters = BooleanField(N_("All of them, also those that are added later"))
    starters = CheckboxesField(N_("Starters"))
    submit = SubmitField(N_("Save"))

    def wanted(self, key: str) -> str | list[str]:
        """What event.toml shall say."""
        return "all" if self[f"all_{key}"].data else list(self[key].data or ())

    def chosen(self, key: str) -> set[str]:
        """The names that follow from it."""
        every = {choice.value for choice in self[key].choices}
        return every if self[f"all_{key}"].data else set(self[key].data or ())


@dataclass(frozen=True)
class Offer:
    """What can be chosen: its descriptor, whose it is, what it needs, and how large it is."""

    described: Described
    own: bool
    needs: tuple[str, ...] = ()
    rows: int | None = None
    bytes: int | None = None


@pages.route("/", methods=["GET", "POST"])
@only(Role.ORGANISER)
def form() -> str | tuple[str, int] | Response:
    asked, workspace = ContentForm(), served().workspace
    content, problems = catalog.survey(workspace)
    offers = _offers(workspace, content)
    for key in KINDS:
        asked[key].choices = [Choice(slug, _title(offer)) for slug, offer in offers[key].items()]
    if request.method == "GET":
        _fill(asked, workspace, content)
    elif setup.writable() and asked.validate() and _kept(asked, offers):
        return redirect(url_for("content.form"))
    wrong = settings.mistakes(workspace) if setup.writable() else ()
    shown = render_template(
        "board/desk/content.html", form=asked, offers=offers, problems=problems,
        aside=content.aside, writable=setup.writable(), mistakes=wrong, stale=not_built(),
    )  # fmt: skip
    if request.method == "POST" and not setup.writable():
        return shown, 409
    return shown, 422 if asked.errors else 200


def not_built() -> list[str]:
    """What the event wants and the bundle that is served does not have."""
    workspace, here = served().workspace, _here()
    missing = []
    for key, kind in KINDS.items():
        wanted = getattr(workspace.event, key)
        slugs = workspace.folders(kind) if wanted == "all" else wanted
        built: Collection[str] = getattr(here.catalog, key) if here else ()
        missing += [slug for slug in slugs if slug not in built]
    return missing


def _here() -> Generation | None:
    try:
        return generation()
    except SandboxError:
        return None


def _offers(workspace: Workspace, content: Content) -> dict[str, dict[str, Offer]]:
    here = _here()
    found: dict[str, dict[str, Offer]] = {key: {} for key in KINDS}
    for key in KINDS:
        described: Mapping[str, Described] = getattr(content, key)
        for slug, one in sorted(described.items()):
            own = len(workspace.content_roots) > 1 and one.folder.is_relative_to(workspace.folder)
            found[key][slug] = Offer(one, own, _needs(key, one, content), *_size(key, slug, here))
    return found


def _needs(key: str, one: Described, content: Content) -> tuple[str, ...]:
    """The datasets without which it cannot be built."""
    if key == "starters":
        return ()
    direct = one.model.datasets if key == "challenges" else one.model.derived_from
    known = [slug for slug in direct if slug in content.datasets]
    return tuple(sorted({*direct, *(a for slug in known for a in content.ancestors(slug))}))


def _size(key: str, slug: str, here: Generation | None) -> tuple[int | None, int | None]:
    if key != "datasets" or here is None or slug not in here.catalog.datasets:
        return None, None
    files = [f for f in here.bundle.manifest.files if f.path.startswith(f"datasets/{slug}/")]
    return here.rows(slug), sum(file.bytes for file in files)


def _title(offer: Offer) -> str:
    title: str = offer.described.model.title.best(page().language)[0]
    return title


def _fill(asked: ContentForm, workspace: Workspace, content: Content) -> None:
    """What is chosen now, with what those choices bring along by themselves."""
    asked.seen.data = settings.digest(workspace)
    chosen = catalog.chosen(workspace, content)
    for key in KINDS:
        asked[f"all_{key}"].data = getattr(workspace.event, key) == "all"
        asked[key].data = sorted(getattr(chosen, key))


def _kept(asked: ContentForm, offers: Mapping[str, Mapping[str, Offer]]) -> bool:
    agrees = _agrees(asked, offers)
    return agrees and setup.kept(asked, "event.content", _changes(asked), {})


def _agrees(asked: ContentForm, offers: Mapping[str, Mapping[str, Offer]]) -> bool:
    """Tell each choice that lacks another; all at once, before anything is written."""
    datasets, starters = asked.chosen("datasets"), asked.chosen("starters")
    if not datasets:
        asked.datasets.errors = [gettext("Choose at least one dataset: all else stands on data.")]
    for one, other, name in _namesakes(datasets, offers["datasets"]):
        told = gettext("“%(one)s” and “%(other)s” both have the name “%(name)s”. Choose one.")
        words = {"one": _title(one), "other": _title(other), "name": name}
        asked.datasets.errors = [*asked.datasets.errors, told % words]
    for key in ("challenges", "datasets"):
        for slug in sorted(asked.chosen(key)):
            offer = offers[key][slug]
            for needed in offer.needs:
                if needed not in datasets:
                    _tell(asked.datasets, offer, offers["datasets"].get(needed), needed)
            starter = offer.described.model.starter if key == "challenges" else None
            if starter and starter not in starters:
                _tell(asked.starters, offer, offers["starters"].get(starter), starter)
    return not asked.errors


def _tell(field: Field, offer: Offer, needed: Offer | None, slug: str) -> None:
    told = gettext("“%(one)s” needs “%(other)s”. Choose both or neither.")
    other = _title(needed) if needed else slug
    field.errors = [*field.errors, told % {"one": _title(offer), "other": other}]


def _namesakes(
    chosen: Collection[str], offers: Mapping[str, Offer]
) -> Iterator[tuple[Offer, Offer, str]]:
    """Two datasets that both have a table or a question of this name: the database has one."""
    taken: dict[str, Offer] = {}
    for slug in sorted(chosen):
        model = offers[slug].described.model
        for name in [*model.tables, *model.questions]:
            if name in taken:
                yield taken[name], offers[slug], name
                break
            taken[name] = offers[slug]


def _changes(asked: ContentForm) -> dict[str, Any]:
    """Key → new value, where it is another; a list in another order is the same."""
    found: dict[str, Any] = {}
    for key in KINDS:
        wanted, now = asked.wanted(key), getattr(event(), key)
        same = wanted == now if "all" in (wanted, now) else set(wanted) == set(now)
        if not same:
            found[key] = wanted
    return found
