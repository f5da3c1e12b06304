"""Phones with an account's template: their own files only, with one phone's data in each."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest

from tests.phones import extension, phone
from tests.render.cases import representatives
from tuiprov.data.catalog import PhoneType, default_catalog
from tuiprov.data.page import CustomTemplate, Phone
from tuiprov.errors import RenderError, TemplateFault
from tuiprov.render.defaults import all_default_files, default_files, own_templates, parts_of
from tuiprov.render.engine import render, render_each, type_of

TYPES = {f"{t.manufacturer}/{t.model}-{t.firmware}": t for t in representatives()}
CONTEXT = """{% for group in [phone, admin, update, site, local] %}
{% for name, value in group.items() %}
{{ name }} = {{ value if value is string else 0 }}
{% endfor %}
{% endfor %}
{% for line in lines %}
{% for name, value in line.items() %}
line.{{ line.number }}.{{ name }} = {{ value if value is string else 0 }}
{% endfor %}
{% endfor %}
"""


def kind_of(one: Phone) -> PhoneType:
    kind = type_of(one)
    assert kind is not None
    return kind


def with_template(one: Phone, *, name: str = "Acme", **texts: str) -> Phone:
    """The phone with a copy of the server default, and these texts in its first files."""
    kind = kind_of(one)
    files = {
        **default_files([kind]),
        **dict(zip(own_templates(kind), texts.values(), strict=False)),
    }
    return replace(one, custom=CustomTemplate(name, kind.manufacturer, files=files))


def yealink(number: int = 1, **values: str) -> Phone:
    one = phone("Yealink", "T46S", "84", mac=f"80:5E:C0:00:00:{number:02X}", **values)
    line = replace(one.lines[0], extension=extension(number))
    return replace(one, lines=(line,), device_id=number)


# -- the server default as texts ------------------------------------------------------------------


@pytest.mark.parametrize("name", TYPES)
def test_a_copy_of_the_server_default_makes_the_same_files(name: str) -> None:
    kind = TYPES[name]
    one = phone(kind.manufacturer, kind.model, kind.firmware, lines=min(2, kind.lines))
    assert render(with_template(one)) == render(one)


def test_the_server_default_has_all_that_its_files_name() -> None:
    files = all_default_files()
    assert all(part in files for path in files for part in parts_of(path))
    assert {"yealink/phone.cfg.j2", "cisco-spa/_keys.xml.j2", "fanvil/base.j2"} <= files.keys()


def test_files_that_all_phones_share_are_never_an_accounts() -> None:
    shared = {
        f"{kind.templates}/{rule.template}"
        for kind in default_catalog().types()
        for rule in kind.facts.files
        if rule.scope == "site"
    }
    assert shared
    assert not shared & all_default_files().keys()


def test_what_a_template_puts_in_the_place_of_a_shared_file_is_not_used() -> None:
    one = phone("Aastra", "6731i", "3.3.1")
    own = with_template(one)
    assert own.custom is not None
    hostile = replace(own.custom, files={**own.custom.files, "aastra/site.cfg.j2": "x: 1\n"})
    assert render(replace(own, custom=hostile)) == render(one)


# -- one phone's data only ------------------------------------------------------------------------


def test_a_template_that_prints_all_it_is_given_shows_one_phones_data_only() -> None:
    phones = [with_template(yealink(n), text=CONTEXT) for n in range(1, 31)]
    same = phones[0].custom
    results = render_each(replace(one, custom=same) for one in phones)
    for number, result in enumerate(results, 1):
        assert not isinstance(result, RenderError), result
        secrets = [n for n in range(1, 31) if f"v7Qm2RkT9xW{n}\n" in result[0].text]
        assert secrets == [number]


@pytest.mark.parametrize(
    "text",
    [
        "{% include '/etc/passwd' %}",
        "{% include '../../engine.py' %}",
        "{{ lines.__class__.__mro__ }}",
        "{{ self._TemplateReference__context }}",
        "{{ cycler.__init__.__globals__ }}",
    ],
)
def test_a_template_reaches_nothing_of_the_host(text: str) -> None:
    with pytest.raises(TemplateFault):
        render(with_template(yealink(), text=text))


# -- faults ---------------------------------------------------------------------------------------


def test_a_fault_names_template_file_and_line() -> None:
    with pytest.raises(TemplateFault) as fault:
        render(with_template(yealink(), text="a = 1\n{{ nosuch }}\n"))
    assert (fault.value.template, fault.value.line) == ("yealink/phone.cfg.j2", 2)
    assert str(fault.value) == (
        "template Acme: yealink/phone.cfg.j2, line 2: 'nosuch' is not defined"
    )


def test_one_phones_fault_is_not_anothers() -> None:
    text = "{% if phone.name == 'Desk07' %}{{ nosuch }}{% endif %}\n"
    same = with_template(yealink(), text=text).custom
    phones = [replace(yealink(n, friendly_name=f"Desk{n:02}"), custom=same) for n in (6, 7, 8)]
    results = render_each(phones)
    assert [isinstance(one, RenderError) for one in results] == [False, True, False]


def test_a_phone_whose_first_file_fails_costs_no_second_try() -> None:
    one = phone("Polycom", "VVX411", "6.x")
    broken = with_template(one, master="{{ nosuch }}", user="{{ never }}")
    with pytest.raises(TemplateFault, match="master"):
        render(broken)


def test_a_phone_that_the_template_is_not_for_gets_no_file_instead_of_another() -> None:
    one = yealink()
    other = CustomTemplate("Acme", "Yealink", ("T41S",), files=default_files([kind_of(one)]))
    with pytest.raises(RenderError, match="Acme is not for Yealink T46S with firmware 84"):
        render(replace(one, custom=other))
    with pytest.raises(RenderError, match="is not for"):
        render(replace(one, custom=CustomTemplate("Acme", "Yealink")))


def test_a_disabled_phone_has_no_file_by_any_template() -> None:
    assert render(with_template(yealink(status="disabled"), text="{{ nosuch }}")) == []


def test_phones_with_and_without_a_template_keep_their_order() -> None:
    phones = [
        yealink(1),
        with_template(yealink(2), text="own = {{ phone.mac }}\n"),
        phone("Snom", "D765", "10"),
        with_template(yealink(4), text="{{ nosuch }}"),
    ]
    plain, own, snom, broken = render_each(phones)
    assert plain == render(phones[0])
    assert not isinstance(own, RenderError)
    assert own[0].text == "own = 805ec0000002\n"
    assert snom == render(phones[2])
    assert isinstance(broken, RenderError)


def test_who_has_no_such_template_loads_nothing_of_the_sandbox() -> None:
    code = (
        "import sys\n"
        "from tests.phones import phone\n"
        "from tuiprov.render.engine import render\n"
        "assert render(phone('Yealink', 'T46S', '84'))\n"
        "print([n for n in sys.modules if 'sandbox' in n or n.endswith('customised')])\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"
