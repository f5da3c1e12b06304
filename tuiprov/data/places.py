"""Time zones, languages and countries that the site's preferences may name.

What each phone calls them is in `device_catalog.toml` (`terms`); `time_rule` serves the phones that
want an offset and a daylight saving rule instead of a name. No clock and no file of the host is
read, so that the same settings give the same files everywhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

TIME_ZONES: Final = {
    "Africa/Cairo": "EET-2EEST,M4.5.5/0,M10.5.4/24",
    "Africa/Casablanca": "<+01>-1",
    "Africa/Johannesburg": "SAST-2",
    "Africa/Lagos": "WAT-1",
    "Africa/Nairobi": "EAT-3",
    "Africa/Tunis": "CET-1",
    "America/Anchorage": "AKST9AKDT,M3.2.0,M11.1.0",
    "America/Argentina/Buenos_Aires": "<-03>3",
    "America/Bogota": "<-05>5",
    "America/Caracas": "<-04>4",
    "America/Chicago": "CST6CDT,M3.2.0,M11.1.0",
    "America/Denver": "MST7MDT,M3.2.0,M11.1.0",
    "America/Halifax": "AST4ADT,M3.2.0,M11.1.0",
    "America/Lima": "<-05>5",
    "America/Los_Angeles": "PST8PDT,M3.2.0,M11.1.0",
    "America/Mexico_City": "CST6",
    "America/New_York": "EST5EDT,M3.2.0,M11.1.0",
    "America/Phoenix": "MST7",
    "America/Regina": "CST6",
    "America/Santiago": "<-04>4<-03>,M9.1.6/24,M4.1.6/24",
    "America/Sao_Paulo": "<-03>3",
    "America/St_Johns": "NST3:30NDT,M3.2.0,M11.1.0",
    "America/Toronto": "EST5EDT,M3.2.0,M11.1.0",
    "America/Vancouver": "PST8PDT,M3.2.0,M11.1.0",
    "Asia/Almaty": "<+05>-5",
    "Asia/Baku": "<+04>-4",
    "Asia/Bangkok": "<+07>-7",
    "Asia/Dhaka": "<+06>-6",
    "Asia/Dubai": "<+04>-4",
    "Asia/Ho_Chi_Minh": "<+07>-7",
    "Asia/Hong_Kong": "HKT-8",
    "Asia/Jakarta": "WIB-7",
    "Asia/Jerusalem": "IST-2IDT,M3.4.4/26,M10.5.0",
    "Asia/Karachi": "PKT-5",
    "Asia/Kolkata": "IST-5:30",
    "Asia/Kuala_Lumpur": "<+08>-8",
    "Asia/Kuwait": "<+03>-3",
    "Asia/Manila": "PST-8",
    "Asia/Riyadh": "<+03>-3",
    "Asia/Seoul": "KST-9",
    "Asia/Shanghai": "CST-8",
    "Asia/Singapore": "<+08>-8",
    "Asia/Taipei": "CST-8",
    "Asia/Tbilisi": "<+04>-4",
    "Asia/Tehran": "<+0330>-3:30",
    "Asia/Tokyo": "JST-9",
    "Asia/Yerevan": "<+04>-4",
    "Atlantic/Azores": "<-01>1<+00>,M3.5.0/0,M10.5.0/1",
    "Atlantic/Canary": "WET0WEST,M3.5.0/1,M10.5.0",
    "Atlantic/Reykjavik": "GMT0",
    "Australia/Adelaide": "ACST-9:30ACDT,M10.1.0,M4.1.0/3",
    "Australia/Brisbane": "AEST-10",
    "Australia/Darwin": "ACST-9:30",
    "Australia/Hobart": "AEST-10AEDT,M10.1.0,M4.1.0/3",
    "Australia/Melbourne": "AEST-10AEDT,M10.1.0,M4.1.0/3",
    "Australia/Perth": "AWST-8",
    "Australia/Sydney": "AEST-10AEDT,M10.1.0,M4.1.0/3",
    "Etc/UTC": "UTC0",
    "Europe/Amsterdam": "CET-1CEST,M3.5.0,M10.5.0/3",
    "Europe/Athens": "EET-2EEST,M3.5.0/3,M10.5.0/4",
    "Europe/Belgrade": "CET-1CEST,M3.5.0,M10.5.0/3",
    "Europe/Berlin": "CET-1CEST,M3.5.0,M10.5.0/3",
    "Europe/Bratislava": "CET-1CEST,M3.5.0,M10.5.0/3",
    "Europe/Brussels": "CET-1CEST,M3.5.0,M10.5.0/3",
    "Europe/Bucharest": "EET-2EEST,M3.5.0/3,M10.5.0/4",
    "Europe/Budapest": "CET-1CEST,M3.5.0,M10.5.0/3",
    "Europe/Chisinau": "EET-2EEST,M3.5.0,M10.5.0/3",
    "Europe/Copenhagen": "CET-1CEST,M3.5.0,M10.5.0/3",
    "Europe/Dublin": "GMT0IST,M3.5.0/1,M10.5.0",
    "Europe/Helsinki": "EET-2EEST,M3.5.0/3,M10.5.0/4",
    "Europe/Istanbul": "<+03>-3",
    "Europe/Kyiv": "EET-2EEST,M3.5.0/3,M10.5.0/4",
    "Europe/Lisbon": "WET0WEST,M3.5.0/1,M10.5.0",
    "Europe/Ljubljana": "CET-1CEST,M3.5.0,M10.5.0/3",
    "Europe/London": "GMT0BST,M3.5.0/1,M10.5.0",
    "Europe/Luxembourg": "CET-1CEST,M3.5.0,M10.5.0/3",
    "Europe/Madrid": "CET-1CEST,M3.5.0,M10.5.0/3",
    "Europe/Minsk": "<+03>-3",
    "Europe/Moscow": "MSK-3",
    "Europe/Oslo": "CET-1CEST,M3.5.0,M10.5.0/3",
    "Europe/Paris": "CET-1CEST,M3.5.0,M10.5.0/3",
    "Europe/Prague": "CET-1CEST,M3.5.0,M10.5.0/3",
    "Europe/Riga": "EET-2EEST,M3.5.0/3,M10.5.0/4",
    "Europe/Rome": "CET-1CEST,M3.5.0,M10.5.0/3",
    "Europe/Sofia": "EET-2EEST,M3.5.0/3,M10.5.0/4",
    "Europe/Stockholm": "CET-1CEST,M3.5.0,M10.5.0/3",
    "Europe/Tallinn": "EET-2EEST,M3.5.0/3,M10.5.0/4",
    "Europe/Vienna": "CET-1CEST,M3.5.0,M10.5.0/3",
    "Europe/Vilnius": "EET-2EEST,M3.5.0/3,M10.5.0/4",
    "Europe/Warsaw": "CET-1CEST,M3.5.0,M10.5.0/3",
    "Europe/Zagreb": "CET-1CEST,M3.5.0,M10.5.0/3",
    "Europe/Zurich": "CET-1CEST,M3.5.0,M10.5.0/3",
    "Pacific/Auckland": "NZST-12NZDT,M9.5.0,M4.1.0/3",
    "Pacific/Fiji": "<+12>-12",
    "Pacific/Honolulu": "HST10",
}
"""IANA name → POSIX TZ rule (IANA time zone database 2026; Dublin with summer time as the
exception, as phones have it)."""

LANGUAGES: Final = {
    "cs": "Czech",
    "da": "Danish",
    "de": "German",
    "el": "Greek",
    "en": "English",
    "es": "Spanish",
    "et": "Estonian",
    "fi": "Finnish",
    "fr": "French",
    "he": "Hebrew",
    "hr": "Croatian",
    "hu": "Hungarian",
    "it": "Italian",
    "ja": "Japanese",
    "ko": "Korean",
    "lt": "Lithuanian",
    "lv": "Latvian",
    "nl": "Dutch",
    "no": "Norwegian",
    "pl": "Polish",
    "pt": "Portuguese",
    "ro": "Romanian",
    "ru": "Russian",
    "sk": "Slovak",
    "sl": "Slovenian",
    "sv": "Swedish",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "zh": "Chinese",
}
"""ISO 639-1 code → English name."""

COUNTRIES: Final = {
    "AT": "Austria",
    "AU": "Australia",
    "BE": "Belgium",
    "BR": "Brazil",
    "CA": "Canada",
    "CH": "Switzerland",
    "CL": "Chile",
    "CN": "China",
    "CZ": "Czechia",
    "DE": "Germany",
    "DK": "Denmark",
    "EE": "Estonia",
    "ES": "Spain",
    "FI": "Finland",
    "FR": "France",
    "GB": "United Kingdom",
    "GR": "Greece",
    "HK": "Hong Kong",
    "HU": "Hungary",
    "IE": "Ireland",
    "IL": "Israel",
    "IN": "India",
    "IT": "Italy",
    "JP": "Japan",
    "KR": "South Korea",
    "LT": "Lithuania",
    "LU": "Luxembourg",
    "LV": "Latvia",
    "MX": "Mexico",
    "MY": "Malaysia",
    "NL": "Netherlands",
    "NO": "Norway",
    "NZ": "New Zealand",
    "PL": "Poland",
    "PT": "Portugal",
    "RO": "Romania",
    "RU": "Russia",
    "SE": "Sweden",
    "SG": "Singapore",
    "SI": "Slovenia",
    "SK": "Slovakia",
    "TH": "Thailand",
    "TR": "Turkey",
    "TW": "Taiwan",
    "UA": "Ukraine",
    "US": "United States",
    "ZA": "South Africa",
}
"""ISO 3166 code → English name: whose dial, busy and ring tones a phone plays."""


@dataclass(frozen=True, slots=True)
class Switch:
    """When the clock is put on or back: the `week`th (5: last) `weekday` (0: Sunday) of `month`, at
    `hour` local time (24 or more: on a following day)."""

    month: int
    week: int
    weekday: int
    hour: int


@dataclass(frozen=True, slots=True)
class TimeRule:
    """A zone's standard offset in minutes east of Greenwich; `start` and `end` of daylight saving
    time (one hour), None where there is none."""

    offset: int
    start: Switch | None = None
    end: Switch | None = None


_NAME = r"(?:[A-Za-z]+|<[^>]+>)"
_RULE = re.compile(
    rf"{_NAME}(-?)(\d+)(?::(\d+))?(?:{_NAME}[^,]*,M([\d.]+)(?:/(\d+))?,M([\d.]+)(?:/(\d+))?)?"
)


def time_rule(zone: str) -> TimeRule:
    """The rule of an IANA zone of `TIME_ZONES`; KeyError for another."""
    match = _RULE.fullmatch(TIME_ZONES[zone])
    if match is None:
        raise KeyError(zone)
    east, hours, minutes, start, start_hour, end, end_hour = match.groups()
    offset = (1 if east else -1) * (int(hours) * 60 + int(minutes or 0))
    if start is None:
        return TimeRule(offset)
    return TimeRule(offset, _switch(start, start_hour), _switch(end, end_hour))


def _switch(day: str, hour: str | None) -> Switch:
    month, week, weekday = map(int, day.split("."))
    return Switch(month, week, weekday, int(hour or 2))
