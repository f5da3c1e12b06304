"""`tuiprov move` and `tuiprov rotate`, and what `remove`, `set` and `publish` share with them: an
action on many extensions, shown as a plan, then carried out."""

from __future__ import annotations

from typing import Annotated

import typer

from tuiprov.commands.progress import progress
from tuiprov.commands.site import SITE, AsJson, whole
from tuiprov.data.accounts.viewers import Viewer
from tuiprov.data.bulk.sets import Change
from tuiprov.data.store import Store
from tuiprov.errors import NotFound
from tuiprov.orders.order import Order, Outcome
from tuiprov.printing import order_data, print_json, print_plan, say

Chosen = Annotated[
    str,
    typer.Option(
        "--where", help="Whom: a filter, e.g. 'model:T46S'.", show_default=False, callback=whole
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only show what would be done.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


def move(
    where: Chosen,
    to: Annotated[str, typer.Option("--to", help="A user, or an organization's only one.")],
    dry_run: DryRun = False,
    as_json: AsJson = False,
    yes: Yes = False,
) -> None:
    """Move extensions to another user account; phones go along with all that they serve."""
    from tuiprov.orders.moving import Move

    store, viewer = SITE.store()
    account_id = store.accounts.find(viewer, to)
    order = Move(store, viewer, matching(store, viewer, where), account_id, to)
    carry_out(order, dry_run=dry_run, as_json=as_json, yes=yes)


def rotate(
    where: Chosen,
    admin: Annotated[
        bool, typer.Option("--admin", help="The phones' administrator passwords, too.")
    ] = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
    yes: Yes = False,
) -> None:
    """Give extensions new random SIP passwords; the PBX takes the old ones until the phones have
    fetched the new ones."""
    from tuiprov.orders.rotating import Rotate

    store, viewer = SITE.store()
    order = Rotate(store, viewer, matching(store, viewer, where), admin)
    carry_out(order, dry_run=dry_run, as_json=as_json, yes=yes)


def preview_change(
    store: Store, viewer: Viewer, change: Change, where: str, *, as_json: bool
) -> None:
    """What `tuiprov set` would do, and who would refuse it."""
    from tuiprov.orders.files import SetFields

    order = SetFields(store, viewer, matching(store, viewer, where), change, "Change")
    carry_out(order, dry_run=True, as_json=as_json, yes=False)


def matching(store: Store, viewer: Viewer, where: str) -> list[int]:
    """The extensions that the filter matches; NotFound when there are none."""
    ids = list(store.extension_ids(viewer, where))
    if not ids:
        raise NotFound(f"no extension matches {where!r}")
    return ids


def carry_out(order: Order, *, dry_run: bool, as_json: bool, yes: bool) -> None:
    """Show an order's plan; apply it when told so. Exit status 1: somebody was refused. JSON is
    printed once, with what was done; it asks nothing, so without `yes` it is the plan alone."""
    dry_run = dry_run or (as_json and not yes)
    with progress("planning") as on_record:
        plan = order.plan(on_record)
    if not as_json:
        say(order.about)
        print_plan(plan, with_diff=False, as_json=False)
    is_for_nobody = len(plan.refused) >= len(order.ids)
    outcome = Outcome("")
    if not (dry_run or is_for_nobody):
        if not (yes or typer.confirm(f"{order.about}?")):
            say("nothing was done")
            return
        with progress("working") as on_record:
            outcome = order.apply(on_record)
    if as_json:
        print_json(order_data(order.about, plan, outcome.words, outcome.event_id))
    elif outcome.words:
        say(outcome.words)
        if outcome.event_id is not None:
            say(f"taken back with: tuiprov undo {outcome.event_id}")
    if plan.refused or plan.failed:
        raise typer.Exit(1)
