"""Global preferences in each family's own words: time zone, language, tones, phonebook.

Values by hand from the manufacturers' documents, for a zone with daylight saving time in the north,
one in the south and one without.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from lxml import etree

from tests.phones import notes_of, phone
from tuiprov.data.site import Site
from tuiprov.render.engine import render

YEALINK = ("Yealink", "T46S", "84")
GRANDSTREAM, ALIAS = ("Grandstream", "GXP2170", "1.0"), ("Grandstream", "GXP2170", "1.0.11")
POLYCOM = ("Polycom", "VVX411", "6.x")
SPA = ("Cisco", "SPA504G", "7.x")
SNOM = ("Snom", "D765", "10")
AASTRA = ("Aastra", "6731i", "3.3.1")
CISCO = ("Cisco", "7960", "8.x")


def text(words: tuple[str, str, str], file: int = 0, **settings: Any) -> str:
    return render(phone(*words, site=Site(**settings)))[file].text


def pairs(words: tuple[str, str, str], **settings: Any) -> dict[str, str]:
    """`key = value` lines."""
    lines = (line.partition(" = ") for line in text(words, **settings).splitlines())
    return {key: value for key, found, value in lines if found}


def elements(words: tuple[str, str, str], **settings: Any) -> dict[str, str]:
    return elements_of(words, 0, **settings)


def elements_of(words: tuple[str, str, str], file: int, **settings: Any) -> dict[str, str]:
    """Elements, or items by their name, and their text."""
    root = etree.fromstring(text(words, file, **settings).encode())
    return {str(e.get("name") or e.tag): e.text or "" for e in root.iter(etree.Element)}


class TestYealink:
    @pytest.mark.parametrize(
        ("zone", "expected"),
        [
            ("Europe/Berlin", ("+1", "1", "3/5/7/2", "10/5/7/3")),
            ("Australia/Sydney", ("+10", "1", "10/1/7/2", "4/1/7/3")),
            ("America/St_Johns", ("-3:30", "1", "3/2/7/2", "11/1/7/2")),
        ],
    )
    def test_time_zone_with_daylight_saving_by_week(
        self, zone: str, expected: tuple[str, ...]
    ) -> None:
        found = pairs(YEALINK, time_zone=zone)
        names = ("time_zone", "summer_time", "start_time", "end_time")
        assert tuple(found[f"local_time.{name}"] for name in names) == expected
        assert (found["local_time.dst_time_type"], found["local_time.offset_time"]) == ("1", "60")

    def test_a_zone_without_it_turns_it_off(self) -> None:
        found = pairs(YEALINK, time_zone="Asia/Kolkata")
        assert found["local_time.time_zone"] == "+5:30"
        assert found["local_time.summer_time"] == "0"
        assert "local_time.start_time" not in found

    def test_language_tones_and_phonebook(self) -> None:
        url = "https://pbx.example.com/book.xml"
        found = pairs(YEALINK, language="de", tone_country="GB", phonebook_url=url)
        assert (found["lang.gui"], found["lang.wui"]) == ("German", "German")
        assert found["voice.tone.country"] == "Great Britain"
        assert found["remote_phonebook.data.1.url"] == url


class TestGrandstream:
    @pytest.mark.parametrize(
        ("zone", "rule"),
        [
            ("Europe/Berlin", "STD-1DST-2,M3.5.0/02:00:00,M10.5.0/03:00:00"),
            ("America/New_York", "STD+5DST+4,M3.2.0/02:00:00,M11.1.0/02:00:00"),
            ("America/St_Johns", "STD+3:30DST+2:30,M3.2.0/02:00:00,M11.1.0/02:00:00"),
            ("Asia/Kolkata", "STD-5:30"),
            ("Etc/UTC", "STD+0"),
        ],
    )
    def test_time_zone_as_a_rule_of_its_own(self, zone: str, rule: str) -> None:
        numbers, names = (elements(words, time_zone=zone) for words in (GRANDSTREAM, ALIAS))
        assert (numbers["P64"], numbers["P246"]) == ("customize", rule)
        assert names["dateTime.timezone.custom"] == rule

    @pytest.mark.parametrize(("scheme", "mode"), [("http", "1"), ("tftp", "2"), ("https", "3")])
    def test_the_phonebooks_scheme_is_its_mode(self, scheme: str, mode: str) -> None:
        found = elements(GRANDSTREAM, phonebook_url=f"{scheme}://pbx.example.com/x/phonebook.xml")
        assert (found["P330"], found["P331"]) == (mode, "pbx.example.com/x")

    def test_language_is_a_code(self) -> None:
        assert elements(GRANDSTREAM, language="nl")["P1362"] == "nl"
        assert elements(ALIAS, language="fr")["language.gui"] == "fr"


class TestPolycom:
    def attributes(self, **settings: Any) -> dict[str, str]:
        return dict(etree.fromstring(text(POLYCOM, 1, **settings).encode()).attrib)

    def test_the_offset_is_in_seconds_and_the_last_sunday_is_the_last(self) -> None:
        found = self.attributes(time_zone="Europe/Berlin")
        assert found["tcpIpApp.sntp.gmtOffset"] == "3600"
        at = "tcpIpApp.sntp.daylightSavings.start"
        assert [found[f"{at}.{n}"] for n in ("month", "time", "dayOfWeek")] == ["3", "2", "1"]
        assert found[f"{at}.dayOfWeek.lastInMonth"] == "1"

    def test_the_second_and_the_first_sunday_are_those_from_the_8th_and_the_1st(self) -> None:
        found = self.attributes(time_zone="America/New_York")
        at = "tcpIpApp.sntp.daylightSavings"
        assert (found[f"{at}.start.date"], found[f"{at}.stop.date"]) == ("8", "1")
        assert found[f"{at}.start.dayOfWeek.lastInMonth"] == "0"
        assert found["tcpIpApp.sntp.gmtOffset"] == "-18000"

    def test_a_zone_without_daylight_saving_turns_it_off(self) -> None:
        found = self.attributes(time_zone="Asia/Tokyo")
        assert found["tcpIpApp.sntp.daylightSavings.enable"] == "0"

    def test_language(self) -> None:
        assert self.attributes(language="it")["lcl.ml.lang"] == "Italian_Italy"


class TestCiscoSpa:
    @pytest.mark.parametrize(
        ("zone", "offset", "rule"),
        [
            ("Europe/Berlin", "GMT+01:00", "start=3/-1/7/2:0:0;end=10/-1/7/3:0:0;save=1:0:0"),
            ("America/New_York", "GMT-05:00", "start=3/8/7/2:0:0;end=11/1/7/2:0:0;save=1:0:0"),
        ],
    )
    def test_time_zone_and_rule(self, zone: str, offset: str, rule: str) -> None:
        found = elements(SPA, time_zone=zone)
        assert (found["Time_Zone"], found["Daylight_Saving_Time_Rule"]) == (offset, rule)

    def test_a_zone_without_daylight_saving_turns_it_off(self) -> None:
        found = elements(SPA, time_zone="Asia/Kolkata")
        assert found["Time_Zone"] == "GMT+05:30"
        assert found["Daylight_Saving_Time_Enable"] == "No"
        assert "Daylight_Saving_Time_Rule" not in found

    def test_phonebook(self) -> None:
        found = elements(SPA, phonebook_url="http://pbx.example.com/book.xml")
        assert found["XML_Directory_Service_URL"] == "http://pbx.example.com/book.xml"


class TestSnom:
    @pytest.mark.parametrize(
        ("zone", "word"), [("Europe/Berlin", "GER+1"), ("Pacific/Auckland", "NZL+12")]
    )
    def test_the_zone_is_a_country_and_its_offset(self, zone: str, word: str) -> None:
        assert elements_of(SNOM, 1, time_zone=zone)["timezone"] == word

    def test_language_tones_and_directory_key(self) -> None:
        url = "https://pbx.example.com/menu.xml"
        found = elements_of(SNOM, 1, language="fr", tone_country="CH", phonebook_url=url)
        assert (found["language"], found["web_language"]) == ("Français", "Français")
        assert (found["tone_scheme"], found["dkey_directory"]) == ("SWI", f"url {url}")

    def test_firmware_8_has_no_other_menus_built_in(self) -> None:
        found = elements_of(("Snom", "D765", "8"), 1, language="fr")
        assert "language" not in found


class TestAastra:
    def settings(self, words: tuple[str, str, str] = AASTRA, **settings: Any) -> dict[str, str]:
        lines = (line.partition(": ") for line in text(words, **settings).splitlines())
        return {key: value.strip('"') for key, found, value in lines if found}

    def test_minutes_are_counted_to_the_west(self) -> None:
        assert self.settings(time_zone="Europe/Berlin")["time zone minutes"] == "-60"
        assert self.settings(time_zone="America/New_York")["time zone minutes"] == "300"

    def test_the_last_week_is_minus_one_and_sunday_is_the_first_day(self) -> None:
        found = self.settings(time_zone="Europe/Berlin")
        start = [found[f"dst start {n}"] for n in ("month", "week", "day", "hour")]
        assert start == ["3", "-1", "1", "2"]
        found = self.settings(time_zone="America/New_York")
        assert [found[f"dst end {n}"] for n in ("month", "week", "day")] == ["11", "1", "1"]

    def test_a_zone_without_daylight_saving_turns_it_off(self) -> None:
        assert self.settings(time_zone="Asia/Tokyo")["dst config"] == "0"

    def test_the_phonebook_is_for_4_and_later(self) -> None:
        url = "http://pbx.example.com/book.xml"
        assert "directory script" not in self.settings(phonebook_url=url)
        new = self.settings(("Mitel", "6867i", "4.x"), phonebook_url=url)
        assert new["directory script"] == url


class TestCisco79xx:
    def settings(self, **settings: Any) -> dict[str, str]:
        lines = (line.partition(": ") for line in text(CISCO, **settings).splitlines())
        return {key: value.strip('"') for key, found, value in lines if found}

    def test_the_zone_by_its_letters_and_the_days_by_name(self) -> None:
        found = self.settings(time_zone="Europe/Vienna")
        assert found["time_zone"] == "CET"
        names = ("month", "day_of_week", "week_of_month", "time")
        assert [found[f"dst_start_{n}"] for n in names] == ["March", "Sunday", "8", "2"]
        assert [found[f"dst_stop_{n}"] for n in names] == ["October", "Sunday", "8", "3"]

    def test_arizona_has_no_daylight_saving(self) -> None:
        found = self.settings(time_zone="America/Phoenix")
        assert (found["time_zone"], found["dst_auto_adjust"]) == ("MST", "0")


class TestFanvil:
    def test_language_tones_and_phonebook_in_sysconf(self) -> None:
        url = "http://pbx.example.com/book.xml"
        words = ("Fanvil", "X4U", "2.4")
        found = elements_of(words, 0, language="it", tone_country="IT", phonebook_url=url)
        assert (found["DefaultLanguage"], found["SelectYourTone"]) == ("it", "21")
        assert found["Addr"] == url


_NAMES = re.compile(
    r"local_time\.(time_zone|summer)|lang\.|voice\.tone|remote_phonebook|P64|P246|P1362|P33[01]>"
    r"|time.?zone|dst|tone.set|tone_scheme|directory|DefaultLanguage|SelectYourTone|language\.gui|gmtOffset|lcl\.ml|Time_Zone|XML_Directory"
)


@pytest.mark.parametrize(
    "words",
    [YEALINK, GRANDSTREAM, ALIAS, POLYCOM, SPA, SNOM, AASTRA, CISCO, ("Fanvil", "X4U", "2.4")],
)
def test_a_site_that_says_nothing_leaves_all_of_it_to_the_phone(
    words: tuple[str, str, str],
) -> None:
    files = render(phone(*words))
    assert [name for file in files for name in _NAMES.findall(file.text)] == []


def test_a_word_that_the_phone_lacks_is_told() -> None:
    site = Site(language="ja", tone_country="DE")
    said = [n.sentence for n in notes_of(phone(*YEALINK, site=site, mac_based_provisioning=False))]
    assert "Yealink T46S has no known word for ja: Language has no effect on it" in said
    said = [n.sentence for n in notes_of(phone(*POLYCOM, site=site))]
    assert any("no known setting for a country" in sentence for sentence in said)
