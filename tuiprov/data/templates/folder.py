"""A template as a folder: `template.toml`, its files, and under `default/` what these were made of.

For editing outside, version control and other sites. A folder comes from anywhere: a link, a file
of another name, one that is too large or no UTF-8 is refused by its name, and then nothing is
taken. What is written is the owner's alone.
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
import tomllib
from collections.abc import Mapping, Set
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from tuiprov.data.fields import Value, Values
from tuiprov.data.templates.fields import TEMPLATE_FIELDS
from tuiprov.data.templates.parts import LARGEST_FILE, TemplateView, Texts, path_problem
from tuiprov.errors import Refusal, Refused

SETTINGS: Final = "template.toml"
DEFAULTS: Final = "default"
_MOST_NAMED: Final = 20
_MOST_ENTRIES: Final = 1000


@dataclass(frozen=True, slots=True)
class Folder:
    """What a folder holds: settings, files, and those texts of the server default that it names."""

    values: Values
    files: Texts
    bases: Texts


def write_folder(folder: Path, view: TemplateView) -> None:
    """Write a template into a folder that is not there yet or is empty: all of it, or nothing.
    Refused says why it cannot be."""
    problems = [
        Refusal(path, why) for path in {**view.files, **view.bases} if (why := path_problem(path))
    ]
    if problems:
        raise Refused(problems)
    parent = folder.absolute().parent
    try:
        made = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=parent))
    except OSError as error:
        raise _refused(str(parent), error.strerror or "cannot be written") from None
    try:
        for path, text in _contents(view).items():
            _write(made, path, text)
        made.rename(folder)
    except OSError as error:
        reason = "is there and is not empty" if _is_filled(folder) else error.strerror
        raise _refused(str(folder), reason or "cannot be written") from None
    finally:
        shutil.rmtree(made, ignore_errors=True)


def read_folder(folder: Path, known: Set[str]) -> Folder:
    """The template in a folder. `known` are the paths a template may have. Refused names everything
    in it that cannot be taken."""
    reading = _Reading({SETTINGS, *known, *(f"{DEFAULTS}/{path}" for path in known)})
    reading.directory(str(folder), "", None)
    texts, found = reading.texts, reading.found
    if not found and SETTINGS not in texts:
        found.append(Refusal(SETTINGS, "is missing"))
    values = _settings(texts.pop(SETTINGS, ""), found) if not found else {}
    if found:
        raise Refused(found)
    bases = {p.removeprefix(f"{DEFAULTS}/"): t for p, t in texts.items() if p not in known}
    return Folder(values, {p: t for p, t in texts.items() if p in known}, bases)


# -- writing --------------------------------------------------------------------------------------


def _contents(view: TemplateView) -> Mapping[str, str]:
    bases = {f"{DEFAULTS}/{path}": text for path, text in view.bases.items()}
    return {SETTINGS: _toml(view.values), **view.files, **bases}


def _toml(values: Values) -> str:
    """The settings, one on each line. They are lines of visible characters, so that a quote and a
    backslash are all there is to escape."""
    lines = []
    for name in TEMPLATE_FIELDS:
        text = str(values[name]).replace("\\", "\\\\").replace('"', '\\"')
        lines.append(f'{name} = "{text}"\n')
    return "".join(lines)


def _write(folder: Path, path: str, text: str) -> None:
    place = folder / path
    for parent in reversed(place.relative_to(folder).parents):
        (folder / parent).mkdir(mode=0o700, exist_ok=True)
    handle = os.open(place, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "wb") as file:
        os.fchmod(handle, 0o600)  # the umask never decides
        file.write(text.encode("utf-8"))


def _is_filled(folder: Path) -> bool:
    try:
        return any(folder.iterdir())
    except OSError:
        return False


# -- reading --------------------------------------------------------------------------------------


class _Reading:
    """Reads the files that are wanted; what else is there goes to `found`. Every step goes from an
    open directory to what is in it, so that nothing can be put in the way of a check."""

    def __init__(self, names: Set[str]) -> None:
        self.texts: dict[str, str] = {}
        self.found: list[Refusal] = []
        self._names = names
        self._above = {str(parent) for name in names for parent in Path(name).parents} - {"."}

    def directory(self, name: str, path: str, inside: int | None) -> None:
        """Read a directory by its name `inside` another; `path` is its path in the folder."""
        nofollow = os.O_NOFOLLOW if inside is not None else 0
        try:
            handle = os.open(name, os.O_RDONLY | os.O_DIRECTORY | nofollow, dir_fd=inside)
        except OSError as error:
            self._refuse(path or name, f"cannot be read: {error.strerror}")
            return
        try:
            with os.scandir(handle) as entries:
                for entry in sorted(islice(entries, _MOST_ENTRIES), key=lambda one: one.name):
                    self._entry(entry, f"{path}/{entry.name}" if path else entry.name, handle)
        finally:
            os.close(handle)

    def _entry(self, entry: os.DirEntry[str], path: str, inside: int) -> None:
        if len(self.found) >= _MOST_NAMED:
            return
        if entry.is_symlink():
            self._refuse(path, "is a link; only plain files are taken")
        elif path in self._above and entry.is_dir(follow_symlinks=False):
            self.directory(entry.name, path, inside)
        elif path not in self._names:
            self._refuse(path, "is not a file of a template")
        else:
            try:
                self.texts[path] = _read(entry.name, inside)
            except (OSError, ValueError) as error:
                self._refuse(path, getattr(error, "strerror", "") or str(error))

    def _refuse(self, path: str, reason: str) -> None:
        self.found.append(Refusal(path, reason))


def _read(name: str, inside: int) -> str:
    """The text of a file. OSError, ValueError."""
    # Not blocking, or a named pipe in the place of a file would hold the program up.
    handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=inside)
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise ValueError("is not a plain file")
        with open(handle, "rb", closefd=False) as file:
            data = file.read(LARGEST_FILE + 1)
    finally:
        os.close(handle)
    if len(data) > LARGEST_FILE:
        raise ValueError(f"is larger than {LARGEST_FILE >> 10} KiB")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        # The reason alone: the error's own words hold bytes of the file.
        raise ValueError(f"is not UTF-8 (byte {error.start})") from None


def _settings(text: str, found: list[Refusal]) -> dict[str, Value]:
    try:
        told = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found.append(Refusal(SETTINGS, str(error)))
        return {}
    values: dict[str, Value] = dict.fromkeys(TEMPLATE_FIELDS, "")
    for name, value in told.items():
        if name not in TEMPLATE_FIELDS or not isinstance(value, str):
            known = ", ".join(TEMPLATE_FIELDS)
            found.append(
                Refusal(name, f"is not a setting with a text; there are {known}", SETTINGS)
            )
            continue
        try:
            values[name] = TEMPLATE_FIELDS[name].parse(value)
        except ValueError as error:
            found.append(Refusal(name, str(error), SETTINGS))
    return values


def _refused(place: str, reason: str) -> Refused:
    return Refused([Refusal("", reason, place)])
