"""What the judge of the dialplan names, and what Asterisk does with the same lines."""

from __future__ import annotations

import pytest

from tests.pbx.asterisk_cases import CASES
from tests.pbx.asterisk_dialplan import dialplan_faults
from tests.pbx.asterisk_reading import EFFECTS, SILENT, WARNED, read
from tests.pbx.asterisk_server import Asterisk, version
from tests.pbx.asterisk_values import names_of

HEAD = "[general]\nstatic=yes\n[globals]\nCOUNTRY=31\n[phones]\n"

RIGHT = {
    "a plain extension": "exten => 101,1,NoOp()\n same => n,Hangup()\n",
    "an equal sign will do": "exten = 101,1,Verbose(2,hello)\n",
    "no brackets": "exten => 101,1,Answer\n",
    "an extended number": "exten => 0027*001,1,Dial(PJSIP/${EXTEN},20)\n",
    "a pattern": "exten => _[1-3]XX,1,Goto(102,1)\nexten => 102,1,Hangup()\n",
    "a caller's number": "exten => 101/102,1,Hangup()\n",
    "a hint": "exten => 101,hint,PJSIP/101&Custom:ext101\nexten => 101,1,Dial(PJSIP/101)\n",
    "a hint between": "exten => 101,1,Answer()\n same => hint,PJSIP/101\n same => n,Hangup()\n",
    "a limit of calls": (
        'exten => _1XX,1,GotoIf($["${DEVICE_STATE(PJSIP/${EXTEN})}" = "BUSY"]?busy)\n'
        " same => n,Dial(${PJSIP_DIAL_CONTACTS(${EXTEN})},20)\n"
        " same => n,Hangup()\n"
        " same => n(busy),Hangup(17)\n"
    ),
    "a limit of calls from the phone": (
        "exten => _X.,1,Set(GROUP(pjsip)=${CHANNEL(endpoint)})\n"
        " same => n,GotoIf($[${GROUP_COUNT(${CHANNEL(endpoint)}@pjsip)} > ${MAXCALLS}]?busy:ok)\n"
        " same => n(ok),Dial(PJSIP/${EXTEN})\n"
        " same => n(busy),Busy()\n"
    ),
    "another context": "include => others\n[others]\nexten => s,1,Gosub(phones,101,1(a,b))\n",
}

WRONG = [
    (WARNED, "bad-priority", "exten => 101,NoOp()\n"),
    (WARNED, "bad-priority", "exten => 101,0,NoOp()\n"),
    (WARNED, "bad-priority", "exten => 101,x,NoOp()\n"),
    (WARNED, "bad-priority", "exten => 101|1|NoOp()\n"),
    (WARNED, "bad-priority", "exten => _1[2-,1,NoOp()\n"),
    (WARNED, "bad-priority", "exten => 101,1,NoOp()\n same => q,NoOp()\n"),
    (WARNED, "no-previous", "exten => 101,n,NoOp()\n"),
    (WARNED, "no-previous", "same => n,NoOp()\n"),
    (WARNED, "duplicate-priority", "exten => 101,1,NoOp()\nexten => 101,1,Hangup()\n"),
    (WARNED, "duplicate-priority", "exten => 101,hint,PJSIP/1\nexten => 101,hint,PJSIP/2\n"),
    (WARNED, "duplicate-label", "exten => 101,1(a),NoOp()\n same => n(a),Hangup()\n"),
    (WARNED, "open-bracket", "exten => 101,1,Hangup(17\n"),
    (WARNED, "open-bracket", "exten => 101,1,Set(A=b;c)\n"),
    (WARNED, "open-bracket", "exten => 101,1(start,NoOp()\n"),
    (WARNED, "unknown-directive", "extn => 101,1,NoOp()\n"),
    (WARNED, "unknown-include", "include => nowhere\n"),
    (WARNED, "empty-extension", "exten => ,1,NoOp()\n"),
    (SILENT, "bad-extension", "exten => 1 0 1,1,NoOp()\n"),
    (SILENT, "bad-extension", "exten => _,1,NoOp()\n"),
    (SILENT, "no-application", "exten => 101,1\n"),
    (SILENT, "unknown-application", "exten => 101,1,Dail(PJSIP/101)\n"),
    (SILENT, "unknown-label", "exten => 101,1,GotoIf($[1 = 1]?busy)\n"),
    (SILENT, "unknown-label", "exten => 101,1,Goto(2)\n"),
    (SILENT, "open-expression", "exten => 101,1,NoOp(${EXTEN)\n"),
    (SILENT, "open-expression", "exten => 101,1,NoOp($[1 + 1)\n"),
    (SILENT, "after-bracket", "exten => 101,1,NoOp(a) b\n"),
    (SILENT, "empty-hint", "exten => 101,hint\n"),
    (SILENT, "hint-device", "exten => 101,hint,101\n"),
    (SILENT, "gap", "exten => 101,1,NoOp()\nexten => 101,3,Hangup()\n"),
]


def load(asterisk: Asterisk, lines: str) -> list[str]:
    asterisk.load({"extensions.conf": HEAD + lines})
    return asterisk.warnings()


class TestJudge:
    @pytest.mark.parametrize("name", RIGHT)
    def test_no_fault_is_found_in_what_is_right(self, name: str) -> None:
        assert dialplan_faults(read(HEAD + RIGHT[name])) == []

    @pytest.mark.parametrize(("effect", "kind", "lines"), WRONG)
    def test_every_mistake_is_named_by_its_kind(self, effect: str, kind: str, lines: str) -> None:
        found = {one.kind: one.effect for one in dialplan_faults(read(HEAD + lines))}
        assert found[kind] == effect

    def test_every_kind_of_fault_is_shown_by_a_case(self) -> None:
        assert EFFECTS.keys() == {one.kind for one in CASES} | {kind for _, kind, _ in WRONG}

    def test_a_hint_names_an_endpoint_that_is_there(self) -> None:
        text = HEAD + "exten => 101,hint,PJSIP/101\nexten => 102,hint,PJSIP/102&Custom:x\n"
        (fault,) = dialplan_faults(read(text), endpoints=["101"])
        assert (fault.kind, fault.words) == ("hint-device", "line 7: there is no endpoint '102'")


class TestAsteriskItself:
    @pytest.mark.parametrize("name", RIGHT)
    def test_takes_what_is_right(self, name: str, asterisk: Asterisk) -> None:
        assert load(asterisk, RIGHT[name]) == []
        assert "[extensions.conf:" in asterisk.cli("dialplan show")

    @pytest.mark.parametrize(("effect", "kind", "lines"), WRONG)
    def test_warns_of_a_mistake_or_does_not(
        self, effect: str, kind: str, lines: str, asterisk: Asterisk
    ) -> None:
        assert bool(load(asterisk, lines)) == (effect == WARNED)

    def test_has_no_application_that_the_judge_does_not_know(self, asterisk: Asterisk) -> None:
        told = asterisk.cli("core show applications").splitlines()
        there = {line.partition(":")[0].strip() for line in told if ": " in line}
        assert "Dial" in there
        assert there <= set(names_of("applications")) or version() > (22, 10, 1)
