"""Whatever an adopted file says and however it is written: not a byte of it changes, and nothing of
it that may be a secret is shown."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.sites import Site, a_site
from tuiprov.publish.adopting_phones import adopt, look
from tuiprov.publish.planning import plan_outdated
from tuiprov.publish.reconcile import examine
from tuiprov.publish.timeline import Timeline

NAME = "805ec0000001.cfg"
WHOSE = {"organization": "Acme", "user": "anna"}
LINE = "account.1.user_name = 101{end}account.1.display_name = Ana{end}"
SECRET = "verborgen7"

ends = st.sampled_from(["\n", "\r\n", "\n\n"])
encodings = st.sampled_from(["utf-8", "utf-8-sig", "latin-1"])
noise = st.text(st.characters(codec="latin-1", exclude_characters="\0\r\n"), max_size=40)
words = st.from_regex(r"[a-zA-Z][a-zA-Z0-9._-]{0,20}", fullmatch=True)
separators = st.sampled_from([" = ", "=", "\t=\t", ":", ": ", " ", ' = "'])


def adopted(directory: Path, data: bytes) -> tuple[Site, int]:
    """A site that has taken this file over; how many phones keep theirs."""
    (directory / "old").mkdir()
    (directory / "old" / NAME).write_bytes(data)
    site = a_site(directory)
    seen = look(site.store, site.admin, directory / "old", "Yealink/T46S")
    if seen.phones:
        adopt(site.store, site.admin, seen, WHOSE, dry_run=False)
    return site, seen.keeping


@settings(max_examples=20, deadline=None)
@given(st.lists(noise, max_size=5), ends, encodings)
def test_the_bytes_on_disk_are_the_bytes_of_before(
    lines: list[str], end: str, encoding: str
) -> None:
    data = (end.join(lines) + end + LINE.format(end=end)).encode(encoding)
    with TemporaryDirectory() as directory:
        site, keeping = adopted(Path(directory), data)
        if keeping:
            assert (site.publish_root / "tftp" / NAME).read_bytes() == data
            assert not examine(site.store)
        assert (Path(directory) / "old" / NAME).read_bytes() == data
        assert not plan_outdated(site.store, site.admin).changes


@settings(max_examples=20, deadline=None)
@example([("A", " ", "", "=0")])
@given(st.lists(st.tuples(words, separators, noise, noise), min_size=1, max_size=4))
def test_what_a_setting_of_no_name_that_we_know_says_is_not_shown(
    lines: list[tuple[str, str, str, str]],
) -> None:
    old = [f"x.{name}{by}{before}{SECRET}{after}" for name, by, before, after in lines]
    text = "\n".join([LINE.format(end="\n"), *old])
    with TemporaryDirectory() as directory:
        site, keeping = adopted(Path(directory), text.encode())
        if not keeping:
            return
        site.store.save(site.admin, site.page("101"), {"extension_name": "Zoe"})
        timeline = Timeline(site.store, site.admin, site.page("101").device_id or 0)
        (change,) = plan_outdated(site.store, site.admin).changes
        shown = [change.shown_before, *map(timeline.text, timeline.versions()), *change.diff()]
        assert SECRET not in "\n".join(shown)
