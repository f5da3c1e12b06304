"""The filter language: free words and `field:value`, with `-` in front for "not".

`--where 'model:T46S organization:acme -status:disabled anna'` on the command line, the same text in
the extensions list. A value matches when it is contained in the field, without regard to case;
quotes hold a value with blanks together. A choice (`status`, `model` …) or number must be equal.
"""

from __future__ import annotations

import itertools
import re
import shlex
from typing import Any

from sqlalchemy import ColumnElement, and_, func, not_, or_
from sqlalchemy import String as SqlString
from sqlalchemy import cast as sql_cast
from sqlmodel import col

from tuiprov.data.models import Device, Extension, Line
from tuiprov.data.sections import DEVICE_FIELDS, FIELDS
from tuiprov.errors import Refusal, Refused

_MAC_PART = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{0,2})+")
_FREE_TEXT = ("extension", "extension_name", "organization", "user", "friendly_name", "model")


def condition(text: str, user: Any, organization: Any) -> ColumnElement[bool]:
    """The SQL condition for a filter text; Refused names an unknown field.

    `user` and `organization` are the Account aliases of the query it is used in.
    """
    return and_(True, *(_word(word, user, organization) for word in _words(text)))


def _words(text: str) -> list[str]:
    lexer = shlex.shlex(text, posix=True)
    lexer.whitespace_split = True
    lexer.commenters = ""
    lexer.quotes = '"'
    lexer.escape = ""
    try:
        return list(lexer)
    except ValueError:  # an open quote while it is being typed
        return text.replace('"', "").split()


def _word(word: str, user: Any, organization: Any) -> ColumnElement[bool]:
    negated = word.startswith("-") and len(word) > 1
    word = word.removeprefix("-") if negated else word
    found = _found(word, user, organization)
    return not_(func.coalesce(found, False)) if negated else found


def _found(word: str, user: Any, organization: Any) -> ColumnElement[bool]:
    name, colon, value = word.partition(":")
    if colon and name in FIELDS:
        return _matches(name, value, user, organization)
    if colon and name.isidentifier() and name.islower() and not _MAC_PART.fullmatch(word):
        raise Refused([Refusal(name, "is not a field to filter by", "filter")])
    return or_(
        *(_contains(_column(field, user, organization), word) for field in _FREE_TEXT),
        _contains(func.replace(col(Device.mac), ":", ""), word.replace(":", "")),
    )


def _matches(name: str, value: str, user: Any, organization: Any) -> ColumnElement[bool]:
    if FIELDS[name].secret:
        raise Refused([Refusal(name, "is secret and cannot be searched", "filter")])
    column = _column(name, user, organization)
    if FIELDS[name].kind == "flag":
        wanted: ColumnElement[bool] = column == (value.lower() in ("yes", "true", "1", "on"))
        return wanted
    if name == "mac":
        return _contains(func.replace(column, ":", ""), value.replace(":", "").replace("-", ""))
    if FIELDS[name].kind in ("choice", "number"):
        column = sql_cast(column, SqlString)
        if value:
            return func.lower(column) == value.lower()
    return _contains(column, value)


def _contains(column: Any, value: str) -> ColumnElement[bool]:
    escaped = value.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return or_(
        *(func.lower(column).like(f"%{one}%", escape="\\") for one in _spellings(escaped.lower()))
    )


def _spellings(text: str) -> list[str]:
    """`text` with each letter beyond ASCII in both cases: SQLite's lower() knows ASCII only. The
    first four such letters; the others as they are."""
    beyond = [i for i, char in enumerate(text) if char > "\x7f" and len(char.upper()) == 1][:4]
    found = []
    for choice in itertools.product((str.lower, str.upper), repeat=len(beyond)):
        chars = list(text)
        for place, change in zip(beyond, choice, strict=True):
            chars[place] = change(chars[place])
        found.append("".join(chars))
    return list(dict.fromkeys(found))


def _column(name: str, user: Any, organization: Any) -> Any:
    if name == "organization":
        return organization.name
    if name == "user":
        return user.name
    if name == "line":
        return col(Line.number)
    if name in DEVICE_FIELDS:
        return getattr(Device, name)
    return getattr(Extension, name)
