"""Secrets at rest: sealed, bound to their place, readable through every rotation."""

from __future__ import annotations

import os
import random
import signal
import stat
import sys
from pathlib import Path

import pytest
from sqlmodel import select, update

from tests.publish.helpers import publish_site
from tests.sites import PHONE, Site, a_site
from tuiprov.data import sealing
from tuiprov.data.database import Database
from tuiprov.data.kept import Content, FieldChange
from tuiprov.data.models import Extension
from tuiprov.data.rotation import rotate
from tuiprov.data.sealing import Keys
from tuiprov.data.secret_columns import unsealed
from tuiprov.errors import StoreError


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    made = Keys(tmp_path / "key")
    made.make()
    return made


def test_a_sealed_text_opens_again(keys: Keys) -> None:
    for number in range(1000):
        text = f"päss{number}" * (number % 7 + 1)
        assert keys.open(keys.seal(text, "a:1:b"), "a:1:b") == text


@pytest.mark.parametrize("has_isal", [True, False], ids=["isal", "zlib alone"])
def test_sealed_bytes_open_on_a_machine_with_zlib_alone(
    keys: Keys, has_isal: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not has_isal:
        monkeypatch.setitem(sys.modules, "isal.isal_zlib", None)
    sealing._packer.cache_clear()
    try:
        for size in (0, 1, 2_000, 300_000):
            data = (b"account.1.label = Anna\n" * (size // 20 + 1) + os.urandom(99))[:size]
            sealed = keys.seal_bytes(data, "a:1:b")
            assert len(sealed) < size + 100
            assert keys.open_bytes(sealed, "a:1:b") == data
    finally:
        sealing._packer.cache_clear()


def test_nothing_stays_nothing(keys: Keys) -> None:
    assert keys.seal("", "a:1:b") == ""
    assert keys.open("", "a:1:b") == ""


def test_each_sealing_is_another(keys: Keys) -> None:
    assert keys.seal("secret", "a:1:b") != keys.seal("secret", "a:1:b")


@pytest.mark.parametrize("about", ["a:2:b", "a:1:c", "z:1:b"])
def test_another_row_column_or_table_does_not_open_it(keys: Keys, about: str) -> None:
    with pytest.raises(StoreError, match="cannot be opened"):
        keys.open(keys.seal("secret", "a:1:b"), about)


def test_every_flipped_bit_is_noticed(keys: Keys) -> None:
    sealed = bytearray(keys.seal_bytes(b"secret" * 20, "a:1:b"))
    for place in range(3 * 8, len(sealed) * 8):
        changed = bytearray(sealed)
        changed[place // 8] ^= 1 << place % 8
        with pytest.raises(StoreError):
            keys.open_bytes(bytes(changed), "a:1:b")


def test_another_key_does_not_open_it(keys: Keys, tmp_path: Path) -> None:
    other = Keys(tmp_path / "other")
    other.make()
    with pytest.raises(StoreError, match="another key"):
        other.open(keys.seal("secret", "a:1:b"), "a:1:b")


def test_the_key_file_is_its_owners_whatever_the_umask_says(tmp_path: Path) -> None:
    for umask in (0o000, 0o022, 0o077):
        before = os.umask(umask)
        try:
            keys = Keys(tmp_path / f"key{umask}")
            keys.make()
        finally:
            os.umask(before)
        assert stat.S_IMODE(keys.path.stat().st_mode) == 0o400


@pytest.mark.parametrize("mode", [0o440, 0o404, 0o644])
def test_a_key_that_others_may_read_is_refused_with_the_cure(keys: Keys, mode: int) -> None:
    keys.path.chmod(mode)
    with pytest.raises(StoreError, match="chmod 400"):
        keys.seal("secret", "a:1:b")


def test_a_missing_key_says_where_it_should_be(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"nokey: the site's key is missing"):
        Keys(tmp_path / "nokey").seal("secret", "a:1:b")


@pytest.mark.parametrize("text", ["", "nonsense", "root:QUJD\nk1:QUJD\n", "k1:" + "A" * 43 + "="])
def test_a_file_that_is_no_key_is_told(tmp_path: Path, text: str) -> None:
    path = tmp_path / "key"
    path.write_text(text)
    path.chmod(0o400)
    with pytest.raises(StoreError, match="is not a key file"):
        Keys(path).seal("secret", "a:1:b")


def test_the_key_is_taken_from_where_the_environment_says(
    tmp_path: Path, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TUIPROV_KEY", str(keys.path))
    assert Database(f"sqlite:///{tmp_path}/x.db").keys.path == keys.path


def test_the_key_is_taken_from_systemds_credentials(
    tmp_path: Path, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys.path.rename(tmp_path / "tuiprov.key")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert Database(f"sqlite:///{tmp_path}/x.db").keys.path == tmp_path / "tuiprov.key"


# -- a site ---------------------------------------------------------------------------------


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return a_site(tmp_path)


def stored(site: Site) -> str:
    return site.rows(Extension)[0].sip_password


def test_a_password_is_stored_sealed_and_read_in_clear(site: Site) -> None:
    site.add(sip_password="canarySecret9")
    assert stored(site).startswith("k1:")
    assert site.page().values["sip_password"] == "canarySecret9"
    assert "canarySecret9" in site.export()


def test_a_password_copied_into_another_row_does_not_open(site: Site) -> None:
    site.add("0027*001", sip_password="canarySecret9")
    site.add("0027*002", sip_password="otherSecret2")
    with site.database.write() as session:
        session.exec(update(Extension).values(sip_password=stored(site)))
    with pytest.raises(StoreError, match=r"sip_password of extension 0027\*002 cannot be opened"):
        site.page("0027*002")


def test_a_renumbered_extension_keeps_its_password(site: Site) -> None:
    site.add("0027*001", sip_password="canarySecret9")
    site.save("0027*001", extension="0027*777")
    assert site.page("0027*777").values["sip_password"] == "canarySecret9"


def test_a_draft_with_a_typed_password_is_kept_sealed(site: Site) -> None:
    page = site.add(**PHONE)
    site.store.drafts.keep(site.admin, page, {"sip_password": "canarySecret9"})
    site.database.close()
    raw = b"".join(path.read_bytes() for path in site.directory.glob("site.db*"))
    assert b"canarySecret9" not in raw
    kept = site.store.drafts.kept(site.admin)
    assert kept is not None
    assert kept[1] == {"sip_password": "canarySecret9"}


# -- rotation -------------------------------------------------------------------------------


def a_full_site(site: Site, count: int = 30) -> Site:
    rows = [f"0027*{n:03},Acme Ltd,anna,Secret{n}x" for n in range(1, count + 1)]
    site.import_text("extension,organization,user,sip_password\n" + "\n".join(rows) + "\n")
    site.save("0027*001", **PHONE, sip_password="Changed1x")
    publish_site(site)
    return site


def assert_all_readable(site: Site, count: int = 30) -> None:
    database = Database(site.url)
    other = type(site)(site.directory, type(site.store)(database), site.admin)
    passwords = [other.page(f"0027*{n:03}").values["sip_password"] for n in range(2, count + 1)]
    assert passwords == [f"Secret{n}x" for n in range(2, count + 1)]


def test_after_a_rotation_everything_is_sealed_with_the_new_key_only(site: Site) -> None:
    a_full_site(site)
    digests = {row.digest for row in site.rows(Content)}
    assert rotate(site.database) > 30
    assert site.database.keys.current == "k2"
    assert site.database.keys.former == []
    with site.database.read() as session:
        assert unsealed(session) == 0
        assert all(row.sealed.startswith(b"k2:") for row in session.exec(select(Content)))
        assert {row.key for row in session.exec(select(FieldChange))} <= {"", "k2"}
    assert {row.digest for row in site.rows(Content)} == digests
    assert_all_readable(site)


def test_a_rotation_killed_at_any_point_leaves_everything_readable(site: Site) -> None:
    a_full_site(site)
    site.database.close()
    chance = random.Random(7)
    for _ in range(25):
        child = os.fork()
        if child == 0:
            signal.setitimer(signal.ITIMER_REAL, 0.001 + chance.random() * 0.06)
            signal.signal(signal.SIGALRM, lambda *_: os.kill(os.getpid(), signal.SIGKILL))
            try:
                rotate(Database(site.url))
            finally:
                os._exit(0)
        chance.random()
        os.waitpid(child, 0)
        assert_all_readable(site)
    rotate(Database(site.url))
    assert_all_readable(site)
