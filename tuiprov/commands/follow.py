"""`tuiprov follow`: this host's publish tree follows the database."""

from __future__ import annotations

import signal
from typing import Annotated

import typer

from tuiprov.commands.site import SITE
from tuiprov.errors import NotAllowed
from tuiprov.printing import say

Once = Annotated[bool, typer.Option("--once", help="Catch up and end.")]


def follow(once: Once = False) -> None:
    """Keep this host's published files as the database says, whichever host publishes."""
    store, viewer = SITE.store()
    if not viewer.is_administrator:
        raise NotAllowed(f"{viewer.label} may not write phones' files; run it as the site's owner")
    from tuiprov.publish.follow import Follower, Following

    if once:
        say(f"{Follower(store).catch_up()} files written or deleted")
        return
    following = Following(store, say)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: following.stop())
    following.run()
