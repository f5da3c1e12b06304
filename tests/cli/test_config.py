"""Where the configuration comes from, and which source wins."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.helpers import PROJECT
from tuiprov import config


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text('db = "sqlite:///file.db"\ntheme = "nord"\n[keys]\nsave = "f5"\n')
    return path


def test_the_option_wins_over_the_environment_and_that_over_the_file(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert config.load("", str(file)).db == "sqlite:///file.db"
    monkeypatch.setenv("TUIPROV_DB", "sqlite:///environment.db")
    assert config.load("", str(file)).db == "sqlite:///environment.db"
    assert config.load("sqlite:///option.db", str(file)).db == "sqlite:///option.db"


def test_theme_and_keys_come_from_the_file(file: Path) -> None:
    loaded = config.load("", str(file))
    assert loaded.theme == "nord"
    assert loaded.keys == {"save": "f5"}


def test_without_a_file_there_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "DEFAULT_FILE", Path("/nonexistent/config.toml"))
    assert config.load("sqlite:///x.db") == config.Config("sqlite:///x.db")


def test_the_service_user_s_directory_is_the_default_when_it_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config, "SERVICE_DIRECTORY", tmp_path)
    assert config.default_url() == f"sqlite:///{tmp_path}/tuiprov.db"


def test_else_the_platform_s_data_directory_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config, "SERVICE_DIRECTORY", tmp_path / "none")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    assert config.default_url() == f"sqlite:///{tmp_path}/share/tuiprov/tuiprov.db"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("colour = 1\n", "colour: is not a setting; there are db, key, publish_root, theme, keys"),
        ("theme = 1\n", "theme: must be a str"),
        ("keys = 'x'\n", "keys: must be a dict"),
        ("[keys", "config.toml: "),
    ],
)
def test_a_wrong_file_is_named_with_its_key(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text)
    with pytest.raises(config.ConfigError) as told:
        config.load("", str(path))
    assert str(told.value).startswith(str(path))
    assert problem in str(told.value)


def test_a_file_that_was_asked_for_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(config.ConfigError, match="no such file"):
        config.load("", str(tmp_path / "none.toml"))


def test_reading_it_imports_the_standard_library_only() -> None:
    code = "import sys; from tuiprov import config; config.load('x'); print(*sys.modules)"
    ended = subprocess.run(
        [sys.executable, "-S", "-c", code],
        env={"PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        check=True,
    )
    ours = {name for name in ended.stdout.split() if name.startswith("tuiprov")}
    assert ours <= {"tuiprov", "tuiprov.config", "tuiprov.errors"}


def test_the_command_of_asterisk_s_console_comes_from_the_file(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('asterisk = ["sudo", "-n", "asterisk"]\n')
    assert config.load("x", str(path)).asterisk == ("sudo", "-n", "asterisk")


@pytest.mark.parametrize("words", ['"asterisk"', "[]", "[1]", '[""]'])
def test_a_command_that_is_not_words_is_named(tmp_path: Path, words: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(f"asterisk = {words}\n")
    with pytest.raises(config.ConfigError, match="asterisk: must be"):
        config.load("x", str(path))


def test_the_key_and_the_hosts_own_tree_are_whole_paths(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('key = "/etc/tuiprov/key"\npublish_root = "/srv/tuiprov"\n')
    found = config.load(file=str(file))
    assert (found.key, found.publish_root) == ("/etc/tuiprov/key", "/srv/tuiprov")
    for name in ("key", "publish_root"):
        file.write_text(f'{name} = "here"\n')
        with pytest.raises(config.ConfigError, match=f"{name}: must be a whole path"):
            config.load(file=str(file))
