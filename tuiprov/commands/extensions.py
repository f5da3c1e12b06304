"""`tuiprov add` and `tuiprov remove`: extensions that come and go."""

from __future__ import annotations

from typing import Annotated

import typer

from tuiprov.commands.orders import Chosen, DryRun, Yes, carry_out, matching
from tuiprov.commands.site import SITE, AsJson
from tuiprov.data.bulk.assignments import parse_assignments
from tuiprov.data.fields import declared
from tuiprov.data.identity import KNOWN_LATER, Identity, added
from tuiprov.orders.removing import Remove
from tuiprov.printing import say


def add(
    extension: Annotated[str, typer.Argument(help="Extended number, e.g. 0027*001.")],
    user: Annotated[str, typer.Option(help="User account: a name, or user:name.")],
    organization: Annotated[
        str, typer.Option(help="Its organization, where others have a user of that name.")
    ] = "",
    assignments: Annotated[list[str] | None, typer.Argument(metavar="[FIELD=VALUE…]")] = None,
) -> None:
    """Add an extension for a user account."""
    words = [f"extension={extension}", *(assignments or [])]
    values = parse_assignments(words, declared(Identity), also=("extension",))
    store, viewer = SITE.store()
    user_id = store.accounts.find(viewer, f"{organization}/{user}" if organization else user)
    page = store.extensions.add(viewer, user_id, values)
    number = page.values["extension"]
    say(added(page.values))
    if page.site.pbx != "none":
        say(f"{KNOWN_LATER} (tuiprov publish)")
    if viewer.may_provision:
        say(f"provision it: tuiprov set use_provisioning=yes … --where 'extension:{number}'")


def remove(
    extension: Annotated[
        str, typer.Argument(help="Extended number; none: those of --where.", show_default=False)
    ] = "",
    where: Chosen = "",
    dry_run: DryRun = False,
    as_json: AsJson = False,
    yes: Yes = False,
) -> None:
    """Remove extensions; shows what that does to their phones' files, then asks."""
    if bool(extension) == bool(where):
        raise typer.BadParameter("say which: an extended number, or --where FILTER")
    store, viewer = SITE.store()
    if where:
        order = Remove(store, viewer, matching(store, viewer, where))
    else:
        order = Remove(store, viewer, [store.find_extension(viewer, extension)], extension)
    carry_out(order, dry_run=dry_run, as_json=as_json, yes=yes)
