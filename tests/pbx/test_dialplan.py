"""The dialplan lines of an extension: hints, calls, how many at once; and a PBX behind it."""

from __future__ import annotations

from itertools import product

import pytest

from tests.pbx.asterisk_dialplan import dialplan_faults
from tests.pbx.asterisk_reading import read
from tests.pbx.asterisk_server import Asterisk
from tests.pbx.pages import files, page, pbx
from tuiprov.data.page import Page
from tuiprov.pbx.asterisk import PJSIP_FILE
from tuiprov.pbx.dialplan import FILE


def lines(one: Page) -> list[str]:
    return pbx().blocks(one)[1].splitlines()


class TestLines:
    def test_watchers_see_whether_the_phone_is_registered_and_in_a_call(self) -> None:
        assert lines(page())[0] == "exten => 0027*001,hint,PJSIP/0027*001"

    def test_an_extension_that_publishes_its_state_is_shown_as_the_dialplan_sets_it(self) -> None:
        shown = lines(page(publishes_state=True))[0]
        assert shown == "exten => 0027*001,hint,Custom:0027*001"

    def test_a_call_rings_the_phone_by_its_sip_user(self) -> None:
        assert lines(page(sip_username="anna"))[1] == "exten => 0027*001,1,Dial(PJSIP/anna,60)"

    def test_with_a_limit_a_busy_extension_is_not_rung(self) -> None:
        assert lines(page(max_public_concurrent_calls=2))[1:] == [
            'exten => 0027*001,1,GotoIf($["${DEVICE_STATE(PJSIP/0027*001)}" = "BUSY"]?busy)',
            " same => n,Dial(PJSIP/0027*001,60,b(tuiprov-counted^s^1))",
            " same => n,Hangup()",
            " same => n(busy),Hangup(17)",
        ]

    def test_with_no_call_allowed_it_is_always_busy(self) -> None:
        assert lines(page(max_public_concurrent_calls=0))[1:] == ["exten => 0027*001,1,Hangup(17)"]


LIMITS = (None, 0, 1, 9999)
USERS = ("", "anna", "A-z.0_*+~9")


class TestNothingCanGoWrong:
    """No mistake that Asterisk's dialplan takes silently or warns of can be produced."""

    @pytest.mark.parametrize("behind", [True, False])
    @pytest.mark.parametrize("publishes", [True, False])
    def test_by_no_value_of_any_preference(self, behind: bool, publishes: bool) -> None:
        pages = [
            page(
                number,
                max_public_concurrent_calls=limit,
                sip_username=user and f"{user}{number}",
                pbx_connected=behind,
                publishes_state=publishes,
            )
            for number, (limit, user) in enumerate(product(LIMITS, USERS), 1)
        ]
        text = "[phones]\ninclude => tuiprov-extensions\n" + files(*pages)[FILE]
        accounts = [pbx().account(one) for one in pages]
        found = dialplan_faults(read(text), endpoints=accounts)
        assert [str(one) for one in found] == []


class TestARealAsterisk:
    @pytest.fixture
    def known(self, asterisk: Asterisk) -> Asterisk:
        """An Asterisk whose phones' calls begin in `phones`."""
        texts = files(
            page(1),
            page(2, max_public_concurrent_calls=1),
            page(3, publishes_state=True),
            page(4, pbx_connected=True, max_public_concurrent_calls=4),
            page(5, max_public_concurrent_calls=0),
        )
        asterisk.load(
            {
                "pjsip.conf": asterisk.transports + texts[PJSIP_FILE],
                "extensions.conf": "[phones]\ninclude => tuiprov-extensions\n" + texts[FILE],
            }
        )
        return asterisk

    def test_it_takes_every_line(self, known: Asterisk) -> None:
        assert not [line for line in known.warnings() if "not reloadable" not in line]
        shown = known.cli("dialplan show tuiprov-extensions")
        assert "5 extensions" in shown

    def test_the_hints_are_there(self, known: Asterisk) -> None:
        hints = known.cli("core show hints")
        assert "0027*001@tuiprov-extensions" in hints
        assert "Custom:0027*003" in hints

    def test_a_custom_state_is_seen_in_the_hint(self, known: Asterisk) -> None:
        known.cli("devstate change Custom:0027*003 BUSY")
        assert "State:Busy" in known.cli("core show hint 0027*003")
        known.cli("devstate change Custom:0027*003 NOT_INUSE")
        assert "State:Idle" in known.cli("core show hint 0027*003")
