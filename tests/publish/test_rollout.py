"""A rollout: wave by wave, back when a phone does not come, on or back after a kill."""

from __future__ import annotations

import os
import signal
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.publish.helpers import files, publish_site, state
from tests.publish.rolling import Rolling, a_fleet, change, fetch
from tests.sites import Site, a_site
from tuiprov import driving
from tuiprov.data.kept import Event, FileVersion
from tuiprov.data.models import Device
from tuiprov.data.rollouts.tables import Rollout
from tuiprov.driving import Told
from tuiprov.errors import Conflict, NotAllowed, NotFound, PublishError
from tuiprov.publish import apply
from tuiprov.publish.planning import plan_outdated
from tuiprov.session import Session

ON_BOTH = True


@pytest.fixture
def fleet(site: Site) -> Site:
    """Three phones that fetched their files; then all of them change."""
    a_fleet(site)
    change(site)
    return site


class TestThatAllComes:
    def test_one_wave_after_the_other_and_every_phone_is_published(self, fleet: Site) -> None:
        rolling = Rolling(fleet).coming(Desk01=5, Desk02=9, Desk03=12)
        row = rolling.run()
        assert row.state == "done"
        assert rolling.words() == [
            "wave 1 of 2",
            "Desk01 published",
            "Desk01 fetched",
            "wave 2 of 2",
            "Desk02 published",
            "Desk03 published",
            "Desk02 fetched",
            "Desk03 fetched",
            "done",
        ]
        assert [state(fleet, f"0027*00{n}") for n in (1, 2, 3)] == ["published"] * 3
        assert not plan_outdated(fleet.store, fleet.admin)

    def test_the_second_wave_keeps_its_files_until_the_first_has_come(self, fleet: Site) -> None:
        before = files(fleet.publish_root)
        seen: list[int] = []
        rolling = Rolling(fleet).coming(Desk01=5, Desk02=9, Desk03=12)
        rolling.acts[3] = lambda: seen.append(_changed(before, files(fleet.publish_root)))
        rolling.acts[7] = lambda: seen.append(_changed(before, files(fleet.publish_root)))
        rolling.run()
        assert seen == [1, 3]

    def test_the_history_says_who_did_what(self, fleet: Site) -> None:
        Rolling(fleet).coming(Desk01=1, Desk02=2, Desk03=2).run()
        told = [(e.action, e.subject, e.detail) for e in fleet.rows(Event) if e.action == "waves"]
        assert told == [
            ("waves", "3 devices", "in waves of 1,all"),
            ("waves", "done", "in waves of 1,all"),
        ]


class TestThatOneDoesNotCome:
    def test_all_waves_so_far_go_back_byte_by_byte(self, fleet: Site) -> None:
        before = files(fleet.publish_root)
        rolling = Rolling(fleet).coming(Desk01=5, Desk02=9)
        row = rolling.run(wait=60)
        assert row.state == "rolled back"
        assert row.reason == "Desk03 did not fetch its new files within 1m"
        assert files(fleet.publish_root) == before
        assert set(rolling.states(row.id).values()) == {"rolled back"}

    def test_the_devices_are_stale_and_say_why(self, fleet: Site) -> None:
        Rolling(fleet).run()
        (desk,) = (one for one in fleet.rows(Device) if one.friendly_name == "Desk01")
        assert desk.publish_state == "stale"
        assert desk.publish_reason.startswith("rolled back: Desk01 did not fetch its new files")
        assert plan_outdated(fleet.store, fleet.admin).count("replace") == 3

    def test_a_wave_that_was_not_reached_is_as_it_was(self, fleet: Site) -> None:
        versions = len(fleet.rows(FileVersion))
        rolling = Rolling(fleet)
        row = rolling.run()
        assert rolling.states(row.id) == {
            "Desk01": "rolled back",
            "Desk02": "waiting",
            "Desk03": "waiting",
        }
        assert len(fleet.rows(FileVersion)) == versions + 2

    def test_the_last_wave_alone_goes_back_when_that_was_chosen(self, fleet: Site) -> None:
        rolling = Rolling(fleet).coming(Desk01=5, Desk02=9)
        row = rolling.run(back="wave")
        assert rolling.states(row.id) == {
            "Desk01": "fetched",
            "Desk02": "rolled back",
            "Desk03": "rolled back",
        }
        assert state(fleet, "0027*001") == "published"

    def test_a_file_that_was_new_is_gone_again(self, site: Site) -> None:
        a_fleet(site, 1)
        (path,) = files(site.publish_root)
        for number in ("0027*001",):
            site.save(number, mac="80:5E:C0:00:00:99")
        before = files(site.publish_root)
        assert Rolling(site).run().state == "rolled back"
        assert files(site.publish_root) == before == {path: before[path]}

    def test_an_older_version_does_not_count(self, fleet: Site) -> None:
        old = min(one.id or 0 for one in fleet.rows(FileVersion))
        rolling = Rolling(fleet)
        rolling.acts[5] = lambda: fetch(fleet, "Desk01", rolling.moment, version=old)
        assert rolling.run().state == "rolled back"

    def test_another_phone_s_fetch_does_not_count(self, fleet: Site) -> None:
        assert Rolling(fleet).coming(Desk02=5, Desk03=5).run().state == "rolled back"

    def test_what_somebody_published_meanwhile_is_left(self, fleet: Site) -> None:
        rolling = Rolling(fleet).coming(Desk01=2)

        def publish_desk02() -> None:
            change(fleet, 2)
            publish_site(fleet, "extension:0027*002")

        rolling.acts[6] = publish_desk02
        row = rolling.run()
        assert rolling.states(row.id) == {
            "Desk01": "rolled back",
            "Desk02": "left out",
            "Desk03": "rolled back",
        }
        assert state(fleet, "0027*002") == "published"


class TestThatThePlanIsNoLongerTrue:
    def test_what_was_changed_since_it_was_shown_is_left_out(self, fleet: Site) -> None:
        rolling = Rolling(fleet).coming(Desk01=5, Desk02=9)
        rolling.acts[3] = lambda: change(fleet, 3)
        row = rolling.run()
        assert row.state == "done"
        assert rolling.states(row.id)["Desk03"] == "left out"
        assert state(fleet, "0027*003") == "stale"

    def test_a_device_that_is_removed_meanwhile_is_not_missed(self, fleet: Site) -> None:
        rolling = Rolling(fleet).coming(Desk01=5, Desk02=9)

        def remove() -> None:
            inventory = Session(fleet.store, fleet.admin).inventory
            inventory.remove(inventory.open(fleet.page("0027*003").device_id or 0).base)

        rolling.acts[3] = remove
        assert rolling.run().state == "done"


class TestTwoAdmins:
    def test_one_rollout_at_a_time(self, fleet: Site) -> None:
        Rolling(fleet).start()
        with pytest.raises(PublishError) as refused:
            Rolling(fleet).start()
        assert str(refused.value) == (
            "waves of System administrator are under way (wave 1 of 2): tuiprov waves shows, goes "
            "on with or rolls back these"
        )

    def test_after_its_end_the_next_one_may_begin(self, fleet: Site) -> None:
        Rolling(fleet).run()
        assert Rolling(fleet).coming(Desk01=1, Desk02=2, Desk03=2).run().state == "done"

    def test_an_account_neither_sees_nor_stops_what_another_started(self, fleet: Site) -> None:
        number = Rolling(fleet).start()
        other = fleet.viewer("organization", "modify")
        waves = fleet.store.waves
        assert waves.rows(other) == []
        for call in (waves.row, waves.devices, waves.take):
            with pytest.raises(NotFound):
                call(other, number)
        with pytest.raises(NotFound):
            waves.order(other, number, "back")
        with pytest.raises(PublishError, match="another account's waves are under way"):
            Rolling(fleet, other).start()

    def test_who_may_only_view_starts_none(self, fleet: Site) -> None:
        with pytest.raises(NotAllowed):
            Rolling(fleet, fleet.viewer("organization", "view")).start()


class TestOrders:
    def test_the_next_wave_goes_now_and_the_first_is_still_watched(self, fleet: Site) -> None:
        rolling = Rolling(fleet).coming(Desk01=20, Desk02=9, Desk03=9)
        number = rolling.start()
        rolling.acts[3] = lambda: fleet.store.waves.order(fleet.admin, number, "next")
        assert rolling.drive(number).state == "done"
        assert rolling.words().index("Desk03 published") < rolling.words().index("Desk01 fetched")

    def test_paused_it_begins_no_wave_until_it_goes_on(self, fleet: Site) -> None:
        rolling = Rolling(fleet).coming(Desk01=5, Desk02=40, Desk03=40)
        number = rolling.start()
        order = fleet.store.waves.order
        seen: list[dict[str, str]] = []
        rolling.acts[3] = lambda: order(fleet.admin, number, "pause")
        rolling.acts[29] = lambda: seen.append(rolling.states(number))
        rolling.acts[30] = lambda: order(fleet.admin, number, "go")
        assert rolling.drive(number).state == "done"
        assert seen == [{"Desk01": "fetched", "Desk02": "waiting", "Desk03": "waiting"}]

    def test_paused_and_left_it_is_gone_on_with(self, fleet: Site) -> None:
        number = Rolling(fleet).start()
        fleet.store.waves.order(fleet.admin, number, "pause")
        rolling = Rolling(fleet).coming(Desk01=5, Desk02=9, Desk03=9)
        rolling.acts[2] = _stop
        with pytest.raises(KeyError):
            rolling.drive(number)
        assert fleet.store.waves.row(fleet.admin, number).state == "paused"
        again = Rolling(fleet).coming(Desk01=5, Desk02=9, Desk03=9)
        assert again.rollouts().resume(number, again.told.append).state == "done"

    def test_an_order_that_comes_while_a_wave_begins_is_not_lost(self, fleet: Site) -> None:
        rolling = Rolling(fleet).coming(Desk01=5, Desk02=9, Desk03=9)
        number = rolling.start()

        def told(one: Told) -> None:
            if (one.device, one.state) == ("Desk01", "fetched"):
                fleet.store.waves.order(fleet.admin, number, "back")

        row = rolling.rollouts().drive(number, told)
        assert row.reason == "rolled back by hand"

    def test_back_when_somebody_says_so(self, fleet: Site) -> None:
        before = files(fleet.publish_root)
        rolling = Rolling(fleet).coming(Desk01=5)
        number = rolling.start()
        rolling.acts[8] = lambda: fleet.store.waves.order(fleet.admin, number, "back")
        row = rolling.drive(number)
        assert (row.state, row.reason) == ("rolled back", "rolled back by hand")
        assert files(fleet.publish_root) == before

    def test_there_is_nothing_to_order_after_the_end(self, fleet: Site) -> None:
        number = Rolling(fleet).run().id
        with pytest.raises(Conflict, match="have ended: rolled back"):
            fleet.store.waves.order(fleet.admin, number, "next")


def _stop() -> None:
    raise KeyError


def _changed(before: dict[str, bytes], after: dict[str, bytes]) -> int:
    return sum(before.get(path) != data for path, data in after.items())


# -- a killed process -----------------------------------------------------------------------------

WHERE = ["before the files", "amid the files", "after the files", "while it waits"]


def _killed(fleet: Site, where: str) -> int:
    """A process that starts a rollout and is killed there; gives the rollout."""
    fleet.database.close()
    child = os.fork()
    if child == 0:
        try:
            _drive_until(fleet, where)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), status
    return max(one.id or 0 for one in fleet.rows(Rollout))


def _drive_until(fleet: Site, where: str) -> None:
    def die(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    real: Callable[..., None] = apply.Putting.finish

    def put(*arguments: object) -> None:
        if where == "amid the files":
            die()
        real(*arguments)
        if where == "after the files":
            die()

    apply.Putting.finish = put  # type: ignore[method-assign]
    rolling = Rolling(fleet)
    number = rolling.start()
    if where == "before the files":
        vars(driving)["carry_out"] = die
    rolling.acts[3] = die
    rolling.drive(number)


@pytest.mark.parametrize("where", WHERE)
class TestAKilledProcess:
    def test_another_goes_on(self, fleet: Site, where: str) -> None:
        number = _killed(fleet, where)
        rolling = Rolling(fleet).coming(Desk01=2, Desk02=6, Desk03=6)
        assert rolling.drive(number).state == "done"
        assert set(rolling.states(number).values()) == {"fetched"}
        assert not plan_outdated(fleet.store, fleet.admin)

    def test_another_rolls_back(self, fleet: Site, where: str) -> None:
        before = files(fleet.publish_root)
        number = _killed(fleet, where)
        row = Rolling(fleet).rollouts().abort(number)
        assert row.state == "rolled back"
        assert files(fleet.publish_root) == before


def test_while_a_process_drives_it_no_other_takes_it(fleet: Site, tmp_path: Path) -> None:
    number = Rolling(fleet).start()
    fleet.database.close()
    child = os.fork()
    if child == 0:
        import tuiprov.data.together.processes

        tuiprov.data.together.processes._named.cache_clear()
        try:
            fleet.store.waves.take(fleet.admin, number)
        except Conflict as refused:
            os._exit(0 if "another process drives these waves" in str(refused) else 2)
        finally:
            os._exit(3)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_shared_files_go_with_the_last_wave(tmp_path: Path) -> None:
    site = a_site(tmp_path)
    a_fleet(site, 2)
    aastra = {"manufacturer": "Aastra", "model": "6731i", "firmware": "3.3.1"}
    site.add(
        "0027*003",
        use_provisioning=True,
        friendly_name="Desk03",
        mac="00:08:5D:00:00:01",
        update_protocol="tftp",
        **aastra,
    )
    change(site, 1, 2)
    rolling = Rolling(site).coming(Desk01=5, Desk02=9)
    seen: list[bool] = []
    rolling.acts[3] = lambda: seen.append((site.publish_root / "tftp/aastra.cfg").exists())
    row = rolling.run()
    assert row.state == "done"
    assert seen == [False]
    assert (site.publish_root / "tftp/aastra.cfg").exists()
    assert rolling.states(row.id)["Desk03"] == "published"
