"""`tuiprov filters`: the filters that your account saved, for `--where @name`, list by list."""

from __future__ import annotations

from typing import Annotated

import typer

from tuiprov.commands.site import SITE, AsJson, Where
from tuiprov.errors import NotFound
from tuiprov.list_views import LISTS, ListViews
from tuiprov.printing import print_json, print_table, say
from tuiprov.text import in_words

app = typer.Typer(
    help="Show, save or remove the filters of your account.",
    rich_markup_mode=None,
    invoke_without_command=True,
)

Name = Annotated[str, typer.Argument(help="Its name, without the @.", show_default=False)]


def known(list: str) -> str:
    """A list by its name."""
    if list not in LISTS:
        raise typer.BadParameter(f"must be {in_words(LISTS)}")
    return list


OfList = Annotated[
    str,
    typer.Option("--list", help=f"The list they are for: {in_words(LISTS)}.", callback=known),
]


@app.callback()
def filters(context: typer.Context, of: OfList = LISTS[0], as_json: AsJson = False) -> None:
    """Without a command: the saved filters of a list."""
    if context.invoked_subcommand is not None:
        return
    saved = _views(of).filters
    if as_json:
        print_json({one.name: one.text for one in saved})
        return
    print_table(("name", "filter"), [(f"@{one.name}", one.text) for one in saved])


@app.command()
def save(name: Name, where: Where, of: OfList = LISTS[0]) -> None:
    """Save a filter, in place of one that had the name."""
    _views(of).save(name, where)
    say(f"saved as @{name}")


@app.command()
def remove(name: Name, of: OfList = LISTS[0]) -> None:
    """Remove a saved filter."""
    views = _views(of)
    if name not in [one.name for one in views.filters]:
        raise NotFound(f"you have saved no filter {name!r} for {views.list}")
    views.remove(name)
    say("removed")


def _views(of: str) -> ListViews:
    store, viewer = SITE.store()
    return ListViews(store, viewer, of)
