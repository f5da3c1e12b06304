"""What a field takes at its longest fits its column, also where the database insists on it."""

from __future__ import annotations

from tests.sites import PHONE, Site
from tuiprov.data.kept import Event

ON_BOTH = True
WIDE = "😀"

LONGEST = {
    "extension_name": WIDE * 64,
    "sip_username": "a" * 64,
    "sip_password": "!" * 64,
    "friendly_name": "D" * 32,
    "notes": WIDE * 255,
    "admin_username": "a" * 32,
    "equipment_description": WIDE * 255,
    "allow_virtualization": True,
    "secret_code": "12345678",
}


def test_every_text_can_be_saved_at_its_longest(site: Site) -> None:
    number = f"{'9' * 10}*{'9' * 10}"
    saved = site.add(number, organization=WIDE * 64, user=WIDE * 64, **PHONE | LONGEST)
    assert {name: saved.values[name] for name in LONGEST} == LONGEST
    assert site.page(number).values == saved.values


def test_an_event_is_cut_and_not_refused(site: Site) -> None:
    site.store.record(site.admin, "reveal", "s" * 500, "d" * 5000)
    (event,) = [one for one in site.rows(Event) if one.action == "reveal"]
    assert (len(event.subject), len(event.detail)) == (128, 1024)
