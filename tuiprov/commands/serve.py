"""`tuiprov serve`: the service that phones fetch their files from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tuiprov.commands.site import SITE
from tuiprov.data.http_login import PURPOSE
from tuiprov.errors import NotAllowed, ServeError
from tuiprov.printing import say

Pem = Annotated[Path | None, typer.Option(help="PEM file.", show_default=False, readable=False)]
Port = Annotated[
    int | None, typer.Option(min=0, max=65_535, help="None: the site's. 0: any free one.")
]


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on; :: for all of both kinds.")] = (
        "0.0.0.0"  # noqa: S104 (phones come from the network)
    ),
    port: Port = None,
    tls_port: Port = None,
    certificate: Pem = None,
    key: Pem = None,
    client_ca: Annotated[
        Path | None,
        typer.Option(
            help="PEM file of the authorities that sign phones' certificates.",
            show_default=False,
            readable=False,
        ),
    ] = None,
    no_http: Annotated[bool, typer.Option("--no-http", help="HTTPS only.")] = False,
) -> None:
    """Serve phones their files by HTTP, and by HTTPS when given a certificate."""
    store, viewer = SITE.store()
    if not viewer.is_administrator:
        raise NotAllowed(f"{viewer.label} may not serve phones; run it as the database's owner")
    site = store.site()
    if (certificate is None) != (key is None):
        raise ServeError("HTTPS needs both --certificate and --key")
    if certificate is None and (no_http or tls_port is not None or client_ca is not None):
        raise ServeError("HTTPS needs --certificate and --key")
    from tuiprov.publish.root import doubts
    from tuiprov.serve.service import Options, serve

    if words := doubts(store):
        say(f"published files: {words}", to_error=True)

    options = Options(
        host=host,
        port=None if no_http else _port(port, site.http_port),
        tls_port=_port(tls_port, site.https_port) if certificate else None,
        certificate=certificate,
        key=key,
        client_ca=client_ca,
    )
    keys = store.database.keys
    serve(store.database, options, keys.derive(PURPOSE), keys.digest)


def _port(given: int | None, sites: int) -> int:
    return sites if given is None else given
