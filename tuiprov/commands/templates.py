"""`tuiprov templates`: listing, copying, checking, merging and removing provisioning templates, and
taking them out as folders and in again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from tuiprov.commands.site import SITE, AsJson, whole
from tuiprov.data.fields import Value
from tuiprov.data.templates.fields import TEMPLATE_FIELDS
from tuiprov.data.templates.library import TemplateRow
from tuiprov.data.templates.parts import TemplateView
from tuiprov.errors import NotFound, Refusal, Refused
from tuiprov.printing import print_json, print_text, say
from tuiprov.publish.template_check import Fault
from tuiprov.publish.template_work import TemplateWork

app = typer.Typer(
    help="Provisioning templates: files of an account's own in place of tuiprov's.",
    rich_markup_mode=None,
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="A template's name.")]
Folder = Annotated[Path, typer.Argument(metavar="FOLDER", readable=False)]


@app.callback(invoke_without_command=True)
def templates(context: typer.Context, as_json: AsJson = False) -> None:
    """Without a command: the templates you see."""
    if context.invoked_subcommand is None:
        _print("", as_json)


@app.command("list")
def list_(
    words: Annotated[str, typer.Argument(help="A filter, e.g. models:T46S used_by:0.")] = "",
    as_json: AsJson = False,
) -> None:
    """Print the templates you see, or those that match."""
    _print(words, as_json)


@app.command()
def show(
    name: Name,
    file: Annotated[str, typer.Argument(help="One of its files; none: what there is.")] = "",
    as_json: AsJson = False,
) -> None:
    """Print a template's settings and the names of its files, or one file."""
    view = _work().named(name)
    if file and file not in view.files:
        raise NotFound(f"{name} has no file {file!r}; there are {', '.join(view.files)}")
    if as_json:
        files = {path: text for path, text in view.files.items() if file in ("", path)}
        print_json({"settings": dict(view.values), "files": files})
    elif file:
        print_text(view.files[file])
    else:
        _print_settings(view)


@app.command()
def copy(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The new template's name.")],
    manufacturer: Annotated[str, typer.Option(help="Whose phones it is for.")] = "",
    models: Annotated[str, typer.Option(help="Models, with commas; none: all.")] = "",
    firmware: Annotated[str, typer.Option(help="Generations, with commas; none: all.")] = "",
    notes: Annotated[str, typer.Option(help="What is different in it, and why.")] = "",
    source: Annotated[str, typer.Option("--from", help="A template; none: the default.")] = "",
) -> None:
    """Make a template of your own: a copy of the server default, or of another one."""
    work = _work()
    copied = work.named(source) if source else None
    given = {"manufacturer": manufacturer, "models": models, "firmware": firmware, "notes": notes}
    values = {**work.fresh(copied).values, "name": name} | {n: t for n, t in given.items() if t}
    view = work.open(work.copy(_parsed(values), copied))
    say(f"made {view.name} with {_count(len(view.files), 'file')}: {', '.join(view.files)}")


@app.command()
def export(name: Name, folder: Folder) -> None:
    """Write a template into a new folder: template.toml, its files, and what they were made of."""
    work = _work()
    work.export(work.named(name), folder)
    say(f"wrote {name} to {folder}")


@app.command("import")
def import_(
    folder: Folder,
    name: Annotated[str, typer.Option(help="Under this name instead of its own.")] = "",
) -> None:
    """Take a template from a folder: a new one, or other files for one that is there."""
    taken, is_new = _work().import_folder(folder, name)
    say(f"{'added' if is_new else 'changed'} {taken}")
    if not is_new:
        say("the phones' files follow with: tuiprov publish")


@app.command()
def check(
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="None: all you see.")] = "",
    as_json: AsJson = False,
) -> None:
    """Try templates with every device that uses them, or with made-up phones if none does."""
    work = _work()
    names = [name] if name else [row.name for row in work.rows() if row.relation != "default"]
    found: dict[str, tuple[Fault, ...]] = {}
    for one in names:
        done = work.validate(work.named(one))
        found[one] = done.faults
        phones = _count(done.checked, "made-up phone" if done.is_sample else "phone")
        if not as_json:
            for fault in done.faults:
                say(f"{one}: {fault}", to_error=True)
            say(f"{one}: {_count(len(done.faults), 'fault')} with {phones}")
    if as_json:
        print_json({one: [asdict(fault) for fault in faults] for one, faults in found.items()})
    if any(found.values()):
        raise typer.Exit(1)


@app.command()
def merge(
    name: Name,
    folder: Annotated[
        Path | None,
        typer.Option(
            "--export",
            metavar="FOLDER",
            help="Write the merged files there instead, to be edited and imported.",
            readable=False,
        ),
    ] = None,
) -> None:
    """Take the changes of the server default into a template that was copied from it."""
    work = _work()
    view, merged = work.merged(work.named(name))
    if not merged:
        say(f"nothing to merge: the server default is what {name} was copied from")
        return
    for file in merged:
        conflicts = _count(file.conflicts, "conflict") if file.conflicts else "clean"
        say(f"{file.path}: {conflicts}")
    if folder is not None:
        work.export(view, folder)
        say(f"wrote the merged files to {folder}: mend the conflicts, then import it")
    elif any(file.conflicts for file in merged):
        reason = "has conflicts: mend them in the editor, or in a folder with --export"
        raise Refused([Refusal("", reason, name)])
    else:
        work.save(view, publish_too=False)
        say("merged; the phones' files follow with: tuiprov publish")


@app.command()
def remove(
    name: Name,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove a template that no device uses."""
    work = _work()
    template_id = work.named(name).id or 0
    if not yes and not typer.confirm("Remove it?"):
        say("nothing was done")
        return
    say(f"removed {work.remove(template_id)}")


def _work() -> TemplateWork:
    return TemplateWork(*SITE.store())


def _parsed(values: Mapping[str, Value]) -> dict[str, Value]:
    """Settings as they are typed, read; Refused names each that cannot be."""
    found: dict[str, Value] = {}
    bad = []
    for name, text in values.items():
        try:
            found[name] = TEMPLATE_FIELDS[name].parse(str(text))
        except ValueError as error:
            bad.append(Refusal(name, str(error)))
    if bad:
        raise Refused(bad)
    return found


def _print(words: str, as_json: bool) -> None:
    rows = _work().rows(whole(words))
    if as_json:
        print_json([asdict(row) for row in rows])
        return
    for row in rows:
        say(_line(row))


def _line(row: TemplateRow) -> str:
    phones = " ".join(part for part in (row.manufacturer, row.models, row.firmware) if part)
    used = "" if row.used_by is None else f"used by {row.used_by}"
    merge = "the server default has changed: merge" if row.is_outdated else ""
    columns = (f"{row.name:<24}", f"{row.owner:<20}", f"{phones:<30}", f"{used:<11}", merge)
    return "  ".join(columns).rstrip()


def _print_settings(view: TemplateView) -> None:
    for name, field in TEMPLATE_FIELDS.items():
        say(f"{name:<14} {field.text(view.values[name])}".rstrip())
    for path, text in view.files.items():
        changed = "" if text == view.bases.get(path) else "  changed"
        say(f"{path}{changed}")


def _count(number: int, word: str) -> str:
    return f"{number or 'no'} {word}{'' if number == 1 else 's'}"
