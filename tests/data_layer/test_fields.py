"""Each kind of field alone: what it takes, what it refuses and in which words, how it spells it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuiprov.data.fields import Value
from tuiprov.data.sections import FIELDS


def parse(field: str, text: str) -> Value:
    return FIELDS[field].parse(text)


def reason(field: str, text: str) -> str:
    with pytest.raises(ValueError) as refused:
        FIELDS[field].parse(text)
    return str(refused.value)


class TestFriendlyName:
    @pytest.mark.parametrize("name", ["abc", "A1b", "x" * 31, "x" * 32, "007"])
    def test_three_to_thirty_two_letters_and_digits_are_taken(self, name: str) -> None:
        assert parse("friendly_name", name) == name

    @pytest.mark.parametrize("name", ["a", "ab", "x" * 33, "x" * 300])
    def test_shorter_or_longer_is_refused(self, name: str) -> None:
        assert reason("friendly_name", name) == "must be 3 to 32 letters and digits"

    @pytest.mark.parametrize("name", ["two words", "Desk-1", "Büro1", "desk_1", "Desk.1", "日本語"])
    def test_punctuation_blanks_and_other_alphabets_are_refused(self, name: str) -> None:
        assert reason("friendly_name", name) == "must be 3 to 32 letters and digits"


class TestMac:
    @pytest.mark.parametrize(
        "text", ["80:5E:C0:5A:01:9B", "80:5e:c0:5a:01:9b", "80:5e:C0:5a:01:9B"]
    )
    def test_both_cases_are_taken_and_stored_in_upper_case(self, text: str) -> None:
        assert parse("mac", text) == "80:5E:C0:5A:01:9B"

    @pytest.mark.parametrize("text", ["", "00:04:13", "00:04:13:", "80:5e:c0"])
    def test_a_bare_prefix_counts_as_empty(self, text: str) -> None:
        assert parse("mac", text) == ""

    @pytest.mark.parametrize(
        "text",
        [
            "00:04:13:71:A0",
            "00:04:13:71:A0:0F:11",
            "00-04-13-71-A0-0F",
            "00041371A00F",
            "0004.1371.a00f",
            "00:04:13:71:A0:0G",
            "00:04:13:71:A0:F",
            "00:04:13:71",
            "00:04",
            " 00:04:13:71:A0:0F",
            "00:04:13:71:A0:0F\n",
            "٠٠:04:13:71:A0:0F",
        ],
    )
    def test_any_other_notation_is_refused(self, text: str) -> None:
        assert reason("mac", text) == "must be written XX:XX:XX:XX:XX:XX with digits 0-9 A-F"

    @pytest.mark.parametrize(
        "text", ["FF:FF:FF:FF:FF:FF", "01:00:5E:00:00:01", "00:00:00:00:00:00"]
    )
    def test_an_address_that_no_device_can_have_is_refused(self, text: str) -> None:
        assert "device's own" in reason("mac", text)

    def test_a_prefix_of_no_manufacturer_is_taken(self) -> None:
        assert parse("mac", "02:AB:CD:00:00:01") == "02:AB:CD:00:00:01"


class TestNumbers:
    @pytest.mark.parametrize(
        ("field", "low", "high"),
        [
            ("update_interval", 1, 99_999),
            ("fixed_port", 1, 65_535),
            ("parking_watch_lines", 0, 99),
            ("line", 1, 1000),
            ("max_public_concurrent_calls", 0, 9999),
        ],
    )
    def test_both_bounds_are_taken_and_one_beyond_is_refused(
        self, field: str, low: int, high: int
    ) -> None:
        assert (parse(field, str(low)), parse(field, str(high))) == (low, high)
        said = f"must be a whole number from {low} to {high}"
        assert {reason(field, str(low - 1)), reason(field, str(high + 1))} == {said}

    @pytest.mark.parametrize("text", ["99,999", "1.5", "ten", "1e3", "+5", "-1", " 5", "5 ", "٥"])
    def test_what_is_not_plain_digits_is_refused(self, text: str) -> None:
        assert reason("update_interval", text) == "must be a whole number from 1 to 99999"

    def test_a_number_of_thousands_of_digits_is_refused_in_the_same_words(self) -> None:
        assert reason("update_interval", "9" * 5000) == "must be a whole number from 1 to 99999"

    def test_empty_is_no_number(self) -> None:
        assert parse("update_interval", "") is None
        assert FIELDS["update_interval"].text(None) == ""


class TestNetworks:
    @pytest.mark.parametrize(
        ("text", "stored"),
        [
            ("192.0.2.0/24", "192.0.2.0/24"),
            ("192.0.2.0/25", "192.0.2.0/25"),
            ("192.0.2.17/32", "192.0.2.17"),
            ("192.0.2.17", "192.0.2.17"),
            ("192.0.2.17/24", "192.0.2.0/24"),
            ("192.0.2.0/24, 198.51.100.17", "192.0.2.0/24 198.51.100.17"),
            ("", ""),
        ],
    )
    def test_addresses_and_networks_up_to_class_c_are_taken(self, text: str, stored: str) -> None:
        assert parse("allowed_networks", text) == stored

    @pytest.mark.parametrize(
        "text", ["192.0.2.0/23", "10.0.0.0/8", "192.0.2.0/0", "192.0.2.1 192.0.0.0/23"]
    )
    def test_a_network_wider_than_class_c_is_refused(self, text: str) -> None:
        assert "is wider than class C (/24)" in reason("allowed_networks", text)

    @pytest.mark.parametrize(
        "text", ["192.0.2", "300.1.2.3", "host.example.com", "2001:db8::1", "192.0.2.1/24/24"]
    )
    def test_what_is_no_ipv4_address_is_refused(self, text: str) -> None:
        assert reason("allowed_networks", text)

    @pytest.mark.parametrize(
        "prefix", ["33", "-1", "2x", "٢٤", "9" * 5000], ids=lambda text: text[:4]
    )
    def test_a_prefix_that_is_none_is_refused_by_name_in_one_line(self, prefix: str) -> None:
        said = reason("allowed_networks", f"192.0.2.0/{prefix}")
        assert said.startswith("'192.0.2.0/")
        assert "\n" not in said

    def test_a_list_longer_than_its_column_is_refused(self) -> None:
        many = " ".join(f"192.0.2.{n}" for n in range(200))
        assert reason("allowed_networks", many) == "must be at most 1024 characters long"


class TestFixedIp:
    @pytest.mark.parametrize("text", ["192.0.2.10", ""])
    def test_one_dotted_ipv4_address_or_nothing_is_taken(self, text: str) -> None:
        assert parse("fixed_ip", text) == text

    @pytest.mark.parametrize(
        "text", ["300.1.2.3", "192.0.2", "192.0.2.1/32", "1", "0x7f.1", "::1", "192.0.2.010", "pbx"]
    )
    def test_anything_else_is_refused(self, text: str) -> None:
        assert reason("fixed_ip", text) == "must be an IPv4 address such as 192.0.2.10"


class TestCodecs:
    def test_the_order_stays_as_listed(self) -> None:
        assert parse("codecs", "g722, alaw ulaw") == "g722,alaw,ulaw"

    def test_a_codec_named_twice_is_refused(self) -> None:
        assert reason("codecs", "alaw,ulaw,alaw") == "alaw is named twice"

    @pytest.mark.parametrize("text", ["al;aw", "a" * 17, "ünlaw"])
    def test_what_cannot_be_a_codecs_name_is_refused(self, text: str) -> None:
        assert reason("codecs", text).endswith("is not a codec's name")


class TestSecretCode:
    @pytest.mark.parametrize("code", ["1234", "00000", "12345678", ""])
    def test_four_to_eight_digits_are_taken(self, code: str) -> None:
        assert parse("secret_code", code) == code

    @pytest.mark.parametrize("code", ["123", "123456789", "12a4", "12 4", "١٢٣٤", "-1234"])
    def test_anything_else_is_refused(self, code: str) -> None:
        assert reason("secret_code", code) == "must be 4 to 8 digits"


class TestPasswords:
    @pytest.mark.parametrize("password", ["a", "a b", "~!@#$%^&*()<>\"'`;", "x" * 64, ""])
    def test_printable_ascii_is_taken_whatever_it_means_to_a_file(self, password: str) -> None:
        assert parse("sip_password", password) == password

    @pytest.mark.parametrize(
        "password", [" a", "a ", "pässwort", "a\tb", "a\nb", "\x00", "a\u00a0b"]
    )
    def test_blanks_at_the_ends_and_other_characters_are_refused(self, password: str) -> None:
        assert reason("sip_password", password)

    def test_more_than_sixty_four_characters_are_refused(self) -> None:
        assert reason("sip_password", "x" * 65) == "must be at most 64 characters long"


class TestTexts:
    @pytest.mark.parametrize(
        ("field", "longest"),
        [
            ("notes", 255),
            ("equipment_description", 255),
            ("extension_name", 64),
            ("application_version", 64),
            ("admin_username", 32),
            ("sip_username", 64),
        ],
    )
    def test_the_longest_is_taken_and_one_more_is_refused(self, field: str, longest: int) -> None:
        assert parse(field, "x" * longest) == "x" * longest
        said = f"must be at most {longest} characters long"
        assert reason(field, "x" * (longest + 1)) == said

    @pytest.mark.parametrize(
        "text", ["two\nlines", "tab\there", "bell\x07", "\u202eevil", "a\u200bb"]
    )
    def test_a_second_line_or_a_hidden_character_is_refused(self, text: str) -> None:
        assert reason("notes", text) == "must be one line of visible characters"

    @pytest.mark.parametrize("text", [" a", "a ", "\u00a0a"])
    def test_a_blank_at_either_end_is_refused(self, text: str) -> None:
        assert reason("notes", text) == "must not begin or end with a blank"

    @pytest.mark.parametrize("text", ["P0S3-08-11-00", "8.x", "(beta)", "a_b"])
    def test_an_image_name_is_taken_as_an_application_version(self, text: str) -> None:
        assert parse("application_version", text) == text

    @pytest.mark.parametrize("text", ["P0S3 08", "a/b", "a;b", 'a"b', "ä"])
    def test_what_could_end_a_setting_is_no_application_version(self, text: str) -> None:
        assert reason("application_version", text) == "must be letters, digits or . _ - ( )"


class TestExtensionNumber:
    @pytest.mark.parametrize("number", ["0027*001", "0027", "1*2", "1234567890*1234567890"])
    def test_digits_a_star_and_digits_are_taken(self, number: str) -> None:
        assert parse("extension", number) == number

    @pytest.mark.parametrize(
        "number", ["*001", "0027*", "0027*001*1", "0027-001", "a*1", "12345678901*1", "٠٠٢٧*001"]
    )
    def test_anything_else_is_refused(self, number: str) -> None:
        assert reason("extension", number) == "must be digits, a star and digits, e.g. 0027*001"


class TestChoices:
    @pytest.mark.parametrize(
        ("field", "text", "stored"),
        [
            ("status", "enabled", "enabled"),
            ("status", "Disable", "disabled"),
            ("status", "ENABLE", "enabled"),
            ("media_encryption", "SDES/DTLS-SRTP (and/or)", "sdes_dtls_srtp"),
            ("dtmf_mode", "RFC2833", "rfc2833"),
            ("fixed_auth", "does not have to", "not_required"),
            ("password_generation", "Auto generated", "auto"),
        ],
    )
    def test_the_stored_word_and_the_words_on_the_page_are_taken(
        self, field: str, text: str, stored: str
    ) -> None:
        assert parse(field, text) == stored

    @pytest.mark.parametrize(
        ("field", "text", "said"),
        [
            ("status", "maybe", "must be enabled or disabled"),
            ("dtmf_mode", "morse", "must be rfc2833, inband, info or auto"),
            ("media_encryption", "tls", "must be none, sdes, dtls_srtp or sdes_dtls_srtp"),
            ("signaling_transport", "tls", "must be udp or tcp"),
            ("status", "", "must be enabled or disabled"),
        ],
    )
    def test_another_word_is_answered_with_the_words_there_are(
        self, field: str, text: str, said: str
    ) -> None:
        assert reason(field, text) == said


class TestFlags:
    @pytest.mark.parametrize("text", ["yes", "YES", "true", "1", "on", " yes "])
    def test_words_for_yes(self, text: str) -> None:
        assert parse("ping", text) is True

    @pytest.mark.parametrize("text", ["no", "False", "0", "off", ""])
    def test_words_for_no_and_nothing(self, text: str) -> None:
        assert parse("ping", text) is False

    @pytest.mark.parametrize("text", ["maybe", "2", "ja", "y"])
    def test_anything_else_is_refused(self, text: str) -> None:
        assert reason("ping", text) == "must be yes or no"


@given(st.sampled_from(sorted(FIELDS)), st.text(max_size=80))
def test_a_value_that_is_taken_is_taken_again_as_it_is_spelled(field: str, text: str) -> None:
    try:
        value = parse(field, text)
    except ValueError:
        return
    assert parse(field, FIELDS[field].text(value)) == value


@given(st.sampled_from(sorted(FIELDS)), st.text())
def test_a_refusal_is_always_one_line_of_words(field: str, text: str) -> None:
    said = ""
    try:
        parse(field, text)
    except ValueError as refused:
        said = str(refused) or "\n"
    assert "\n" not in said
