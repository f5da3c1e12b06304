"""The answer to "may this field be seen or changed now": open, read-only with a reason, or hidden.

`gates.py` answers it for the page, `gates.py` for an account.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

State = Literal["open", "read-only", "hidden"]


@dataclass(frozen=True, slots=True)
class Gate:
    """`reason` says why a field is not open, in words to show beside it. `by_role`: closed to this
    viewer whatever the record says."""

    state: State = "open"
    reason: str = ""
    by_role: bool = False

    @property
    def is_open(self) -> bool:
        return self.state == "open"


OPEN: Final = Gate()
HIDDEN: Final = Gate("hidden", "not shown to this account", by_role=True)


def closed(reason: str, by_role: bool = False) -> Gate:
    """Read-only, because of `reason`."""
    return Gate("read-only", reason, by_role)
