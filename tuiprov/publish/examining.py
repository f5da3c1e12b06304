"""What the files of a phone should be, and which of them are not so on disk: the part of a plan
that hangs on one phone alone. It is done here, or in a process beside (`crew.py`)."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import NamedTuple

from tuiprov.data.page import Phone
from tuiprov.errors import RenderError
from tuiprov.publish.masking import Rendered
from tuiprov.publish.tree import Tree
from tuiprov.render.bootstrap import bootstrap
from tuiprov.render.engine import RenderedFile, check, render_each


class Difference(NamedTuple):
    """A file that is not on disk as it should be; `before`: what is there. `file` has its text as
    `data` alone: a plan may hold a hundred thousand."""

    file: RenderedFile
    data: bytes
    before: bytes | None

    @property
    def whole(self) -> RenderedFile:
        """The file with its text."""
        return self.file._replace(text=self.data.decode(self.file.charset))


class Examined(NamedTuple):
    """One phone's files: (path, digest, is it shared) of each, and those that differ."""

    files: tuple[tuple[str, bytes, bool], ...] = ()
    differences: tuple[Difference, ...] = ()


def examine(
    phones: Sequence[Phone], tree: Tree, *, rewrite: bool, known: Collection[str] = ()
) -> list[Examined | RenderError]:
    """What there is to say of each of these phones, or why its files cannot be made. The `known`
    paths are not looked at on disk; with `rewrite` files that are right differ too. PublishError
    when the disk cannot be read."""
    used = [phone for phone in phones if phone.lines]
    made = dict(zip(map(id, used), render_each(used), strict=True))
    return [_examined(phone, made.get(id(phone), []), tree, rewrite, known) for phone in phones]


def is_shared(file: RenderedFile) -> bool:
    """Is it one file for all phones of its family? By HTTP each has it in its own directory."""
    return file.shared and file.path.startswith("tftp/")


def _examined(
    phone: Phone, rendered: Rendered, tree: Tree, rewrite: bool, known: Collection[str]
) -> Examined | RenderError:
    if isinstance(rendered, RenderError):
        return rendered
    try:
        # Its first files stand beside its own while its enrolment window is open.
        files = [*rendered, *bootstrap(phone)] if rendered else rendered
        for file in files:
            _check(file)
        made = [(file, file.data) for file in files]
        told = tuple((file.path, _digest(data), is_shared(file)) for file, data in made)
        found = (_difference(*one, tree, rewrite) for one in made if one[0].path not in known)
        return Examined(told, tuple(one for one in found if one is not None))
    except RenderError as error:
        return error


def _check(file: RenderedFile) -> None:
    """RenderError when the file is malformed."""
    if file.shared:
        _check_once(file._replace(path=""))
    else:
        check(file)


@lru_cache(maxsize=64)
def _check_once(file: RenderedFile) -> None:
    """The same file for every phone of its family, wherever it lies."""
    check(file)


def _difference(file: RenderedFile, data: bytes, tree: Tree, rewrite: bool) -> Difference | None:
    before = tree.read(file.path)
    if not rewrite and before == data:
        return None
    return Difference(file._replace(text=""), data, before)


def _digest(data: bytes) -> bytes:
    """Tells two files of one name apart, within one plan."""
    return hashlib.blake2b(data, digest_size=16).digest()
