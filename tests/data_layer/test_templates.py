"""Templates of accounts: who sees and changes whose, names and devices that follow, and removal."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.sites import PHONE, Site
from tuiprov.data.accounts.viewers import Viewer
from tuiprov.data.kept import Event
from tuiprov.data.models import Device
from tuiprov.data.sections import SERVER_DEFAULT
from tuiprov.data.templates.fields import TEMPLATE_FIELDS
from tuiprov.data.templates.library import DEFAULT_ID
from tuiprov.data.templates.parts import LARGEST, LARGEST_FILE, TemplateView, copied, merged
from tuiprov.data.templates.tables import Template, TemplateFile
from tuiprov.errors import Conflict, NotAllowed, NotFound, Refused
from tuiprov.render.sandbox import bounds

PHONE_FILE, OLD_FILE = "yealink/phone.cfg.j2", "yealink/v80.cfg.j2"
DEFAULTS = {PHONE_FILE: "a = 1\nb = 2\n", OLD_FILE: "{% extends 'yealink/phone.cfg.j2' %}\n"}
OWNERS = ("system", "provider", "organization", "user")


def settings(name: str, **values: str) -> dict[str, Any]:
    empty = dict.fromkeys(TEMPLATE_FIELDS, "")
    return {**empty, "name": name, "manufacturer": "Yealink", "models": "T46S", **values}


def a_template(name: str = "Acme", **values: str) -> TemplateView:
    return copied(settings(name, **values), DEFAULTS)


@pytest.fixture
def viewers(site: Site) -> dict[str, Viewer]:
    """Somebody of each role, all in one branch of the tree and all with Modify."""
    site.add(**PHONE)
    roles: tuple[Any, ...] = (*OWNERS, "terminal")
    return {role: site.viewer(role, "modify", sip=True) for role in roles}


@pytest.fixture
def strangers(site: Site, viewers: dict[str, Viewer]) -> dict[str, Viewer]:
    """An organization and a user beside them."""
    site.add("0031*001", organization="Other Ltd", user="eve")
    return {
        "organization": site.viewer("organization", "modify", name="Other Ltd"),
        "user": site.viewer("user", "modify", name="eve"),
    }


def add(site: Site, viewer: Viewer, view: TemplateView | None = None) -> TemplateView:
    number = site.store.templates.add(viewer, view or a_template())
    return site.store.templates.open(viewer, number)


def names(site: Site, viewer: Viewer) -> list[str]:
    return [row.name for row in site.store.templates.rows(viewer, DEFAULTS)]


def one_of_each(site: Site, viewers: dict[str, Viewer]) -> dict[str, TemplateView]:
    return {role: add(site, viewers[role], a_template(f"of the {role}")) for role in OWNERS}


def use(site: Site, name: str = "Acme") -> None:
    site.save(template=name)


# -- who sees and changes whose -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "seen"),
    [
        ("system", ["of the system"]),
        ("provider", ["of the provider", "of the system", "of the organization", "of the user"]),
        (
            "organization",
            ["of the organization", "of the provider", "of the system", "of the user"],
        ),
        ("user", ["of the user", "of the organization", "of the provider", "of the system"]),
    ],
)
def test_everybody_sees_the_server_default_then_own_then_higher_then_childrens(
    site: Site, viewers: dict[str, Viewer], role: str, seen: list[str]
) -> None:
    one_of_each(site, viewers)
    assert names(site, viewers[role]) == [SERVER_DEFAULT, *seen]


def test_the_administrator_sees_only_the_administrators_own(
    site: Site, viewers: dict[str, Viewer]
) -> None:
    others = one_of_each(site, viewers)
    for role in ("provider", "organization", "user"):
        with pytest.raises(NotFound):
            site.store.templates.open(site.admin, others[role].id or 0)
        with pytest.raises(NotFound):
            site.store.templates.find(site.admin, f"of the {role}")


def test_a_stranger_sees_neither_it_nor_that_it_is_there(
    site: Site, viewers: dict[str, Viewer], strangers: dict[str, Viewer]
) -> None:
    made = one_of_each(site, viewers)
    assert names(site, strangers["user"]) == [SERVER_DEFAULT, "of the provider", "of the system"]
    for call in (
        lambda: site.store.templates.open(strangers["user"], made["organization"].id or 0),
        lambda: site.store.templates.save(strangers["user"], made["user"]),
        lambda: site.store.templates.remove(strangers["organization"], made["user"].id or 0),
        lambda: site.store.templates.users(strangers["user"], made["user"].id or 0),
    ):
        with pytest.raises(NotFound, match="does not exist"):
            call()


@pytest.mark.parametrize("level", ["none", "view"])
@pytest.mark.parametrize("role", ["provider", "organization", "user"])
def test_only_modify_makes_and_changes_templates(
    site: Site, viewers: dict[str, Viewer], role: Any, level: Any
) -> None:
    own = add(site, viewers[role])
    lower = site.viewer(role, level)
    with pytest.raises(NotAllowed, match="Modify"):
        site.store.templates.add(lower, a_template("Other"))
    expected = NotAllowed if level == "view" else NotFound
    with pytest.raises(expected):
        site.store.templates.save(lower, replace(own, values=settings("Other")))
    with pytest.raises(expected):
        site.store.templates.remove(lower, own.id or 0)
    assert [row.name for row in site.rows(Template)] == ["Acme"]


@pytest.mark.parametrize("role", ["provider", "organization", "user"])
def test_with_none_there_is_no_list_at_all(
    site: Site, viewers: dict[str, Viewer], role: Any
) -> None:
    with pytest.raises(NotAllowed, match="may not provision"):
        site.store.templates.rows(site.viewer(role, "none"), DEFAULTS)


def test_a_phone_terminal_has_no_templates_to_list(site: Site, viewers: dict[str, Viewer]) -> None:
    add(site, viewers["user"])
    with pytest.raises(NotAllowed):
        site.store.templates.rows(viewers["terminal"], DEFAULTS)
    assert site.page(viewer=viewers["terminal"]).templates == (SERVER_DEFAULT,)


@pytest.mark.parametrize(
    ("role", "owner", "may"),
    [
        ("provider", "organization", True),
        ("provider", "user", True),
        ("organization", "user", True),
        ("organization", "provider", False),
        ("user", "organization", False),
        ("user", "system", False),
    ],
)
def test_a_childs_template_may_be_changed_and_one_of_somebody_above_may_not(
    site: Site, viewers: dict[str, Viewer], role: str, owner: str, may: bool
) -> None:
    made = add(site, viewers[owner])
    seen = site.store.templates.open(viewers[role], made.id or 0)
    wanted = replace(seen, files={**seen.files, PHONE_FILE: "c = 3\n"})
    if may:
        assert site.store.templates.save(viewers[role], wanted).files[PHONE_FILE] == "c = 3\n"
        assert site.store.templates.remove(viewers[role], made.id or 0) == "Acme"
        return
    for call in (
        lambda: site.store.templates.save(viewers[role], wanted),
        lambda: site.store.templates.remove(viewers[role], made.id or 0),
    ):
        with pytest.raises(NotAllowed, match="above yours"):
            call()


@pytest.mark.parametrize("role", OWNERS)
def test_the_page_offers_the_same_templates(
    site: Site, viewers: dict[str, Viewer], role: str
) -> None:
    one_of_each(site, viewers)
    offered = set(site.page(viewer=viewers[role]).templates)
    assert offered == set(names(site, viewers[role]))


def test_a_strangers_template_is_neither_offered_nor_taken(
    site: Site, viewers: dict[str, Viewer], strangers: dict[str, Viewer]
) -> None:
    """A name that is known all the same is no way to it, on the page or in a CSV file."""
    one_of_each(site, viewers)
    page = site.page("0031*001", strangers["user"])
    known = {one.name for one in page.customs}
    assert known == {"of the provider", "of the system"}
    stolen = {**PHONE, "mac": "80:5E:C0:00:00:09", "template": "of the user"}
    with pytest.raises(Refused, match="template"):
        site.store.save(strangers["user"], page, stolen)
    with pytest.raises(Refused, match="template"):
        site.store.save(site.admin, site.page("0031*001"), stolen)


def test_a_template_in_use_that_the_viewer_may_not_see_is_shown_by_name_and_kept(
    site: Site, viewers: dict[str, Viewer]
) -> None:
    add(site, viewers["user"])
    site.save(viewer=viewers["user"], template="Acme")
    assert site.page().templates == (SERVER_DEFAULT, "Acme")
    site.save(notes="by the door")
    assert site.page().values["template"] == "Acme"


# -- making and changing --------------------------------------------------------------------------


def test_a_template_is_its_makers_own_with_what_it_was_copied_from(site: Site) -> None:
    view = add(site, site.admin)
    assert (view.owner, view.relation, view.used_by) == ("admin", "own", 0)
    assert view.files == view.bases == DEFAULTS


def test_a_copy_of_a_template_has_its_files_and_what_these_were_copied_from(site: Site) -> None:
    first = add(site, site.admin)
    changed = replace(first, files={**first.files, PHONE_FILE: "mine\n"})
    first = site.store.templates.save(site.admin, changed)
    second = add(site, site.admin, copied(settings("Second"), DEFAULTS, first))
    assert second.files[PHONE_FILE] == "mine\n"
    assert second.bases == DEFAULTS


@pytest.mark.parametrize(
    ("values", "field", "reason"),
    [
        ({"name": ""}, "name", "is missing"),
        ({"name": "acme"}, "name", "another template of this name"),
        ({"name": "server DEFAULT"}, "name", "another template of this name"),
        ({"manufacturer": ""}, "manufacturer", "is missing"),
        ({"manufacturer": "Nobody"}, "manufacturer", "'Nobody' is not in the catalogue"),
        ({"models": "T46S, T99X"}, "models", "Yealink has no T99X in the catalogue"),
        ({"models": "T46S", "firmware": "10"}, "firmware", "none of these phones has 10"),
    ],
)
def test_settings_that_fit_no_phone_or_are_taken_are_refused(
    site: Site, values: dict[str, str], field: str, reason: str
) -> None:
    add(site, site.admin)
    with pytest.raises(Refused) as refused:
        add(site, site.admin, a_template(**{"name": "Other", **values}))
    assert [one.field for one in refused.value.refusals] == [field]
    assert reason in str(refused.value)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("x" * (LARGEST_FILE + 1), "larger than 64 KiB"),
        ("ok\n\x1b[31m\n", "line 2 holds a character that cannot be seen"),
        ("ok\nx\u202e\n", "line 2 holds a character that cannot be seen"),
        ("a\n<<<<<<< yours\nb\n", "line 2 still marks a conflict"),
    ],
)
def test_files_that_no_phone_should_get_are_refused_by_name(
    site: Site, text: str, reason: str
) -> None:
    view = a_template()
    with pytest.raises(Refused, match=reason) as refused:
        add(site, site.admin, replace(view, files={**view.files, PHONE_FILE: text}))
    assert refused.value.refusals[0].field == PHONE_FILE


def test_tabs_and_windows_line_ends_are_fine(site: Site) -> None:
    view = a_template()
    add(site, site.admin, replace(view, files={**view.files, PHONE_FILE: "\ta = 1\r\nb = ü\r\n"}))


@pytest.mark.parametrize("path", ["/etc/passwd", "../x", "yealink/../x", "phone.cfg.j2", "a/b/c"])
def test_a_file_whose_path_leads_elsewhere_is_refused(site: Site, path: str) -> None:
    view = a_template()
    with pytest.raises(Refused, match="not the name of a template's file"):
        add(site, site.admin, replace(view, files={**view.files, path: "x"}))


def test_all_files_together_have_a_limit(site: Site) -> None:
    view = a_template()
    more = {f"yealink/{n}.j2": "x" * 60_000 for n in range(5)}
    with pytest.raises(Refused, match="together are larger than 256 KiB"):
        add(site, site.admin, replace(view, files={**view.files, **more}))


def test_the_limits_are_those_of_the_sandbox() -> None:
    assert (LARGEST_FILE, LARGEST) == (bounds.SOURCE, bounds.SOURCES)


def test_a_template_without_a_file_that_its_phones_need_is_refused(site: Site) -> None:
    with pytest.raises(Refused, match="it lacks a file of Yealink"):
        add(site, site.admin, copied(settings("Acme", models=""), {PHONE_FILE: "x"}))


def test_somebody_else_who_saved_first_is_noticed(site: Site) -> None:
    seen = add(site, site.admin)
    site.store.templates.save(site.admin, replace(seen, files={**DEFAULTS, PHONE_FILE: "theirs\n"}))
    with pytest.raises(Conflict, match="somebody else changed template Acme"):
        site.store.templates.save(site.admin, replace(seen, files={**DEFAULTS, PHONE_FILE: "x\n"}))
    assert site.store.templates.open(site.admin, seen.id or 0).files[PHONE_FILE] == "theirs\n"


# -- devices that use it --------------------------------------------------------------------------


@pytest.fixture
def used(site: Site) -> TemplateView:
    """A template that a published device uses."""
    site.add(**PHONE)
    view = add(site, site.admin)
    use(site)
    set_state(site, "published")
    return site.store.templates.open(site.admin, view.id or 0)


def set_state(site: Site, state: str) -> None:
    with site.database.write() as session:
        session.get_one(Device, 1).publish_state = state


def state(site: Site) -> str:
    return site.rows(Device)[0].publish_state


def test_another_file_makes_its_devices_stale(site: Site, used: TemplateView) -> None:
    site.store.templates.save(site.admin, replace(used, files={**used.files, PHONE_FILE: "x\n"}))
    assert state(site) == "stale"


def test_another_name_follows_to_its_devices_and_leaves_their_files(
    site: Site, used: TemplateView
) -> None:
    page = site.page()
    site.store.templates.save(site.admin, replace(used, values=settings("Renamed")))
    assert (site.rows(Device)[0].template, state(site)) == ("Renamed", "published")
    site.store.save(site.admin, page, {"notes": "an open form is not in the way"})
    assert site.page().values["template"] == "Renamed"


def test_a_refused_change_leaves_devices_and_template_as_they_were(
    site: Site, used: TemplateView
) -> None:
    with pytest.raises(Refused):
        site.store.templates.save(site.admin, replace(used, values=settings("X", models="T99X")))
    assert (site.rows(Device)[0].template, state(site)) == ("Acme", "published")


def test_a_template_stays_for_the_phones_that_use_it(site: Site, used: TemplateView) -> None:
    with pytest.raises(Refused, match=r"would not be for any more: Desk01 \(T46S 84\)"):
        site.store.templates.save(
            site.admin, replace(used, values=settings("Acme", models="T41S,T42S"))
        )


def test_a_template_in_use_is_not_removed_and_says_by_how_many(
    site: Site, used: TemplateView
) -> None:
    with pytest.raises(Refused, match="1 device uses Acme"):
        site.store.templates.remove(site.admin, used.id or 0)
    site.save(template=SERVER_DEFAULT)
    assert site.store.templates.remove(site.admin, used.id or 0) == "Acme"
    assert (site.rows(Template), site.rows(TemplateFile)) == ([], [])


def test_the_list_counts_the_devices_but_not_for_accounts_below_the_owner(site: Site) -> None:
    site.add(**PHONE)
    add(site, site.admin)
    use(site)
    user = site.viewer("user", "modify")
    counts = [
        {row.name: row.used_by for row in site.store.templates.rows(viewer, DEFAULTS)}["Acme"]
        for viewer in (site.admin, user)
    ]
    assert counts == [1, None]


def test_devices_to_look_with_are_those_it_is_for_within_reach_and_users_first(
    site: Site, viewers: dict[str, Viewer]
) -> None:
    site.add(
        "0027*002", user="anna", **{**PHONE, "mac": "80:5E:C0:00:00:02"} | {"friendly_name": "Anna"}
    )
    site.add("0027*003", **{**PHONE, "mac": "80:5E:C0:00:00:03", "model": "T41S"})
    view = add(site, site.admin)
    assert [one.name for one in site.store.templates.candidates(site.admin, view)] == [
        "Anna",
        "Desk01",
    ]
    use(site)
    found = site.store.templates.candidates(site.admin, view)
    assert [(one.name, one.uses_it) for one in found] == [("Desk01", True), ("Anna", False)]
    own = site.store.templates.candidates(viewers["user"], view)
    assert [one.name for one in own] == ["Desk01"]


def test_what_is_done_to_a_template_is_written_down_without_its_text(site: Site) -> None:
    view = add(site, site.admin)
    files = {**view.files, PHONE_FILE: "secret = hunter2\n"}
    view = site.store.templates.save(site.admin, replace(view, files=files))
    site.store.templates.remove(site.admin, view.id or 0)
    told = [(e.action, e.subject, e.detail) for e in site.rows(Event) if "template" in e.action]
    assert told == [
        ("add template", "Acme", ""),
        ("template", "Acme", PHONE_FILE),
        ("remove template", "Acme", ""),
    ]


# -- a server default that changes ----------------------------------------------------------------

NEWER = {**DEFAULTS, PHONE_FILE: "a = 1\nb = 2\nc = 3\n"}


def test_the_list_says_whose_server_default_has_changed(site: Site) -> None:
    add(site, site.admin)
    rows = site.store.templates.rows(site.admin, NEWER)
    assert [row.is_outdated for row in rows] == [False, True]
    assert [row.is_outdated for row in site.store.templates.rows(site.admin, DEFAULTS)] == [
        False,
        False,
    ]


def test_a_clean_merge_keeps_what_is_ones_own_and_settles_the_matter(site: Site) -> None:
    view = add(site, site.admin)
    mine = replace(view, files={**view.files, PHONE_FILE: "a = 9\nb = 2\n"})
    view = site.store.templates.save(site.admin, mine)
    after, files = merged(view, NEWER)
    assert [(one.path, one.conflicts) for one in files] == [(PHONE_FILE, 0)]
    saved = site.store.templates.save(site.admin, after)
    assert saved.files[PHONE_FILE] == "a = 9\nb = 2\nc = 3\n"
    assert not site.store.templates.rows(site.admin, NEWER)[1].is_outdated
    assert merged(saved, NEWER)[1] == []


def test_a_merge_with_a_conflict_cannot_be_stored_before_it_is_mended(site: Site) -> None:
    view = add(site, site.admin)
    mine = replace(view, files={**view.files, PHONE_FILE: "a = 1\nb = 2\nc = 4\n"})
    view = site.store.templates.save(site.admin, mine)
    after, files = merged(view, NEWER)
    assert [one.conflicts for one in files] == [1]
    with pytest.raises(Refused, match="still marks a conflict"):
        site.store.templates.save(site.admin, after)
    mended = replace(after, files={**after.files, PHONE_FILE: "a = 1\nb = 2\nc = 5\n"})
    assert site.store.templates.save(site.admin, mended).bases == NEWER


def test_a_merge_takes_in_files_that_the_default_needs_by_now(site: Site) -> None:
    view = add(site, site.admin)
    after, files = merged(view, {**DEFAULTS, "yealink/_keys.j2": "keys\n"})
    assert [one.path for one in files] == ["yealink/_keys.j2"]
    assert site.store.templates.save(site.admin, after).files["yealink/_keys.j2"] == "keys\n"


def test_a_merge_that_changes_no_text_leaves_the_devices_files_alone(
    site: Site, used: TemplateView
) -> None:
    mine = replace(used, files={**used.files, PHONE_FILE: NEWER[PHONE_FILE]})
    view = site.store.templates.save(site.admin, mine)
    set_state(site, "published")
    site.store.templates.save(site.admin, merged(view, NEWER)[0])
    assert state(site) == "published"


def test_the_server_default_is_found_by_its_name(site: Site) -> None:
    assert site.store.templates.find(site.admin, "server default") == DEFAULT_ID
    with pytest.raises(NotFound, match="'Nobody'"):
        site.store.templates.find(site.admin, "Nobody")
