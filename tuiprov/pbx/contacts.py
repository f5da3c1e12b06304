"""Which contacts Asterisk knows: where phones are registered, and until when.

`database show registrar` tells of every contact when it ends, which grows with each registration
(seen on 22.10.1); whether one answers Asterisk's OPTIONS stands in `pjsip show contacts` as Avail.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Final

from tuiprov.pbx.console import Run

_CONTACT: Final = re.compile(r"^/registrar/contact/(.+);@([0-9a-f]+)\s*: (\{.*\})\s*$")
_AVAILABLE: Final = re.compile(r"^ *Contact: +(.+?)/\S+ +\S+ +Avail\b", re.MULTILINE)


def contacts(run: Run) -> dict[str, Mapping[str, str]]:
    """Account → contact → when it ends. PublishError when the console cannot be asked."""
    found: dict[str, dict[str, str]] = {}
    for line in run("database show registrar").splitlines():
        match = _CONTACT.match(line)
        if match is None:
            continue
        try:
            values = json.loads(match[3])
        except ValueError:
            continue
        found.setdefault(match[1], {})[match[2]] = str(values.get("expiration_time", ""))
    return dict(found)


def answering(run: Run) -> frozenset[str]:
    """The accounts with a contact that answers. PublishError: as `contacts`."""
    return frozenset(_AVAILABLE.findall(run("pjsip show contacts")))
