"""The whole way of a rotation: database, published files, a real Asterisk, a phone that fetches."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import col, select

from tests.fetches import a_fetch, log
from tests.pbx.asterisk_server import Asterisk
from tests.pbx.pjsip_phone import Account, missing, register
from tests.sites import PHONE, Site, a_site
from tuiprov.data import former_passwords
from tuiprov.data.kept import Event, PublishedFile
from tuiprov.orders.rotating import Rotate
from tuiprov.publish.planning import plan_devices, plan_outdated
from tuiprov.publish.publishing import carry_out, publish

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing() or "-")
OLD = "the;old=>password"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.setattr(former_passwords, "APPLIES_WITHIN", timedelta(0))
    transports = {"pbx_udp_transport": "t-udp", "pbx_tcp_transport": "t-tcp"}
    site = a_site(tmp_path, pbx="asterisk", **transports)
    site.add("0027*001", sip_password=OLD, **PHONE)
    publish_all(site)
    return site


def publish_all(site: Site) -> None:
    publish(site.store, site.admin, plan_outdated(site.store, site.admin))


def told(asterisk: Asterisk, site: Site) -> None:
    """Asterisk reads what is published."""
    text = (site.publish_root / "pbx" / "pjsip_tuiprov.conf").read_text()
    dialplan = (site.publish_root / "pbx" / "extensions_tuiprov.conf").read_text()
    asterisk.load({"pjsip.conf": asterisk.transports + text, "extensions.conf": dialplan})


def answer(asterisk: Asterisk, password: str) -> str:
    return register(Account(user="0027*001", password=password, port=asterisk.port))


def password(site: Site) -> str:
    return str(site.page().values["sip_password"])


def fetch(site: Site) -> None:
    with site.database.read() as session:
        device = site.page().device_id
        query = select(PublishedFile).where(col(PublishedFile.device_id) == device)
        files = [(one.path, one.version_id) for one in session.exec(query)]
    now = datetime.now(UTC)
    log(site, *(a_fetch(device, at=now, file=path, version_id=n) for path, n in files))


def rotate(site: Site) -> None:
    order = Rotate(site.store, site.admin, list(site.store.extension_ids(site.admin)))
    assert not order.plan(lambda _: None).refused
    assert "1 rotated" in order.apply(lambda _: None).words


def test_both_register_until_the_phone_has_fetched_then_the_old_one_is_refused(
    asterisk: Asterisk, site: Site
) -> None:
    rotate(site)
    told(asterisk, site)
    assert answer(asterisk, OLD) == "ok"
    assert answer(asterisk, password(site)) == "ok"
    assert answer(asterisk, "another") == "refused: 401"
    publish_all(site)
    told(asterisk, site)
    assert answer(asterisk, OLD) == "ok"  # published again, but nobody came
    fetch(site)
    publish_all(site)
    told(asterisk, site)
    assert answer(asterisk, OLD) == "refused: 401"
    assert answer(asterisk, password(site)) == "ok"


def test_a_rotation_taken_back_leaves_nobody_outside(asterisk: Asterisk, site: Site) -> None:
    rotate(site)
    fetch(site)  # the phone has the new one
    new = password(site)
    event = max(one.id or 0 for one in site.rows(Event) if one.action == "rotate")
    devices = site.store.archive.undo(site.admin, event)
    carry_out(site.store, site.admin, plan_devices(site.store, devices))
    told(asterisk, site)
    assert password(site) == OLD
    assert answer(asterisk, OLD) == "ok"
    assert answer(asterisk, new) == "ok"
