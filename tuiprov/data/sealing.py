"""Secrets at rest: sealed with AES-256-GCM, bound to the row and column they belong to.

A sealed text is `k<key number>:<base64 of nonce, cipher text and tag>`; table, row and column are
its associated data, so a secret copied into another row does not open. Digests are HMACs: whoever
gets the database alone cannot try passwords against them.

The key file holds one key a line, `<name>:<base64 of 32 bytes>`: `root`, which digests and derived
secrets come from and which stays, and `k1`, `k2` … of which the last one seals. It lies beside a
SQLite database as `<database>.key`, or where TUIPROV_KEY or the configuration file says, or among
systemd's credentials under the name `tuiprov.key`. It must be its owner's alone.
"""

from __future__ import annotations

import base64
import contextlib
import hmac
import os
import re
import secrets
import stat
import zlib
from collections.abc import Callable, Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlmodel import Session

from tuiprov.errors import StoreError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

ROOT: Final = "root"
_SEALED = re.compile(r"(k[0-9]{1,6}):([A-Za-z0-9+/=]+)")
_NONCE = 12
_CREDENTIAL = "tuiprov.key"


@cache
def _packer() -> Callable[[bytes, int], bytes]:
    """What compresses in zlib's format: most of what keeping a fleet's files takes."""
    try:
        from isal.isal_zlib import compress
    except ImportError:  # not to be had for every machine
        from zlib import compress
    return compress


class Keys:
    """The keys of one site. Read from the file when first used; StoreError says what is wrong."""

    def __init__(self, path: Path | None):
        self._path = path

    @property
    def path(self) -> Path:
        if self._path is None:
            raise StoreError(
                'say where the site\'s key is: key = "/etc/tuiprov/key" in the configuration file, '
                "or TUIPROV_KEY"
            )
        return self._path

    @property
    def current(self) -> str:
        """The name of the key that seals."""
        return list(self._keys)[-1]

    @property
    def former(self) -> list[str]:
        """The names of the keys that only open."""
        return [name for name in self._keys if name not in (ROOT, self.current)]

    # -- texts and bytes ------------------------------------------------------------------------

    def seal(self, text: str, about: str) -> str:
        """`text` sealed as `about` (`table:row:column`); "" stays "", which is no secret."""
        if not text:
            return ""
        name = self.current
        return f"{name}:{base64.b64encode(self._seal(name, text.encode(), about)).decode()}"

    def open(self, sealed: str, about: str) -> str:
        """What `seal` was given. A text that was never sealed is given back as it is: a site is
        sealed when it is upgraded, and `tuiprov doctor` counts what is not. StoreError when the
        key is another, or somebody changed or moved what is stored."""
        found = _SEALED.fullmatch(sealed)
        if found is None:
            return sealed
        name, coded = found.groups()
        try:
            return self._open(name, base64.b64decode(coded), about).decode()
        except ValueError:
            raise _not_ours(about) from None

    def seal_bytes(self, data: bytes, about: str) -> bytes:
        """`data` packed and sealed as `about`."""
        name = self.current
        return f"{name}:".encode() + self._seal(name, _packer()(data, 1), about)

    def open_bytes(self, sealed: bytes, about: str) -> bytes:
        """What `seal_bytes` was given; StoreError as `open`."""
        name, _, rest = sealed.partition(b":")
        try:
            return zlib.decompress(self._open(name.decode("ascii", "replace"), rest, about))
        except zlib.error:
            raise _not_ours(about) from None

    def is_current(self, sealed: str | bytes) -> bool:
        """Is it empty, or sealed with the key that seals now?"""
        prefix = f"{self.current}:"
        return not sealed or (
            sealed.startswith(prefix)
            if isinstance(sealed, str)
            else sealed.startswith(prefix.encode())
        )

    def digest(self, data: bytes) -> str:
        """HMAC-SHA256 of `data`, 64 hexadecimal digits."""
        return hmac.digest(self._digest_key, data, "sha256").hex()

    def derive(self, purpose: str) -> bytes:
        """32 bytes for one purpose, the same as long as the root key is."""
        return hmac.digest(self._keys[ROOT], purpose.encode(), "sha256")

    # -- the file -------------------------------------------------------------------------------

    def make(self) -> None:
        """Make the key file, unless it is there."""
        if not self.path.exists():
            self._write({ROOT: secrets.token_bytes(32), "k1": secrets.token_bytes(32)})

    def add(self) -> None:
        """Add a key, which seals from now on; the others still open."""
        numbers = [int(name[1:]) for name in self._keys if name != ROOT]
        self._write({**self._keys, f"k{max(numbers) + 1}": secrets.token_bytes(32)})

    def forget_former(self) -> None:
        """Drop the keys that nothing is sealed with any more."""
        self._write({name: self._keys[name] for name in (ROOT, self.current)})

    def _write(self, keys: Mapping[str, bytes]) -> None:
        """Replace the file as a whole; after a crash it is the old one or the new one."""
        lines = [f"{name}:{base64.b64encode(key).decode()}\n" for name, key in keys.items()]
        temporary = self.path.with_name(f".{self.path.name}.{secrets.token_hex(8)}.tmp")
        try:
            handle = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o400)
            try:
                with os.fdopen(handle, "w", encoding="ascii") as file:
                    file.writelines(lines)
                    file.flush()
                    os.fchmod(handle, 0o400)
                    os.fsync(handle)
                os.replace(temporary, self.path)
            except BaseException:
                with contextlib.suppress(OSError):
                    temporary.unlink()
                raise
            directory = os.open(self.path.parent, os.O_RDONLY)
            try:
                os.fsync(directory)
            finally:
                os.close(directory)
        except OSError as error:
            raise StoreError(f"{self.path}: {error.strerror}; the key was not written") from None
        self._forget_read()

    def _forget_read(self) -> None:
        self._ciphers.clear()
        for name in ("_keys", "_digest_key"):
            self.__dict__.pop(name, None)

    @cached_property
    def _keys(self) -> dict[str, bytes]:
        keys = dict(map(self._parsed, self._text().split()))
        if ROOT not in keys or len(keys) < 2 or any(len(key) != 32 for key in keys.values()):
            raise StoreError(f"{self.path}: is not a key file of tuiprov")
        return keys

    def _parsed(self, line: str) -> tuple[str, bytes]:
        name, _, coded = line.partition(":")
        try:
            return name, base64.b64decode(coded, validate=True)
        except ValueError:
            raise StoreError(f"{self.path}: is not a key file of tuiprov") from None

    def _text(self) -> str:
        try:
            with open(self.path, encoding="ascii") as file:
                mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
                if mode & 0o077:
                    raise StoreError(
                        f"{self.path}: others may read the key (mode {mode:04o}): chmod 400"
                    )
                return file.read(65_536)
        except FileNotFoundError:
            raise StoreError(
                f"{self.path}: the site's key is missing; put it back from where you keep it"
            ) from None
        except OSError as error:
            raise StoreError(f"{self.path}: {error.strerror}; the key cannot be read") from None
        except UnicodeDecodeError:
            raise StoreError(f"{self.path}: is not a key file of tuiprov") from None

    # -- the cipher -----------------------------------------------------------------------------

    @cached_property
    def _ciphers(self) -> dict[str, AESGCM]:
        return {}

    @cached_property
    def _digest_key(self) -> bytes:
        return self.derive("digest")

    def _cipher(self, name: str, about: str) -> AESGCM:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        if name not in self._ciphers:
            if name not in self._keys or name == ROOT:
                raise _not_ours(about)
            self._ciphers[name] = AESGCM(self._keys[name])
        return self._ciphers[name]

    def _seal(self, name: str, data: bytes, about: str) -> bytes:
        nonce = os.urandom(_NONCE)
        return nonce + self._cipher(name, about).encrypt(nonce, data, f"{about}:{name}".encode())

    def _open(self, name: str, data: bytes, about: str) -> bytes:
        from cryptography.exceptions import InvalidTag

        try:
            cipher = self._cipher(name, about)
            return cipher.decrypt(data[:_NONCE], data[_NONCE:], f"{about}:{name}".encode())
        except (InvalidTag, ValueError):
            raise _not_ours(about) from None


def _not_ours(about: str) -> StoreError:
    table, row, column = about.split(":", 2)
    return StoreError(
        f"{column} of {table} {row} cannot be opened: it is sealed with another key, "
        "or was changed behind tuiprov's back"
    )


def key_path(database: Path | None, configured: str = "") -> Path | None:
    """Where the key of a site is: TUIPROV_KEY, systemd's credentials, where the configuration file
    says, beside a SQLite database."""
    chosen, credentials = os.environ.get("TUIPROV_KEY"), os.environ.get("CREDENTIALS_DIRECTORY")
    if chosen:
        return Path(chosen)
    if credentials and (Path(credentials) / _CREDENTIAL).exists():
        return Path(credentials) / _CREDENTIAL
    if configured:
        return Path(configured)
    return database and database.with_name(f"{database.name}.key")


def keys_of(session: Session) -> Keys:
    """The keys of the site that `session` reads and writes."""
    keys: Keys = session.info["keys"]
    return keys
