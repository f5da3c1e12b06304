"""A PBX's file as a head, blocks by extended number, and a foot: putting together, taking apart.

Each block begins with a comment that names its extension, which is how it is found again: a change
of one extension in a file of 100,000 is a replaced piece of text, not a rendering of them all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache

from tuiprov.pbx.kinds import PbxFile

_EXTENSION = "extension "
_END = "end of extensions"


def join(file: PbxFile, blocks: Mapping[str, str], made_by: str) -> str:
    """The text of `file` with these blocks in the order of their numbers. `made_by`: what else it
    was made from, which stands in the first line as a hash."""
    parts = [file.comment.format(_first(made_by)), "\n", file.head]
    before, after = file.comment.split("{}")
    for number in sorted(blocks):
        if blocks[number]:
            parts += [before, _EXTENSION, number, after, "\n", blocks[number]]
    parts += [file.comment.format(_END), "\n", file.foot]
    return "".join(parts)


def split(file: PbxFile, text: str, made_by: str) -> dict[str, str] | None:
    """The blocks of a text that `join` made for such a file; None when it is another's, was made
    from anything else, or was changed by hand around the blocks."""
    start = file.comment.format(_first(made_by)) + "\n" + file.head
    end = file.comment.format(_END) + "\n" + file.foot
    if not (text.startswith(start) and text.endswith(end) and len(text) >= len(start) + len(end)):
        return None
    inside = text[len(start) : len(text) - len(end)]
    before, after = file.comment.split("{}")
    heading = before + _EXTENSION
    if not inside:
        return {}
    if not inside.startswith(heading):
        return None
    # No block holds a line that begins so: what is typed never stands at the start of a line.
    parts = inside[len(heading) :].split("\n" + heading)
    whole = [*(part + "\n" for part in parts[:-1]), parts[-1]]
    pairs = (part.partition("\n") for part in whole)
    return {first.removesuffix(after): rest for first, _, rest in pairs}


def split_any(file: PbxFile, text: str) -> dict[str, str]:
    """The blocks of a text of `file`, whatever else it was made from; none of a text that is not
    ours."""
    before, after = file.comment.split("{}")
    heading = f"\n{before}{_EXTENSION}"
    inside = text.partition(heading)[2].rpartition("\n" + file.comment.format(_END))[0]
    pairs = (part.partition("\n") for part in inside.split(heading) if part)
    return {first.removesuffix(after): rest + "\n" for first, _, rest in pairs}


def find(file: PbxFile, text: str, number: str) -> str | None:
    """The block of one extension in a text of `file`, whatever else it was made from; None when it
    has none."""
    before, after = file.comment.split("{}")
    heading = f"\n{before}{_EXTENSION}{number}{after}\n"
    start = text.find(heading)
    if start < 0:
        return None
    start += len(heading)
    ends = (text.find(f"\n{before}{words}", start - 1) for words in (_EXTENSION, _END))
    end = min((end for end in ends if end >= 0), default=len(text))
    return text[start : end + 1]


@cache
def _first(made_by: str) -> str:
    digest = hashlib.sha256(made_by.encode()).hexdigest()[:16]
    return f"made by tuiprov ({digest}): changes by hand are lost, change the extension instead"
