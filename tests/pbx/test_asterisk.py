"""The page's promises in Asterisk's own words: every preference and every one of its values.

`MEANS` says what each stands for, from what a running Asterisk 22 was seen to do (reference:
asterisk, §1.3). The files are read back by `asterisk_rules`, and by a real Asterisk where there is
one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.pbx.asterisk_rules import Section, codecs_of, faults, read
from tests.pbx.asterisk_server import Asterisk
from tests.pbx.pages import ASTERISK, files, page, pbx
from tests.phones import HOSTILE_NAME, HOSTILE_PASSWORD
from tuiprov.data.fields import Choice, Flag
from tuiprov.data.page import MASK, OwnOption, Page
from tuiprov.data.sections import FIELDS, SipPreferences, Virtualization
from tuiprov.errors import RenderError
from tuiprov.pbx.asterisk import PJSIP_FILE
from tuiprov.pbx.dialplan import FILE as DIALPLAN_FILE

ABSENT: Final = None
FIXED: Final = {"fixed_ip": "10.0.0.9"}

TRANSPORTS = (
    "[t-udp]\ntype=transport\nprotocol=udp\nbind=127.0.0.1:5060\n"
    "[t-tcp]\ntype=transport\nprotocol=tcp\nbind=127.0.0.1:5060\n"
)

Meaning = Mapping[str, str | None]
"""`section type.option` → its value; None: there is no such option or section."""

MEANS: Final[Mapping[str, Mapping[Any, Meaning]]] = {
    "media_encryption": {
        "none": {"endpoint.media_encryption": "no"},
        "sdes": {
            "endpoint.media_encryption": "sdes",
            "endpoint.media_encryption_optimistic": "no",
        },
        "dtls_srtp": {
            "endpoint.media_encryption": "dtls",
            "endpoint.dtls_auto_generate_cert": "yes",
            "endpoint.dtls_verify": "fingerprint",
            "endpoint.dtls_setup": "actpass",
        },
        "sdes_dtls_srtp": {
            "endpoint.media_encryption": "sdes",
            "endpoint.media_encryption_optimistic": "yes",
        },
    },
    "dtmf_mode": {
        "rfc2833": {"endpoint.dtmf_mode": "rfc4733"},
        "inband": {"endpoint.dtmf_mode": "inband"},
        "info": {"endpoint.dtmf_mode": "info"},
        "auto": {"endpoint.dtmf_mode": "auto"},
    },
    "ping": {
        True: {"aor.qualify_frequency": "60"},
        False: {"aor.qualify_frequency": "0"},
    },
    "allow_reinvite": {
        True: {"endpoint.direct_media": "yes"},
        False: {"endpoint.direct_media": "no"},
    },
    "on_private_network": {
        True: {
            "endpoint.rtp_symmetric": "no",
            "endpoint.force_rport": "no",
            "endpoint.rewrite_contact": "no",
        },
        False: {
            "endpoint.rtp_symmetric": "yes",
            "endpoint.force_rport": "yes",
            "endpoint.rewrite_contact": "yes",
        },
    },
    "force_mwi": {
        True: {
            "endpoint.mailboxes": "0027*001@default",
            "endpoint.mwi_subscribe_replaces_unsolicited": "yes",
            "aor.mailboxes": "0027*001@default",
        },
        False: {"endpoint.mailboxes": ABSENT, "aor.mailboxes": "0027*001@default"},
    },
    "codecs": {
        "alaw,ulaw": {"endpoint.disallow": "all", "endpoint.allow": "alaw,ulaw"},
        "g722,alaw,opus": {"endpoint.disallow": "all", "endpoint.allow": "g722,alaw,opus"},
        "g729,ilbc,gsm,g723,g726": {"endpoint.allow": "g729,ilbc,gsm,g723,g726"},
    },
    "allowed_networks": {
        "": {"endpoint.deny": ABSENT, "endpoint.permit": ABSENT},
        "10.0.0.0/24 192.0.2.7": {
            "endpoint.deny": "0.0.0.0/0,::/0",
            "endpoint.permit": "10.0.0.0/24,192.0.2.7",
        },
    },
    "max_public_concurrent_calls": {
        None: {"endpoint.device_state_busy_at": ABSENT, "endpoint.context": "phones"},
        0: {"endpoint.set_var": "TUIPROV_CALLS=0", "endpoint.context": "tuiprov-limited"},
        2: {
            "endpoint.device_state_busy_at": "2",
            "endpoint.set_var": "TUIPROV_CALLS=2",
            "endpoint.context": "tuiprov-limited",
            "endpoint.subscribe_context": "phones",
        },
    },
    "fixed_ip": {
        "": {
            "endpoint.identify_by": "username",
            "endpoint.auth": "0027*001",
            "endpoint.transport": ABSENT,
            "aor.contact": ABSENT,
            "aor.max_contacts": "1",
            "aor.remove_existing": "yes",
            "identify.match": ABSENT,
        },
        "10.0.0.9": {
            "endpoint.identify_by": "ip",
            "endpoint.transport": "t-udp",
            "endpoint.auth": "0027*001",
            "aor.contact": "sip:0027*001@10.0.0.9:5060",
            "aor.max_contacts": ABSENT,
            "identify.match": "10.0.0.9",
            "identify.endpoint": "0027*001",
        },
    },
    "fixed_port": {
        None: {"aor.contact": ABSENT},
        5071: {"aor.contact": ABSENT},
    },
    "fixed_auth": {
        "required": {"endpoint.auth": "0027*001"},
        "not_required": {"endpoint.auth": "0027*001"},
    },
    "signaling_transport": {
        "udp": {"endpoint.transport": ABSENT},
        "tcp": {"endpoint.transport": ABSENT},
    },
}
"""Field → value → what it means for an extension that registers; see `AT_FIXED_IP` for others."""

AT_FIXED_IP: Final[Mapping[str, Mapping[Any, Meaning]]] = {
    "fixed_port": {
        None: {"aor.contact": "sip:0027*001@10.0.0.9:5060"},
        5071: {"aor.contact": "sip:0027*001@10.0.0.9:5071"},
    },
    "fixed_auth": {
        "required": {"endpoint.auth": "0027*001", "auth.username": "0027*001"},
        "not_required": {"endpoint.auth": ABSENT, "auth.username": ABSENT},
    },
    "signaling_transport": {
        "udp": {"endpoint.transport": "t-udp", "aor.contact": "sip:0027*001@10.0.0.9:5060"},
        "tcp": {
            "endpoint.transport": "t-tcp",
            "aor.contact": "sip:0027*001@10.0.0.9:5060;transport=tcp",
        },
    },
    "ping": {True: {"aor.qualify_frequency": "60"}, False: {"aor.qualify_frequency": "0"}},
}

IN_DIALPLAN: Final = {"pbx_connected", "publishes_state"}
"""Preferences that are the dialplan's (`test_dialplan.py`)."""
NOT_ASTERISKS: Final = {"equipment_description", "allow_virtualization", "secret_code"}
"""A word for the admin; and what Asterisk does not have, which the page says."""


def sections_of(one: Page) -> dict[str, Section]:
    """The sections of an extension by their type, as Asterisk reads them. Nothing is wrong with
    them."""
    found = read(TRANSPORTS + files(one)[PJSIP_FILE])
    assert [str(fault) for fault in faults(found, contexts=("phones", "tuiprov-limited"))] == []
    own = [section for section in found if not section.name.startswith("t-")]
    assert {section.name for section in own} == {pbx().account(one)}
    by_type = {section.type: section for section in own}
    assert len(by_type) == len(own)
    return by_type


def held(one: Page, meaning: Meaning) -> dict[str, str | None]:
    """What the extension's sections hold of the options that `meaning` names."""
    found = sections_of(one)
    parts = {name: name.split(".") for name in meaning}
    return {
        name: found[kind].get(option) if kind in found else None
        for name, (kind, option) in parts.items()
    }


def cases(table: Mapping[str, Mapping[Any, Meaning]]) -> Iterator[Any]:
    for field, values in table.items():
        for value, meaning in values.items():
            yield pytest.param(field, value, meaning, id=f"{field}={value}")


@pytest.mark.parametrize(("field", "value", "meaning"), cases(MEANS))
def test_a_preference_means(field: str, value: Any, meaning: Meaning) -> None:
    assert held(page(**{field: value}), meaning) == dict(meaning)


@pytest.mark.parametrize(("field", "value", "meaning"), cases(AT_FIXED_IP))
def test_a_preference_at_a_fixed_ip_means(field: str, value: Any, meaning: Meaning) -> None:
    assert held(page(**FIXED, **{field: value}), meaning) == dict(meaning)


def test_every_preference_and_every_value_of_it_is_in_the_table() -> None:
    names = [
        name
        for section in (SipPreferences, Virtualization)
        for name in section.model_fields
        if name not in IN_DIALPLAN | NOT_ASTERISKS
    ]
    assert set(MEANS) == {*names, "max_public_concurrent_calls"}
    for name in names:
        field = FIELDS[name]
        if isinstance(field, Flag):
            assert set(MEANS[name]) == {True, False}
        elif isinstance(field, Choice):
            assert set(MEANS[name]) == {value for value, _ in field.options}


class TestAccounts:
    def test_sections_have_the_sip_users_name(self) -> None:
        assert sections_of(page(sip_username="anna.b"))["auth"].get("username") == "anna.b"

    def test_the_password_is_read_as_it_was_typed(self) -> None:
        auth = sections_of(page(sip_password=HOSTILE_PASSWORD))["auth"]
        assert auth.get("password") == HOSTILE_PASSWORD
        assert auth.get("auth_type") == "digest"

    def test_an_older_asterisk_gets_its_own_word(self) -> None:
        older = ASTERISK.model_copy(update={"pbx_release": "older"})
        text = files(page(site=older), site=older)[PJSIP_FILE]
        assert "auth_type=userpass\n" in text

    def test_with_a_known_realm_the_password_is_written_hashed(self) -> None:
        known = ASTERISK.model_copy(update={"pbx_realm": "asterisk"})
        auth = sections_of(page(site=known, sip_password="geheim"))["auth"]
        hashed = hashlib.md5(b"0027*001:asterisk:geheim").hexdigest()
        assert auth.get("password_digest") == f"MD5:{hashed}"
        assert auth.get("realm") == "asterisk"
        assert auth.get("password") is None

    def test_an_older_asterisk_does_not_take_it_hashed(self) -> None:
        older = ASTERISK.model_copy(update={"pbx_release": "older", "pbx_realm": "asterisk"})
        assert "password=>" in files(page(site=older), site=older)[PJSIP_FILE]

    def test_an_extension_without_a_password_is_refused(self) -> None:
        with pytest.raises(RenderError, match=r"0027\*001 has no SIP password"):
            pbx().blocks(page(sip_password=""))

    def test_callers_see_the_name_and_the_number(self) -> None:
        endpoint = sections_of(page(extension_name="Änne; Öhl"))["endpoint"]
        assert endpoint.get("callerid") == '"Änne; Öhl" <0027*001>'

    def test_a_long_name_is_not_cut_inside_a_character(self) -> None:
        endpoint = sections_of(page(extension_name="€" * 64))["endpoint"]
        assert endpoint.get("callerid") == '"' + "€" * 26 + '" <0027*001>'

    def test_a_registration_lasts_as_long_as_phones_ask_for(self) -> None:
        day = ASTERISK.model_copy(update={"register_expiry": 86_400})
        aor = sections_of(page(site=day))["aor"]
        assert aor.get("maximum_expiration") == aor.get("default_expiration") == "86400"


class TestSharedAddresses:
    def test_each_is_known_by_user_and_password_from_that_address_only(self) -> None:
        found = sections_of(page(**FIXED, shares=True))
        assert found["endpoint"].get("identify_by") == "username"
        assert found["endpoint"].get("auth") == "0027*001"
        assert found["endpoint"].get("permit") == "10.0.0.9"
        assert found["endpoint"].get("deny") == "0.0.0.0/0,::/0"
        assert "identify" not in found

    def test_several_at_one_address_are_no_fault(self) -> None:
        text = files(page(1, **FIXED, shares=True), page(2, **FIXED, shares=True))[PJSIP_FILE]
        assert faults(read(TRANSPORTS + text)) == []


class TestOwnOptions:
    def test_what_was_taken_over_is_kept_in_its_section(self) -> None:
        own = [OwnOption("endpoint", "rtp_timeout", "30"), OwnOption("aor", "support_path", "yes")]
        found = sections_of(page(own=own))
        assert found["endpoint"].get("rtp_timeout") == "30"
        assert found["aor"].get("support_path") == "yes"


class TestMasking:
    @pytest.mark.parametrize("realm", ["", "asterisk"])
    def test_no_secret_is_left_in_a_masked_text(self, realm: str) -> None:
        site = ASTERISK.model_copy(update={"pbx_realm": realm})
        text = pbx(site).blocks(page(site=site, sip_password=HOSTILE_PASSWORD))[0]
        masked = pbx().masked(text, MASK)
        assert masked != text
        hashed = hashlib.md5(f"0027*001:asterisk:{HOSTILE_PASSWORD}".encode()).hexdigest()
        assert hashed not in masked
        assert HOSTILE_PASSWORD.replace(";", r"\;") not in masked
        lines = zip(text.splitlines(), masked.splitlines(), strict=True)
        assert sum(one != other for one, other in lines) == 1


class TestNotes:
    @pytest.mark.parametrize(
        ("values", "field"),
        [
            ({"media_encryption": "sdes_dtls_srtp"}, "media_encryption"),
            ({"media_encryption": "dtls_srtp"}, "media_encryption"),
            ({"publishes_state": True}, "publishes_state"),
            ({"max_public_concurrent_calls": 2}, "max_public_concurrent_calls"),
            ({"pbx_connected": True}, "pbx_connected"),
            ({"allow_virtualization": True}, "allow_virtualization"),
            ({"extension_name": 'Anna "A" B'}, "extension_name"),
        ],
    )
    def test_the_page_says_what_asterisk_does_instead(
        self, values: dict[str, Any], field: str
    ) -> None:
        notes = pbx().notes(page(**values))
        assert [note.field for note in notes] == [field]
        assert notes[0].sentence.startswith("Asterisk ")

    def test_a_plain_extension_needs_no_words(self) -> None:
        assert not pbx().notes(page())


printable = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=64)
names = st.text(
    st.characters(blacklist_categories=("Cc", "Cf", "Cs", "Zl", "Zp", "Co", "Cn")), max_size=64
).map(str.strip)
preferences = st.fixed_dictionaries(
    {
        **{
            name: st.sampled_from(list(values))
            for name, values in MEANS.items()
            if name not in ("fixed_ip", "allowed_networks")
        },
        "pbx_connected": st.booleans(),
        "publishes_state": st.booleans(),
        "extension_name": names | st.just(HOSTILE_NAME),
        "sip_password": printable | st.just(HOSTILE_PASSWORD),
        "where": st.sampled_from([{}, FIXED, {"allowed_networks": "10.0.0.0/24 192.0.2.7"}]),
    }
)


def built(number: int, values: dict[str, Any]) -> Page:
    """An extension with these preferences; each at an address of its own, which an Asterisk on
    loopback can send to: that it cannot would be an error in its log."""
    rest = {name: value for name, value in values.items() if name != "where"}
    where = dict(values["where"])
    if "fixed_ip" in where:
        where["fixed_ip"] = f"127.0.1.{number}"
    return page(number, **rest, **where)


def expected(one: Page) -> Iterator[tuple[str, str | None]]:
    """All that the preferences of an extension mean together."""
    number, values = str(one.values["extension"]), one.values
    tables = [MEANS, AT_FIXED_IP] if values["fixed_ip"] else [MEANS]
    means: dict[str, str | None] = {}
    for table in tables:
        for field, known in table.items():
            if field == "fixed_ip":
                means |= known["10.0.0.9" if values["fixed_ip"] else ""]
            elif values[field] in known and not (field == "allowed_networks" and not values[field]):
                means |= known[values[field]]
    if values["fixed_ip"]:
        tcp = ";transport=tcp" if values["signaling_transport"] == "tcp" else ""
        port = values["fixed_port"] or 5060
        means["aor.contact"] = f"sip:{number}@{values['fixed_ip']}:{port}{tcp}"
        means["identify.match"] = str(values["fixed_ip"])
    for name, value in means.items():
        yield name, value.replace("0027*001", number) if value else value


class TestCombinations:
    @given(preferences)
    @settings(max_examples=150, deadline=None)
    def test_each_means_the_same_beside_all_others(self, values: dict[str, Any]) -> None:
        one = built(1, values)
        means = dict(expected(one))
        assert held(one, means) == means

    @given(st.lists(preferences, min_size=1, max_size=6))
    @settings(max_examples=50, deadline=None)
    def test_nothing_that_asterisk_refuses_or_mistakes_can_be_produced(
        self, some: list[dict[str, Any]]
    ) -> None:
        pages = [built(number, values) for number, values in enumerate(some, 1)]
        text = TRANSPORTS + files(*pages)[PJSIP_FILE]
        assert faults(read(text), contexts=("phones", "tuiprov-limited")) == []

    @given(preferences)
    @settings(max_examples=100, deadline=None)
    def test_password_and_codecs_are_read_as_they_were_meant(self, values: dict[str, Any]) -> None:
        one = built(1, values)
        found = sections_of(one)
        if "auth" in found:
            assert found["auth"].get("password") == values["sip_password"]
        assert codecs_of(found["endpoint"]) == values["codecs"].split(",")


def plain(option: str, value: str) -> str:
    """A value as it compares, written or printed by `pjsip show`."""
    if option == "allow":
        return value.strip("()").replace("|", ",")
    if option == "callerid":
        return value.strip("<>")
    if option == "password":
        return value
    return {"yes": "true", "no": "false"}.get(value.lower(), value.lower())


NOT_SHOWN: Final = {"disallow", "deny", "permit", "set_var", "contact", "type"}


class TestARealAsterisk:
    def differences(self, asterisk: Asterisk, pages: Sequence[Page]) -> list[str]:
        texts = files(*pages)
        phones = f"[phones]\ninclude => tuiprov-extensions\n{texts[DIALPLAN_FILE]}"
        text = asterisk.transports + texts[PJSIP_FILE]
        asterisk.load({"pjsip.conf": text, "extensions.conf": phones})
        found = [line for line in asterisk.warnings() if "not reloadable" not in line]
        for section in read(text):
            if section.type not in ("endpoint", "aor", "auth"):
                continue
            table = asterisk.show(section.type, section.name)
            for option in section.options:
                if option.name in NOT_SHOWN:
                    continue
                meant, held = option.value, table.get(option.name, "absent")
                if plain(option.name, meant) != plain(option.name, held):
                    told = f"{section.name} {section.type} {option.name}: meant {meant!r}"
                    found.append(f"{told}, holds {held!r}")
        return found

    def test_every_value_of_every_preference_is_what_it_holds(self, asterisk: Asterisk) -> None:
        pages = []
        for table, where in ((MEANS, {}), (AT_FIXED_IP, FIXED)):
            for field, values in table.items():
                for value in values:
                    number = len(pages) + 1
                    own = {"fixed_ip": f"127.0.1.{number}"} if where else {}
                    pages.append(page(number, **{**own, field: value}))
        assert self.differences(asterisk, pages) == []

    @given(st.lists(preferences, min_size=25, max_size=25))
    @settings(
        max_examples=8,
        deadline=None,
        phases=[Phase.generate],  # a reload costs too much to look for a smaller example
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    def test_combinations_are_what_it_holds(
        self, asterisk: Asterisk, some: list[dict[str, Any]]
    ) -> None:
        pages = [built(number, values) for number, values in enumerate(some, 1)]
        assert self.differences(asterisk, pages) == []

    def test_a_wrong_word_is_noticed(self, asterisk: Asterisk) -> None:
        """The comparison can fail: `rfc2833` is the page's word, and no word of Asterisk's."""
        wrong = page(own=[OwnOption("endpoint", "dtmf_mode", "rfc2833")])
        assert self.differences(asterisk, [wrong])
