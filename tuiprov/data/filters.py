"""The filter language: free words and `field:value`, with `-` in front for "not".

`--where 'model:T46S organization:acme -status:disabled anna'` on the command line, the same text in
the extensions list. A value matches when it is contained in the field, without regard to case;
quotes hold a value with blanks together.
"""

from __future__ import annotations

import shlex
from typing import Any

from sqlalchemy import ColumnElement, and_, func, not_, or_
from sqlalchemy import String as SqlString
from sqlalchemy import cast as sql_cast
from sqlmodel import col

from tuiprov.data.models import Device, Extension, Line
from tuiprov.data.sections import DEVICE_FIELDS, FIELDS
from tuiprov.errors import Refusal, Refused

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
    name, colon, value = word.removeprefix("-").partition(":")
    if colon and name in FIELDS:
        found = _matches(name, value, user, organization)
        return not_(func.coalesce(found, False)) if negated else found
    if colon and name.isidentifier() and name.islower():
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
    if FIELDS[name].kind in ("choice", "number") and value:
        return func.lower(sql_cast(column, SqlString)) == value.lower()
    return _contains(column, value)


def _contains(column: Any, value: str) -> ColumnElement[bool]:
    escaped = value.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return func.lower(column).like(f"%{escaped.lower()}%", escape="\\")


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
