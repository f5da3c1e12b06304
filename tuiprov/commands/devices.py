"""`tuiprov devices`: the inventory of SIP devices, and what may be done with each of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated, Final

import typer

from tuiprov.commands.orders import DryRun, carry_out
from tuiprov.commands.site import SITE, AsJson, Where
from tuiprov.data.bulk.assignments import parse_assignments
from tuiprov.data.devices.rows import SORTS, DeviceRow
from tuiprov.data.page import Page
from tuiprov.data.sections import DEVICE_FIELDS, FIELDS
from tuiprov.data.settle import settled
from tuiprov.errors import NotAllowed, NotFound, Refusal, Refused
from tuiprov.inventory import NEVER, Fetched, Inventory, inventory_of
from tuiprov.orders.devices import ClearDevices, RemoveDevices
from tuiprov.orders.order import Order
from tuiprov.printing import print_code, print_json, print_plan, say
from tuiprov.publish.plan import Plan
from tuiprov.text import for_scripts, in_words

app = typer.Typer(help="Show or change the inventory of SIP devices.", rich_markup_mode=None)

Device = Annotated[
    str,
    typer.Argument(help="A MAC, a serial, an extension or a friendly name.", show_default=False),
]
Assignments = Annotated[list[str], typer.Argument(metavar="FIELD=VALUE…")]
Sort = Annotated[str, typer.Option("--sort", help=f"By {in_words(SORTS)}.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]

_FIELDS: Final = {name: FIELDS[name] for name in DEVICE_FIELDS}
_FOLLOW: Final = "the phones' files follow with: tuiprov publish"


@app.callback(invoke_without_command=True)
def devices(
    context: typer.Context, where: Where = "", sort: Sort = "name", as_json: AsJson = False
) -> None:
    """Without a command: the devices you see."""
    if context.invoked_subcommand is None:
        _print(where, sort, as_json)


@app.command("list")
def list_(where: Where = "", sort: Sort = "name", as_json: AsJson = False) -> None:
    """Print the devices you see; `state:unassigned`, `owner:` and `serial:` filter too."""
    _print(where, sort, as_json)


@app.command()
def enrol(device: Device) -> None:
    """Open a device's enrolment window: both its links become new, the first without secrets."""
    store, viewer = SITE.store()
    inventory = inventory_of(store, viewer)
    device_id = store.devices.find(viewer, device)
    inventory.enrol(device_id)
    say(inventory.link(device_id).url)


@app.command()
def add(
    assignments: Assignments,
    owner: Annotated[str, typer.Option(help="The account it is for; none: your own.")] = "",
) -> None:
    """Add a device that serves nobody yet. What is not given follows from the model."""
    values = parse_assignments(assignments, _FIELDS)
    store, viewer = SITE.store()
    owner_id = store.accounts.find(viewer, owner) if owner else viewer.account_id
    fresh = store.devices.fresh(viewer, owner_id)
    added = store.devices.add(viewer, fresh, settled(fresh, values))
    row = store.devices.rows(viewer, [added.device_id or 0])[added.device_id or 0]
    say(f"added {row.phone} {row.friendly_name}, serial {row.serial}")


@app.command("set")
def set_(device: Device, assignments: Assignments) -> None:
    """Change a device; what hangs on a changed model is settled with it."""
    values = parse_assignments(assignments, _FIELDS)
    store, viewer = SITE.store()
    before = store.devices.open(viewer, store.devices.find(viewer, device))
    changes = settled(before, values)
    store.devices.save(viewer, before, changes)
    say(f"changed {', '.join(changes)}; {_FOLLOW}" if changes else "nothing to change")


@app.command()
def assign(
    device: Device,
    extension: Annotated[str, typer.Argument(help="Extended number, e.g. 0027*001.")],
    line: Annotated[int | None, typer.Option(min=1, help="None: the first free one.")] = None,
) -> None:
    """Put an extension on a line of a device."""
    store, viewer = SITE.store()
    device_id = store.devices.find(viewer, device)
    extension_id = store.find_extension(viewer, extension)
    page = store.devices.assign(viewer, device_id, extension_id, line)
    number = next(one.number for one in page.others if one.extension_id == extension_id)
    say(f"{extension} is on line {number} of {page.values['friendly_name']}; {_FOLLOW}")


@app.command()
def clear(
    device: Device = "",
    where: Where = "",
    dry_run: DryRun = False,
    as_json: AsJson = False,
    yes: Yes = False,
) -> None:
    """Take a device, or all of --where, from extensions and organization; the files are deleted."""
    if where or dry_run or as_json:
        _many(ClearDevices, device, where, dry_run=dry_run, as_json=as_json, yes=yes)
        return
    ended = _end_use(device, lambda row: row.cannot_clear, Inventory.clear, yes=yes)
    if ended is not None:
        say(f"cleared the assignment of {ended.friendly_name}")


@app.command()
def remove(
    device: Device = "",
    where: Where = "",
    dry_run: DryRun = False,
    as_json: AsJson = False,
    yes: Yes = False,
) -> None:
    """Remove a device, or all of --where, and the files."""
    if where or dry_run or as_json:
        _many(RemoveDevices, device, where, dry_run=dry_run, as_json=as_json, yes=yes)
        return
    ended = _end_use(device, lambda row: row.cannot_remove, Inventory.remove, yes=yes)
    if ended is not None:
        say(f"removed {ended.friendly_name}, serial {ended.serial}")


@app.command()
def link(
    device: Device,
    qr: Annotated[bool, typer.Option("--qr", help="Draw it as a QR code, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Print a phone's provisioning link. It may hold a token: that it was shown is written down."""
    inventory, row = _found(device)
    found = inventory.link(row.id)
    if as_json:
        print_json(asdict(found))
    if not found.url:
        raise Refused([Refusal("", found.problem, "" if as_json else row.friendly_name)])
    if not as_json:
        say(found.url)
    if found.username and not as_json:
        say(f"login: {found.username} {found.password}")
    if qr and not as_json:
        print_code(found.url)


def _end_use(
    device: str,
    why_not: Callable[[DeviceRow], str],
    do: Callable[[Inventory, Page], object],
    *,
    yes: bool,
) -> DeviceRow | None:
    """Show the plan of one device serving nobody any more, and do it when agreed; gives its row as
    it was, None when nothing was done."""
    if not device:
        raise typer.BadParameter("say which: a device, or --where FILTER")
    inventory, row = _found(device)
    page = inventory.open(row.id).base
    if why_not(row):
        raise NotAllowed(why_not(row))
    if not _agreed(inventory.plan_clear(page), row, yes=yes):
        return None
    do(inventory, page)
    return row


def _many(
    kind: Callable[..., Order],
    device: str,
    where: str,
    *,
    dry_run: bool,
    as_json: bool,
    yes: bool,
) -> None:
    if bool(device) == bool(where):
        raise typer.BadParameter("say which: a device, or --where FILTER")
    store, viewer = SITE.store()
    found = store.devices.ids(viewer, where) if where else [store.devices.find(viewer, device)]
    if not found:
        raise NotFound(f"no device matches {where!r}")
    order = kind(store, viewer, list(found))
    carry_out(order, dry_run=dry_run, as_json=as_json, yes=yes)


def _found(device: str) -> tuple[Inventory, DeviceRow]:
    store, viewer = SITE.store()
    inventory = inventory_of(store, viewer)
    return inventory, inventory.row(store.devices.find(viewer, device))


def _agreed(plan: Plan, row: DeviceRow, *, yes: bool) -> bool:
    """Show whom the device serves and the plan for its files, and ask."""
    say(f"{row.friendly_name} ({row.phone}) serves {row.extensions or 'nobody'}")
    print_plan(plan, with_diff=False, as_json=False)
    if yes or typer.confirm("Apply this plan?"):
        return True
    say("nothing was done")
    return False


def _print(where: str, sort: str, as_json: bool) -> None:
    store, viewer = SITE.store()
    ids = store.devices.ids(viewer, where, sort)
    found = store.devices.rows(viewer, ids)
    rows = [found[id] for id in ids if id in found]
    if as_json:
        fetched = inventory_of(store, viewer).fetched(list(found))
        print_json([_plain(row, fetched.get(row.id, NEVER)) for row in rows])
        return
    for row in rows:
        say(_line(row))


def _plain(row: DeviceRow, fetched: Fetched) -> dict[str, object]:
    return {
        "serial": row.serial,
        "state": row.state,
        "problem": row.problem,
        "friendly_name": row.friendly_name,
        "mac": row.mac,
        "manufacturer": row.manufacturer,
        "model": row.model,
        "firmware": row.firmware,
        "lines_used": row.lines_used,
        "lines_total": row.lines_total,
        "lines": {str(line.number): line.extension for line in row.lines},
        "organization": row.organization,
        "owner": row.owner,
        "published_at": for_scripts(row.published_at) if row.published_at else None,
        "fetched_at": for_scripts(fetched.at) if fetched.at else None,
        "has_this_version": fetched.is_current,
        "firmware_seen": fetched.firmware,
        "read_only": row.cannot_edit,
    }


def _line(row: DeviceRow) -> str:
    total = "?" if row.lines_total is None else row.lines_total
    columns = (
        f"{row.state:<10}",
        f"{row.friendly_name:<16}",
        f"{row.mac or '-':<17}",
        f"{f'{row.phone} {row.firmware}':<26}",
        f"{f'{row.lines_used}/{total}':>6}",
        f"{row.extensions or '-':<20}",
        f"{row.organization or '-':<18}",
        f"{row.owner:<14}",
        f"read-only: {row.cannot_edit}" if row.cannot_edit else "",
    )
    return "  ".join(columns).rstrip()
