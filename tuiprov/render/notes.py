"""What a phone cannot take: said beside the preview, never dropped in silence."""

from __future__ import annotations

from dataclasses import dataclass

from tuiprov.data.catalog import PhoneType
from tuiprov.data.fields import Values
from tuiprov.data.page import LineUse, Phone
from tuiprov.data.sections import DEFAULTS, DEVICE_FIELDS, FIELDS
from tuiprov.data.site import SITE_FIELDS, Site
from tuiprov.render.formats import FORMATS
from tuiprov.render.values import carries_login, display_name, needs_login

_LOCAL = ("time_zone", "language", "tone_country", "phonebook_url")
_CHOICES = ("dtmf_mode", "media_encryption", "signaling_transport")


@dataclass(frozen=True, slots=True)
class Note:
    """One setting of the page that this phone cannot follow: the field and a whole sentence."""

    field: str
    sentence: str


def notes(phone: Phone, phone_type: PhoneType) -> list[Note]:
    """All that `phone` is set to and cannot do, in the order of the page."""
    found = [note for name in DEVICE_FIELDS for note in _lacking(name, phone.values, phone_type)]
    for line in phone.lines:
        found += _about_line(line, phone_type)
    found += _about_the_whole_phone(phone, phone_type)
    found += _about_the_site(phone.site, phone_type)
    found += _about_the_login(phone, phone_type)
    return list(dict.fromkeys(found))


def _about_line(line: LineUse, phone_type: PhoneType) -> list[Note]:
    found = _about_name(line, phone_type)
    for name in FIELDS:
        if name in line.extension:
            found += _lacking(name, line.extension, phone_type)
    for name in _CHOICES:
        found += _about_choice(name, line, phone_type)
    return found + _about_codecs(line, phone_type)


def _lacking(name: str, values: Values, phone_type: PhoneType) -> list[Note]:
    reason = phone_type.facts.lacks.get(name)
    if reason is None or values[name] in (DEFAULTS[name], "", None, 0, False):
        return []
    effect = f"{FIELDS[name].label} has no effect on this phone"
    return [Note(name, f"{phone_type.label} has {reason}: {effect}")]


def _about_the_whole_phone(phone: Phone, phone_type: PhoneType) -> list[Note]:
    """Preferences in which the lines differ, although the phone has one for all."""
    found = []
    for name in phone_type.facts.phone_wide:
        if len({line.extension[name] for line in phone.lines}) > 1:
            words = f"one {FIELDS[name].label} for all its lines, and they differ"
            found.append(Note(name, f"{phone_type.label} has {words}: look at the file"))
    return found


def _about_the_site(site: Site, phone_type: PhoneType) -> list[Note]:
    """Global preferences that do not reach this phone's file."""
    found, facts = [], phone_type.facts
    for name in _LOCAL:
        value, label = getattr(site, name), SITE_FIELDS[name].label
        if not value or name in facts.by_value or value in facts.terms.get(name, {}):
            continue
        missing = facts.lacks.get(name) or f"no known word for {value}"
        found.append(Note(name, f"{phone_type.label} has {missing}: {label} has no effect on it"))
    return found


def _about_the_login(phone: Phone, phone_type: PhoneType) -> list[Note]:
    if not needs_login(phone) or carries_login(phone, phone_type):
        return []
    words = "no setting in its file for the login that is asked for: type it into the phone"
    return [Note("http_authentication", f"{phone_type.label} has {words}")]


def _about_choice(name: str, line: LineUse, phone_type: PhoneType) -> list[Note]:
    value = line.extension[name]
    known = phone_type.facts.terms.get(name, {})
    if name in phone_type.facts.lacks or value in known or value == DEFAULTS[name]:
        return []
    field = FIELDS[name]
    words = dict(getattr(field, "options", ()))
    wanted = words.get(str(value), value)
    used = words.get(str(DEFAULTS[name]), DEFAULTS[name])
    instead = f"{used} is used" if DEFAULTS[name] in known else "nothing is written"
    return [Note(name, f"{phone_type.label} has no {wanted} for {field.label}: {instead}")]


def _about_codecs(line: LineUse, phone_type: PhoneType) -> list[Note]:
    known = phone_type.facts.terms.get("codecs", {})
    names = [name for name in str(line.extension["codecs"]).split(",") if name]
    missing = [name for name in names if name not in known]
    beyond = [name for name in names if name in known][phone_type.facts.most_codecs :]
    found = []
    if missing and "codecs" not in phone_type.facts.lacks:
        listed = ", ".join(missing)
        found.append(f"{phone_type.label} has no {listed}: left out of its codecs")
    if beyond:
        room = phone_type.facts.most_codecs
        words = "one codec" if room == 1 else f"{room} codecs"
        found.append(f"{phone_type.label} has room for {words}: {', '.join(beyond)} left out")
    return [Note("codecs", sentence) for sentence in found]


def _about_name(line: LineUse, phone_type: PhoneType) -> list[Note]:
    name = str(line.extension["extension_name"])
    shown = display_name(name, phone_type.facts)
    for rule in phone_type.facts.files:
        if rule.scope == "device":
            for lost in FORMATS[rule.format].cannot_hold:
                shown = shown.replace(lost, "'")
    if shown == name:
        return []
    return [Note("extension_name", f"{phone_type.label} shows the name as {shown}")]
