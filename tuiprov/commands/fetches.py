"""`tuiprov fetches`: what phones asked for, what became of it, and why."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from tuiprov.commands.site import SITE, AsJson
from tuiprov.data.fetches import SERVED, FetchRow
from tuiprov.fetching import agent_in_words, chain, fetching_of, in_words, mac_of, why
from tuiprov.printing import print_json, say
from tuiprov.text import for_scripts, on_this_clock

Where = Annotated[str, typer.Option("--where", help="Filter, e.g. 'verdict:key address:192.0.2'.")]


def fetches(where: Where = "", as_json: AsJson = False) -> None:
    """Print the requests of phones to `tuiprov serve`, newest first, a thousand at most."""
    store, viewer = SITE.store()
    fetching = fetching_of(store, viewer)
    ids = fetching.ids(where)
    found = fetching.rows(ids)
    rows = [found[number] for number in ids if number in found]
    if as_json:
        print_json([_plain(row) for row in rows])
        return
    for row in rows:
        say(_line(row))


def _plain(row: FetchRow) -> dict[str, Any]:
    reason = why(row)
    return {
        "at": for_scripts(row.at),
        "address": row.address,
        "protocol": row.protocol,
        "method": row.method,
        "path": row.path,
        "agent": row.agent,
        "phone": agent_in_words(row.agent),
        "mac": mac_of(row),
        "device": row.device,
        "file": row.file,
        "verdict": row.verdict,
        "status": row.status,
        "sent": row.sent,
        "is_current": row.is_current,
        "chain": dict(chain(row)),
        "why": reason.means,
        "to_do": "" if row.verdict == SERVED else reason.todo,
    }


def _line(row: FetchRow) -> str:
    columns = (
        on_this_clock(row.at).strftime("%Y-%m-%d %H:%M:%S"),
        f"{row.address:<15}",
        f"{row.status:>3}",
        f"{in_words(row):<11}",
        f"{row.device or '-':<16}",
        row.path,
        agent_in_words(row.agent),
    )
    return "  ".join(columns).rstrip()
