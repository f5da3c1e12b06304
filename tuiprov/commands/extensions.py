"""`tuiprov add` and `tuiprov remove`: extensions that come and go."""

from __future__ import annotations

from typing import Annotated

import typer

from tuiprov.commands.site import SITE
from tuiprov.data.bulk import parse_assignments
from tuiprov.data.fields import declared
from tuiprov.data.identity import KNOWN_LATER, Identity, added
from tuiprov.printing import print_plan, say
from tuiprov.publish.publishing import carry_out, plan_devices, plan_removal
from tuiprov.text import visible


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
    extension: Annotated[str, typer.Argument(help="Extended number.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove an extension; shows what that does to its phone's files, then asks."""
    store, viewer = SITE.store()
    page = store.page(viewer, store.find_extension(viewer, extension))
    ready = plan_removal(store, page, files=viewer.may_provision)
    if viewer.may_provision or ready:
        print_plan(ready, with_diff=False, as_json=False)
    if not yes and not typer.confirm(f"Remove {visible(extension)}?"):
        say("nothing was done")
        return
    devices = [page.device_id] if page.device_id else []
    with store.operations.begin():
        store.extensions.remove(viewer, page)
        carry_out(store, viewer, plan_devices(store, devices))
    say(f"removed {visible(extension)}")
