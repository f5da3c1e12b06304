"""How much a template may use and a file may hold: the numbers that parent and children share."""

from __future__ import annotations

import re
from typing import Final

MEMORY: Final = 256 << 20
"""Bytes of address space, the interpreter's own included (about 30 MiB)."""
CPU: Final = 2
"""Seconds. The clock on the wall (`ALARM`, then the parent) is stricter; this one holds when the
parent is stopped."""
WALL: Final = 1.5
"""Seconds for a compilation and for each rendering; the parent kills what takes longer."""
ALARM: Final = 1.4
"""Seconds after which the child interrupts itself, because it can then still name the line."""
OUTPUT: Final = 1 << 20
"""Bytes of one rendered file, in UTF-8."""
SOURCE: Final = 64 << 10
"""Bytes of one template, in UTF-8."""
SOURCES: Final = 256 << 10
"""Bytes of all templates of one call."""

STRANGE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff]")
"""Characters that neither a template nor its file may hold. Of the control characters they may hold
tab, line feed and carriage return."""

TOO_LONG: Final = f"ran longer than {WALL} s"
TOO_LONG_TO_COMPILE: Final = f"took longer than {WALL} s to compile"
TOO_MUCH_MEMORY: Final = f"needed more than {MEMORY >> 20} MB"
TOO_LARGE: Final = f"made a file of more than {OUTPUT >> 20} MiB"
"""The reasons that parent and children both give."""
