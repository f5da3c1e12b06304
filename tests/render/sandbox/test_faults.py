"""A fault names file, line and reason in plain words, and never a value."""

from __future__ import annotations

import pickle

import pytest

from tuiprov.errors import RenderError, TemplateFault
from tuiprov.render.sandbox import Job, bounds, check, render_job, render_jobs

VALUES = {
    "phone": {"name": "Alice", "secret": "s3cretvalue", "words": {}},
    "lines": [{"number": 1}],
}
OTHERS = {
    "parts/broken.j2": "fine\n{% if %}\n",
    "parts/late.j2": "fine\n\n{{ phone.colour }}\n",
    "base.j2": "one\n{% block b %}\n{{ phone.colour }}\n{% endblock %}\n",
    "macros.j2": "{% macro m(x) %}\n{{ x.colour }}\n{% endmacro %}\n",
}
RUNNING = {
    "\n\n{{ phone.colour }}": (3, "'phone.colour' is not defined"),
    "{{ colour }}": (1, "'colour' is not defined"),
    "\n{% if colour %}{% endif %}": (2, "'colour' is not defined"),
    "\n{{ phone.words.colour.name }}": (2, "'phone.words.colour' is not defined"),
    "{{ phone['colour'] }}": (1, "'colour' is not defined"),
    "{{ lines[7].number }}": (1, "asks for an entry that is not there"),
    "{{ [] | first }}": (1, "asks for an entry that is not there"),
    "a\n{{ 1 / 0 }}": (2, "divides by zero"),
    "a\n\n{{ ''.__class__ }}": (3, "uses '__class__', which is closed to templates"),
    "{{ phone.update({}) }}": (1, "uses 'update', which is closed to templates"),
    "\n{{ '{0}'.format(1) }}": (
        2,
        'str.format() is closed to templates; write "%02d" | format(number)',
    ),
    "{{ phone.name() }}": (1, "calls something that is not a function"),
    "{{ 'line ' + 1 }}": (
        1,
        "adds text and something else with +; ~ joins any values as text",
    ),
    "{{ 1 + none }}": (1, "uses a value in a way that its kind does not allow"),
    "{{ phone.words.items()[0] }}": (1, "asks for an entry that is not there"),
    "{{ lines }}": (1, "prints a list; only text and whole numbers can be printed"),
    "{{ lines[0] }}": (1, "prints a group of values; only text and whole numbers can be printed"),
    "\n{{ none }}": (2, "prints none; only text and whole numbers can be printed"),
    "{{ 1 == 1 }}": (1, "prints true or false; only text and whole numbers can be printed"),
    "{{ 1 / 2 }}": (
        1,
        "prints a number with a fraction; only text and whole numbers can be printed",
    ),
    "\n{{ 'a\\nb' }}": (2, "a value holds a control character"),
    "\n{% include 'nowhere.j2' %}": (2, "there is no template 'nowhere.j2'"),
    "\n{% extends 'nowhere.j2' %}": (2, "there is no template 'nowhere.j2'"),
    "\n{% import '/etc/passwd' as p %}": (2, "there is no template '/etc/passwd'"),
    "\n{% for x in range(10 ** 9) %}{% endfor %}": (2, "range() gives at most 100,000 numbers"),
    "{{ 'a' * 2000000 }}": (1, "makes a text of more than 1 MiB"),
    "{{ [1] * 200000 }}": (1, "makes a list of more than 100,000 entries"),
    "{{ 9 ** 9 ** 9 }}": (1, "makes a number that is too large"),
    "\n\n{{ 'a'.ljust(10 ** 9) }}": (3, "needed more than 256 MB"),
    "\n{% macro m() %}\n{{ m() }}\n{% endmacro %}\n{{ m() }}": (
        3,
        "calls itself without end, or is nested too deeply",
    ),
    "\n\n{% for x in range(99999) %}\n" + "x" * 50 + "\n{% endfor %}": (
        3,
        "made a file of more than 1 MiB",
    ),
    "\n{% for x in range(10000) %}" + "日本" * 20 + "{% endfor %}": (
        2,
        "made a file of more than 1 MiB",
    ),
    "\n{% for x in range(99999) %}\n{% for y in range(99999) %}\n{% endfor %}{% endfor %}": (
        3,
        "ran longer than 1.5 s",
    ),
    "{% set phone.name = 'x' %}": (
        1,
        "sets a part of a value; only a namespace() can be changed",
    ),
    "\n\n{% include phone.secret %}": (3, "there is no template of the name it asks for"),
    "\n{% for x in range(99999) %}{% for y in range(9999) %}{{ '' }}{% endfor %}{% endfor %}": (
        2,
        "ran longer than 1.5 s",
    ),
    "\n{{ lines | map('nowhere') | list }}": (2, "there is no filter named 'nowhere'"),
    "\n{{ lines | batch }}": (2, "uses a value in a way that its kind does not allow"),
    "\n{{ [1] | map(nothing=1) | list }}": (
        2,
        "uses a filter or a test in a way it does not allow",
    ),
    "{% filter replace('a', '\\x1b') %}\na{% endfilter %}": (
        0,
        "line 1 of the file it makes holds the character U+001B",
    ),
}
COMPILING = {
    "\n{% if %}": (2, "Expected an expression, got 'end of statement block'"),
    "a\n\n{{ phone.name }": (3, "unexpected '}'"),
    "{% for x in lines %}\n": (1, "Unexpected end of template."),
    "\n{% nonsense %}": (2, "Encountered unknown tag 'nonsense'"),
    "\n\n{{ phone.name | urlize }}": (3, "No filter named 'urlize'"),
    "{{ " + "9" * 5000 + " }}": (1, "holds a number that is too long"),
    "\n{{ " + "(" * 5000 + ")" * 5000 + " }}": (2, "is nested too deeply"),
    "\n" + "{% for x in lines %}\n" * 25 + "{% endfor %}" * 25: (26, "is nested too deeply"),
    "\n" + "{% if 1 %}\n" * 200 + "{% endif %}" * 200: (201, "is nested too deeply"),
}


def fault_of(source: str) -> TemplateFault:
    with pytest.raises(TemplateFault) as fault:
        render_job({"yealink/a.j2": source, **OTHERS}, Job("yealink/a.j2", "equals", VALUES))
    return fault.value


@pytest.mark.parametrize("source", RUNNING, ids=lambda source: source.strip()[:40])
def test_what_fails_while_rendering_is_told_by_line_and_reason(source: str) -> None:
    fault = fault_of(source)
    assert (fault.template, fault.line, fault.reason) == ("yealink/a.j2", *RUNNING[source])


@pytest.mark.parametrize("source", COMPILING, ids=lambda source: source.strip()[:40])
def test_what_cannot_be_compiled_is_told_by_line_and_reason(source: str) -> None:
    line, reason = COMPILING[source]
    fault = fault_of(source)
    assert (fault.template, fault.line) == ("yealink/a.j2", line)
    assert fault.reason.startswith(reason)
    (checked,) = check({"yealink/a.j2": source})
    assert str(checked) == str(fault)


def test_a_fault_is_one_plain_line_with_the_place() -> None:
    assert str(fault_of("\n{{ nothing }}")) == "yealink/a.j2, line 2: 'nothing' is not defined"


def test_a_fault_can_be_copied() -> None:
    fault = TemplateFault("a.j2", 7, "divides by zero")
    assert str(pickle.loads(pickle.dumps(fault))) == "a.j2, line 7: divides by zero"


def test_a_fault_without_a_line_names_the_template_alone() -> None:
    assert str(TemplateFault("a.j2", 0, "is larger than 64 KiB")) == "a.j2: is larger than 64 KiB"


def test_a_fault_is_a_render_error_whatever_it_is_made_of() -> None:
    fault = TemplateFault("a\x1b[2J.j2", 1, "bad\n\u202e line")
    assert isinstance(fault, RenderError)
    assert str(fault) == "a?[2J.j2, line 1: bad?? line"


@pytest.mark.parametrize(
    ("source", "where"),
    [
        ("{% include 'parts/broken.j2' %}", "parts/broken.j2, line 2: Expected"),
        ("{% include 'parts/late.j2' %}", "parts/late.j2, line 3: 'phone.colour' is not"),
        ("{% extends 'base.j2' %}", "base.j2, line 3: 'phone.colour' is not"),
        (
            "{% extends 'base.j2' %}\n{% block b %}\n\n{{ nothing }}{% endblock %}",
            "yealink/a.j2, line 4: 'nothing' is not",
        ),
        (
            "{% import 'macros.j2' as m %}\n\n{{ m.m(phone) }}",
            "macros.j2, line 2: 'x.colour' is not",
        ),
    ],
)
def test_a_fault_names_the_template_it_is_in(source: str, where: str) -> None:
    assert str(fault_of(source)).startswith(where)


@pytest.mark.parametrize(
    "source",
    [
        "{{ phone[phone.secret] }}",
        "{{ phone.words[phone.secret].x }}",
        "{% include phone.secret %}",
        "{% include [phone.secret, 'x'] %}",
        "{{ phone.secret + 1 }}",
        "{{ phone.secret() }}",
        "{{ [1] | map(phone.secret) | list }}",
        "{{ [1] | select(phone.secret) | list }}",
        "{{ lines | map(attribute=phone.secret) | join }}",
        "{{ [phone.secret] }}",
        "{{ phone.secret ~ '\\n' }}",
        "{{ phone.secret | round }}",
        "{{ phone.secret | indent([phone.secret]) }}",
        "{% macro m() %}{% endmacro %}{{ m(**{phone.secret: 1}) }}",
        "{{ '%d' % phone.secret }}",
        "{{ '%d' | format(phone.secret) }}",
        "{{ {phone.secret: 1}[1].x }}",
    ],
)
def test_no_fault_shows_a_value(source: str) -> None:
    assert "s3cret" not in str(fault_of(source))


def test_a_template_that_is_not_there_is_a_fault() -> None:
    with pytest.raises(TemplateFault, match=r"b\.j2: there is no such template"):
        render_job({"a.j2": "x"}, Job("b.j2", "equals", {}))


def test_a_format_that_is_not_there_is_a_fault() -> None:
    with pytest.raises(TemplateFault, match="a format that tuiprov does not know"):
        render_job({"a.j2": "x"}, Job("a.j2", "pdf", {}))  # type: ignore[arg-type]


def test_a_batch_gives_texts_and_faults_in_order() -> None:
    sources = {"a.j2": "{{ n }}", "b.j2": "{{ m }}"}
    jobs = [Job(name, "equals", {"n": n}) for n in range(30) for name in sources]
    results = render_jobs(sources, jobs)
    assert results[::2] == [str(n) for n in range(30)]
    assert {str(result) for result in results[1::2]} == {"b.j2, line 1: 'm' is not defined"}


def test_a_template_that_is_too_slow_for_three_phones_is_not_tried_for_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bounds, "WALL", 0.1)
    loop = "{% for x in range(99999) %}{% for y in range(99999) %}{% endfor %}{% endfor %}"
    results = render_jobs({"a.j2": loop}, [Job("a.j2", "equals", {})] * 10)
    given_up = "a.j2: ran longer than 1.5 s for 3 phones; the others were not tried"
    assert [str(result) for result in results] == ["a.j2: ran longer than 1.5 s"] * 3 + [
        given_up
    ] * 7


def test_what_takes_too_long_to_compile_is_told_and_stops_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slow = {"slow.j2": "{{ 1" + "+1" * 30_000 + " }}", "good.j2": "good"}
    monkeypatch.setattr(bounds, "WALL", 0.05)
    jobs = [Job(name, "equals", {}) for name in ("slow.j2", "good.j2", "slow.j2")]
    first, second, third = render_jobs(slow, jobs)
    assert str(first) == str(third) == "slow.j2: took longer than 1.5 s to compile"
    assert second == "good"
