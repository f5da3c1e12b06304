"""What the judge names, and that Asterisk itself does with it what the judge says."""

from __future__ import annotations

import re
from collections.abc import Collection

import pytest

from tests.pbx.asterisk_cases import (
    CASES,
    CONTEXTS,
    DUPLICATE,
    FILES,
    LOSSES,
    PROVED,
    REFUSALS,
    SILENCES,
    WARNINGS,
    Case,
    fixed,
    phone,
)
from tests.pbx.asterisk_rules import LOST, REFUSED, SILENT, WARNED, Fault, codecs_of, faults, read
from tests.pbx.asterisk_server import Asterisk, version
from tests.pbx.asterisk_values import JUDGES, names_of, table


def judged(text: str) -> list[Fault]:
    return faults(read(text, include=FILES), contexts=CONTEXTS, files=())


class TestJudge:
    @pytest.mark.parametrize("case", CASES, ids=str)
    def test_every_mistake_is_named_by_its_kind(self, case: Case) -> None:
        named = {one.kind: one.option for one in judged(case.text)}
        assert case.kind in named
        assert case.option in ("", named[case.kind])

    @pytest.mark.parametrize(
        ("cases", "effect"),
        [(REFUSALS, REFUSED), ([DUPLICATE, *LOSSES], LOST), (WARNINGS, WARNED), (SILENCES, SILENT)],
    )
    def test_a_fault_says_what_asterisk_does_about_it(self, cases: list[Case], effect: str) -> None:
        for case in cases:
            effects = {one.effect for one in judged(case.text) if one.kind == case.kind}
            assert effects == {effect}, str(case)


@pytest.fixture
def judge(asterisk: Asterisk) -> Asterisk:
    """The version that the judge knows: others have other options."""
    if version()[:1] != (22,):
        pytest.skip("the judge knows Asterisk 22, another is here")
    return asterisk


def load(asterisk: Asterisk, text: str) -> list[str]:
    """What the real Asterisk says to a pjsip.conf: its warnings and errors."""
    asterisk.load({"pjsip.conf": text, **FILES})
    return asterisk.warnings()


def has(asterisk: Asterisk, shows: tuple[str, str, str, str | None]) -> str | None:
    kind, name, option, _ = shows
    return asterisk.show(kind, name).get(option) if kind and name else None


class TestAsteriskItself:
    @pytest.mark.parametrize("case", REFUSALS, ids=str)
    def test_refuses_the_object_and_says_so(self, case: Case, judge: Asterisk) -> None:
        said = load(judge, case.text)
        kind, name, _, _ = case.shows
        assert any(f"of type '{kind}' with id '{name}'" in line for line in said)
        assert judge.show(kind, name) == {}

    @pytest.mark.parametrize("case", LOSSES, ids=str)
    def test_loses_the_whole_file_and_says_so(self, case: Case, judge: Asterisk) -> None:
        assert load(judge, case.text) != []
        assert [judge.show(kind, "101") for kind in ("endpoint", "aor", "auth")] == [{}, {}, {}]

    def test_loses_all_objects_of_a_type_for_one_that_is_there_twice(self, judge: Asterisk) -> None:
        (said,) = load(judge, DUPLICATE.text)
        assert "contains a duplicate object: '102' of type 'aor'" in said
        there = {kind: judge.show(kind, "101") != {} for kind in ("endpoint", "aor", "auth")}
        assert there == {"endpoint": True, "aor": False, "auth": True}

    @pytest.mark.parametrize("case", WARNINGS, ids=str)
    def test_warns_and_leaves_out_what_is_wrong(self, case: Case, judge: Asterisk) -> None:
        assert load(judge, case.text) != []
        assert judge.show("endpoint", "101") != {}
        assert has(judge, case.shows) == case.shows[3]

    @pytest.mark.parametrize("case", SILENCES, ids=str)
    def test_says_nothing_and_has_something_else(self, case: Case, judge: Asterisk) -> None:
        assert load(judge, case.text) == []
        assert has(judge, case.shows) == case.shows[3]


class TestWhatIsRight:
    @pytest.mark.parametrize("name", PROVED)
    def test_no_fault_is_found_in_a_recipe(self, name: str) -> None:
        assert judged(phone(endpoint=PROVED[name][0])) == []

    @pytest.mark.parametrize("name", PROVED)
    def test_asterisk_takes_the_recipe_as_it_is_meant(self, name: str, judge: Asterisk) -> None:
        lines, meant = PROVED[name]
        assert load(judge, phone(endpoint=lines)) == []
        assert judge.show("endpoint", "101").items() >= meant.items()

    def test_a_phone_at_a_fixed_address_needs_no_authentication(self, judge: Asterisk) -> None:
        text = fixed("127.0.0.50:5070") + fixed("127.0.0.50:5071").replace("150", "151")
        assert judged(text) == []
        assert load(judge, text) == []

    def test_codecs_are_those_that_asterisk_ends_up_with(self, judge: Asterisk) -> None:
        lines = "disallow=all\nallow=ulaw,alaw,g722\ndisallow=alaw\nallow=opus|!ulaw\n"
        text = phone(codecs=lines)
        assert load(judge, text) == []
        assert judge.show("endpoint", "101")["allow"] == f"({'|'.join(codecs_of(read(text)[0]))})"

    def test_names_in_other_files_are_known_when_they_are_given(self) -> None:
        text = phone("acl=offices\ndtls_cert_file=/c.pem\nmedia_encryption=dtls")
        found = faults(read(text), acls=["offices"], contexts=["phones"], files=["/c.pem"])
        assert found == []


KINDS = {"Boolean": "bool", "Unsigned Integer": "uint", "Integer": "int", "Double": "float"}
MODULES = {
    "identify": "res_pjsip_endpoint_identifier_ip",
    "acl": "res_pjsip_acl",
    "registration": "res_pjsip_outbound_registration",
    "resource_list": "res_pjsip_pubsub",
    "inbound-publication": "res_pjsip_pubsub",
    "asterisk-publication": "res_pjsip_publish_asterisk",
    "outbound-publish": "res_pjsip_outbound_publish",
}
TYPES = sorted(table())

AWKWARD = (
    "bogus -1 1.5 99999999999 0 1 yes no 08 010 0x10 127.0.0.1 10.1.2.3/24 a,b sip:1@127.0.0.1 A=1"
)
NEEDS = {
    "endpoint": "context=phones\nallow=ulaw\n",
    "aor": "",
    "auth": "auth_type=digest\nusername=u\npassword=>p\n",
    "identify": "endpoint=x\nmatch=127.0.0.9\n",
}
UNJUDGED = {"geoloc_incoming_call_profile", "geoloc_outgoing_call_profile"}
"""Refused as long as res_geolocation is not loaded."""


def assert_known(ours: Collection[str], theirs: Collection[str]) -> None:
    """Ours are all that 22.10.1 has; a later one may have more."""
    assert set(ours) <= set(theirs)
    assert set(ours) == set(theirs) or version() > (22, 10, 1)


class TestTable:
    @pytest.mark.parametrize("kind", TYPES)
    def test_it_has_the_options_that_asterisk_has(self, kind: str, judge: Asterisk) -> None:
        help_ = judge.cli(f"config show help {MODULES.get(kind, 'res_pjsip')} {kind}")
        names = re.findall(r"^(\S+) +-- ", help_.partition("[Config Options]")[2], re.MULTILINE)
        assert_known(table()[kind].keys(), {name.lower() for name in names})

    @pytest.mark.parametrize("kind", TYPES)
    def test_plain_kinds_are_those_that_asterisk_tells(self, kind: str, judge: Asterisk) -> None:
        for name, ours in table()[kind].items():
            words = f"config show help {MODULES.get(kind, 'res_pjsip')} {kind} {name}"
            told = re.search(rf"^{name} = \[([^]]*)\]", judge.cli(words), re.MULTILINE)
            assert told, name
            ours = ours.split()[0].replace("cos", "uint")
            if told[1] in KINDS:
                assert ours == KINDS[told[1]], name
            elif told[1] == "String":
                assert ours not in KINDS.values(), name

    def test_it_has_the_codecs_that_asterisk_has(self, judge: Asterisk) -> None:
        told = re.findall(r"^ *\d+ \w+ +\w+ +(\S+)", judge.cli("core show codecs"), re.MULTILINE)
        assert_known(names_of("codecs"), told)

    def test_every_kind_has_its_judge(self) -> None:
        kinds = {one.split()[0] for kind in TYPES for one in table()[kind].values()}
        assert kinds == JUDGES.keys()

    @pytest.mark.parametrize("kind", NEEDS)
    def test_of_awkward_values_it_names_those_that_asterisk_refuses(
        self, kind: str, judge: Asterisk
    ) -> None:
        lines = [
            f"{name}={value}"
            for name in table()[kind].keys() - UNJUDGED - {"type"}
            for value in ("", *AWKWARD.split())
        ]
        text = "".join(
            f"[p{number}]\ntype={kind}\n{NEEDS[kind]}{line}\n" for number, line in enumerate(lines)
        )
        said = load(judge, text)
        refused = {
            int(found[1]) for one in said if (found := re.search(r"not create .* id 'p(\d+)'", one))
        }
        named = {
            int(one.section[1:]) for one in faults(read(text), files=()) if one.effect == REFUSED
        }
        assert {lines[one] for one in refused ^ named} == set()
