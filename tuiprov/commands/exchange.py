"""`tuiprov import` and `tuiprov export`: a site as CSV."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from tuiprov.commands.progress import progress
from tuiprov.commands.site import SITE, AsJson, Where
from tuiprov.data.exchange.export import export_csv
from tuiprov.data.exchange.foreign import AUTO, OWN, ColumnMap, formats, map_for, mapped
from tuiprov.data.exchange.importing import Imported, import_file
from tuiprov.errors import Refusal, Refused
from tuiprov.printing import print_json, say


def import_(
    file: Annotated[Path, typer.Argument(help="CSV file.", readable=False)],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check only.")] = False,
    partial: Annotated[
        bool, typer.Option("--partial", help="Take the good rows; the others go to a file beside.")
    ] = False,
    format_name: Annotated[
        str, typer.Option("--from", help="auto, or: tuiprov formats.", metavar="FORMAT")
    ] = AUTO,
    column: Annotated[
        list[str] | None,
        typer.Option("--map", help="COLUMN=FIELD of ours; without FIELD it is not taken."),
    ] = None,
    given: Annotated[
        list[str] | None,
        typer.Option("--set", help="FIELD=VALUE where a row says nothing; may hold {extension}."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Take extensions and devices from a CSV file: all of it, or nothing. With --partial all rows
    that can be taken; each of the others is named, is in FILE.refused.csv to be mended and imported
    again, and makes the exit status 1.

    Files of FusionPBX, FreePBX and Yeastar are known by their headers; they do not say whose the
    extensions are: --set organization=… --set user=…"""
    store, viewer = SITE.store()
    changes, more = _pairs(column or (), "--map"), _pairs(given or (), "--set")

    def columns(header: Sequence[str]) -> ColumnMap:
        chosen = mapped(map_for(header, format_name), changes).with_given(more)
        if not as_json and (chosen.format.name != OWN or changes):
            _say_columns(chosen)
        return chosen

    with progress("reading rows") as on_rows:
        done = import_file(
            *(store.database, viewer, file),
            dry_run=dry_run,
            partial=partial,
            columns=columns,
            on_rows=on_rows,
        )
    if as_json:
        print_json(_plain(done))
    else:
        for refusal in done.refused:
            say(str(refusal), to_error=True)
        for line in in_words(done, dry_run=dry_run):
            say(line)
    if done.refused:
        raise typer.Exit(1)


def formats_() -> None:
    """The CSV formats of other programs that import knows, and where they come from."""
    for one in formats().values():
        say(f"{one.name:18} {one.title}" + (f"  ({one.source})" if one.source else ""))


def _pairs(options: Sequence[str], option: str) -> dict[str, str]:
    pairs = [text.partition("=") for text in options]
    wrong = [name for name, sign, _ in pairs if not name or not sign]
    if wrong:
        raise Refused([Refusal("", f"{one!r} has no = in it", option) for one in wrong])
    return {name: text for name, _, text in pairs}


def _say_columns(columns: ColumnMap) -> None:
    say(f"{columns.format.title}:")
    for column, target in zip(columns.header, columns.targets, strict=True):
        if target:
            say(f"  {column} → {target}")
    if columns.left_out:
        say(f"  not taken: {', '.join(columns.left_out)}")


def _plain(done: Imported) -> dict[str, Any]:
    return {
        "added": done.added,
        "changed": done.changed,
        "unchanged": done.unchanged,
        "refused_rows": done.refused_rows,
        "refused": [
            {"where": one.where, "column": one.field, "reason": one.reason} for one in done.refused
        ],
        "left_in": str(done.left_in) if done.left_in else None,
    }


def in_words(done: Imported, *, dry_run: bool) -> list[str]:
    """What an import did, or would do, in a line or two."""
    verb = "would add" if dry_run else "added"
    said = f"{verb} {done.added}, changed {done.changed}, left {done.unchanged} as they were"
    if not done.refused:
        return [said]
    lines = [f"{said}, refused {done.refused_rows}"]
    if done.left_in is not None:
        lines.append(f"the refused rows are in {done.left_in}: mend them and import that file")
    return lines


def export(
    file: Annotated[
        Path | None, typer.Argument(help="CSV file; none: standard output.", readable=False)
    ] = None,
    where: Where = "",
) -> None:
    """Write extensions and devices as CSV. The file holds passwords: it is made 0600."""
    store, viewer = SITE.store()
    lines = export_csv(store, viewer, where)
    if file is None:
        sys.stdout.writelines(lines)
        return
    lines = iter(list(lines))  # an old file is kept until the new one is known
    handle = os.open(file, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    if stat.S_ISREG(os.fstat(handle).st_mode):
        os.fchmod(handle, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8", newline="") as out:
        out.writelines(lines)
