"""The docs say what the code does: generated pages are current, commands and keys are named."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from tuiprov.actions import ACTIONS, Where, on_screen
from tuiprov.cli import app
from tuiprov.docs import pages

ROOT = Path(__file__).resolve().parent.parent
_PAGES = pages()


@pytest.mark.parametrize("name", _PAGES)
def test_a_generated_page_is_as_the_code_makes_it(name: str) -> None:
    assert (ROOT / "docs" / name).read_text(encoding="utf-8") == _PAGES[name], "run: make docs"


def test_readme_or_guide_names_every_command() -> None:
    text = "".join((ROOT / name).read_text() for name in ("README.md", "docs/guide.md"))
    commands = [
        one.name or one.callback.__name__ for one in app.registered_commands if one.callback
    ]
    assert [name for name in commands if f"tuiprov {name}" not in text] == []


def test_every_link_of_the_readme_leads_somewhere() -> None:
    words = (ROOT / "README.md").read_text().replace("(", " ").replace(")", " ").split()
    links = [word for word in words if word.endswith((".md", ".svg"))]
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


@pytest.mark.parametrize("where", get_args(Where))
def test_no_two_actions_of_one_screen_share_a_key(where: Where) -> None:
    keys = [key for action in on_screen(where) for key in action.keys.split(",")]
    assert sorted(keys) == sorted(set(keys))


def test_every_action_id_is_unique() -> None:
    ids = [action.id for action in ACTIONS]
    assert len(ids) == len(set(ids))
