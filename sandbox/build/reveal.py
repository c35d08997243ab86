"""Open the envelope: publish an event's seed, salt and answers, once the event is over."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from sandbox import clock
from sandbox.build import envelope as envelopes
from sandbox.build.contents import write_json
from sandbox.build.envelope import Envelope
from sandbox.build.inputs import salted_folder_hash
from sandbox.build.progress import Progress, Quiet
from sandbox.bundle import Bundle, Manifest, open_bundle, sha256
from sandbox.errors import BundleDamaged, Problem, RevealRefused
from sandbox.truth import commitment
from sandbox.workspace import KINDS, Workspace


def must_be_confirmed(workspace: Workspace) -> bool:
    """Whether nothing but its organiser can say that the event is over: an open lab has no end."""
    return not workspace.is_demo and workspace.event.ends_at is None


def reveal(
    workspace: Workspace,
    folder: Path | None = None,
    *,
    confirmed: bool = False,
    progress: Progress | None = None,
) -> Path:
    """Write what a stranger needs to rebuild the event's truth; returns the folder it stands in.

    folder: where; `revealed` beside the event's state when None. It appears at once and whole, is
    left alone if it says the same already, and is never overwritten.
    confirmed: the organiser said that an open lab is over.
    Raises RevealRefused when the event is not over, when the seed does not open the commitment of
    the current bundle, when hidden answers or content have changed since it was built, or when
    `folder` cannot be written; BundleError or BundleDamaged when the bundle is not whole.
    """
    progress = Quiet() if progress is None else progress
    folder = (folder or workspace.state / "revealed").expanduser().resolve()
    _refuse([*_too_early(workspace, confirmed), *_misplaced(workspace, folder)])
    generation = workspace.current_generation()
    bundle = open_bundle(generation / "bundle")
    if damage := [*bundle.damage()]:
        raise BundleDamaged(damage)
    _refuse(_changed(workspace, generation / "truth", bundle.manifest))
    if workspace.is_demo:
        progress.say("the demo's seed is public from the start, and so are its answers")
    for name in _of_another_kit(workspace, bundle.manifest):
        progress.say(f"{name} of this kit is not what the bundle was made from: say which version "
                     f"was ({bundle.manifest.kit_version})")  # fmt: skip
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=".revealing-", dir=folder.parent))
    try:
        _write(draft, workspace, generation / "truth", bundle)
        _install(draft, folder, progress)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return folder


def _refuse(problems: list[Problem]) -> None:
    if problems:
        raise RevealRefused(problems)


def _too_early(workspace: Workspace, confirmed: bool) -> Iterator[Problem]:
    if workspace.is_demo:
        return
    ends = workspace.event.ends_at
    if ends is None and not confirmed:
        what = "an open lab has no end, so that only you can say it is over"
        yield Problem(what, "event.toml", fix="confirm it, or add --yes")
    if ends is not None and (now := clock.now().astimezone(ends.tzinfo)) < ends:
        line = workspace.settings.line(("ends",)) if workspace.settings else None
        found, expected = f"{now:%Y-%m-%d %H:%M %Z}", f"{ends:%Y-%m-%d %H:%M %Z} or later"
        fix = "wait, since whoever has the seed has every answer; or correct `ends`"
        yield Problem("the event is not over", "event.toml", line, found, expected, fix)


def _misplaced(workspace: Workspace, folder: Path) -> Iterator[Problem]:
    """What is below these is served, kept by digest, or read as content."""
    taken = [workspace.generations, workspace.state / "uploads"]
    taken += [root / kind for root in workspace.content_roots for kind in KINDS]
    if any(folder.is_relative_to(place.resolve()) for place in taken):
        what = "nothing can be revealed there: the kit keeps other things in that folder"
        yield Problem(what, str(folder), fix="name a folder of its own")


def _changed(workspace: Workspace, truth: Path, manifest: Manifest) -> list[Problem]:
    """What is no longer as it was when the bundle was built; with another salt, no hash agrees."""
    if not envelopes.opens(manifest, workspace.seed, workspace.salt):
        return [
            Problem(
                "its seed and salt do not open the commitment that stands in the bundle",
                "demo/event.toml" if workspace.is_demo else "secret.toml",
                None,
                commitment(workspace.seed, workspace.salt),
                manifest.seed_commitment,
                "put back the file that the bundle was built with",
            )
        ]
    fix = "put back the file as it was built: its salted hash stands in the bundle"
    found = [
        Problem(f"the file {what}", f"truth/{name}", fix=fix)
        for name, what in envelopes.changed_truth(truth, manifest, workspace.salt).items()
    ]
    for name, of_the_event, same in _content(workspace, manifest):
        if of_the_event and not same:
            what = "the folder has changed since the bundle was built"
            found.append(Problem(what, name, fix="put it back as it was, for a stranger to use"))
    return found


def _content(workspace: Workspace, manifest: Manifest) -> Iterator[tuple[str, bool, bool]]:
    """(kind/slug, whether it is not simply the kit's, whether it is as it was) of all content."""
    for name, promised in manifest.made_from.items():
        kind, _, slug = name.partition("/")
        if kind not in envelopes.KINDS:
            continue
        folder = workspace.folders(kind).get(slug)
        of_the_event = folder is None or not folder.is_relative_to(workspace.kit / kind)
        same = folder is not None and salted_folder_hash(folder, workspace.salt) == promised
        yield name, of_the_event, same


def _of_another_kit(workspace: Workspace, manifest: Manifest) -> list[str]:
    found = _content(workspace, manifest)
    return [name for name, of_the_event, same in found if not of_the_event and not same]


def _write(draft: Path, workspace: Workspace, truth: Path, bundle: Bundle) -> None:
    manifest = bundle.manifest
    own = [name for name, of_the_event, _ in _content(workspace, manifest) if of_the_event]
    for name in own:
        source = workspace.folders(name.partition("/")[0])[name.partition("/")[2]]
        shutil.copytree(source, draft / name, ignore=shutil.ignore_patterns("__pycache__"))
    withheld = (path.relative_to(truth).as_posix() for path in truth.glob("*/quality.json"))
    for name in (*manifest.truth, *withheld):
        copy = draft / envelopes.TRUTH / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(truth / name, copy)
    told = Envelope(
        format=envelopes.FORMAT,
        event=str(workspace.event.name),
        bundle=bundle.digest,
        seed_commitment=manifest.seed_commitment,
        seed=workspace.seed.hex(),
        salt=workspace.salt.hex(),
        scale=manifest.scale,
        kit_version=manifest.kit_version,
        libraries=manifest.libraries,
        content=tuple(own),
    )
    write_json(draft / envelopes.FILE, told.model_dump(mode="json"))
    draft.chmod(0o755)  # it is for everybody, while a draft is for nobody


def _install(draft: Path, folder: Path, progress: Progress) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
    if not folder.exists():
        draft.rename(folder)
    elif folder.is_dir() and _files(draft) == _files(folder):
        progress.say("it is revealed already")
    else:
        what = "something else lies there already"
        raise RevealRefused([Problem(what, str(folder), fix="move it away, or name another")])


def _files(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): sha256(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }
