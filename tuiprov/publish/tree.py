"""The publish tree on disk: `tftp/<name>` and `http/<key>/<name>` under one root.

Reading never follows a symbolic link out of the tree; names come from `render/links.py`, made of
validated parts only.
"""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from tuiprov.data.site import Site
from tuiprov.errors import PublishError

_CHUNK = 65_536


@dataclass(frozen=True, slots=True)
class Tree:
    """The tree under `root` (an absolute directory that may not exist yet)."""

    root: Path

    def read(self, path: str) -> bytes | None:
        """The bytes of one published file, None when there is none; PublishError when it cannot be
        read or is not a plain file."""
        self._refuse_links(path)
        whole = f"{self.root}/{path}"
        try:
            handle = os.open(whole, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise PublishError(f"{whole}: {reason(error)}") from None
        try:
            known = os.fstat(handle)
            if not stat.S_ISREG(known.st_mode):
                raise PublishError(f"{whole}: is not a plain file; move it away")
            found = os.read(handle, known.st_size + 1)
            while len(found) > known.st_size and (more := os.read(handle, _CHUNK)):
                found += more  # it has grown
            return found
        except OSError as error:
            raise PublishError(f"{whole}: {reason(error)}") from None
        finally:
            os.close(handle)

    def is_bare(self) -> bool:
        """Is there no tree at all: no root, or none of a publish's directories in it?"""
        return not any((self.root / name).is_dir() for name in ("tftp", "http"))

    def _refuse_links(self, path: str) -> None:
        directory = str(self.root)
        for part in path.split("/")[:-1]:
            directory = f"{directory}/{part}"
            if os.path.islink(directory):
                raise PublishError(f"{directory}: is a symbolic link; put a real directory there")


def tree_of(site: Site) -> Tree:
    """The publish tree of a site."""
    return Tree(Path(site.publish_root))


def reason(error: OSError) -> str:
    """An operating system error as an admin says it, with what to do."""
    known = {
        errno.EACCES: "you may not write or read here; check owner and mode",
        errno.EPERM: "the system does not permit it; check owner and mode",
        errno.EROFS: "the file system is read-only",
        errno.ENOSPC: "the disk is full",
        errno.EDQUOT: "your disk quota is used up",
        errno.ELOOP: "is a symbolic link; put a real file or directory there",
        errno.ENOTDIR: "a part of the path is not a directory",
        errno.EISDIR: "is a directory; move it away",
        errno.EEXIST: "is not a directory; move it away",
    }
    return known.get(error.errno or 0, error.strerror or str(error))
