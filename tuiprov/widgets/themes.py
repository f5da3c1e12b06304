"""The colours: a dark, a light and a 16-colour theme, and which one a terminal can show."""

from __future__ import annotations

import os

from textual.theme import Theme

THEMES = (
    Theme(
        name="tuiprov-dark",
        primary="#5f87af",
        secondary="#87afaf",
        accent="#87d7d7",
        warning="#d7af5f",
        error="#ff8787",
        success="#87af87",
        foreground="#d0d0d0",
        background="#121212",
        surface="#1c1c1c",
        panel="#262626",
        dark=True,
    ),
    Theme(
        name="tuiprov-light",
        primary="#005f87",
        secondary="#005f5f",
        accent="#005faf",
        warning="#875f00",
        error="#af0000",
        success="#005f00",
        foreground="#1c1c1c",
        background="#ffffff",
        surface="#f5f5f5",
        panel="#e4e4e4",
        dark=False,
    ),
    Theme(
        name="tuiprov-16",
        primary="ansi_blue",
        secondary="ansi_cyan",
        accent="ansi_cyan",
        warning="ansi_yellow",
        error="ansi_red",
        success="ansi_green",
        foreground="ansi_default",
        background="ansi_default",
        surface="ansi_default",
        panel="ansi_default",
        boost="ansi_default",
        dark=True,
        ansi=True,
        variables={
            "ansi-background": "ansi_black",  # Textual's own widgets name these two
            "ansi-foreground": "ansi_white",
            "text-muted": "ansi_default",
            "text-error": "ansi_red",
            "text-warning": "ansi_yellow",
            "text-accent": "ansi_cyan",
            "text-primary": "ansi_default",
            "text-secondary": "ansi_cyan",
        },
    ),
)
"""A dark, a light and a 16-colour theme; every state is told by a sign as well."""


def best_theme() -> str:
    """16 colours where the terminal has no more, else dark. With NO_COLOR Textual makes greys of
    all colours, and black of a terminal's own, be they text or ground: so those are not used."""
    few = os.environ.get("TERM", "") in ("linux", "vt100", "vt220", "screen", "ansi")
    return "tuiprov-16" if few and "NO_COLOR" not in os.environ else "tuiprov-dark"
