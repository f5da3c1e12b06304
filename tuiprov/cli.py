"""The command line: every screen's work, scriptable. A thin skin over the same functions.

Exit status: 0 done, 1 refused or failed with plain lines on standard error, 2 wrong usage.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence
from typing import Annotated

import typer

from tuiprov import __version__
from tuiprov.commands import (
    accounts,
    adopt,
    devices,
    exchange,
    extensions,
    fetches,
    filters,
    follow,
    history,
    keys,
    orders,
    resync,
    serve,
    templates,
    waves,
)
from tuiprov.commands.pbx import print_pbx
from tuiprov.commands.progress import progress
from tuiprov.commands.site import SITE, AsJson, Where
from tuiprov.data.bulk.assignments import parse_assignments, set_values
from tuiprov.data.catalog import default_catalog
from tuiprov.data.database import Database
from tuiprov.data.founding import found_site
from tuiprov.data.lookup import find_phone
from tuiprov.data.site import SITE_FIELDS
from tuiprov.data.store import Store
from tuiprov.errors import NotAllowed, NotFound, TuiprovError, crash_report
from tuiprov.printing import (
    print_catalog,
    print_json,
    print_plan,
    print_summary,
    print_text,
    say,
)
from tuiprov.publish.planning import plan_outdated, plan_settings
from tuiprov.publish.publishing import publish
from tuiprov.render.engine import render, type_of
from tuiprov.render.links import link
from tuiprov.render.notes import notes

app = typer.Typer(
    help="Provision SIP phones: see the file a phone will get before it gets it.",
    no_args_is_help=False,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


app.command("add")(extensions.add)
app.command("remove")(extensions.remove)
app.command("move")(orders.move)
app.command("import")(exchange.import_)
app.command("export")(exchange.export)
app.command("rotate")(orders.rotate)
app.command("formats")(exchange.formats_)
app.command("history")(history.history)
app.command("undo")(history.undo)
app.command("versions")(history.versions)
app.command("restore")(history.restore)
app.command("keys")(keys.keys)
app.command("fetches")(fetches.fetches)
app.command("resync")(resync.resync)
app.command("serve")(serve.serve)
app.command("follow")(follow.follow)
app.add_typer(accounts.app, name="accounts")
app.add_typer(adopt.app, name="adopt")
app.add_typer(devices.app, name="devices")
app.add_typer(filters.app, name="filters")
app.add_typer(templates.app, name="templates")
app.add_typer(waves.app, name="waves")


@app.callback(invoke_without_command=True)
def options(
    context: typer.Context,
    db: Annotated[str, typer.Option("--db", help="Database URL (or TUIPROV_DB).")] = "",
    config_file: Annotated[str, typer.Option("--config", help="Configuration file.")] = "",
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Without a command the terminal interface opens."""
    SITE.db, SITE.config = db, config_file
    if version:
        typer.echo(f"tuiprov {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        from tuiprov.app import open_site

        raise typer.Exit(open_site(db, config_file))


@app.command()
def init(
    publish_root: Annotated[str, typer.Option(help="Directory that phones read from.")] = "",
) -> None:
    """Make a new site, or upgrade the one there."""
    database = SITE.database()
    is_new = found_site(database, publish_root)
    site = Store(database).site()
    done = "made a new site" if is_new else "the site is up to date"
    say(f"{done}; phones' files go to {site.publish_root}")
    if is_new:
        say(
            "say where phones register and fetch: tuiprov settings sip_server=… provisioning_host=…"
        )


@app.command("set")
def set_(
    assignments: Annotated[list[str], typer.Argument(metavar="FIELD=VALUE…")],
    where: Where,
    dry_run: orders.DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Give fields of many extensions a value: all that match, or none."""
    values = parse_assignments(assignments)
    store, viewer = SITE.store()
    if dry_run:
        orders.preview_change(store, viewer, values, where, as_json=as_json)
        return
    changed = set_values(store, viewer, values, where)
    if as_json:
        print_json({"changed": changed})
        return
    say(f"changed {changed}; `tuiprov plan` shows what that means for the phones' files")


@app.command()
def settings(
    assignments: Annotated[list[str] | None, typer.Argument(metavar="[NAME=VALUE…]")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what the phones' files would become.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show or change the site's settings: SIP server, provisioning host, codecs offered …"""
    values = parse_assignments(assignments or [], SITE_FIELDS)
    store, viewer = SITE.store()
    if dry_run:
        with progress("planning") as on_phone:
            ready = plan_settings(store, viewer, values, on_phone)
        print_plan(ready, with_diff=True, as_json=as_json)
        return
    with progress("planning") as on_phone:
        made = plan_settings(store, viewer, values, on_phone) if values else None
    site = store.set_site(viewer, values) if values else store.site()
    texts = {name: one.text(getattr(site, name)) for name, one in SITE_FIELDS.items()}
    if as_json:
        print_json(texts)
        return
    for name, text in texts.items():
        say(f"{name:<30} {text}")
    if made is not None:
        print_summary(made)
        if made.reaches_phones:
            say("the phones' files follow with: tuiprov publish")


@app.command("render")
def render_(
    device: Annotated[str, typer.Argument(metavar="DEVICE|EXTENSION")],
    file: Annotated[str, typer.Option(help="Only this file.")] = "",
    reveal: Annotated[bool, typer.Option("--reveal", help="Show passwords.")] = False,
    pbx: Annotated[bool, typer.Option("--pbx", help="What the PBX is told of EXTENSION.")] = False,
    as_json: AsJson = False,
) -> None:
    """Print the files a phone will ask for, and what it cannot take."""
    store, viewer = SITE.store()
    if pbx:
        print_pbx(store, viewer, device, file, reveal=reveal, as_json=as_json)
        return
    phone = find_phone(store, viewer, device)
    kind = type_of(phone)
    if kind is None:
        raise NotFound(f"{device}: its model is not in the catalogue (any more)")
    if reveal and not viewer.may_provision:
        raise NotAllowed(f"{viewer.label} may not see passwords")
    if reveal:
        store.record(viewer, "reveal", str(phone.values["mac"] or phone.values["friendly_name"]))
    files = render(phone.revealed() if reveal else phone.masked())
    chosen = [one for one in files if file in ("", one.name)]
    if not chosen:
        names = ", ".join(one.name for one in files)
        raise NotFound(f"there is no file {file!r}: {names}" if files else "the device is disabled")
    found = notes(phone, kind)
    if as_json:
        texts = {one.name: one.text for one in chosen}
        said = [note.sentence for note in found]
        print_json({"link": link(phone, kind), "files": texts, "notes": said})
        return
    for one in chosen:
        if not file:
            say(f"==> {one.path} <==")
        print_text(one.text)
    for note in found:
        say(note.sentence, to_error=True)


@app.command()
def plan(
    where: Where = "",
    diff: Annotated[bool, typer.Option("--diff")] = False,
    as_json: AsJson = False,
) -> None:
    """Show which files would be written, replaced and deleted."""
    store, viewer = SITE.store()
    with progress("planning") as on_phone:
        ready = plan_outdated(store, viewer, where, on_phone)
    print_plan(ready, with_diff=diff, as_json=as_json)


@app.command("publish")
def publish_(
    where: Where = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    diff: Annotated[bool, typer.Option("--diff")] = False,
    in_waves: waves.Waves = "",
    wait: waves.Wait = "10m",
    resync_: waves.Resync = True,
    back: waves.Back = "all",
    regenerate: Annotated[
        bool, typer.Option("--regenerate", help="All that match, whatever is on disk now.")
    ] = False,
    dry_run: orders.DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Bring the phones' files up to date: shows the plan, asks, applies."""
    store, viewer = SITE.store()
    chosen = waves.choices(in_waves, wait, back, resync=resync_)
    with progress("planning") as on_phone:
        ready = plan_outdated(store, viewer, where, on_phone, everything=regenerate)
    if not (in_waves and as_json and yes and not dry_run):  # then its events are printed
        print_plan(ready, with_diff=diff, as_json=as_json)
    if ready and in_waves:
        rollouts = waves.rollouts(store, viewer)
        waves.publish_in_waves(rollouts, ready, chosen, yes=yes, as_json=as_json, dry_run=dry_run)
        return
    if dry_run or (as_json and not yes):
        return
    if ready and not yes and not typer.confirm("Apply this plan?"):
        say("nothing was done")
        return
    with progress("writing files") as on_file:
        publish(store, viewer, ready, on_file)
    if ready and not as_json:
        say("done")
        if store.site().resync_by != "none":
            say("the phones fetch it at their next look, or now with: tuiprov resync")
    if ready.failed:
        raise typer.Exit(1)


@app.command()
def catalog(
    manufacturer: Annotated[str, typer.Argument()] = "",
    model: Annotated[str, typer.Argument()] = "",
    as_json: AsJson = False,
) -> None:
    """Print the device catalogue: manufacturers, models, or all facts of one model."""
    print_catalog(default_catalog(), manufacturer, model, as_json=as_json)


@app.command()
def doctor(
    repair: Annotated[
        bool, typer.Option("--repair", help="Put the phones' files back as they were published.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Look for what is wrong with this site and this terminal."""
    from tuiprov.doctor import examine

    if repair:
        _repair()
    findings = examine(SITE.database, SITE.console)
    if as_json:
        print_json([{"ok": one.ok, "about": one.about, "words": one.words} for one in findings])
    else:
        for one in findings:
            say(f"{'ok' if one.ok else '!!'}  {one.about}: {one.words}")
    if not all(one.ok for one in findings):
        raise typer.Exit(1)


def _repair() -> None:
    from tuiprov.doctor import end_former_passwords
    from tuiprov.publish.reconcile import reconcile

    store, viewer = SITE.store()
    if not viewer.is_administrator:
        raise NotAllowed("only the system administrator repairs files")
    say(f"published files: {reconcile(store).words()}", to_error=True)
    if ended := end_former_passwords(store, viewer):
        say(f"old SIP passwords: {ended} are not taken any more", to_error=True)


@app.command()
def demo(
    devices: Annotated[int, typer.Option(min=1, max=100_000)] = 24,
    look_as: Annotated[str, typer.Option("--as", help="Role, e.g. user.")] = "",
) -> None:
    """Open the terminal interface on a throw-away site."""
    from tuiprov.app import open_site
    from tuiprov.data.demo import make_demo

    with tempfile.TemporaryDirectory(prefix="tuiprov-demo-") as directory:
        url = f"sqlite:///{directory}/demo.db"
        make_demo(Database(url), devices)
        raise typer.Exit(open_site(url, SITE.config, look_as=look_as, demo=True))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command; gives the exit status and never raises."""
    try:
        status = _ended(arguments)
        sys.stdout.flush()  # so that a full disk behind it is told like any other
    except TuiprovError as error:
        for line in str(error).splitlines():
            say(line, to_error=True)
        return 1
    except BrokenPipeError:
        _forget_output()
        return 0
    except OSError as error:
        if error.filename is None:
            _forget_output()
        say(f"{error.filename or 'tuiprov'}: {error.strerror}", to_error=True)
        return 1
    except UnicodeEncodeError:
        say("a word on the command line is not valid UTF-8", to_error=True)
        return 1
    except Exception as error:
        say(crash_report(error), to_error=True)
        return 1
    return status


def _ended(arguments: Sequence[str] | None) -> int:
    try:
        app(args=arguments, standalone_mode=True, prog_name="tuiprov")
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


def _forget_output() -> None:
    """What could not be written is dropped, or the interpreter would try again at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
