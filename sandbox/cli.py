"""The command line: parse, call, print."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

from sandbox import __version__, clock
from sandbox.descriptors import LANGUAGES
from sandbox.errors import CatalogError, SandboxError, VerifyError
from sandbox.workspace import Workspace, new_event, open_workspace

F = TypeVar("F", bound=Callable[..., Any])


def event_option(command: F) -> F:
    return click.option(
        "--event",
        type=click.Path(path_type=Path, file_okay=False),
        envvar="SANDBOX_EVENT",
        help="The event's folder; the demo when none is named.",
    )(command)


def told_plainly(command: F) -> F:
    """Print the kit's own errors, and what the system refuses, without a traceback; exit with 1."""

    @wraps(command)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except SandboxError as error:
            click.echo(f"{error}", err=True)
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            click.echo(f"The system refused: {where}{error.strerror or error}", err=True)
        sys.exit(1)

    return wrapper  # type: ignore[return-value]


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="sandbox")
def main() -> None:
    """Run a hackathon on data that anyone can query.

    Begin with `sandbox build`, then `sandbox serve`.
    """


@main.command()
@event_option
@told_plainly
def check(event: Path | None) -> None:
    """Check every descriptor, recipe and source, and list all problems.

    Example: sandbox check --event ../my-event
    """
    from sandbox import build as builds

    workspace = open_workspace(event)
    if problems := builds.check(workspace):
        raise CatalogError(problems, "What is described cannot be built")
    names = {"datasets": "dataset", "challenges": "challenge", "starter_templates": "starter"}
    counts = ((len(workspace.folders(kind)), name) for kind, name in names.items())
    told = ", ".join(f"{count} {name}{'s' if count != 1 else ''}" for count, name in counts)
    click.echo(f"Everything is in order: {told}.")


@main.command()
@click.option("--scale", type=click.FloatRange(0.001, 1000), metavar="FACTOR",
              help="Multiply the rows of every recipe's root tables; as last time unless said, "
                   "and 1 at first.")  # fmt: skip
@click.option("--persons", type=click.IntRange(1), metavar="NUMBER",
              help="Scale to so many persons: 5550203 is all of Norway.")  # fmt: skip
@click.option("--workers", type=click.IntRange(1), default=os.cpu_count() or 1, metavar="NUMBER",
              help="Processes that draw large tables; all processors unless said.")  # fmt: skip
@click.option("--dask", metavar="ADDRESS",
              help="Let a Dask cluster draw them: the address of its scheduler.")  # fmt: skip
@click.option("--accept", nargs=2, metavar="DATASET NOTE",
              help="Renew golden.json and CHANGELOG.md, its version being raised.")  # fmt: skip
@click.option("--progress", "told_as", type=click.Choice(["text", "json"]), default="text",
              show_default=True, help="Say what is being done in words, or in lines of JSON for "
                                      "another program.")  # fmt: skip
@event_option
@told_plainly
def build(
    event: Path | None,
    scale: float | None,
    persons: int | None,
    workers: int,
    dask: str | None,
    accept: tuple[str, str] | None,
    told_as: str,
) -> None:
    """Make the bundle; only what is stale is made again.

    Example: sandbox build --scale 0.1
    """
    from sandbox import build as builds
    from sandbox.build.progress import Console, Lines

    if scale and persons:
        raise click.UsageError("--scale and --persons say the same in two ways: give one of them.")
    progress = Lines() if told_as == "json" else Console()
    try:
        workspace = open_workspace(event)
        if accept:
            click.echo(builds.accept(workspace, *accept, progress=progress))
            return
        scale = builds.scale_for(workspace, persons) if persons else scale
        made = builds.build(workspace, scale=scale, progress=progress, workers=workers, dask=dask)
    except SandboxError as error:
        if not isinstance(progress, Lines):
            raise
        progress.failed(error)
        sys.exit(1)
    if isinstance(progress, Lines):
        progress.line(bundle=made.parent.name)


@main.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8001, show_default=True,
              help="0 takes any free port.")  # fmt: skip
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--lan", is_flag=True, help="Let the local network in, and print a QR code.")
@event_option
@told_plainly
def serve(event: Path | None, port: int, host: str, lan: bool) -> None:
    """Serve the board at / and the explorer at /data/.

    Example: sandbox serve --lan --port 8080
    """
    workspace = open_workspace(event)  # before what takes a second to load
    from sandbox.server import serve as run

    run(workspace, host=host, port=port, lan=lan)


@main.command()
@click.argument("challenge")
@click.argument("answers", type=click.Path(path_type=Path))
@event_option
@told_plainly
def grade(event: Path | None, challenge: str, answers: Path) -> None:
    """Score a file of answers against the hidden truth.

    Example: sandbox grade same-day-permit answers.csv
    """
    from sandbox import grading
    from sandbox.bundle import open_bundle
    from sandbox.catalog import from_bundle
    from sandbox.errors import did_you_mean

    workspace = open_workspace(event)
    challenges = from_bundle(open_bundle(workspace.current_bundle())).challenges
    if challenge not in challenges:
        known = did_you_mean(challenge, sorted(challenges))
        raise SandboxError(f"{challenge!r} is not a challenge of this event: {known}")
    verdict = grading.grade(challenge, challenges[challenge], answers, workspace.current_truth())
    click.echo(verdict.text())


@main.command()
@click.argument("starter")
@click.argument("answers", nargs=-1, metavar="[KEY=VALUE]...")
@click.option("--output-dir", "-o", type=click.Path(path_type=Path, file_okay=False), default=".",
              help="Where the project's folder is made.")  # fmt: skip
@click.option("--no-input", is_flag=True, help="Ask nothing; use the defaults.")
@event_option
@told_plainly
def start(
    event: Path | None, starter: str, answers: tuple[str, ...], output_dir: Path, no_input: bool
) -> None:
    """Make a project from a starter, wired to the data.

    Example: sandbox start web-app challenge=same-day-permit
    """
    from sandbox import starters

    starters.start_from_command_line(
        open_workspace(event), starter, answers, output_dir, ask=not no_input
    )


@main.command()
@click.argument("folder", metavar="[EVENT]", required=False,
                type=click.Path(path_type=Path, file_okay=False))  # fmt: skip
@click.option("--output-dir", "-o", type=click.Path(path_type=Path, file_okay=False),
              help="The folder to make; `revealed` in the event's if none is named.")  # fmt: skip
@click.option("--yes", is_flag=True, help="Ask nothing: an open lab is over.")
@event_option
@told_plainly
def reveal(event: Path | None, folder: Path | None, output_dir: Path | None, yes: bool) -> None:
    """Publish an event's seed, salt and hidden answers, once it is over.

    Example: sandbox reveal ../my-event
    """
    from sandbox.build import reveal as reveals
    from sandbox.build.progress import Console

    named = click.get_current_context().get_parameter_source("event")
    if folder and named is click.core.ParameterSource.COMMANDLINE:
        raise click.UsageError("Name the event once: as EVENT, or by --event.")
    workspace = open_workspace(folder or event)
    if reveals.must_be_confirmed(workspace) and not yes:
        click.confirm(
            f"{workspace.event.name} has no end. Whoever reads its seed has every hidden answer, "
            "and nothing takes that back. Is it over?",
            abort=True,
            err=True,
        )
        yes = True
    made = reveals.reveal(workspace, output_dir, confirmed=yes, progress=Console())
    click.echo(made)
    bundle = shlex.quote(str(workspace.current_bundle()))
    click.echo(f"  Try it: sandbox verify {bundle} {shlex.quote(str(made))}", err=True)


@main.command()
@click.argument("bundle", type=click.Path(path_type=Path))
@click.argument("revealed", type=click.Path(path_type=Path))
@click.option("--workers", type=click.IntRange(1), default=os.cpu_count() or 1, metavar="NUMBER",
              help="Processes that draw large tables; all processors unless said.")  # fmt: skip
@click.option("--yes", is_flag=True, help="Ask nothing: code of the event's own may run.")
@told_plainly
def verify(bundle: Path, revealed: Path, workers: int, yes: bool) -> None:
    """Rebuild a bundle and its truth from what was revealed, and say equal or not.

    Example: sandbox verify bundle revealed
    """
    from sandbox.build.progress import Console
    from sandbox.build.verify import verify as rebuild_and_compare

    def may_run(files: list[str]) -> bool:
        listed = "".join(f"\n  {revealed / file}" for file in files)
        asked = f"Code of the event's own is to run here, with your rights:{listed}\nMay it?"
        return yes or click.confirm(asked, err=True)

    report = rebuild_and_compare(
        bundle, revealed, may_run=may_run, progress=Console(), workers=workers
    )
    width = max((len(one.name) for one in report.compared), default=0)
    for one in report.compared:
        click.echo(f"{one.kind:8}  {one.name:{width}}  {one.outcome}")
    if not report.equal:
        raise VerifyError(report.verdict())
    click.echo(report.verdict())


@main.command()
@click.argument("what", type=click.Choice(["bundle", "event", "state"]))
@event_option
@told_plainly
def where(event: Path | None, what: str) -> None:
    """Print where something lies.

    Example: ls $(sandbox where bundle)
    """
    workspace = open_workspace(event)
    places: dict[str, Callable[[Workspace], Path]] = {
        "bundle": Workspace.current_bundle,
        "event": lambda w: w.folder,
        "state": lambda w: w.state,
    }
    click.echo(places[what](workspace))


@main.group("event")
def event_group() -> None:
    """Make and look after an event."""


@event_group.command("new")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@told_plainly
def event_new(folder: Path) -> None:
    """Make an event's folder, with settings to edit and fresh secrets.

    Example: sandbox event new ../my-event
    """
    made = new_event(folder)
    named = shlex.quote(str(made))
    click.echo(f"{made} is ready. Next:")
    click.echo(f"  1. say what it is called and when it is: {made / 'event.toml'}")
    click.echo(f"  2. sandbox build --event {named}")
    click.echo(f"  3. sandbox serve --event {named}")
    click.echo(f"  4. sandbox event open --all --event {named}")


@event_group.command("organiser")
@click.argument("email")
@event_option
@told_plainly
def event_organiser(event: Path | None, email: str) -> None:
    """Make somebody an organiser, and print a link that signs them in once.

    Example: sandbox event organiser kari@example.org --event ../my-event
    """
    from email_validator import EmailNotValidError, validate_email

    from sandbox.board.people import passes
    from sandbox.state import open_state
    from sandbox.state.people import normal_address

    try:
        known = validate_email(email.strip(), check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise SandboxError(f"{email!r} is no e-mail address: {error}") from None
    workspace = open_workspace(event)
    with open_state(workspace).write() as writer:
        token = passes.make_organiser(writer, normal_address(known.normalized))
    address = workspace.event.public_url or "http://127.0.0.1:8001"
    click.echo(f"{known.normalized} is an organiser of {workspace.event.name}.")
    click.echo("This link signs them in, once, within 24 hours:")
    click.echo(f"  {address}/sign-in/link/{token}")
    if not workspace.event.public_url:
        click.echo("  (while it is served on this machine; say public_url in event.toml)", err=True)


@event_group.command("retention")
@click.option("--dry-run", is_flag=True, help="Say what is due, and erase nothing.")
@event_option
@told_plainly
def event_retention(event: Path | None, dry_run: bool) -> None:
    """Erase the personal data whose time is over, as the served board does daily, and prove it.

    Example: sandbox event retention --dry-run --event ../my-event
    """
    from sandbox.board import retention
    from sandbox.state import open_state

    workspace = open_workspace(event)
    click.echo(retention.report(open_state(workspace), workspace, dry_run=dry_run))


@event_group.command("backup")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@event_option
@told_plainly
def event_backup(event: Path | None, file: Path) -> None:
    """Write the board's state to one file, while it runs: accounts, questions, uploads, the log.

    Example: sandbox event backup ../friday.zip --event ../my-event
    """
    from sandbox.state import audit, open_state
    from sandbox.state.backup import backup

    workspace = open_workspace(event)
    state = open_state(workspace)
    told = backup(state, workspace.uploads, file)
    with state.write() as writer:
        audit.record(writer, "backup.write")
    click.echo(f"{file} holds {told}.")
    click.echo("It names people: keep it where only you can read it.")
    click.echo("event.toml and secret.toml are not in it: copy them too, and apart.")


@event_group.command("restore")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--yes", is_flag=True, help="Ask nothing: what is there now is replaced.")
@event_option
@told_plainly
def event_restore(event: Path | None, file: Path, yes: bool) -> None:
    """Put back what a backup holds, in place of all that is there now.

    Example: sandbox event restore ../friday.zip --event ../my-event
    """
    from sandbox.state import open_state
    from sandbox.state.backup import backup, restore

    workspace = open_workspace(event)
    if not yes:
        click.confirm(
            f"Everything that {workspace.event.name} has now is replaced by {file}. Go on?",
            abort=True,
            err=True,
        )
    state = open_state(workspace)
    kept = workspace.state / f"before-restore-{clock.now():%Y%m%dT%H%M%S.%fZ}.zip"
    backup(state, workspace.uploads, kept)
    told = restore(state, workspace.uploads, file)
    click.echo(f"Restored {told}.")
    click.echo(f"What was there before is in {kept}")


@event_group.command("open")
@click.argument("slugs", nargs=-1, metavar="[CHALLENGE]...")
@click.option("--all", "every", is_flag=True, help="Every challenge of the event.")
@click.option("--at", metavar="TIME",
              help="Open them then, in the event's zone, and announce them now: "
                   '"2027-03-05 09:00".')  # fmt: skip
@event_option
@told_plainly
def event_open(event: Path | None, slugs: tuple[str, ...], every: bool, at: str | None) -> None:
    """Publish challenges and open them, now or at a time.

    Example: sandbox event open same-day-permit --at "2027-03-05 09:00" --event ../my-event
    """
    from sandbox.board import commands

    for line in commands.open_challenges(open_workspace(event), _which(slugs, every), at):
        click.echo(line)


@event_group.command("close")
@click.argument("slugs", nargs=-1, metavar="[CHALLENGE]...")
@click.option("--all", "every", is_flag=True, help="Every challenge that is open.")
@event_option
@told_plainly
def event_close(event: Path | None, slugs: tuple[str, ...], every: bool) -> None:
    """Close challenges: their pages stay, and no more answers are taken.

    Example: sandbox event close --all --event ../my-event
    """
    from sandbox.board import commands

    for line in commands.close_challenges(open_workspace(event), _which(slugs, every)):
        click.echo(line)


@event_group.command("status")
@event_option
@told_plainly
def event_status(event: Path | None) -> None:
    """Say where each challenge stands, and what is missing before it opens.

    Example: sandbox event status --event ../my-event
    """
    from sandbox.board import commands

    for line in commands.status(open_workspace(event)):
        click.echo(line)


def _which(slugs: tuple[str, ...], every: bool) -> tuple[str, ...] | None:
    """The named challenges, None for all of them; never both, and never nothing."""
    if bool(slugs) == every:
        raise click.UsageError("Name the challenges, or say --all.")
    return None if every else slugs


@main.group("new")
def new_group() -> None:
    """Make a folder of content to begin with."""


@new_group.command("challenge")
@click.argument("slug")
@event_option
@told_plainly
def new_challenge(event: Path | None, slug: str) -> None:
    """Make a challenge's folder, right as it stands, to edit line by line.

    Example: sandbox new challenge quiet-streets --event ../my-event
    """
    from sandbox import new

    workspace = open_workspace(event)
    folder = new.challenge(workspace, slug)
    steps = [f"make it yours, file by file: {folder / 'challenge.yml'} first"]
    if isinstance(workspace.event.challenges, tuple):
        steps.append(f"add {slug!r} to challenges in event.toml")
    steps += [workspace.command("check"), workspace.command("build")]
    click.echo(f"{folder} is ready, and can be built as it stands. Next:")
    for number, step in enumerate(steps, 1):
        click.echo(f"  {number}. {step}")


@main.group("trial")
def trial_group() -> None:
    """Plan a fair comparison, assign by lot, and tell what came out."""


def _language_option(command: F) -> F:
    return click.option(
        "--language", type=click.Choice(LANGUAGES), default="en", show_default=True,
        help="The language of the page.",
    )(command)  # fmt: skip


@trial_group.command("new")
@click.argument("plan", type=click.Path(path_type=Path, dir_okay=False))
@told_plainly
def trial_new(plan: Path) -> None:
    """Write the plan of an example trial, to be changed into one's own.

    Example: sandbox trial new letter.yml
    """
    from sandbox import trials

    trials.write_example(plan)
    click.echo(f"{plan} is an example to change. Then: sandbox trial plan {shlex.quote(str(plan))}")


@trial_group.command("plan")
@click.argument("plan", type=click.Path(path_type=Path))
@click.option("--freeze", is_flag=True, help="Write its hash and the time beside it.")
@_language_option
@told_plainly
def trial_plan(plan: Path, freeze: bool, language: str) -> None:
    """Check a plan, and show on one page what is compared and what the trial can see.

    Example: sandbox trial plan letter.yml --freeze
    """
    from sandbox import trials

    described = trials.read_plan(plan)
    if freeze:
        trials.freeze(plan, described)
    click.echo(trials.markdown(trials.plan_page(plan, described, language)), nl=False)


@trial_group.command("assign")
@click.argument("plan", type=click.Path(path_type=Path))
@click.argument("units", type=click.Path(path_type=Path))
@click.option("--out", "-o", type=click.Path(path_type=Path, dir_okay=False), required=True,
              help="The CSV file to write.")  # fmt: skip
@click.option("--seed", metavar="WORDS", help="Words to draw by; the plan's hash unless said.")
@told_plainly
def trial_assign(plan: Path, units: Path, out: Path, seed: str | None) -> None:
    """Draw by lot which arm each unit of a CSV file comes into, once a plan is frozen.

    Example: sandbox trial assign letter.yml patients.csv --out letters.csv
    """
    from sandbox import trials

    made = trials.assign(plan, trials.read_plan(plan), units, out, seed)
    click.echo(f"{made.file}, drawn by {made.seed}")
    for arm, count in made.counts.items():
        click.echo(f"  {count:>9,}  {arm}")
    if made.left_out:
        click.echo(f"  {made.left_out:>9,}  not in the trial, which is smaller than the list")


@trial_group.command("analyse")
@click.argument("plan", type=click.Path(path_type=Path))
@click.argument("data", type=click.Path(path_type=Path))
@click.option("--assignment", type=click.Path(path_type=Path),
              help="The CSV file of who was assigned to what; the one that was drawn unless said, "
                   "else the data's own column.")  # fmt: skip
@click.option("--out", "-o", type=click.Path(path_type=Path, dir_okay=False),
              help="A file to write the report to.")  # fmt: skip
@click.option("--plain", is_flag=True, help="Plain text in place of Markdown.")
@_language_option
@told_plainly
def trial_analyse(
    plan: Path, data: Path, assignment: Path | None, out: Path | None, plain: bool, language: str
) -> None:
    """Analyse what came out as it was planned, and report it in plain words.

    Example: sandbox trial analyse letter.yml outcomes.csv --out report.md
    """
    from sandbox import trials

    result = trials.analyse(plan, trials.read_plan(plan), data, assignment)
    blocks = trials.report(result, language)
    written = trials.text(blocks) if plain else trials.markdown(blocks)
    if out:
        out.write_text(written, encoding="utf-8", newline="\n")
    else:
        click.echo(written, nl=False)


@main.group("submission")
def submission_group() -> None:
    """Submit without a network: fill in a folder, sign it as one file, bring the file later."""


_key_option = click.option(
    "--key", "key", type=click.Path(path_type=Path), required=True, metavar="FILE",
    help="The team's key, which the board hands out: <team>.key",
)  # fmt: skip
_folder_argument = click.argument("folder", type=click.Path(path_type=Path))


@submission_group.command("new")
@_folder_argument
@_key_option
@told_plainly
def submission_new(folder: Path, key: Path) -> None:
    """Make a folder that asks for all that a submission needs.

    Example: sandbox submission new ours --key otters.key
    """
    from sandbox.projects import folder as folders
    from sandbox.projects import keys

    made, shown = folders.new(folder, keys.read(key)), shlex.quote(str(folder))
    click.echo(f"{made} is ready. Next:")
    click.echo(f"  1. write the short answers: {made / folders.FILE}")
    click.echo(f"  2. write the long ones, a file each: {made / folders.TEXTS}")
    click.echo(
        f"  3. put pictures into {made / folders.IMAGES}, answers into {made / folders.ANSWERS}"
    )
    click.echo(f"  4. sandbox submission check {shown}")
    click.echo(f"  5. sandbox submission pack {shown} --key {shlex.quote(str(key))}")


@submission_group.command("check")
@_folder_argument
@told_plainly
def submission_check(folder: Path) -> None:
    """List everything that keeps a folder from being packed, with file and line.

    Example: sandbox submission check ours
    """
    from sandbox.projects import folder as folders

    filled = folders.read(folder)
    click.echo(f"Everything is in order: {_contents(len(filled.images), len(filled.answers))}.")


@submission_group.command("pack")
@_folder_argument
@_key_option
@click.option("--output-dir", "-o", type=click.Path(path_type=Path, file_okay=False, exists=True),
              default=".", help="Where the pack is written.")  # fmt: skip
@told_plainly
def submission_pack(folder: Path, key: Path, output_dir: Path) -> None:
    """Write a folder as one signed file, which the board takes later.

    Example: sandbox submission pack ours --key otters.key
    """
    from sandbox.projects import folder as folders
    from sandbox.projects import keys
    from sandbox.projects.codes import grouped

    held = keys.read(key)
    filled = folders.read(folder)
    made = folders.pack(filled, held, output_dir)
    for slug in folders.unknown(filled, held):
        click.echo(f"Mind: the key knows no challenge {slug!r}. Is it written as in its address?",
                   err=True)  # fmt: skip
    click.echo(f"{made.file} holds {_contents(made.images, made.answers)}, {made.bytes:,} bytes.")
    click.echo(f"  code    {grouped(made.code)}")
    click.echo(f"  digest  {made.digest}")
    click.echo("Nothing is submitted yet. Before the deadline do one of these:")
    click.echo(f"  - bring the file: {held.address}/project/pack, or to the desk on a stick")
    click.echo("  - no network? Tell the code at the desk, and bring this very file when there is.")
    click.echo("Packed again it is another file with another code.")


def _contents(images: int, answers: int) -> str:
    counts = ((images, "picture"), (answers, "file"))
    told = [f"{count} {name}{'s' if count != 1 else ''}" for count, name in counts]
    return f"the project, {told[0]}, {told[1]} of answers"


if __name__ == "__main__":
    main()
