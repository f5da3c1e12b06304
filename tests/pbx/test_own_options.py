"""Options kept from a configuration that was taken over stand in place of tuiprov's own."""

from __future__ import annotations

from typing import Any

from tuiprov.data.page import OwnOption, Page
from tuiprov.data.sections import DEFAULTS
from tuiprov.data.site import Site
from tuiprov.pbx.asterisk import FIELD_OF, Asterisk, sections


def a_page(*own: OwnOption, **values: Any) -> Page:
    known = {"extension": "101", "sip_password": "s3cret"}
    return Page({**DEFAULTS, **known, **values}, Site(pbx="asterisk"), own_options=own)


def written(page: Page, kind: str, name: str) -> list[str]:
    (options,) = [options for known, options in sections(page) if known == kind]
    return [value for option, value in options if option == name]


def test_a_kept_option_replaces_ours_of_the_same_name() -> None:
    page = a_page(OwnOption("aor", "max_contacts", "5"))
    assert written(page, "aor", "max_contacts") == ["5"]


def test_a_kept_option_of_another_name_is_added() -> None:
    page = a_page(OwnOption("endpoint", "rtp_timeout", "30"))
    assert written(page, "endpoint", "rtp_timeout") == ["30"]
    assert written(page, "endpoint", "direct_media") == ["no"]


def test_a_kept_option_without_a_value_takes_ours_away() -> None:
    page = a_page(OwnOption("endpoint", "callerid", ""))
    assert written(page, "endpoint", "callerid") == []


def test_it_replaces_that_of_its_own_section_only() -> None:
    page = a_page(OwnOption("endpoint", "mailboxes", "9@x"), force_mwi=True)
    assert written(page, "endpoint", "mailboxes") == ["9@x"]
    assert written(page, "aor", "mailboxes") == ["101@default"]


def test_several_of_one_name_keep_their_order() -> None:
    own = [OwnOption("endpoint", name, v) for name, v in (("deny", "0/0"), ("permit", "b"))]
    page = a_page(*own, OwnOption("endpoint", "permit", "a"), allowed_networks="192.0.2.0/24")
    assert written(page, "endpoint", "permit") == ["b", "a"]
    assert written(page, "endpoint", "deny") == ["0/0"]


def test_variables_stand_beside_ours() -> None:
    page = a_page(OwnOption("endpoint", "set_var", "A=1"), max_public_concurrent_calls=2)
    assert written(page, "endpoint", "set_var") == ["TUIPROV_CALLS=2", "A=1"]


def test_sections_that_the_page_has_nothing_of_are_written_whole() -> None:
    page = a_page(OwnOption("phoneprov", "MAC", "001122334455"), OwnOption("identify", "match", ""))
    assert [kind for kind, _ in sections(page)] == ["endpoint", "aor", "auth", "phoneprov"]
    assert written(page, "phoneprov", "MAC") == ["001122334455"]


def test_a_kept_option_is_said_beside_the_field_that_it_stands_in_place_of() -> None:
    page = a_page(OwnOption("aor", "qualify_frequency", "30"), OwnOption("endpoint", "deny", ""))
    said = {note.field: note.sentence for note in Asterisk().notes(page)}
    assert "keeps qualify_frequency=30" in said["ping"]
    assert "keeps no deny" in said["allowed_networks"]


def test_a_kept_option_ends_when_the_page_says_something_else_of_it() -> None:
    own = OwnOption("aor", "qualify_frequency", "30", "60")
    assert written(a_page(own, ping=True), "aor", "qualify_frequency") == ["30"]
    assert written(a_page(own, ping=False), "aor", "qualify_frequency") == ["0"]
    said = [note.field for note in Asterisk().notes(a_page(own, ping=False))]
    assert "ping" not in said


def test_notes_are_there_where_the_sections_cannot_be_written() -> None:
    page = a_page(OwnOption("aor", "qualify_frequency", "30"), sip_password="", force_mwi=True)
    assert [note for note in Asterisk().notes(page) if note.field == "ping"] == []


def test_the_fields_are_those_of_options_that_are_written() -> None:
    pages = [
        a_page(max_public_concurrent_calls=1, force_mwi=True, media_encryption="dtls_srtp"),
        a_page(allowed_networks="192.0.2.1"),
        a_page(fixed_ip="192.0.2.1"),
    ]
    names = {name for page in pages for _, options in sections(page) for name, _ in options}
    assert set(FIELD_OF) <= names


def test_secrets_are_masked_in_lines_that_somebody_else_wrote() -> None:
    lines = ("password=s3cret", "  Password = s3cret", ";password=>s3cret", "md5_cred=s3cret")
    more = ("a=b ;-- c --; password=s3cret", "password_digest=MD5:s3cret", "\tpassword+=s3cret")
    for line in (*lines, *more):
        masked = Asterisk().masked(f"[101]\n{line}\nallow=ulaw\n", "********")
        assert "s3cret" not in masked, line
        assert masked.startswith("[101]\n")
        assert masked.endswith("********\nallow=ulaw\n")
