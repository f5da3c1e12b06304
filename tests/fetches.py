"""Rows of the fetch log for tests: `a_fetch(device_id, verdict="key")`, as `tuiprov serve` writes
them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlmodel import col, select

from tests.sites import Site
from tuiprov.data.kept import Fetch, PublishedFile
from tuiprov.data.models import Device
from tuiprov.serve.seen import note

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
AGENT = "Yealink SIP-T46S 66.84.0.15 80:5e:c0:00:00:01"
FIRMWARE = "66.84.0.15"
STATUS = {"served": 200, "login": 401, "method": 405}


def a_fetch(device_id: int | None = None, **values: Any) -> Fetch:
    """A request for a file of this device that was served, but for what `values` say."""
    verdict = values.get("verdict", "served")
    usual = {
        "at": NOON,
        "address": "192.0.2.7",
        "protocol": "https",
        "method": "GET",
        "path": "/prov/01234567…/805ec0000001.cfg",
        "agent": AGENT,
        "file": "",
        "verdict": verdict,
        "status": STATUS.get(verdict, 404),
        "sent": 0,
    }
    return Fetch(device_id=device_id, **usual | values)


def log(site: Site, *fetches: Fetch) -> list[int]:
    """Write these into the site's log; gives their ids."""
    ids = []
    with site.database.write() as session:
        for fetch in fetches:
            session.add(fetch)
            session.flush()
            ids.append(fetch.id or 0)
            if fetch.device_id is not None:
                note(session, [(fetch.device_id, fetch.agent, fetch.verdict == "served")])
    return ids


def device_id(site: Site, name: str = "Desk01") -> int:
    return next(one.id or 0 for one in site.rows(Device) if one.friendly_name == name)


def published_as(site: Site, version_id: int, name: str = "Desk01") -> str:
    """Give the device's published files this version; the path of the first of them."""
    with site.database.write() as session:
        query = select(PublishedFile).where(PublishedFile.device_id == device_id(site, name))
        files = session.exec(query.order_by(col(PublishedFile.path))).all()
        for file in files:
            file.version_id = version_id
            session.add(file)
        return files[0].path
