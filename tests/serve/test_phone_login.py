"""A phone learns its HTTP login from its file, and `tuiprov serve` then lets it in by that."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest

from tests.phones import notes_of
from tests.publish.helpers import files, publish_site
from tests.serve.helpers import bytes_of, device, own, serving
from tests.sites import PHONE, Site, a_site
from tuiprov.data.kept import Enrolment
from tuiprov.data.page import MASK
from tuiprov.publish.planning import plan_devices, plan_settings


def told(text: str) -> tuple[str, str]:
    """The login in a Yealink's file."""
    names = r"^static\.auto_provision\.server\.(?:username|password) = (\S+)$"
    username, password = re.findall(names, text, re.M)
    return username, password


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A Yealink on HTTP whose link is its token, published without any login."""
    made = a_site(tmp_path)
    made.add(**PHONE | {"update_protocol": "http", "friendly_name": "Desk01"})
    publish_site(made)
    return made


def own_text(site: Site) -> str:
    return bytes_of(site, own(site)).decode()


@pytest.mark.parametrize("kind", ["digest", "basic"])
def test_a_phone_in_use_learns_its_login_before_it_is_asked_for_it(site: Site, kind: str) -> None:
    with serving(site) as service, httpx.Client(base_url=service.http) as phone:
        assert "auto_provision.server.username" not in own_text(site)
        site.configure(http_authentication="prepared")
        publish_site(site)
        learned = told(phone.get(own(site)).raise_for_status().text)
    site.configure(http_authentication=kind)
    auth = httpx.DigestAuth(*learned) if kind == "digest" else httpx.BasicAuth(*learned)
    with serving(site) as service, httpx.Client(base_url=service.http) as phone:
        assert phone.get(own(site)).status_code == 401
        assert phone.get(own(site), auth=auth).text == own_text(site)
        assert phone.get(own(site), auth=httpx.BasicAuth(learned[0], "x")).status_code == 401
    assert told(own_text(site)) == learned
    assert not plan_devices(site.store, [1]).changes


def test_the_first_link_asks_for_no_login_and_tells_none_and_the_steady_one_takes_the_shown_one(
    tmp_path: Path,
) -> None:
    site = a_site(tmp_path, two_stage_enrolment=True, http_authentication="digest")
    site.add(**PHONE | {"update_protocol": "http", "friendly_name": "Desk01"})
    publish_site(site)
    steady = own(site)
    (window,) = site.rows(Enrolment)
    first = steady.replace(device(site).token, window.token)
    login = next(site.store.phones([1])).http_login
    assert login is not None
    with serving(site) as service, httpx.Client(base_url=service.http) as phone:
        opening = phone.get(first).raise_for_status().text
        assert "auto_provision.server.username" not in opening
        assert login.password not in opening
        assert f"/prov/{device(site).token}/" in opening
        assert phone.get(steady).status_code == 401
        second = phone.get(steady, auth=httpx.DigestAuth(login.username, login.password))
        assert told(second.raise_for_status().text) == (login.username, login.password)
        assert phone.get(first).status_code == 404


def test_the_password_is_masked_in_the_plans_that_bring_and_take_it(site: Site) -> None:
    site.configure(http_authentication="digest")
    ready = plan_devices(site.store, [1])
    login = next(site.store.phones([1])).http_login
    assert login is not None
    (change,) = ready.changes
    shown = "\n".join(change.diff())
    assert f"+static.auto_provision.server.password = {MASK}" in shown
    assert login.password not in shown
    publish_site(site)
    site.configure(http_authentication="none")
    back = "\n".join(plan_devices(site.store, [1]).changes[0].diff())
    assert login.password not in back
    assert f"-static.auto_provision.server.password = {MASK} (before)" in back


def test_a_change_of_the_setting_plans_the_files_of_web_phones_and_of_no_others(site: Site) -> None:
    aastra = {"manufacturer": "Aastra", "model": "6731i", "firmware": "3.3.1"}
    more = {"mac": "00:08:5D:00:00:01", "update_protocol": "tftp", "friendly_name": "Desk02"}
    site.add("0027*002", **PHONE | aastra | more)
    publish_site(site)
    ready = plan_settings(site.store, site.admin, {"http_authentication": "digest"})
    assert [change.path for change in ready.changes] == [
        path for path in files(site.publish_root) if path.startswith("http/")
    ]


def test_the_plan_of_a_new_phone_s_save_holds_the_login_that_it_will_have(tmp_path: Path) -> None:
    site = a_site(tmp_path, http_authentication="digest")
    site.add(**PHONE | {"update_protocol": "http", "friendly_name": "Desk01"})
    before = site.page()
    assert before.http_login == next(site.store.phones([1])).http_login


def test_what_serve_cannot_be_told_by_the_file_is_said_beside_it(tmp_path: Path) -> None:
    site = a_site(tmp_path, http_authentication="digest")
    dect = {"manufacturer": "Snom", "model": "M300", "firmware": "5.20"}
    site.add(**PHONE | dect | {"mac": "00:04:13:00:00:05", "update_protocol": "http"})
    words = [note.sentence for note in notes_of(next(site.store.phones([1])))]
    assert any("no setting in its file for the login that is asked for" in one for one in words)
