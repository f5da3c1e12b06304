"""The Asterisk that judges our files: it reads what it is given, says what it thinks, and goes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.pbx.asterisk_server import ANSWERS_WITHIN, Asterisk, missing

PHONE = """
[101]
type=endpoint
context=phones
disallow=all
allow=ulaw,alaw
aors=101
auth=101
[101]
type=aor
max_contacts=1
[101]
type=auth
auth_type=digest
username=101
password=>Secret101
"""

KILLED = """
import time
from tests.pbx.asterisk_server import running
with running() as server:
    print((server.etc.parent / "run/asterisk.pid").read_text(), flush=True)
    time.sleep(60)
"""


def alive(pid: int) -> bool:
    """Whether such a process runs; one that only waits to be collected does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_phone_of_ours_is_known_without_a_warning(asterisk: Asterisk) -> None:
    asterisk.load({"pjsip.conf": asterisk.transports + PHONE})
    assert asterisk.warnings() == []
    assert asterisk.show("endpoint", "101")["allow"] == "(ulaw|alaw)"
    assert asterisk.show("aor", "101")["max_contacts"] == "1"
    assert asterisk.show("auth", "101")["password"] == "Secret101"
    assert asterisk.show("transport", "t-udp")["bind"] == f"127.0.0.1:{asterisk.port}"


def test_a_refusal_is_in_the_log_and_the_object_is_not_there(asterisk: Asterisk) -> None:
    asterisk.load({"pjsip.conf": PHONE.replace("aors=101", "nat=yes")})
    assert [line.split(": ")[1][:29] for line in asterisk.warnings()] == [
        "Could not find option suitabl",
        "Could not create an object of",
    ]
    assert asterisk.show("endpoint", "101") == {}
    assert asterisk.show("aor", "101") != {}


def test_other_files_make_it_forget_the_ones_before(asterisk: Asterisk) -> None:
    asterisk.load({"pjsip.conf": PHONE, "extensions.conf": "[phones]\nexten => 101,1,Hangup()\n"})
    assert "101" in asterisk.cli("dialplan show phones")
    asterisk.load(
        {"pjsip.conf": "#include pjsip.d/more.conf\n", "pjsip.d/more.conf": "[a]\ntype=aor\n"}
    )
    assert asterisk.warnings() == []
    assert asterisk.show("endpoint", "101") == {}
    assert asterisk.show("aor", "a") != {}
    assert "no existence" in asterisk.cli("dialplan show phones")


class TestReload:
    """What Asterisk keeps of its old files when the new ones are wrong."""

    def test_a_change_takes_effect(self, asterisk: Asterisk) -> None:
        asterisk.load({"pjsip.conf": PHONE})
        asterisk.write("pjsip.conf", PHONE.replace("ulaw,alaw", "g722"))
        asterisk.reload()
        assert asterisk.show("endpoint", "101")["allow"] == "(g722)"

    def test_a_refused_object_keeps_its_old_settings(self, asterisk: Asterisk) -> None:
        asterisk.load({"pjsip.conf": PHONE})
        broken = PHONE.replace("ulaw,alaw", "PCMU").replace("max_contacts=1", "max_contacts=2")
        asterisk.write("pjsip.conf", broken)
        asterisk.reload()
        assert asterisk.warnings() != []
        assert asterisk.show("endpoint", "101")["allow"] == "(ulaw|alaw)"
        assert asterisk.show("aor", "101")["max_contacts"] == "2"

    @pytest.mark.parametrize("broken", ["[102\n", "#include nowhere.conf\n", "[102](none)\n"])
    def test_a_lost_file_leaves_all_as_it_was(self, broken: str, asterisk: Asterisk) -> None:
        asterisk.load({"pjsip.conf": PHONE})
        asterisk.write("pjsip.conf", PHONE.replace("max_contacts=1", "max_contacts=2") + broken)
        asterisk.reload()
        assert asterisk.warnings() != []
        assert asterisk.show("aor", "101")["max_contacts"] == "1"

    def test_an_object_twice_leaves_its_type_as_it_was(self, asterisk: Asterisk) -> None:
        asterisk.load({"pjsip.conf": PHONE})
        twice = PHONE.replace("ulaw,alaw", "g722").replace("max_contacts=1", "max_contacts=2")
        asterisk.write("pjsip.conf", twice + "[101]\ntype=aor\n")
        asterisk.reload()
        assert asterisk.warnings() != []
        assert asterisk.show("aor", "101")["max_contacts"] == "1"
        assert asterisk.show("endpoint", "101")["allow"] == "(g722)"


@pytest.mark.skipif(missing() != "", reason=missing())
def test_nothing_is_left_of_it_when_the_test_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", KILLED], stdout=subprocess.PIPE) as test:
        assert test.stdout is not None
        pid = int(test.stdout.readline())
        assert alive(pid)
        test.send_signal(signal.SIGKILL)
        test.wait(ANSWERS_WITHIN)
        ends = time.monotonic() + ANSWERS_WITHIN
        while alive(pid):
            assert time.monotonic() < ends
            time.sleep(0.01)
    assert not os.path.exists(f"/proc/{pid}/exe")
