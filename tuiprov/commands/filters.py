"""`tuiprov filters`: the filters that your account saved, for `--where @name`, list by list."""

from __future__ import annotations

from typing import Annotated

import typer

from tuiprov.commands.site import SITE, AsJson, Where
from tuiprov.errors import NotFound
from tuiprov.list_views import ListViews
from tuiprov.printing import print_json, print_table, say

app = typer.Typer(
    help="Show, save or remove the filters of your account.",
    rich_markup_mode=None,
    invoke_without_command=True,
)

Name = Annotated[str, typer.Argument(help="Its name, without the @.", show_default=False)]
OfDevices = Annotated[
    bool, typer.Option("--devices", help="Of the list of devices, not of extensions.")
]
OfRequests = Annotated[bool, typer.Option("--requests", help="Of the list of phones' requests.")]
OfHistory = Annotated[bool, typer.Option("--history", help="Of the history.")]


@app.callback()
def filters(
    context: typer.Context,
    of_devices: OfDevices = False,
    of_requests: OfRequests = False,
    of_history: OfHistory = False,
    as_json: AsJson = False,
) -> None:
    """Without a command: the saved filters of a list."""
    if context.invoked_subcommand is not None:
        return
    saved = _views(devices=of_devices, requests=of_requests, history=of_history).filters
    if as_json:
        print_json({one.name: one.text for one in saved})
        return
    print_table(("name", "filter"), [(f"@{one.name}", one.text) for one in saved])


@app.command()
def save(
    name: Name,
    where: Where,
    of_devices: OfDevices = False,
    of_requests: OfRequests = False,
    of_history: OfHistory = False,
) -> None:
    """Save a filter, in place of one that had the name."""
    _views(devices=of_devices, requests=of_requests, history=of_history).save(name, where)
    say(f"saved; use it with: --where @{name}")


@app.command()
def remove(
    name: Name,
    of_devices: OfDevices = False,
    of_requests: OfRequests = False,
    of_history: OfHistory = False,
) -> None:
    """Remove a saved filter."""
    views = _views(devices=of_devices, requests=of_requests, history=of_history)
    if name not in [one.name for one in views.filters]:
        raise NotFound(f"you have saved no filter {name!r} for {views.list}")
    views.remove(name)
    say("removed")


def _views(**asked: bool) -> ListViews:
    """The filters of the list that an option names, else of extensions."""
    lists = [name for name, is_asked in asked.items() if is_asked]
    if len(lists) > 1:
        raise typer.BadParameter("a filter belongs to one list")
    store, viewer = SITE.store()
    return ListViews(store, viewer, lists[0] if lists else "extensions")
