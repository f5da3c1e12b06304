"""Hostile templates get nowhere: no escape, no change, no foreign secret, no overuse, no trace."""

from __future__ import annotations

import copy
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.render.sandbox.hostile import ENDLESS, HARMLESS, REFUSED
from tuiprov.errors import TemplateFault
from tuiprov.render.sandbox import Job, bounds, client, close, render_job

CANARY = "canary-3f1c77"
SECRETS = {"A": "secret-of-a-91d2", "B": "secret-of-b-40e7"}
ORDINARY = "name = {{ phone.name }}\n{% for line in lines %}\nline = {{ line }}\n{% endfor %}\n"
HELPERS = {
    "part.j2": "{% macro m() %}macro{% endmacro %}",
    "base.j2": "{% block b %}base{% endblock %}",
    "ordinary.j2": ORDINARY,
}
# What only an inside of Python, a file of this host or a command of it would print.
INSIDES = re.compile(
    r"<class|<function|<module|<built-in|<bound|<generator|<jinja|<list|<str|<dict|iterator"
    r"|0x[0-9a-f]{8}|__main__|site-packages|jinja2\.|root:|uid=\d|PATH=|LC_ALL"
)
ALL = {**REFUSED, **ENDLESS, **HARMLESS}


@pytest.fixture(scope="module", autouse=True)
def _canary_in_the_environment() -> Iterator[None]:
    os.environ["TUIPROV_CANARY"] = CANARY
    close()
    yield
    del os.environ["TUIPROV_CANARY"]
    close()


def values(phone: str) -> dict[str, Any]:
    return {
        "phone": {"name": f"Desk {phone}", "secret": SECRETS[phone], "path": "/etc/passwd"},
        "lines": [1, 2],
    }


def sources(name: str, tmp_path: Path) -> dict[str, str]:
    (tmp_path / "file").write_text(CANARY)
    text = ALL[name].replace("@FILE@", str(tmp_path / "file"))
    return {"hostile.j2": text.replace("@MARK@", str(tmp_path / "mark")), **HELPERS}


def outcome(templates: dict[str, str], phone: str) -> str | TemplateFault:
    try:
        return render_job(templates, Job("hostile.j2", "equals", values(phone)))
    except TemplateFault as fault:
        return fault


def memory_of_the_last(templates: dict[str, str]) -> int:
    """Largest resident memory of the last renderer, in bytes."""
    known = client._children.templates(templates)
    compiler = client._children.take(known)
    memory = compiler.end_renderer()["memory"]
    client._children.give_back(known, compiler)
    return int(memory) * 1024


def test_there_are_enough_of_them() -> None:
    assert len(ALL) == len(REFUSED) + len(ENDLESS) + len(HARMLESS) >= 110


@pytest.mark.parametrize("name", ALL)
def test_a_hostile_template_gets_nowhere(name: str, tmp_path: Path) -> None:
    templates = sources(name, tmp_path)
    given = values("A")
    kept = copy.deepcopy(given)
    begun = time.monotonic()
    result = outcome(templates, "A")
    assert time.monotonic() - begun < 2, "not stopped in time"
    assert_nothing_got_out(str(result), tmp_path)
    if isinstance(result, TemplateFault):
        assert SECRETS["A"] not in str(result)
        assert str(result).isprintable()
        assert "failed with" not in str(result), "a reason nobody understands"
        assert "without an answer" not in str(result)
    else:
        assert name in HARMLESS
        assert not bounds.STRANGE.search(result)
    assert given == kept
    assert_no_aftermath(templates, endless=name in ENDLESS)
    if not any(len(text) > bounds.SOURCE for text in templates.values()):
        assert memory_of_the_last(templates) <= bounds.MEMORY


def assert_nothing_got_out(text: str, tmp_path: Path) -> None:
    assert CANARY not in text
    assert not INSIDES.search(text), text
    assert not (tmp_path / "mark").exists()


def assert_no_aftermath(templates: dict[str, str], endless: bool) -> None:
    """The next phone and the next template are as if nothing had been."""
    if not endless:
        assert SECRETS["A"] not in str(outcome(templates, "B"))
    ordinary = (
        {"ordinary.j2": ORDINARY} if client._children.templates(templates).refused else templates
    )
    begun = time.monotonic()
    text = render_job(ordinary, Job("ordinary.j2", "equals", values("B")))
    assert time.monotonic() - begun < 0.5, "the next rendering had to wait"
    assert text == "name = Desk B\nline = 1\nline = 2\n"
