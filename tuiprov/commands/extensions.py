"""`tuiprov add` and `tuiprov remove`: extensions themselves."""

from __future__ import annotations

from typing import Annotated

import typer

from tuiprov.commands.site import SITE
from tuiprov.data.bulk import parse_assignments
from tuiprov.data.fields import Value
from tuiprov.data.identity import IDENTITY_FIELDS
from tuiprov.errors import Refusal, Refused
from tuiprov.printing import print_plan, say
from tuiprov.publish.publishing import plan_removal, publish_devices
from tuiprov.text import visible

Number = Annotated[str, typer.Argument(metavar="EXTENSION", help="Extended number.")]


def add(
    extension: Number,
    user: Annotated[str, typer.Option("--user", help="The user account it belongs to.")],
    organization: Annotated[
        str, typer.Option("--organization", help="Where users of that name are in several.")
    ] = "",
    assignments: Annotated[list[str] | None, typer.Argument(metavar="[FIELD=VALUE…]")] = None,
) -> None:
    """Add an extension to a user account; without sip_password it gets a random one."""
    values = parse_assignments(assignments or [], IDENTITY_FIELDS)
    values["extension"] = _number(extension)
    store, viewer = SITE.store()
    page = store.extensions.add(
        viewer, store.extensions.find_user(viewer, user, organization), values
    )
    number = page.values["extension"]
    say(f"added {number}")
    if viewer.may_provision:
        say(
            "provision it on its page, or: tuiprov set use_provisioning=yes friendly_name=… "
            f"manufacturer=… model=… firmware=… mac=… --where 'extension:{number}'"
        )


def remove(
    extension: Number,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove an extension: shows what its phone's files become, asks, removes and publishes."""
    store, viewer = SITE.store()
    extension_id = store.find_extension(viewer, extension)
    if viewer.may_provision:
        print_plan(plan_removal(store, viewer, extension_id), with_diff=False, as_json=False)
    if not yes and not typer.confirm(f"Remove extension {visible(extension)}?"):
        say("nothing was done")
        return
    device_id = store.extensions.remove(viewer, extension_id)
    say(f"removed {extension}")
    if device_id is not None:
        publish_devices(store, viewer, [device_id])


def _number(text: str) -> Value:
    try:
        return IDENTITY_FIELDS["extension"].parse(text)
    except ValueError as error:
        raise Refused([Refusal("extension", str(error))]) from None
