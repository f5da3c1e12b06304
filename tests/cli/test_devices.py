"""`tuiprov devices`: the inventory on standard output, and changes with one-line answers."""

from __future__ import annotations

import io
import json

import pytest

from tests.cli.conftest import Cli
from tests.publish.helpers import files
from tests.screens.office import set_columns
from tests.sites import PHONE, Site
from tuiprov.data.models import Device, Extension, Line

NEW = ("manufacturer=Snom", "model=D765", "mac=00:04:13:00:00:77", "friendly_name=Spare1")
HOSTILE = "\x1b[31m\u202eabc"


@pytest.fixture
def stock(site: Site) -> Site:
    """Two phones in use, one extension without."""
    site.add("0027*001", **PHONE)
    site.add("0027*002", **PHONE | {"mac": "80:5E:C0:00:00:02", "friendly_name": "Desk02"})
    site.add("0027*003")
    return site


def test_the_inventory_is_printed_in_order(cli: Cli, stock: Site) -> None:
    ran = cli("devices")
    assert ran.code == 0
    assert [line.split()[:3] for line in ran.out.splitlines()] == [
        ["stale", "Desk01", "80:5E:C0:00:00:01"],
        ["stale", "Desk02", "80:5E:C0:00:00:02"],
    ]
    assert all(word in ran.out for word in ("Yealink T46S 84", "1/16", "0027*002", "Acme Ltd"))


def test_filter_and_order_are_the_lists(cli: Cli, stock: Site) -> None:
    assert cli("devices", "--where", "mac:00:02").out.count("\n") == 1
    assert cli("devices", "list", "--where", "-extension:0027*001").out.split()[1] == "Desk02"
    stock.save("0027*001", friendly_name="Zoe001")
    by_mac = [line.split()[1] for line in cli("devices", "--sort", "mac").out.splitlines()]
    assert by_mac == ["Zoe001", "Desk02"]


def test_json_holds_every_column(cli: Cli, stock: Site) -> None:
    row = json.loads(cli("devices", "--json", "--where", "Desk01").out)[0]
    assert row["lines"] == {"1": "0027*001"}
    assert (row["lines_used"], row["lines_total"], row["owner"]) == (1, 16, "admin")
    assert (row["published_at"], row["read_only"]) == (None, "")


def test_a_device_is_added_set_assigned_cleared_and_removed(cli: Cli, stock: Site) -> None:
    assert cli("devices", "add", *NEW).out == "added Snom D765 Spare1, serial 000413000077\n"
    spare = next(d for d in stock.rows(Device) if d.friendly_name == "Spare1")
    assert (spare.firmware != "", spare.update_protocol != "") == (True, True)
    assert "changed notes" in cli("devices", "set", "Spare1", "notes=hall").out
    said = cli("devices", "assign", "Spare1", "0027*003", "--line", "4").out
    assert said.startswith("0027*003 is on line 4 of Spare1")
    assert cli("publish", "--yes").code == 0
    assert any("000413000077" in path.lower() for path in files(stock.publish_root))
    ran = cli("devices", "clear", "0027*003", "--yes")
    assert ran.out.splitlines()[0] == "Spare1 (Snom D765) serves 0027*003"
    assert "to delete" in ran.out
    assert ran.out.splitlines()[-1] == "cleared the assignment of Spare1"
    assert not any("000413000077" in path.lower() for path in files(stock.publish_root))
    ran = cli("devices", "remove", "000413000077", "--yes")
    assert ran.out.splitlines()[-1] == "removed Spare1, serial 000413000077"
    assert [d.friendly_name for d in stock.rows(Device)] == ["Desk01", "Desk02"]


def test_the_plan_of_a_removal_is_shown_before_anything_is_done(
    cli: Cli, stock: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli("publish", "--yes")
    before = files(stock.publish_root)
    for command in ("clear", "remove"):
        monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
        ran = cli("devices", command, "Desk01")
        assert (ran.code, ran.out.splitlines()[-1]) == (
            0,
            "Apply this plan? [y/N]: nothing was done",
        )
        assert "1 to delete" in ran.out
    assert (files(stock.publish_root), len(stock.rows(Line))) == (before, 2)


def test_a_device_can_be_added_for_an_account_below(cli: Cli, stock: Site) -> None:
    assert cli("devices", "add", *NEW, "--owner", "Acme Ltd").code == 0
    assert "Spare1" in cli("devices", "--where", "owner:acme").out


def test_a_changed_model_takes_what_hangs_on_it_along(cli: Cli, stock: Site) -> None:
    said = cli("devices", "set", "Desk01", "manufacturer=Fanvil", "model=X4U").out
    assert said.startswith("changed manufacturer, model, firmware")
    desk = next(d for d in stock.rows(Device) if d.friendly_name == "Desk01")
    assert (desk.manufacturer, desk.model, desk.publish_state) == ("Fanvil", "X4U", "stale")
    assert cli("devices", "set", "Desk01", "model=X4U").out == "nothing to change\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--sort", "colour"), "must be one of name, state"),
        (("--where", "colour:red"), "is not a field to filter by"),
        (("set", "Nobody", "notes=x"), "there is no device 'Nobody'"),
        (("set", "Desk01", "codecs=ulaw"), "codecs: is not a field"),
        (("set", "Desk01", "friendly_name=a b"), "must be 3 to 32 letters and digits"),
        (("set", "Desk01", "mac="), "an enabled device needs its MAC address"),
        (("add", "friendly_name=Spare1"), "manufacturer: is missing"),
        (("add", *NEW, "--owner", "nobody"), "there is no account 'nobody'"),
        (("assign", "Desk01", "0027*002"), "has a device already"),
        (("assign", "Desk01", "0099*009"), "there is no extension '0099*009'"),
        (("assign", "Desk01", "0027*003", "--line", "1"), "is used by another extension"),
        (("assign", "Desk01", "0027*003", "--line", "99"), "has 16 lines"),
        (("clear", "Nobody", "--yes"), "there is no device 'Nobody'"),
        (("remove", "Nobody", "--yes"), "there is no device 'Nobody'"),
    ],
)
def test_a_mistake_gets_its_reason_and_changes_nothing(
    cli: Cli, stock: Site, words: tuple[str, ...], said: str
) -> None:
    before = stock.export()
    ran = cli("devices", *words)
    assert ran.code == 1
    assert any(said in line for line in ran.errors), ran
    assert stock.export() == before


def test_two_devices_with_one_mac_are_refused_word_for_word(cli: Cli, stock: Site) -> None:
    stock.save("0027*001", mac_based_provisioning=True)
    words = ("mac=80:5E:C0:00:00:01", "mac_based_provisioning=yes")
    ran = cli("devices", "set", "Desk02", *words)
    assert ran.errors == [
        "mac: This MAC address is already used by another device; the provisioning link was not "
        "generated."
    ]


def test_an_unassigned_device_has_nothing_to_clear(cli: Cli, stock: Site) -> None:
    cli("devices", "add", *NEW)
    assert cli("devices", "clear", "Spare1", "--yes").errors == ["it is assigned to nobody"]


def test_stored_values_reach_the_terminal_as_plain_text_only(cli: Cli, stock: Site) -> None:
    texts = ("serial", "friendly_name", "mac", "manufacturer", "model", "firmware")
    set_columns(stock, "device", dict.fromkeys(texts, HOSTILE), "id = 1")
    set_columns(stock, "extension", {"extension": HOSTILE}, "id = 1")
    set_columns(stock, "account", {"name": HOSTILE}, "kind = 'organization'")
    for more in ((), ("--json",)):
        ran = cli("devices", *more)
        assert (ran.code, ran.err) == (0, "")
        assert "\x1b" not in ran.out
        assert "\u202e" not in ran.out
    assert any(e.extension == HOSTILE for e in stock.rows(Extension))
    assert "\x1b" not in cli("devices", "remove", HOSTILE, "--yes").out
