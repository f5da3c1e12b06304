"""What a phone cannot take is said, never dropped in silence."""

from __future__ import annotations

from dataclasses import replace

from tests.phones import notes_of, phone


def said(*words: str, **values: object) -> dict[str, str]:
    """Field → sentence, for a phone with `values` (`sip` for its extension)."""
    return {note.field: note.sentence for note in notes_of(phone(*words, **values))}


CISCO = ("Cisco", "7960", "8.x")


def test_a_cisco_without_srtp_says_that_media_encryption_has_no_effect() -> None:
    assert said(*CISCO, sip={"media_encryption": "sdes"})["media_encryption"] == (
        "Cisco 7960 has no SRTP: Media encryption has no effect on this phone"
    )


def test_a_setting_left_at_its_default_needs_no_word() -> None:
    assert said(*CISCO, mac_based_provisioning=False, sip={"codecs": "alaw"}) == {}


def test_a_value_the_phone_lacks_names_the_one_that_is_used_instead() -> None:
    sentence = said("Snom", "D765", "10", sip={"media_encryption": "dtls_srtp"})
    assert sentence["media_encryption"] == (
        "Snom D765 has no DTLS-SRTP for Media encryption: None is used"
    )


def test_codecs_the_phone_lacks_are_named_once() -> None:
    sentence = said("Fanvil", "X4U", "2.12", sip={"codecs": "alaw,gsm"})
    assert sentence["codecs"] == "Fanvil X4U has no gsm: left out of its codecs"


def test_a_name_the_phone_shows_otherwise_is_shown_as_it_will_be() -> None:
    sentence = said("Aastra", "6731i", "3.3.1", sip={"extension_name": 'Front "desk"'})
    assert sentence["extension_name"] == "Aastra 6731i shows the name as Front 'desk'"


def test_two_lines_with_the_same_lack_are_one_note() -> None:
    found = notes_of(phone("Snom", "D765", "10", lines=2, sip={"media_encryption": "dtls_srtp"}))
    assert [note.field for note in found] == ["media_encryption"]


def test_lines_that_differ_in_what_the_phone_has_once_are_told() -> None:
    both = phone("Cisco", "7960", "8.x", lines=2)
    second = replace(both.lines[1], extension={**both.lines[1].extension, "dtmf_mode": "inband"})
    said = [note.sentence for note in notes_of(replace(both, lines=(both.lines[0], second)))]
    words = "Cisco 7960 has one DTMF for all its lines, and they differ: look at the file"
    assert words in said
    assert words not in [note.sentence for note in notes_of(both)]
