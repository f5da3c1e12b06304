"""Whoever may reveal passwords sees those of the lines within reach, of no others on the phone."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sites import PHONE, Site
from tuiprov.data.accounts.viewers import Viewer
from tuiprov.data.lookup import find_phone
from tuiprov.publish.preview import Published, preview
from tuiprov.publish.tree import Tree
from tuiprov.render.engine import render

MINE, THEIRS = "m1ne-v7Qm2RkT9xW", "th3irs-Kx2mQp9Tz"


@pytest.fixture
def shared(site: Site) -> Site:
    """One phone with a line of anna's and a line of ben's, both of Acme."""
    site.add("0027*001", user="anna", sip_password=MINE, **PHONE)
    site.import_text(
        "extension,organization,user,sip_password,use_provisioning,line,mac\n"
        f"0027*002,Acme Ltd,ben,{THEIRS},yes,2,{PHONE['mac']}\n"
    )
    return site


def revealed(site: Site, viewer: Viewer) -> str:
    page = site.page("0027*001", viewer)
    found = preview(page, Published(Tree(Path("/nonexistent"))), "", reveal=True)
    return "\n".join(line.text for tab in found.files for line in tab.lines)


def test_a_user_sees_the_own_lines_password_and_not_the_neighbours(shared: Site) -> None:
    text = revealed(shared, shared.viewer("user", "modify", sip=True, name="anna"))
    assert MINE in text
    assert THEIRS not in text


def test_a_phone_terminal_sees_its_own_line_only(shared: Site) -> None:
    text = revealed(shared, shared.viewer("terminal", "modify", sip=True, extension="0027*001"))
    assert (MINE in text, THEIRS in text) == (True, False)


def test_the_organization_sees_both(shared: Site) -> None:
    text = revealed(shared, shared.viewer("organization", "modify", sip=True))
    assert (MINE in text, THEIRS in text) == (True, True)


def test_without_sip_management_no_sip_password_is_revealed(shared: Site) -> None:
    text = revealed(shared, shared.viewer("organization", "modify"))
    assert (MINE in text, THEIRS in text) == (False, False)


def test_a_device_looked_up_by_its_name_hides_the_neighbours_too(shared: Site) -> None:
    viewer = shared.viewer("user", "modify", sip=True, name="anna")
    phone = find_phone(shared.store, viewer, "Desk01")
    (file,) = render(phone.revealed())
    assert (MINE in file.text, THEIRS in file.text) == (True, False)
