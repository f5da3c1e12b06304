"""What a viewer does with templates: copying, trying, saving with the phones' files, folders."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.publish.helpers import files, publish_site, state
from tests.sites import PHONE, Site
from tuiprov.data.sections import SERVER_DEFAULT
from tuiprov.data.templates.fields import TEMPLATE_FIELDS
from tuiprov.data.templates.library import DEFAULT_ID
from tuiprov.data.templates.parts import TemplateView
from tuiprov.errors import NotAllowed, NotFound, PublishError, Refused
from tuiprov.publish.template_check import Fault
from tuiprov.publish.template_work import TemplateWork
from tuiprov.render import defaults

PATH = "yealink/phone.cfg.j2"


@pytest.fixture
def work(site: Site) -> TemplateWork:
    """On a site with a published Yealink."""
    site.add(**PHONE)
    publish_site(site)
    return TemplateWork(site.store, site.admin)


def settings(name: str = "Acme", **values: str) -> dict[str, Any]:
    empty = dict.fromkeys(TEMPLATE_FIELDS, "")
    return {**empty, "name": name, "manufacturer": "Yealink", "models": "T46S", **values}


def made(work: TemplateWork, **values: str) -> TemplateView:
    return work.open(work.copy(settings(**values)))


def changed(view: TemplateView, text: str) -> TemplateView:
    return replace(view, files={**view.files, PATH: text})


def own_text(site: Site) -> str:
    return next(d.decode() for path, d in files(site.publish_root).items() if path.endswith(".cfg"))


# -- copying and looking --------------------------------------------------------------------------


def test_a_copy_has_the_files_of_the_phones_it_is_for_and_no_others(work: TemplateWork) -> None:
    assert list(made(work).files) == [PATH]
    every = made(work, name="Every", models="")
    assert {path.partition("/")[0] for path in every.files} == {"yealink"}
    assert len(every.files) > 1
    cisco = made(work, name="Cisco", manufacturer="Cisco", models="")
    assert {path.partition("/")[0] for path in cisco.files} == {"cisco-79xx", "cisco-spa"}


def test_a_template_of_each_manufacturer_is_within_the_limits(work: TemplateWork) -> None:
    from tuiprov.data.catalog import default_catalog

    for manufacturer in default_catalog().manufacturers():
        view = made(work, name=manufacturer, manufacturer=manufacturer, models="")
        assert work.validate(view).faults == (), manufacturer


def test_settings_that_are_wrong_are_refused_before_anything_is_copied(work: TemplateWork) -> None:
    with pytest.raises(Refused, match="T99X"):
        work.copy(settings(models="T99X"))


def test_the_server_default_is_opened_like_a_template_and_is_nobodys(work: TemplateWork) -> None:
    view = work.open(DEFAULT_ID)
    assert (view.name, view.is_default, work.may_change(view)) == (SERVER_DEFAULT, True, False)
    assert work.named("server default") == view
    with pytest.raises(Refused, match="built in"):
        work.remove(DEFAULT_ID)
    with pytest.raises(NotFound):
        work.save(changed(view, "x"), publish_too=False)


def test_a_look_is_what_the_phone_would_get_with_masked_secrets(
    site: Site, work: TemplateWork
) -> None:
    view = made(work)
    phone = work.phone(view, site.page().device_id)
    assert work.look(view, phone).files[0].changed == frozenset()
    look = work.look(changed(view, "a = 1\nb = {{ lines[0].password }}\n"), phone)
    assert look.files[0].lines == ("a = 1", "b = ********")
    assert look.files[0].changed == {0, 1}
    assert PATH in look.files[0].parts


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("a = 1\n{{ nosuch }}\n", Fault(PATH, 2, "'nosuch' is not defined")),
        ("{% for x in lines %}\n", Fault(PATH, 1, "")),
        ("a\n<<<<<<< yours\n", Fault(PATH, 2, "begins or ends a conflict")),
    ],
)
def test_a_look_says_what_is_wrong_by_file_and_line(
    work: TemplateWork, text: str, fault: Fault
) -> None:
    view = changed(made(work), text)
    (found, *_) = work.look(view, work.phone(view, None)).faults
    assert (found.file, found.line) == (fault.file, fault.line)
    assert found.reason.startswith(fault.reason)


def test_a_look_shows_a_malformed_file_and_where_it_is_wrong(work: TemplateWork) -> None:
    view = changed(made(work), "a = 1\nno setting\n")
    look = work.look(view, work.phone(view, None))
    assert look.files[0].lines == ("a = 1", "no setting")
    assert [(fault.line, fault.file.endswith(".cfg")) for fault in look.malformed] == [(2, True)]


def test_without_a_device_a_made_up_phone_is_looked_at(work: TemplateWork) -> None:
    view = made(work, models="T41S")
    assert work.candidates(view) == []
    phone = work.phone(view, None)
    assert phone.values["model"] == "T41S"
    assert work.look(view, phone).faults == ()


# -- trying with every device ---------------------------------------------------------------------


def test_every_device_that_uses_it_is_tried_and_named(site: Site, work: TemplateWork) -> None:
    view = made(work)
    site.add("0027*002", **PHONE | {"mac": "80:5E:C0:00:00:02", "friendly_name": "Desk02"})
    for number in ("0027*001", "0027*002"):
        site.save(number, template="Acme")
    text = "{% if phone.name == 'Desk02' %}\n{{ nosuch }}{% endif %}a = 1\n"
    done = work.validate(changed(view, text))
    assert (done.checked, done.is_sample) == (2, False)
    assert [str(fault) for fault in done.faults] == [
        f"Desk02 T46S 84 80:5E:C0:00:00:02: {PATH}, line 2: 'nosuch' is not defined"
    ]


def test_a_template_that_nobody_uses_is_tried_with_made_up_phones(work: TemplateWork) -> None:
    done = work.validate(made(work, models=""))
    assert done.is_sample
    assert done.checked > 1
    assert done.faults == ()


def test_faults_of_other_accounts_devices_are_not_told(site: Site, work: TemplateWork) -> None:
    made(work)
    site.save(template="Acme")
    site.add("0031*001", organization="Other Ltd", user="eve")
    eve = TemplateWork(site.store, site.viewer("user", "modify", name="eve"))
    assert eve.validate(changed(eve.named("Acme"), "{{ lines[9].label }}")).is_sample


# -- saving ---------------------------------------------------------------------------------------


def test_saving_shows_its_plan_first_and_then_brings_the_files_up_to_date(
    site: Site, work: TemplateWork
) -> None:
    view = made(work)
    site.save(template="Acme")
    publish_site(site)
    wanted = changed(view, view.files[PATH] + "x.mine = {{ phone.model }}\n")
    plan = work.plan(wanted)
    assert [change.diff()[-1] for change in plan.changes] == ["+x.mine = T46S"]
    assert "x.mine" not in own_text(site)
    saved, done = work.save(wanted)
    assert done.in_the_past() == "1 replaced"
    assert "x.mine = T46S\n" in own_text(site)
    assert state(site) == "published"
    assert work.plan(saved).changes == ()


def test_a_template_that_fails_for_a_device_is_stored_and_the_device_is_failed(
    site: Site, work: TemplateWork
) -> None:
    view = made(work)
    site.save(template="Acme")
    publish_site(site)
    before = files(site.publish_root)
    saved, plan = work.save(changed(view, "{{ lines[3].label }}"))
    assert saved.files[PATH] == "{{ lines[3].label }}"
    assert len(plan.failed) == 1
    assert state(site) == "failed"
    assert files(site.publish_root) == before


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{{ nosuch }}\n", f"{PATH}: line 1: 'nosuch' is not defined"),
        ("{{ line.number }}\n", f"{PATH}: line 1: 'line' is not defined"),
        ("{% for l in lines %}{{ l.nosuch }}{% endfor %}", "is not defined"),
        ("\n{% if x", f"{PATH}: line 2: "),
        ("{{ 1 | nofilter }}", "nofilter"),
        ("{% include 'yealink/nowhere.j2' %}", "there is no template 'yealink/nowhere.j2'"),
        ("a\n<<<<<<< yours\n", "line 2 still marks a conflict"),
    ],
)
def test_what_is_wrong_in_itself_is_refused_and_nothing_is_stored(
    work: TemplateWork, text: str, told: str
) -> None:
    view = made(work)
    for call in (work.plan, work.save):
        with pytest.raises(Refused) as refused:
            call(changed(view, text))
        assert told in str(refused.value)
    assert work.open(view.id or 0) == view


def test_a_name_that_only_some_phones_lack_is_not_refused(work: TemplateWork) -> None:
    work.save(changed(made(work), "{{ lines[1].label }}"))


def test_a_publish_that_fails_leaves_the_template_stored_and_its_devices_failed(
    site: Site, work: TemplateWork
) -> None:
    view = made(work)
    site.save(template="Acme")
    site.configure(publish_group="no-such-group")
    with pytest.raises(PublishError):
        work.save(changed(view, "a = 1\n"))
    assert work.open(view.id or 0).files[PATH] == "a = 1\n"
    assert state(site) == "failed"


def test_who_may_only_see_a_template_stores_nothing(site: Site, work: TemplateWork) -> None:
    view = made(work)
    user = TemplateWork(site.store, site.viewer("user", "modify"))
    assert not user.may_change(user.open(view.id or 0))
    with pytest.raises(NotAllowed):
        user.save(changed(user.open(view.id or 0), "a = 1\n"))


def test_more_models_bring_the_files_they_need(work: TemplateWork) -> None:
    view = made(work)
    wanted = work.settled(view, settings(models=""))
    assert len(wanted.files) > len(view.files)
    assert work.save(wanted)[0].bases == wanted.bases


# -- a server default that changes ----------------------------------------------------------------


def test_a_changed_server_default_is_merged(
    work: TemplateWork, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = made(work)
    usual = view.files[PATH]
    view, _ = work.save(changed(view, f"mine = 1\n{usual}"))
    source = defaults._source
    newer = lambda path: f"{usual}new = 2\n" if path == PATH else source(path)  # noqa: E731
    monkeypatch.setattr(defaults, "_source", newer)
    assert [row.is_outdated for row in work.rows()] == [False, True]
    after, merged = work.merged(view)
    assert [(one.path, one.conflicts) for one in merged] == [(PATH, 0)]
    saved, _ = work.save(after)
    assert saved.files[PATH] == f"mine = 1\n{usual}new = 2\n"
    assert [row.is_outdated for row in work.rows()] == [False, False]


# -- folders --------------------------------------------------------------------------------------


def folder_bytes(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_out_and_in_again_under_another_name_is_the_same_template(
    work: TemplateWork, tmp_path: Path
) -> None:
    view, _ = work.save(changed(made(work, notes="ours"), "a = 1\n"))
    work.export(view, tmp_path / "one")
    assert work.import_folder(tmp_path / "one", "Second") == ("Second", True)
    second = work.named("Second")
    assert (second.files, second.bases) == (view.files, view.bases)
    work.export(replace(second, values=view.values), tmp_path / "two")
    assert folder_bytes(tmp_path / "one") == folder_bytes(tmp_path / "two")


def test_in_again_under_its_own_name_changes_the_template(
    site: Site, work: TemplateWork, tmp_path: Path
) -> None:
    work.export(made(work), tmp_path / "acme")
    site.save(template="Acme")
    publish_site(site)
    (tmp_path / "acme" / PATH).write_text("a = 2\n")
    assert work.import_folder(tmp_path / "acme") == ("Acme", False)
    assert work.named("Acme").files[PATH] == "a = 2\n"
    assert work.named("Acme").bases[PATH] != "a = 2\n"
    assert state(site) == "stale"


@pytest.mark.parametrize("text", ["{{ nosuch }}\n", "{% if\n"])
@pytest.mark.parametrize("name", ["", "Second"])
def test_a_folder_with_a_template_that_is_wrong_is_not_taken(
    work: TemplateWork, tmp_path: Path, text: str, name: str
) -> None:
    work.export(made(work), tmp_path / "acme")
    before = work.rows()
    (tmp_path / "acme" / PATH).write_text(text)
    with pytest.raises(Refused, match=PATH):
        work.import_folder(tmp_path / "acme", name)
    assert work.rows() == before


def test_a_name_that_somebody_else_has_is_refused(
    site: Site, work: TemplateWork, tmp_path: Path
) -> None:
    work.export(made(work), tmp_path / "acme")
    user = TemplateWork(site.store, site.viewer("user", "modify"))
    with pytest.raises(NotAllowed):
        user.import_folder(tmp_path / "acme")
    site.add("0031*001", organization="Other Ltd", user="eve")
    eve = TemplateWork(site.store, site.viewer("user", "modify", name="eve"))
    john = TemplateWork(site.store, site.viewer("user", "modify", name="john.smith"))
    john.copy(settings("John's"))
    with pytest.raises(Refused, match="another template of this name"):
        eve.import_folder(tmp_path / "acme", "John's")


def test_a_folder_without_a_file_gets_the_server_defaults(
    work: TemplateWork, tmp_path: Path
) -> None:
    work.export(made(work), tmp_path / "acme")
    (tmp_path / "acme" / PATH).unlink()
    work.import_folder(tmp_path / "acme", "Second")
    assert work.named("Second").files == work.named("Acme").files
