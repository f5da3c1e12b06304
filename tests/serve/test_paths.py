"""Which paths a link of ours can lead to, and what the log may hold of a path."""

from __future__ import annotations

import pytest

from tuiprov.serve.paths import shown, wanted

TOKEN = "0123456789abcdef" * 2
MAC = "000413aabbcc"

ODD_PATHS = [
    *("", "/", "*", "/prov", "/prov/", f"/prov/{TOKEN}", f"/prov/{TOKEN}/", "/favicon.ico"),
    *(f"/prov/{key}/a.cfg" for key in ("", ".", "..", "x", TOKEN[:-1], TOKEN + "0", MAC[:-1])),
    *(f"/prov/{key}/a.cfg" for key in (MAC.upper(), "00:04:13:aa:bb:cc", TOKEN.upper(), "g" * 32)),
    *(f"/prov/{key}/a.cfg" for key in (f"{MAC}%00", f"{MAC}\n", "０" * 12, f" {MAC}", f"{MAC}.")),
    *(f"/prov/{MAC}/{file}" for file in ("..", ".", "../a", "a/..", "a/../b", "..%2fa", "%2e%2e")),
    *(
        f"/prov/{MAC}/{file}"
        for file in ("%2e%2e%2fsite.db", "..%252fa", "..\\a", "a\\..\\b", "..;/")
    ),
    *(
        f"/prov/{MAC}/{file}"
        for file in (".a.cfg.0011.tmp", ".htaccess", "a/.b", "-a", "_a", "~root")
    ),
    *(
        f"/prov/{MAC}/{file}"
        for file in ("a.cfg%00", "a.cfg\0", "a.cfg\n", "a b", "a%20b", "a.cfg/")
    ),
    *(
        f"/prov/{MAC}/{file}"
        for file in ("/a", "//a", "a//b", "/etc/passwd", "//etc/passwd", "C:a")
    ),
    *(
        f"/prov/{MAC}/{file}"
        for file in ("a" * 129, "a/b/c/d/e", "é.cfg", "ａ.cfg", "a.cfg#", "a*b")
    ),
    *(f"/prov/{MAC}/{file}" for file in ("%c0%ae%c0%ae/a", "..%c0%afa", "..%5ca", "....//a", "$a")),
    *("/prov/../site.db", "/../../etc/passwd", "/prov/..%2f..%2fetc/passwd", "//prov/x", "prov/x"),
    *(f"//prov/{MAC}/a.cfg", f"/prov//{MAC}/a.cfg", f"/Prov/{MAC}/a.cfg", f"/prov/./{MAC}/a.cfg"),
    *(f"http://host/prov/{MAC}/a.cfg", f"/x/../prov/{MAC}/a.cfg", f"/prov/tftp/{MAC}/a.cfg"),
    "/http/" + MAC + "/a.cfg",
]


@pytest.mark.parametrize("path", ODD_PATHS)
def test_no_link_of_ours_leads_there(path: str) -> None:
    assert wanted(path) is None


def test_there_are_enough_of_them() -> None:
    assert len(set(ODD_PATHS)) >= 60


@pytest.mark.parametrize(
    "file", ["000413aabbcc.cfg", "snomD765-000413AABBCC.htm", "a", "0.xml", "Config/a_b-c.1.cfg"]
)
def test_names_of_published_files_are_taken(file: str) -> None:
    found = wanted(f"/prov/{TOKEN}/{file}")
    assert found is not None
    assert (found.key, found.file) == (TOKEN, file)
    assert found.published == f"http/{TOKEN}/{file}"


def test_a_mac_key_is_known_as_one() -> None:
    by_mac, by_token = wanted(f"/prov/{MAC}/a"), wanted(f"/prov/{TOKEN}/a")
    assert by_mac is not None
    assert by_token is not None
    assert (by_mac.is_mac, by_mac.mac) == (True, "00:04:13:AA:BB:CC")
    assert (by_token.is_mac, by_token.mac) == (False, "")


@pytest.mark.parametrize(
    ("target", "log"),
    [
        (f"/prov/{TOKEN}/a.cfg", "/prov/01234567…/a.cfg"),
        (f"/prov/{TOKEN.upper()}/a.cfg", "/prov/01234567…/a.cfg"),
        (f"/{TOKEN}{TOKEN}", "/01234567…"),
        (f"/prov/{MAC}/a.cfg", f"/prov/{MAC}/a.cfg"),
        (f"/prov/{MAC}/a.cfg?password=secret", f"/prov/{MAC}/a.cfg?…"),
        ("http://user:secret@host/a", "http://…@host/a"),
        ("/a\x1b[2Jb\nprovision-miss ip=1.2.3.4\x9b", "/a?[2Jb?provision-miss?ip=1.2.3.4?"),
        ("/" + "z" * 2_000, "/" + "z" * 254),
    ],
)
def test_the_log_holds_neither_secrets_nor_what_moves_a_terminal(target: str, log: str) -> None:
    assert shown(target) == log
