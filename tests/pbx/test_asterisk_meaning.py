"""What a file says and what Asterisk has are compared option by option."""

from __future__ import annotations

import pytest

from tests.pbx.asterisk_cases import PROVED, fixed, phone
from tests.pbx.asterisk_meaning import differences
from tests.pbx.asterisk_rules import read
from tests.pbx.asterisk_server import Asterisk

RICH = phone(
    "identify_by=username, ip\ntimers=forced\n100rel=on\ncall_group=1-3,5\npickup_group=1\n"
    "language=nl\nmailboxes=101@default\nset_var=A=1\nset_var=B=x\\;y\nset_var=A=2\n"
    "connected_line_method=reinvite\naccountcode=a b\nrtp_timeout=0x10\ncos_audio=5\n"
    "deny=0.0.0.0/0\npermit=127.0.5.0/24\ncallerid=Ann Lee <101>",
    "qualify_frequency=60\nqualify_timeout=1.5\ncontact=sip:1@127.0.0.1\ncontact=sip:2@127.0.0.1",
    "realm=asterisk",
)


def found(asterisk: Asterisk, text: str, meant: str = "") -> list[str]:
    """Differences between a file and what Asterisk made of it, or of another one."""
    asterisk.load({"pjsip.conf": text})
    return differences(asterisk, read(meant or text))


@pytest.mark.parametrize("name", PROVED)
def test_a_recipe_has_no_differences(name: str, asterisk: Asterisk) -> None:
    assert found(asterisk, phone(endpoint=PROVED[name][0])) == []


def test_many_forms_of_a_value_mean_the_same(asterisk: Asterisk) -> None:
    assert found(asterisk, RICH + fixed("127.0.0.50:5070,127.0.1.0/24")) == []


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("timers=forced", "timers=no", "endpoint 101: timers is 'always', not 'no'"),
        ("=1-3,5", "=1-3", "endpoint 101: call_group is [1, 2, 3, 5], not [1, 2, 3]"),
        ("B=x", "B=z", "endpoint 101: set_var B is 'x;y', not 'z;y'"),
        ("ulaw,alaw", "alaw,ulaw", "endpoint 101: allow is ['ulaw', 'alaw'], not ['alaw', 'ulaw']"),
        ("permit=127.0.5.0/24\n", "", ""),
        ("deny=0.0.0.0/0\npermit=127.0.5.0/24\n", "", "endpoint 101: acl is True, not False"),
        ("Ann", "Bob", "endpoint 101: callerid is ('Ann Lee', '101'), not ('Bob Lee', '101')"),
        ("max_contacts=1", "max_contacts=2", "aor 101: max_contacts is 1, not 2"),
        ("Secret101", "Secret102", "auth 101: password is 'Secret101', not 'Secret102'"),
        ("[101]\ntype=auth", "[102]\ntype=auth", "auth 102 is not there"),
    ],
)
def test_what_is_otherwise_is_said(old: str, new: str, words: str, asterisk: Asterisk) -> None:
    assert old in RICH
    said = found(asterisk, RICH, meant=RICH.replace(old, new))
    assert said == ([words] if words else [])


def test_a_value_that_asterisk_misread_is_found(asterisk: Asterisk) -> None:
    text = phone("rtp_timeout=30")
    asterisk.load({"pjsip.conf": text})
    asterisk.write("pjsip.conf", text.replace("=30", "=60\nnat=yes"))
    asterisk.reload()
    assert differences(asterisk, read(text.replace("=30", "=60"))) == [
        "endpoint 101: rtp_timeout is 30, not 60"
    ]
