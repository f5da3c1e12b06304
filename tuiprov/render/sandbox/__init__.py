"""The second renderer: customers' own templates, in child processes that can do nothing else.

`render_job` and `render_jobs` give the text of a file or a `TemplateFault` that names file, line
and reason; `check` looks at templates before they are stored. Nothing here trusts a template: it is
compiled in a process that sees the templates only, and rendered in one that sees one phone's values
only, under limits of the operating system (`limits.py`), in Jinja2's sandbox (`language.py`).

    bounds.py     how much of everything there may be
    client.py     what the rest of tuiprov calls; keeps the children
    children.py   the parent's end of the two kinds of child processes
    plain.py      what may be sent: templates of bounded size, plain data
    frames.py     how it is sent: JSON with its length before it
    worker.py     the children: the one that waits, the one that compiles, the one that renders
    language.py   what a template may use
    faults.py     what went wrong, in words an admin understands
    limits.py     what the operating system forbids the children; seccomp.py: its filter of calls

The names are loaded when first used, because the children import this package, too, and must not
load the parent's half.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tuiprov.errors import TemplateFault
    from tuiprov.render.sandbox.client import (
        Job,
        check,
        close,
        missing_walls,
        render_job,
        render_jobs,
    )

__all__ = ["Job", "TemplateFault", "check", "close", "missing_walls", "render_job", "render_jobs"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = "tuiprov.errors" if name == "TemplateFault" else f"{__name__}.client"
    return getattr(import_module(home), name)
