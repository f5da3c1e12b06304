"""The preview beside the form: lines that changed, the focused field's lines, secrets hidden."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from markupsafe import escape

from tests.phones import TOKEN, kind, phone
from tests.publish.helpers import files, put
from tests.render.cases import representatives
from tuiprov.data.catalog import PhoneType
from tuiprov.data.page import MASK, CustomTemplate, Page
from tuiprov.data.sections import DEFAULTS, FIELDS
from tuiprov.data.site import Site
from tuiprov.publish.preview import PagePreview, Published, preview
from tuiprov.publish.tree import Tree
from tuiprov.render.engine import render

FAMILIES = {t.templates: t for t in reversed(list(representatives()))}
PHONE_FIELDS = [
    name
    for name, field in FIELDS.items()
    if field.takes == "phone" and name not in ("manufacturer", "model", "firmware", "template")
]
UNIQUE = {
    "extension_name": "Zaphod",
    "sip_username": "zb4242",
    "sip_password": "w7Kx2mQp9Tz",
}


def page_of(phone_type: PhoneType, **values: object) -> Page:
    """A page of one line on this kind of phone; `values` may be of the device or the extension."""
    one = phone(phone_type.manufacturer, phone_type.model, phone_type.firmware)
    known = {**DEFAULTS, **one.lines[0].extension, **one.values, "line": 1, **UNIQUE}
    return Page({**known, **values}, Site(), token=TOKEN)


def shown(
    page: Page, focus: str = "", *, root: Path | None = None, reveal: bool = False
) -> PagePreview:
    return preview(page, Published(Tree(root or Path("/nonexistent"))), focus, reveal=reveal)


def texts(found: PagePreview, *, focused: bool = False, changed: bool = False) -> list[str]:
    """The lines of all files (without the link's tab), all or those that are marked."""
    return [
        line.text
        for tab in found.files
        if tab.state
        for line in tab.lines
        if (line.focused or not focused) and (line.changed or not changed)
    ]


@pytest.fixture
def fanvil() -> Page:
    return page_of(kind("Fanvil", "X4U", "2.12"))


# -- tabs ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FAMILIES)
def test_there_is_a_tab_for_each_file_the_phone_asks_for_and_one_for_the_link(name: str) -> None:
    page = page_of(FAMILIES[name])
    assert page.phone is not None
    wanted = [file.name for file in render(page.phone)]
    assert [tab.name for tab in shown(page).files] == [*wanted, "Link"]


@pytest.mark.parametrize("name", FAMILIES)
def test_the_link_tab_says_link_resync_and_file_names(name: str) -> None:
    page = page_of(FAMILIES[name])
    tab = shown(page).files[-1]
    words = [line.text for line in tab.lines]
    assert words[0] == "Provisioning link"
    assert words[1].partition("://")[0] in ("tftp", "http", "https")
    event = FAMILIES[name].facts.resync
    assert words[3] == (
        f"Resync: SIP NOTIFY with Event: {event}"
        if event
        else "Resync: none; it fetches its file when it starts."
    )
    assert all(one.name in words[4] for one in shown(page).files[:-1])


def test_the_link_waits_for_the_mac_address(fanvil: Page) -> None:
    tab = shown(fanvil.changed({"mac": ""})).files[-1]
    assert tab.lines[1].text == "(needs the MAC address)"


def test_a_link_by_token_needs_no_mac_address(fanvil: Page) -> None:
    page = fanvil.changed({"mac": "", "mac_based_provisioning": False})
    assert "/prov/" in shown(page).files[-1].lines[1].text


def test_the_link_tab_hides_the_token_until_secrets_are_revealed(fanvil: Page) -> None:
    page = fanvil.changed({"mac_based_provisioning": False})
    assert f"/prov/{MASK}/" in shown(page).files[-1].lines[1].text
    assert f"/prov/{TOKEN}/" in shown(page, reveal=True).files[-1].lines[1].text


# -- words instead of files ---------------------------------------------------------------------


def test_without_provisioning_the_words_say_so(fanvil: Page) -> None:
    found = shown(fanvil.changed({"use_provisioning": False}))
    assert found == PagePreview(empty="Use provisioning is off: the phone gets no file.")


@pytest.mark.parametrize("missing", ["manufacturer", "model", "firmware"])
def test_without_a_whole_phone_the_words_say_what_to_choose(fanvil: Page, missing: str) -> None:
    found = shown(fanvil.changed({missing: ""}))
    assert found.empty == "Choose manufacturer, model and firmware to see the file."
    assert found.files == ()


def test_a_disabled_device_has_its_link_and_no_file(fanvil: Page) -> None:
    found = shown(fanvil.changed({"status": "disabled"}))
    assert [tab.name for tab in found.files] == ["Link"]
    assert found.empty == "The device is disabled: no file is generated."


def test_a_value_that_cannot_be_rendered_is_told_and_not_raised(fanvil: Page) -> None:
    found = shown(fanvil.changed({"extension_name": "a\x07b"}))
    assert found.files == ()
    assert found.empty.startswith("No file: ")
    assert "\x07" not in found.empty


def test_what_the_phone_cannot_take_is_said_beside_the_files(fanvil: Page) -> None:
    assert [n.field for n in shown(fanvil.changed({"codecs": "alaw,gsm"})).notes] == ["codecs"]


# -- changed lines ------------------------------------------------------------------------------


def test_a_file_that_is_not_published_yet_is_new_and_nothing_in_it_is_marked(
    fanvil: Page, tmp_path: Path
) -> None:
    found = shown(fanvil, root=tmp_path)
    assert states(found) == ["new", ""]
    assert texts(found, changed=True) == []


def test_a_file_that_is_published_as_it_is_says_so(fanvil: Page, tmp_path: Path) -> None:
    publish(fanvil, tmp_path)
    found = shown(fanvil, root=tmp_path)
    assert states(found) == ["published", ""]
    assert texts(found, changed=True) == []


def test_the_lines_that_differ_from_disk_are_marked(fanvil: Page, tmp_path: Path) -> None:
    publish(fanvil, tmp_path)
    found = shown(fanvil.changed({"extension_name": "Trillian"}), root=tmp_path)
    assert states(found) == ["changed", ""]
    assert texts(found, changed=True) == ["SIP1 Display Name       :Trillian"]


def test_a_line_more_is_marked_and_the_lines_below_it_are_not(fanvil: Page, tmp_path: Path) -> None:
    publish(fanvil, tmp_path)
    (path,) = files(tmp_path)
    lines = (tmp_path / path).read_bytes().splitlines(keepends=True)
    (tmp_path / path).write_bytes(b"".join(lines[:3] + lines[4:]))
    assert texts(shown(fanvil, root=tmp_path), changed=True) == [lines[3].decode().rstrip("\n")]


def test_a_changed_secret_is_marked_although_it_is_masked(fanvil: Page, tmp_path: Path) -> None:
    publish(fanvil, tmp_path)
    found = shown(fanvil.changed({"sip_password": "an0therOne"}), root=tmp_path)
    assert texts(found, changed=True) == ["SIP1 Register Pswd      :********"]


def test_the_disk_is_read_once_until_it_is_forgotten(fanvil: Page, tmp_path: Path) -> None:
    published = Published(Tree(tmp_path))
    assert states(preview(fanvil, published, "")) == ["new", ""]
    publish(fanvil, tmp_path)
    assert states(preview(fanvil, published, "")) == ["new", ""]
    published.forget()
    assert states(preview(fanvil, published, "")) == ["published", ""]


def test_an_unreadable_file_on_disk_does_not_stop_the_preview(fanvil: Page, tmp_path: Path) -> None:
    publish(fanvil, tmp_path)
    (path,) = files(tmp_path)
    (tmp_path / path).unlink()
    (tmp_path / path).mkdir()
    assert states(shown(fanvil, root=tmp_path)) == ["new", ""]


def states(found: PagePreview) -> list[str]:
    return [tab.state for tab in found.files]


def publish(page: Page, root: Path) -> None:
    assert page.phone is not None
    put(root, page.phone)


# -- secrets ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FAMILIES)
def test_secrets_are_masked_unless_they_are_revealed(name: str) -> None:
    page = page_of(FAMILIES[name])
    secrets = [str(page.values[field]) for field in ("sip_password", "admin_password")]
    escaped = re.compile("|".join(re.escape(word) for word in secrets if word))
    assert not escaped.search("\n".join(texts(shown(page))))
    assert page.values["sip_password"] in "\n".join(texts(shown(page, reveal=True)))
    hidden, revealed = texts(shown(page)), texts(shown(page, reveal=True))
    assert len(hidden) == len(revealed)
    differing = [line for line, other in zip(hidden, revealed, strict=True) if line != other]
    assert differing
    assert all("********" in line for line in differing)


# -- the focused field's lines ------------------------------------------------------------------


def reason_for_none(field: str, phone_type: PhoneType) -> str:
    """Why the phone's files hold nothing of `field`, or ""."""
    facts = phone_type.facts
    terms = {str(term) for term in facts.terms.get(field, {}).values()}
    nothing = {
        "application_version": facts.application_version == "unused",
        "admin_username": facts.admin_login is None or bool(facts.admin_login.username),
        "password_generation": facts.admin_login is None,
        "admin_password": facts.admin_login is None,
        "update_interval": facts.interval is None,
        "parking_watch_lines": not facts.park_keys or phone_type.keys < 2,
        "mac_based_provisioning": facts.update_protocols[0] == "tftp" or not phone_type.has_mac,
        "update_protocol": len(facts.update_protocols) < 2,
        "dtmf_mode": len(terms) < 2,
        "media_encryption": len(terms) < 2,
        "signaling_transport": len(terms) < 2,
        # The MAC address is in the name of its file only; it shows what the server sends and never
        # asks for it.
        "mac": phone_type.templates == "cisco-79xx" or not phone_type.has_mac,
        "force_mwi": phone_type.templates == "cisco-79xx",
    }
    return facts.lacks.get(field, "") or ("nothing to write" if nothing.get(field) else "")


@pytest.mark.parametrize("field", PHONE_FIELDS)
@pytest.mark.parametrize("name", FAMILIES)
def test_the_lines_of_the_focused_field_are_found(name: str, field: str) -> None:
    phone_type = FAMILIES[name]
    if reason_for_none(field, phone_type):
        pytest.skip(f"{phone_type.label}: {reason_for_none(field, phone_type)}")
    page = page_of(phone_type, status="enabled")
    focused = texts(shown(page, field), focused=True)
    if field == "parking_watch_lines":  # no lamp yet: the lines come with the first
        focused = texts(shown(page.changed({field: 1}), field), focused=True)
    assert focused
    assert len(focused) < len(texts(shown(page)))


@pytest.mark.parametrize("field", [*UNIQUE, "admin_password", "admin_username"])
@pytest.mark.parametrize("name", FAMILIES)
def test_every_line_that_holds_the_value_is_the_focused_field_s(name: str, field: str) -> None:
    phone_type = FAMILIES[name]
    if reason_for_none(field, phone_type):
        pytest.skip(f"{phone_type.label}: {reason_for_none(field, phone_type)}")
    values = {"admin_username": "zroot"} if field == "admin_username" else {}
    page = page_of(phone_type, **values)
    words = {str(page.values[field]), str(escape(page.values[field]))}
    all_lines = texts(shown(page, field, reveal=True))
    holding = [line for line in all_lines if any(word in line for word in words)]
    focused = texts(shown(page, field, reveal=True), focused=True)
    assert holding
    assert set(holding) <= set(focused)


def test_the_password_s_line_is_found_while_it_is_masked(fanvil: Page) -> None:
    assert texts(shown(fanvil, "sip_password"), focused=True) == [
        "SIP1 Register Pswd      :********"
    ]


@pytest.mark.parametrize("field", ["notes", "friendly_name", "ping", "fixed_ip", "status", "", "x"])
def test_a_field_that_no_phone_takes_marks_no_line(fanvil: Page, field: str) -> None:
    assert texts(shown(fanvil, field), focused=True) == []


def test_the_second_line_s_field_marks_the_second_line_s_text(fanvil: Page) -> None:
    assert fanvil.phone is not None
    other = replace(fanvil.phone.lines[0], number=1, extension=fanvil.phone.lines[0].extension)
    page = replace(fanvil.changed({"line": 2, "sip_username": "two"}), others=(other,))
    assert "SIP2 Register User      :two" in texts(shown(page, "sip_username"), focused=True)
    assert not [line for line in texts(shown(page, "sip_username"), focused=True) if "SIP1" in line]


# -- an account's own template --------------------------------------------------------------------


def page_with_template(text: str) -> Page:
    """A Yealink's page that uses a template with this text."""
    custom = CustomTemplate("Acme", "Yealink", files={"yealink/phone.cfg.j2": text})
    page = page_of(kind("Yealink", "T46S", "84"), template="Acme")
    return replace(page, customs=(custom,))


def test_the_lines_of_a_template_follow_the_focused_field() -> None:
    page = page_with_template("a = 1\nb = {{ update.interval }}\n")
    assert texts(shown(page, "update_interval"), focused=True) == ["b = 10"]


def test_a_template_that_fails_leaves_a_preview_that_says_why() -> None:
    found = shown(page_with_template("a = 1\n{{ nosuch }}\n"))
    assert found.files == ()
    assert found.empty == (
        "No file: template Acme: yealink/phone.cfg.j2, line 2: 'nosuch' is not defined"
    )


def test_a_file_of_a_template_that_is_malformed_is_shown_and_told_beside_the_field() -> None:
    found = shown(page_with_template("a = 1\nno setting\n"))
    assert texts(found) == ["a = 1", "no setting"]
    (note,) = [one for one in found.notes if one.field == "template"]
    assert "line 2 is not a setting: it will not be published" in note.sentence
    assert not [
        one for one in shown(page_with_template("a = 1\n")).notes if one.field == "template"
    ]
