"""The device catalogue: read, validated with errors that name the key, asked in any spelling."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuiprov.data.catalog import (
    PasswordRule,
    PhoneType,
    catalog_path,
    default_catalog,
    parse_catalog,
)
from tuiprov.data.sections import DEFAULTS, FIELDS
from tuiprov.data.site import SITE_FIELDS, Site
from tuiprov.errors import CatalogError
from tuiprov.render.engine import TEMPLATES

MINIMAL = """
[acme]
manufacturer = "Acme"
templates = "acme"
mac_prefixes = ["02:00:00"]
source = "made up"
[acme.base]
files = [{ name = "{mac}.cfg", template = "phone.cfg.j2", format = "equals" }]
update_protocols = ["http"]
resync = "check-sync"
longest_name = 10
[acme.firmware."1"]
aliases = ["V1"]
[acme.firmware."2"]
facts = { longest_name = 20 }
[acme.model.One]
lines = 1
firmware = ["1", "2"]
aliases = ["A-One"]
[acme.model.Two]
lines = 2
firmware = ["2"]
facts = { longest_name = 30 }
"""


def wrong(old: str, new: str) -> str:
    """What is said of the minimal catalogue with `old` written as `new`."""
    assert old in MINIMAL
    with pytest.raises(CatalogError) as error:
        parse_catalog(MINIMAL.replace(old, new))
    return str(error.value)


class TestErrors:
    @pytest.mark.parametrize(
        ("old", "new", "key"),
        [
            ('source = "made up"', "", "acme.source"),
            ("[acme.base]", "colour = 1\n[acme.base]", "acme.colour"),
            ('resync = "check-sync"', 'resynk = "x"', "acme.model.One on 1.resync"),
            ("longest_name = 10", 'longest_name = "10"', "acme.model.One on 1.longest_name"),
            ("longest_name = 20", "longest_nam = 20", "acme.model.One on 2.longest_nam"),
            ("longest_name = 30", "longest_name = 1.5", "acme.model.Two on 2.longest_name"),
            ('format = "equals"', 'format = "word"', "acme.model.One on 1.files.0.format"),
            ('name = "{mac}.cfg", ', "", "acme.model.One on 1.files.0.name"),
            ('["http"]', '["ftp"]', "acme.model.One on 1.update_protocols.0"),
            ('["http"]', "[]", "acme.model.One on 1.update_protocols"),
            ("lines = 1", "lines = 0", "acme.model.One.lines"),
            ("lines = 1", 'lines = "1"', "acme.model.One.lines"),
            ("lines = 1", "", "acme.model.One.lines"),
            ('["02:00:00"]', "[]", "acme.mac_prefixes"),
            ("mac_prefixes =", "mac = false\nmac_prefixes =", "acme.mac_prefixes"),
            ('resync = "check-sync"', 'resync = "Check Sync"', "acme.model.One on 1.resync"),
            ("[acme.model.Two]", "x = 1\n[acme.model.Two]", "acme.model.One.x"),
        ],
    )
    def test_the_key_that_is_wrong_is_named(self, old: str, new: str, key: str) -> None:
        assert wrong(old, new).startswith(f"device_catalog.toml: {key}: ")

    @pytest.mark.parametrize(
        "prefix", ["02:00", "02:00:00:00", "aa:bb:cc", "02-00-00", "0Z:00:00", ""]
    )
    def test_a_bad_prefix_is_quoted(self, prefix: str) -> None:
        said = wrong('"02:00:00"', f'"{prefix}"')
        assert "acme.mac_prefixes" in said
        assert f"{prefix!r} is not written XX:XX:XX in upper case" in said

    def test_an_undefined_generation_is_named_with_its_model(self) -> None:
        said = wrong('firmware = ["1", "2"]', 'firmware = ["1", "9"]')
        assert "model.One.firmware: '9' is not defined" in said

    def test_a_model_that_two_families_have_is_named(self) -> None:
        other = MINIMAL.replace("acme", "other")
        with pytest.raises(CatalogError, match=r"other\.model\.One: Acme One is defined twice"):
            parse_catalog(MINIMAL + other)

    def test_a_model_that_stands_twice_in_a_family_is_told(self) -> None:
        with pytest.raises(CatalogError, match=r"^device_catalog\.toml: .*line "):
            parse_catalog(MINIMAL + '[acme.model.One]\nlines = 1\nfirmware = ["1"]\n')

    def test_what_is_no_toml_is_told_with_its_line(self) -> None:
        with pytest.raises(CatalogError, match=r"^device_catalog\.toml: .*line 2"):
            parse_catalog("\n[acme\n")

    def test_a_value_where_a_family_should_be_is_named(self) -> None:
        with pytest.raises(CatalogError, match=r"device_catalog\.toml: colour: "):
            parse_catalog('colour = "red"\n' + MINIMAL)


class TestAsking:
    catalog = parse_catalog(MINIMAL)

    @pytest.mark.parametrize("model", ["One", "one", "A-One", "a-one"])
    @pytest.mark.parametrize("firmware", ["1", "V1", "v1"])
    def test_every_spelling_finds_the_one_row(self, model: str, firmware: str) -> None:
        found = self.catalog.find("acme", model, firmware)
        assert found is not None
        assert (found.model, found.firmware) == ("One", "1")

    def test_facts_are_base_then_generation_then_model(self) -> None:
        asked = (("One", "1"), ("One", "2"), ("Two", "2"))
        found = [self.catalog.find("Acme", *one) for one in asked]
        assert [kind.facts.longest_name for kind in found if kind] == [10, 20, 30]

    def test_what_is_not_there_is_none(self) -> None:
        assert self.catalog.find("Acme", "Two", "1") is None
        assert self.catalog.find("", "", "") is None
        assert self.catalog.models("Nobody") == []
        assert self.catalog.firmwares("Acme", "Nine") == []
        assert self.catalog.prefixes("Nobody") == []

    def test_a_mac_names_its_manufacturer_in_either_case(self) -> None:
        assert self.catalog.manufacturer_of("02:00:00:aa:bb:cc") == "Acme"
        assert self.catalog.manufacturer_of("06:00:00:aa:bb:cc") == ""

    def test_a_model_is_known_by_its_aliases(self) -> None:
        assert self.catalog.has_model("acme", "a-one")
        assert not self.catalog.has_model("acme", "three")

    def test_an_empty_table_clears_what_lies_below(self) -> None:
        text = MINIMAL.replace("longest_name = 10", 'terms = { dtmf_mode = { info = "2" } }')
        cleared = text.replace("facts = { longest_name = 20 }", "facts = { terms = {} }")
        kind = parse_catalog(cleared).find("Acme", "One", "2")
        assert kind is not None
        assert kind.facts.terms == {}


# -- the catalogue that is shipped ----------------------------------------------------------------

TYPES = tuple(default_catalog().types())


def named(kinds: Iterable[PhoneType]) -> list[str]:
    """Those for which a rule does not hold, as a failed test shows them."""
    return [f"{kind.label} on {kind.firmware}" for kind in kinds]


def test_the_first_eight_families_are_there() -> None:
    known = set(default_catalog().manufacturers())
    assert {"Cisco", "Snom", "Aastra", "Polycom", "Yealink", "Grandstream", "Fanvil"} <= known
    for model in ("7940", "7960"):
        assert set(default_catalog().firmwares("Cisco", model)) == {"7.x", "8.x"}
    assert default_catalog().find("Cisco", "SPA112", "1.4")
    assert len({kind.templates for kind in TYPES}) >= 8


def test_it_is_found_installed_or_in_the_source_tree() -> None:
    assert catalog_path().name == "device_catalog.toml"
    assert catalog_path().is_file()


def test_a_types_own_names_find_itself() -> None:
    catalog = default_catalog()
    lost = [
        kind
        for kind in TYPES
        if catalog.find(kind.manufacturer, kind.model, kind.firmware) is not kind
    ]
    assert named(lost) == []


def test_every_type_is_one_the_lists_offer() -> None:
    catalog = default_catalog()
    offered = {
        (manufacturer, model, firmware)
        for manufacturer in catalog.manufacturers()
        for model in catalog.models(manufacturer)
        for firmware in catalog.firmwares(manufacturer, model)
    }
    assert offered == {(kind.manufacturer, kind.model, kind.firmware) for kind in TYPES}


def test_facts_speak_of_fields_and_values_that_exist() -> None:
    def speaks_well(kind: PhoneType) -> bool:
        facts = kind.facts
        known = {**SITE_FIELDS, **FIELDS}
        return {*facts.lacks, *facts.terms, *facts.by_value} <= set(known) and all(
            not options or set(facts.terms[field]) <= options
            for field in facts.terms
            for options in [{value for value, _ in getattr(known[field], "options", ())}]
        )

    assert named(kind for kind in TYPES if not speaks_well(kind)) == []


def test_every_template_is_there_and_every_phone_has_a_file_of_its_own() -> None:
    missing = [
        f"{kind.templates}/{rule.template}"
        for kind in TYPES
        for rule in kind.facts.files
        if not (TEMPLATES / kind.templates / rule.template).is_file()
    ]
    assert missing == []
    shared = [k for k in TYPES if all(rule.scope == "site" for rule in k.facts.files)]
    assert named(shared) == []


def test_an_interval_holds_its_own_default_and_a_phone_without_one_says_so() -> None:
    def holds(kind: PhoneType) -> bool:
        bounds = kind.facts.interval
        if bounds is None:
            return "update_interval" in kind.facts.lacks
        field = FIELDS["update_interval"]
        fits = field.parse(str(bounds.default)) == bounds.default
        return fits and 1 <= bounds.low <= bounds.default <= bounds.high

    assert named(kind for kind in TYPES if not holds(kind)) == []


def test_what_a_fresh_page_prefers_every_phone_has_or_is_said_to_lack() -> None:
    choices = ("dtmf_mode", "media_encryption", "signaling_transport")
    without = [
        f"{line}: {field}"
        for kind, line in zip(TYPES, named(TYPES), strict=True)
        for field in choices
        if DEFAULTS[field] not in kind.facts.terms.get(field, {DEFAULTS[field]: ""})
        and field not in kind.facts.lacks
    ]
    assert without == []


def test_every_phone_has_a_codec_that_a_fresh_site_offers() -> None:
    offered = set(Site().offered)
    silent = [k for k in TYPES if not offered & set(k.facts.terms.get("codecs", {}))]
    assert named(kind for kind in silent if "codecs" not in kind.facts.lacks) == []


def test_file_names_are_safe_names_made_of_the_catalogues_own_words() -> None:
    def file_names(kind: PhoneType) -> list[str]:
        words = {"mac": "0", "MAC": "0", "model": kind.model, "firmware": kind.firmware}
        return [rule.name.format(**words, **kind.facts.names) for rule in kind.facts.files]

    unsafe = [
        name
        for kind in TYPES
        for name in file_names(kind)
        if not re.fullmatch(r"[A-Za-z0-9._+-]+", name)
    ]
    assert unsafe == []


def test_mac_prefixes_are_those_of_devices_and_differ() -> None:
    for manufacturer in default_catalog().manufacturers():
        prefixes = default_catalog().prefixes(manufacturer)
        assert len(set(prefixes)) == len(prefixes)
        assert not [one for one in prefixes if int(one[:2], 16) & 1]


RULES: dict[str, PasswordRule] = {
    rule.model_dump_json(): rule
    for kind in TYPES
    for rule in (
        kind.facts.sip_password,
        kind.facts.admin_login and kind.facts.admin_login.password,
    )
    if isinstance(rule, PasswordRule)
}


@given(st.sampled_from(sorted(RULES)), st.integers(1, 50))
def test_a_random_password_always_satisfies_its_own_rule(name: str, times: int) -> None:
    for password in (RULES[name].random() for _ in range(times)):
        assert RULES[name].reason_against(password) == ""
        assert FIELDS["admin_password"].parse(password) == password


@given(
    st.builds(
        PasswordRule,
        alphabet=st.sampled_from(["digits", "letters-digits", "printable"]),
        without=st.sampled_from(["", ":", '"<>&', "aeiou"]),
        low=st.integers(1, 8),
        high=st.integers(8, 64),
    )
)
def test_that_holds_for_any_rule_a_catalogue_may_write(rule: PasswordRule) -> None:
    assert rule.reason_against(rule.random()) == ""


@pytest.mark.parametrize("name", sorted(RULES))
def test_random_passwords_differ(name: str) -> None:
    made = {RULES[name].random() for _ in range(20)}
    assert len(made) > 15


class TestPasswordRule:
    @pytest.mark.parametrize(
        ("rule", "password", "reason"),
        [
            (PasswordRule(), "a b~", ""),
            (PasswordRule(alphabet="digits"), "12a", "takes digits only, not 'a'"),
            (
                PasswordRule(without=":"),
                "a:b",
                "takes printable ASCII characters without :, not ':'",
            ),
            (PasswordRule(low=4, high=6), "123", "takes 4 to 6 characters"),
            (PasswordRule(low=4, high=6), "1234567", "takes 4 to 6 characters"),
            (PasswordRule(low=4, high=6), "1234", ""),
            (PasswordRule(alphabet="digits", high=10, highest=4294967295), "4294967295", ""),
            (
                PasswordRule(alphabet="digits", high=10, highest=4294967295),
                "4294967296",
                "takes a number up to 4294967295",
            ),
        ],
    )
    def test_a_refusal_says_what_the_phone_takes(
        self, rule: PasswordRule, password: str, reason: str
    ) -> None:
        assert rule.reason_against(password) == reason

    def test_letters_that_look_alike_are_left_out_of_random_ones(self) -> None:
        letters = {char for _ in range(200) for char in PasswordRule().random()}
        assert not letters & set("O0Il1")
