"""A real softphone is given nothing but the link that tuiprov shows: it fetches its file from
`tuiprov serve`, has every setting of it, and registers at a real registrar."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from tests.pbx.asterisk_server import Asterisk
from tests.pbx.programs import free_port, program, until
from tests.pbx.registrar import HOST, PASSWORDS, Registrar, registrar
from tests.pbx.softphone import Phone, Settings, linphone
from tests.phones import HOSTILE_NAME
from tests.publish.helpers import publish_site
from tests.serve.certificates import Authority
from tests.serve.helpers import serving, wait_until
from tests.sites import SOFTPHONE, Site, a_site
from tuiprov.data.kept import Fetch
from tuiprov.data.models import Device
from tuiprov.inventory import inventory_of

USER = "0027*001"
NUMBERS = {name: f"0027*10{number}" for number, name in enumerate(PASSWORDS)}
DEADLINE = 20.0
"""Seconds for what takes a part of one on an idle machine."""


@dataclass(frozen=True)
class Office:
    """A site whose softphones register at `sip`, and a running service on `port`."""

    site: Site

    def link(self, number: str = USER) -> str:
        """The link that tuiprov shows for the extension's device."""
        page = self.site.page(number)
        return inventory_of(self.site.store, self.site.admin).link(page.device_id or 0).url

    def change(self, number: str = USER, **values: Any) -> None:
        """Change the extension's page and publish."""
        self.site.save(number, **values)
        publish_site(self.site)

    def file(self) -> Path:
        """The published file of the only softphone."""
        (path,) = self.site.publish_root.rglob(f"{self.site.rows(Device)[0].token}/linphone.xml")
        return path

    def fetches(self, count: int = 1) -> list[Fetch]:
        """The fetch log, when it has so many entries."""
        wait_until(lambda: len(self.site.rows(Fetch)) >= count, DEADLINE)
        return sorted(self.site.rows(Fetch), key=lambda row: row.id or 0)


@contextmanager
def office(
    directory: Path, sip_port: int, *, tls: bool = False, **settings: Any
) -> Iterator[Office]:
    """An office in `directory` whose registrar is on `sip_port` of this host."""
    port = free_port()
    where = {"https_port": port} if tls else {"http_port": port}
    host = "localhost" if tls else HOST
    known = {"provisioning_host": host, "sip_server": HOST, "sip_port": sip_port, **where}
    site = a_site(directory, **known | settings)
    options = ["--port", str(port)]
    if tls:
        pair = Authority(directory).sign("localhost", names=["localhost"])
        options = ["--tls-port", str(port), "--certificate", str(pair.certificate)]
        options += ["--key", str(pair.key)]
    with serving(site, *options):
        yield Office(site)


@pytest.fixture
def nobody() -> int:
    """A port where no registrar is."""
    return free_port()


@pytest.fixture(scope="module")
def registering(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Office, Registrar]]:
    """An office with a softphone for each of the passwords, and a registrar that knows them."""
    directory = tmp_path_factory.mktemp("office")
    accounts = {NUMBERS[name]: password for name, password in PASSWORDS.items()}
    with ExitStack() as stack:
        program("linphone-daemon", "linphone-cli")
        sip = stack.enter_context(registrar(accounts | {USER: "another than the page has"}))
        made = stack.enter_context(office(directory, sip.port))
        made.site.add(USER, **SOFTPHONE, sip_password="theOneOfThePage")
        for name, number in NUMBERS.items():
            phone = SOFTPHONE | {"friendly_name": f"Laptop{number[-3:]}"}
            made.site.add(
                number, **phone, extension_name=HOSTILE_NAME, sip_password=PASSWORDS[name]
            )
        publish_site(made.site)
        yield made, sip


# -- fetching -----------------------------------------------------------------------------------


def test_curl_fetches_the_very_file_by_the_link(tmp_path: Path, nobody: int) -> None:
    curl = program("curl", "curl")
    with office(tmp_path, nobody) as desk:
        desk.site.add(USER, **SOFTPHONE)
        publish_site(desk.site)
        command = [curl, "--silent", "--fail", "--max-time", "20", desk.link()]
        fetched = subprocess.run(command, capture_output=True, check=True, timeout=30).stdout
        assert fetched == desk.file().read_bytes()


def test_every_setting_of_the_file_is_one_that_the_softphone_has(
    tmp_path: Path, nobody: int
) -> None:
    values = {"media_encryption": "sdes", "dtmf_mode": "info", "codecs": "g722,opus,alaw"}
    with office(tmp_path, nobody) as desk:
        desk.site.add(USER, **SOFTPHONE, **values, extension_name=HOSTILE_NAME)
        desk.site.add("0027*002", **SOFTPHONE | {"friendly_name": "Other"})
        publish_site(desk.site)
        with linphone(desk.link()) as phone:
            assert phone.fetched()
            root = etree.parse(desk.file()).getroot()
            for entry in root.iterfind("{*}section/{*}entry"):
                section, key = entry.getparent().get("name"), entry.get("name")
                if entry.text:
                    assert phone.get(section, key) == entry.text, (section, key)
                else:
                    assert not phone.has(section, key), (section, key)


def test_the_fetch_log_has_its_fetch_with_the_version_that_was_sent(
    tmp_path: Path, nobody: int
) -> None:
    with office(tmp_path, nobody) as desk:
        desk.site.add(USER, **SOFTPHONE)
        publish_site(desk.site)
        with linphone(desk.link()) as phone:
            assert phone.fetched()
            (row,) = desk.fetches()
        assert (row.verdict, row.status, row.method, row.protocol) == ("served", 200, "GET", "http")
        assert row.device_id == desk.site.page().device_id
        assert row.file.endswith("/linphone.xml")
        assert row.version_id is not None
        assert row.sent == desk.file().stat().st_size


def test_a_softphone_of_a_disabled_device_gets_nothing(tmp_path: Path, nobody: int) -> None:
    with office(tmp_path, nobody) as desk:
        desk.site.add(USER, **SOFTPHONE)
        publish_site(desk.site)
        link = desk.link()
        desk.change(status="disabled")
        with linphone(link) as phone:
            (row,) = desk.fetches()
            assert (row.verdict, row.status) == ("state", 404)
            assert not phone.fetched(1)


# -- registering --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PASSWORDS)
def test_it_registers_by_the_password_of_its_page(
    registering: tuple[Office, Registrar], name: str
) -> None:
    desk, sip = registering
    with linphone(desk.link(NUMBERS[name])) as phone:
        assert phone.registered(), phone.states()
        (contact,) = sip.contacts()[NUMBERS[name]]
        assert contact.startswith(f"sip:{NUMBERS[name]}@{HOST}:")


def test_a_wrong_password_does_not_register(registering: tuple[Office, Registrar]) -> None:
    desk, sip = registering
    with linphone(desk.link()) as phone:
        assert not phone.registered()
        assert list(phone.states().values()) == ["Failed"]
        assert USER not in sip.contacts()


def test_a_password_that_digests_disagree_on_never_gets_into_a_file(
    registering: tuple[Office, Registrar],
) -> None:
    draft = registering[0].site.draft(USER)
    draft.edit("sip_password", "pässwörd")
    assert draft.errors["sip_password"].startswith("must be printable ASCII characters")


# -- changes ------------------------------------------------------------------------------------


def test_after_a_publish_it_has_the_new_values_and_logs_in_by_the_new_password(
    tmp_path: Path,
) -> None:
    """What it fetched before, and the digest it made of the old password, are overwritten."""
    kept = tmp_path / "kept"
    with registrar({USER: "theFirstOne"}) as sip, office(tmp_path, sip.port) as desk:
        desk.site.add(USER, **SOFTPHONE, sip_password="theFirstOne", extension_name="Anna")
        publish_site(desk.site)
        with linphone(desk.link(), keep=kept) as phone:
            assert phone.registered(), phone.states()
            assert phone.get("proxy_0", "reg_identity").startswith('"Anna" ')
        assert "\nha1=" in (kept / "rc").read_text()
        port = sip.port
    with registrar({USER: "theSecondOne"}, port) as sip, again(tmp_path, desk):
        desk.change(sip_password="theSecondOne", extension_name="Berta", media_encryption="sdes")
        with linphone("", keep=kept) as phone:
            assert phone.registered(), phone.states()
            assert phone.get("proxy_0", "reg_identity").startswith('"Berta" ')
            assert phone.get("sip", "media_encryption") == "srtp"


@contextmanager
def again(directory: Path, desk: Office) -> Iterator[None]:
    """The same office's service, on the same port."""
    with serving(desk.site, "--port", str(desk.site.store.site().http_port)):
        yield


@pytest.mark.parametrize(
    ("encryption", "method", "mandatory"),
    [("none", "none", "0"), ("sdes", "srtp", "1"), ("dtls_srtp", "dtls", "1")],
)
def test_media_encryption_is_as_the_page_says(
    tmp_path: Path, nobody: int, encryption: str, method: str, mandatory: str
) -> None:
    """Whatever it had before."""
    before = {"sip": {"media_encryption": "zrtp", "media_encryption_mandatory": "0"}}
    with office(tmp_path, nobody) as desk:
        desk.site.add(USER, **SOFTPHONE, media_encryption=encryption)
        publish_site(desk.site)
        with linphone(desk.link(), settings=before) as phone:
            assert phone.fetched()
            assert phone.get("sip", "media_encryption") == method
            assert phone.get("sip", "media_encryption_mandatory") == mandatory


def test_an_account_that_is_gone_registers_no_more(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    accounts = {USER: "passwordOne", "0027*002": "passwordTwo"}
    with registrar(accounts) as sip, office(tmp_path, sip.port) as desk:
        desk.site.add(USER, **SOFTPHONE, sip_password="passwordOne")
        desk.site.add("0027*002", sip_password="passwordTwo")
        device = desk.site.page().device_id or 0
        other = desk.site.store.find_extension(desk.site.admin, "0027*002")
        desk.site.store.devices.assign(desk.site.admin, device, other, 2)
        publish_site(desk.site)
        with linphone(desk.link(), keep=kept) as phone:
            assert phone.registered(), phone.states()
            assert set(sip.contacts()) == set(accounts)
        desk.change("0027*002", use_provisioning=False)
        with linphone("", keep=kept) as phone:
            assert phone.registered(), phone.states()
            assert [USER in identity for identity in phone.states()] == [True]
            assert not phone.has("auth_info_1", "passwd")


# -- calling ------------------------------------------------------------------------------------


@contextmanager
def two_phones(directory: Path, encryption: tuple[str, str]) -> Iterator[tuple[Phone, Phone]]:
    """Two registered softphones whose pages have these media encryptions."""
    accounts = {USER: "passwordOne", "0027*002": "passwordTwo"}
    with registrar(accounts) as sip, office(directory, sip.port) as desk:
        for number, value, name in zip(accounts, encryption, ("One", "Two"), strict=True):
            own = {"friendly_name": name, "sip_password": accounts[number]}
            desk.site.add(number, **SOFTPHONE | own, media_encryption=value)
        publish_site(desk.site)
        with linphone(desk.link()) as one, linphone(desk.link("0027*002")) as two:
            assert one.registered(), one.states()
            assert two.registered(), two.states()
            yield one, two


@pytest.mark.parametrize(
    ("encryption", "media"),
    [("none", "RTP/AVP"), ("sdes", "RTP/SAVP"), ("dtls_srtp", "UDP/TLS/RTP/SAVP")],
)
def test_two_of_them_talk_by_the_encryption_of_their_pages(
    tmp_path: Path, encryption: str, media: str
) -> None:
    with two_phones(tmp_path, (encryption, encryption)) as (one, two):
        one.call(f"sip:0027*002@{HOST}")
        assert until(lambda: two.call_state() == "IncomingReceived", DEADLINE), two.call_state()
        two.answer()
        assert until(lambda: one.call_state() == "StreamsRunning", DEADLINE), one.call_state()
        assert one.media() == two.media() == {media}


@pytest.mark.parametrize(
    "encryption",
    [("none", "sdes"), ("none", "dtls_srtp"), ("dtls_srtp", "sdes_dtls_srtp")],
    ids=" to ".join,
)
def test_what_the_other_page_does_not_allow_is_refused(
    tmp_path: Path, encryption: tuple[str, str]
) -> None:
    """SDES and/or DTLS-SRTP is SDES alone on this phone, as the catalogue says."""
    with two_phones(tmp_path, encryption) as (one, two):
        one.call(f"sip:0027*002@{HOST}")
        assert until(lambda: one.call_state() == "488", DEADLINE), one.call_state()
        assert two.call_state() == ""


@pytest.mark.parametrize(("dtmf", "events"), [("rfc2833", 1), ("info", 0), ("inband", 0)])
def test_it_offers_the_codecs_of_its_page_in_order_and_key_presses_as_the_page_says(
    tmp_path: Path, nobody: int, dtmf: str, events: int
) -> None:
    with office(tmp_path, nobody) as desk:
        desk.site.add(USER, **SOFTPHONE, codecs="g722,alaw", dtmf_mode=dtmf)
        publish_site(desk.site)
        with linphone(desk.link()) as phone:
            assert phone.fetched()
            phone.call(f"sip:0027*002@{HOST}")
            assert until(lambda: bool(phone.offered()), DEADLINE)
            assert phone.offered()[:2] == ["9", "8"]
            assert len(phone.offered()[2:]) == events
            assert (" telephone-event/" in phone.log()) == bool(events)


# -- at a real Asterisk that has the same page -----------------------------------------------------


@pytest.mark.parametrize("name", PASSWORDS)
def test_it_registers_at_the_asterisk_that_has_its_page(
    tmp_path: Path, asterisk: Asterisk, name: str
) -> None:
    with office(tmp_path, asterisk.port, pbx="asterisk") as desk:
        own = {"extension_name": HOSTILE_NAME, "sip_password": PASSWORDS[name]}
        desk.site.add(USER, **SOFTPHONE, **own)
        publish_site(desk.site)
        asterisk.include(desk.site.publish_root)
        with linphone(desk.link()) as phone:
            assert phone.registered(), phone.states()
            assert f"{USER}/sip:" in asterisk.cli("pjsip show contacts")


@pytest.mark.parametrize(
    ("encryption", "media"),
    [
        ("none", "RTP/AVP"),
        ("sdes", "RTP/SAVP"),
        ("dtls_srtp", "UDP/TLS/RTP/SAVP"),
        ("sdes_dtls_srtp", "RTP/SAVP"),
    ],
)
def test_both_ends_talk_by_the_encryption_of_the_page(
    tmp_path: Path, asterisk: Asterisk, encryption: str, media: str
) -> None:
    with office(tmp_path, asterisk.port, pbx="asterisk") as desk:
        desk.site.add(USER, **SOFTPHONE, media_encryption=encryption)
        publish_site(desk.site)
        asterisk.include(desk.site.publish_root, "exten => 600,1,Answer()\n same => n,Echo()\n")
        with linphone(desk.link()) as phone:
            assert phone.registered(), phone.states()
            phone.call(f"sip:600@{HOST}")
            assert until(lambda: phone.call_state() == "StreamsRunning", DEADLINE)
            assert phone.media() == {media}


# -- enrolling, and HTTPS -----------------------------------------------------------------------


def test_by_its_first_link_it_comes_to_its_steady_one_without_a_secret_on_the_way(
    tmp_path: Path,
) -> None:
    kept = tmp_path / "kept"
    with (
        registrar({USER: "theOneOfThePage"}) as sip,
        office(tmp_path, sip.port, two_stage_enrolment=True) as desk,
    ):
        desk.site.add(USER, **SOFTPHONE, sip_password="theOneOfThePage")
        publish_site(desk.site)
        steady = desk.site.rows(Device)[0].token
        first = desk.link()
        assert steady not in first
        with linphone(first, keep=kept) as phone:
            assert phone.fetched()
            assert steady in phone.get("misc", "config-uri")
            assert not phone.has("auth_info_0", "passwd")
        with linphone("", keep=kept) as phone:
            assert phone.registered(), phone.states()
        assert [row.verdict for row in desk.fetches(2)] == ["served", "served"]


def test_a_login_by_digest_in_its_link_is_used_and_kept(tmp_path: Path, nobody: int) -> None:
    kept = tmp_path / "kept"
    with office(tmp_path, nobody, http_authentication="digest") as desk:
        desk.site.add(USER, **SOFTPHONE)
        publish_site(desk.site)
        device = desk.site.page().device_id or 0
        offer = inventory_of(desk.site.store, desk.site.admin).link(device)
        link = offer.url.replace("//", f"//{offer.username}:{offer.password}@")
        for count, given in enumerate((link, ""), 1):
            with linphone(given, keep=kept) as phone:
                assert phone.fetched(), phone.log()[-2000:]
            assert [row.verdict for row in desk.fetches(2 * count)] == ["login", "served"] * count


def trusting(directory: Path) -> Settings:
    return {"sip": {"root_ca": directory / "Vendor CA.pem"}}


def test_by_https_it_fetches_from_whom_its_authority_vouches_for(
    tmp_path: Path, nobody: int
) -> None:
    with office(tmp_path, nobody, tls=True) as desk:
        desk.site.add(USER, **SOFTPHONE | {"update_protocol": "https"})
        publish_site(desk.site)
        assert desk.link().startswith("https://localhost:")
        with linphone(desk.link(), settings=trusting(tmp_path)) as phone:
            assert phone.fetched(), phone.log()[-2000:]
            assert phone.get("auth_info_0", "username") == USER
        assert [(row.verdict, row.protocol) for row in desk.fetches()] == [("served", "https")]


def test_by_https_it_fetches_nothing_from_a_stranger(tmp_path: Path, nobody: int) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    Authority(elsewhere)
    with office(tmp_path, nobody, tls=True) as desk:
        desk.site.add(USER, **SOFTPHONE | {"update_protocol": "https"})
        publish_site(desk.site)
        with linphone(desk.link(), settings=trusting(elsewhere)) as phone:
            assert not phone.fetched(3)
        assert desk.site.rows(Fetch) == []
