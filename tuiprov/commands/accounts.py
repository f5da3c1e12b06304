"""`tuiprov accounts`: the tree, and adding, changing and removing accounts."""

from __future__ import annotations

from typing import Annotated

import typer

from tuiprov.commands.site import SITE, AsJson
from tuiprov.data.account_fields import ACCOUNT_FIELDS, LEVELS
from tuiprov.data.account_rows import AccountRow
from tuiprov.data.account_tree import KIND_WORDS
from tuiprov.data.bulk import parse_assignments
from tuiprov.printing import print_json, say
from tuiprov.text import visible

app = typer.Typer(help="Show or change accounts and their permissions.", rich_markup_mode=None)

Account = Annotated[str, typer.Argument(help="A name, or kind:name where it is not the only one.")]
Assignments = Annotated[list[str], typer.Argument(metavar="FIELD=VALUE…")]


@app.callback(invoke_without_command=True)
def accounts(context: typer.Context, as_json: AsJson = False) -> None:
    """Without a command: the tree of accounts you see."""
    if context.invoked_subcommand is None:
        _print("", as_json)


@app.command("list")
def list_(
    words: Annotated[str, typer.Argument(help="Words of a name, a login or a kind.")] = "",
    as_json: AsJson = False,
) -> None:
    """Print the tree, or the part of it that holds the words."""
    _print(words, as_json)


@app.command()
def add(
    parent: Account,
    name: str,
    assignments: Annotated[list[str] | None, typer.Argument(metavar="[FIELD=VALUE…]")] = None,
) -> None:
    """Add an account below PARENT: a provider, an organization or a user, as the tree goes."""
    values = parse_assignments([f"name={name}", *(assignments or [])], ACCOUNT_FIELDS)
    store, viewer = SITE.store()
    added = store.accounts.add(viewer, store.accounts.find(viewer, parent), values)
    kind = KIND_WORDS[store.accounts.open(viewer, added).kind].lower()
    say(f"added the {kind} {name}")


@app.command("set")
def set_(account: Account, assignments: Assignments) -> None:
    """Change an account: what it may do, its name, its login on this host."""
    values = parse_assignments(assignments, ACCOUNT_FIELDS)
    store, viewer = SITE.store()
    view = store.accounts.open(viewer, store.accounts.find(viewer, account))
    after = store.accounts.save(viewer, view, values)
    changed = [name for name, value in after.values.items() if value != view.values[name]]
    say(f"changed {', '.join(changed)}" if changed else "nothing to change")


@app.command()
def remove(
    account: Account,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove an account that nothing hangs on."""
    store, viewer = SITE.store()
    account_id = store.accounts.find(viewer, account)
    if not yes and not typer.confirm(f"Remove {visible(account)}?"):
        say("nothing was done")
        return
    say(f"removed {store.accounts.remove(viewer, account_id)}")


def _print(words: str, as_json: bool) -> None:
    store, viewer = SITE.store()
    rows = store.accounts.rows(viewer, words)
    if as_json:
        print_json([_plain(row) for row in rows])
        return
    for row in rows:
        say(_line(row))


def _plain(row: AccountRow) -> dict[str, object]:
    return {
        "name": row.name,
        "kind": row.kind,
        "depth": row.depth,
        "provision_permission": row.level,
        "sip_management": row.sip_management,
        "sip_trunking_management": row.sip_trunking_management,
        "os_login": row.os_login,
        "extensions": row.extensions,
    }


def _line(row: AccountRow) -> str:
    level = dict(LEVELS).get(row.level, row.level) or "-"
    flags = [
        word
        for word, on in (("SIP", row.sip_management), ("trunking", row.sip_trunking_management))
        if on
    ]
    login = f"login {row.os_login}" if row.os_login else ""
    name = "  " * row.depth + row.name
    columns = (f"{name:<32}", f"{row.kind:<12}", f"{level:<7}", f"{' '.join(flags):<13}")
    return "  ".join((*columns, f"{row.extensions:>6} ext.", login)).rstrip()
