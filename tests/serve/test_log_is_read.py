"""What the service writes down is what the list of requests shows: both ends of the fetch log."""

from __future__ import annotations

import pytest

from tests.serve.helpers import Desk, device, own
from tests.sites import Site
from tuiprov.errors import StoreError
from tuiprov.fetching import chain, fetching_of, why
from tuiprov.inventory import inventory_of
from tuiprov.serve.reception import Ask

YEALINK = "Yealink SIP-T46S 66.84.0.15 80:5e:c0:00:00:01"


def test_a_phone_that_fetched_has_this_version(site: Site, desk: Desk) -> None:
    assert desk.get(own(site), agent=YEALINK).status == 200
    desk.rows()
    number = device(site).id or 0
    fetched = inventory_of(site.store, site.admin).fetched([number])[number]
    assert fetched.at == desk.moment
    assert (fetched.version, fetched.firmware) == ("this", "66.84.0.15")


def unreadable(_: object) -> None:
    raise StoreError("the database is locked")


def test_every_refusal_of_the_service_has_its_words(
    site: Site, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.get("/prov/0c383e445566/0c383e445566.cfg")
    desk.get(own(site).rpartition("/")[0] + "/nothing.cfg")
    desk.get("/nowhere")
    desk.get(own(site), method="PUT")
    desk.reception.refuse(Ask("192.0.2.7", "http", "", ""), 400, "malformed")
    with monkeypatch.context() as patch:
        patch.setattr(desk.reception.known, "find", unreadable)
        desk.get(own(site))
    desk.rows()
    fetching = fetching_of(site.store, site.admin)
    rows = fetching.rows(fetching.ids(""))
    assert {row.verdict for row in rows.values()} == {
        *("key", "file", "path", "method", "malformed", "error")
    }
    for row in rows.values():
        assert "not known" not in why(row).means
        assert chain(row)[-1] == (row.verdict, False)


def test_every_link_of_the_service_s_chain_is_known_and_in_this_order() -> None:
    from tuiprov.fetching import CHAIN
    from tuiprov.serve.verdicts import LINKS

    assert tuple(word for word, _ in LINKS) == CHAIN
