"""The preferences being edited: what is wrong, what is worth a word, which row there is."""

from __future__ import annotations

from tests.sites import PHONE, Site
from tuiprov.data.site import Site as Settings
from tuiprov.data.site_sheet import READABLE, SiteSheet, SiteUse


def sheet(use: SiteUse | None = None, **settings: object) -> SiteSheet:
    return SiteSheet(Settings(publish_root="/srv/publish", **settings), use or SiteUse())


def typed(one: SiteSheet, **texts: str) -> SiteSheet:
    for name, text in texts.items():
        one.edit(name, text)
    return one


def test_fresh_settings_have_nothing_wrong_and_nothing_to_warn_of() -> None:
    one = sheet()
    assert (one.errors, one.warnings, one.is_changed) == ({}, {}, False)


def test_the_private_network_is_there_with_an_infrastructure_only() -> None:
    one = sheet()
    assert one.gate("private_network").state == "hidden"
    typed(one, infrastructure_type="nat")
    assert one.gate("private_network").is_open
    assert "this infrastructure type has one" in one.errors["private_network"]
    typed(one, private_network="10.0.0.0/8")
    assert one.errors == {}


def test_a_needed_setting_and_a_number_cannot_be_empty() -> None:
    one = typed(sheet(), sip_server="", http_port="", codecs_offered="")
    assert set(one.errors) == {"sip_server", "http_port", "codecs_offered"}


def test_a_protocol_in_clear_is_told_by_name() -> None:
    for protocol, words in (("http", "HTTP without TLS"), ("tftp", "TFTP")):
        one = typed(sheet(), default_update_protocol=protocol)
        assert f"{words} carries them in clear" in one.warnings["default_update_protocol"]
    assert typed(sheet(), default_update_protocol="https").warnings == {}


def test_world_readable_files_are_told() -> None:
    assert typed(sheet(), world_readable="yes").warnings == {"world_readable": READABLE}


def test_codecs_withdrawn_that_are_in_use_are_told_with_how_often() -> None:
    use = SiteUse(codecs={"alaw": 7, "g729": 1, "mp3": 3})
    one = typed(sheet(use), codecs_offered="alaw,ulaw")
    said = one.warnings["codecs_offered"]
    assert "g729 (1 extension)" in said
    assert "alaw" not in said
    assert "mp3" not in said, "it was not offered before either"


def test_codecs_in_another_order_are_no_withdrawal() -> None:
    use = SiteUse(codecs={"alaw": 7})
    assert typed(sheet(use), codecs_offered="gsm,opus,g729,g722,ulaw,alaw").warnings == {}


def test_links_that_change_are_counted_both_ways() -> None:
    use = SiteUse(mac_links=3)
    off = typed(sheet(use), allow_mac_based_provisioning="no")
    assert off.warnings["allow_mac_based_provisioning"].startswith("3 links change")
    on = typed(sheet(use, allow_mac_based_provisioning=False), allow_mac_based_provisioning="yes")
    assert "allow_mac_based_provisioning" in on.warnings
    assert sheet(use, allow_mac_based_provisioning=False).warnings == {}


def test_a_license_without_channels_counts_the_trunks() -> None:
    one = typed(sheet(SiteUse(trunks=1)), sip_trunking_channels="0")
    assert one.warnings["sip_trunking_channels"].startswith("1 extension with a PBX connected")


def test_extensions_on_a_network_that_is_gone_are_counted() -> None:
    nat = {"infrastructure_type": "nat", "private_network": "10.0.0.0/8"}
    one = typed(sheet(SiteUse(private=2), **nat), infrastructure_type="none")
    assert one.warnings["infrastructure_type"] == "2 extensions on the private network"


def test_undo_takes_an_edit_back() -> None:
    one = typed(sheet(), sip_port="5070")
    assert one.undo() == "sip_port"
    assert not one.is_changed


def test_what_hangs_on_the_settings_is_counted_in_the_database(site: Site) -> None:
    site.configure(infrastructure_type="nat", private_network="10.0.0.0/8")
    site.add("0027*001", **PHONE, mac_based_provisioning=True, codecs="g729,alaw")
    tftp = {"manufacturer": "Aastra", "model": "6731i", "firmware": "3.3.1"}
    site.add(
        "0027*002",
        **{**PHONE, **tftp, "mac": "00:08:5D:00:00:01", "update_protocol": "tftp"},
        mac_based_provisioning=True,
    )
    site.add("0027*003", max_public_concurrent_calls=2, pbx_connected=True, on_private_network=True)
    use = site.store.site_use(site.admin)
    assert use == SiteUse(1, {"g729": 1, "alaw": 3, "ulaw": 2}, 1, 1)
