"""`tuiprov import` and `tuiprov export`: a site as CSV."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from typing import Annotated

import typer

from tuiprov.commands.site import SITE, Where
from tuiprov.data.csv_export import export_csv
from tuiprov.data.exchange import Imported, import_file
from tuiprov.printing import say


def import_(
    file: Annotated[Path, typer.Argument(help="CSV file.", readable=False)],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check only.")] = False,
    partial: Annotated[
        bool, typer.Option("--partial", help="Take the good rows; the others go to a file beside.")
    ] = False,
) -> None:
    """Take extensions and devices from a CSV file: all of it, or nothing. With --partial all rows
    that can be taken; each of the others is named, is in FILE.refused.csv to be mended and imported
    again, and makes the exit status 1."""
    store, viewer = SITE.store()
    done = import_file(store.database, viewer, file, dry_run=dry_run, partial=partial)
    for refusal in done.refused:
        say(str(refusal), to_error=True)
    for line in in_words(done, dry_run=dry_run):
        say(line)
    if done.refused:
        raise typer.Exit(1)


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
