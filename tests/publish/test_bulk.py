"""The plan of a bulk edit that was shown is what is published, as long as it is true."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.publish.helpers import files, publish_site, state
from tests.sites import PHONE, Site, a_site
from tuiprov.bulk import Bulk, bulk_of
from tuiprov.publish import plan as planning
from tuiprov.publish.examining import examine

ON_BOTH = True
NUMBERS = tuple(f"0027*00{n}" for n in range(1, 5))


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Four published phones."""
    site = a_site(tmp_path)
    for n, number in enumerate(NUMBERS, 1):
        site.add(number, sip_password=f"x{n}", **PHONE | {"mac": f"80:5E:C0:00:00:0{n}"})
    publish_site(site)
    return site


@pytest.fixture
def examined(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The devices whose files are made, each time they are."""
    found: list[int] = []

    def noted(phones: Any, *rest: Any, **more: Any) -> Any:
        found.extend(phone.device_id for phone in phones)
        return examine(phones, *rest, **more)

    monkeypatch.setattr(planning, "examine", noted)
    return found


def edit(site: Site, **texts: str) -> Bulk:
    bulk = bulk_of(site.store, site.admin, list(site.store.extension_ids(site.admin)))
    for name, text in texts.items():
        bulk.sheet.edit(name, text)
    return bulk


def shown(bulk: Bulk, examined: list[int]) -> Bulk:
    """Plan it, and forget what was examined for that."""
    assert bulk.plan(lambda _: None).changes
    examined.clear()
    return bulk


def test_no_phone_is_rendered_again(site: Site, examined: list[int]) -> None:
    bulk = shown(edit(site, dtmf_mode="info"), examined)
    before = files(site.publish_root)
    assert "4 changed. Files: 4 replaced" in bulk.apply(lambda _: None)
    assert examined == []
    assert all(data != before[path] for path, data in files(site.publish_root).items())
    assert {state(site, number) for number in NUMBERS} == {"published"}
    assert not publish_site(site).changes


CHANGES: dict[str, Callable[[Site], object]] = {
    "a phone was changed": lambda site: site.save(NUMBERS[0], friendly_name="Hall"),
    "an extension was changed": lambda site: site.save(NUMBERS[0], extension_name="Zoe"),
    "the settings were changed": lambda site: site.configure(register_expiry=1_800),
    "somebody published": lambda site: (
        site.save(NUMBERS[0], extension_name="Zoe"),
        publish_site(site),
    ),
}


@pytest.mark.parametrize("what", CHANGES)
def test_it_is_made_anew_when_something_has_changed(
    site: Site, examined: list[int], what: str
) -> None:
    bulk = shown(edit(site, dtmf_mode="info"), examined)
    CHANGES[what](site)
    examined.clear()
    bulk.apply(lambda _: None)
    assert len(examined) == len(NUMBERS)
    assert not publish_site(site).changes


def test_a_phone_that_an_extension_got_meanwhile_is_published_too(
    site: Site, examined: list[int]
) -> None:
    site.add("0027*009", sip_password="x9")
    bulk = shown(edit(site, dtmf_mode="info"), examined)
    site.save("0027*009", **PHONE | {"mac": "80:5E:C0:00:00:09"})
    bulk.apply(lambda _: None)
    assert state(site, "0027*009") == "published"


def test_another_change_than_the_one_that_was_shown_is_planned(
    site: Site, examined: list[int]
) -> None:
    bulk = shown(edit(site, dtmf_mode="info"), examined)
    bulk.sheet.edit("dtmf_mode", "inband")
    bulk.apply(lambda _: None)
    assert len(examined) == len(NUMBERS)
    assert site.page(NUMBERS[0]).values["dtmf_mode"] == "inband"
    assert not publish_site(site).changes
