"""`tuiprov accounts`: the tree, and adding, changing and removing accounts."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from tuiprov.commands.site import SITE, AsJson, whole
from tuiprov.data.accounts.fields import ACCOUNT_FIELDS, LEVELS
from tuiprov.data.accounts.rows import AccountRow
from tuiprov.data.accounts.sheet import KIND_WORDS
from tuiprov.data.bulk.assignments import parse_assignments
from tuiprov.errors import NotFound
from tuiprov.printing import print_json, say
from tuiprov.text import visible


class _WordsOrCommand(TyperGroup):
    """`accounts WORDS` lists: what is no command is words."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        is_command = bool(args) and (args[0] in self.commands or args[0] == "--help")
        return super().parse_args(ctx, args if is_command else ["list", *args])


app = typer.Typer(
    cls=_WordsOrCommand,
    help="Show or change accounts and their permissions.",
    rich_markup_mode=None,
)

Account = Annotated[
    str, typer.Argument(help="A name; kind:name or parent/name where it is not the only one.")
]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


@app.command("list")
def list_(
    words: Annotated[
        list[str] | None, typer.Argument(help="A filter, e.g. anna -level:none extensions:>10.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Print the tree of accounts you see, or what of it matches. `list` itself may be left
    out."""
    _print(" ".join(words or ()), as_json)


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
def set_(
    account: Account,
    assignments: Annotated[list[str], typer.Argument(metavar="FIELD=VALUE…")],
    yes: Yes = False,
) -> None:
    """Change an account: what it may do, its name, its login on this host. What cannot be undone
    is asked about first."""
    values = parse_assignments(assignments, ACCOUNT_FIELDS)
    store, viewer = SITE.store()
    view = store.accounts.open(viewer, store.accounts.find(viewer, account))
    said = view.cannot_be_undone({**view.values, **values}, viewer)
    for words in said.values():
        say(words, to_error=True)
    if said and not yes and not typer.confirm("Save it?"):
        say("nothing was done")
        return
    after = store.accounts.save(viewer, view, values)
    changed = [name for name, value in after.values.items() if value != view.values[name]]
    say(f"changed {', '.join(changed)}" if changed else "nothing to change")


@app.command()
def remove(account: Account, yes: Yes = False) -> None:
    """Remove an account that nothing hangs on."""
    store, viewer = SITE.store()
    account_id = store.accounts.find(viewer, account)
    if not yes and not typer.confirm(f"Remove {visible(account)}?"):
        say("nothing was done")
        return
    say(f"removed {store.accounts.remove(viewer, account_id)}")


def _print(words: str, as_json: bool) -> None:
    store, viewer = SITE.store()
    rows = store.accounts.rows(viewer, whole(words))
    if as_json:
        print_json([_plain(row) for row in rows])
        return
    if not rows:
        raise NotFound(f"no account matches {words!r}")
    for row in rows:
        say(_line(row))


def _plain(row: AccountRow) -> dict[str, object]:
    return {
        "name": row.name,
        "path": row.path,
        "kind": row.kind,
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
