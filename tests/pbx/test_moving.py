"""Adopted sections are taken out of the admin's files, and both parts give what was there."""

from __future__ import annotations

from pathlib import Path

from tests.pbx.configs import PLAIN, STYLES, TEMPLATES
from tests.pbx.taking_over import EVERY_STYLE, taken_over, written
from tuiprov.pbx.config_reader import Config, read_config
from tuiprov.pbx.moving import meaning, move, with_include


@EVERY_STYLE
def test_what_is_left_and_what_is_moved_give_the_sections_of_before(
    tmp_path: Path, style: str
) -> None:
    path = written(tmp_path, STYLES[style])
    config, found, site = taken_over(path)
    assert len(found.adopted) == 2
    moved = move(config, path, found.adopted, site)
    blocks = "".join(moved.blocks[number] for number in sorted(moved.blocks))
    (tmp_path / "ours.conf").write_text(blocks)
    for file, text in moved.rest.items():
        file.write_text(with_include(text, "ours.conf") if file == path.resolve() else text)
    after = read_config(path)
    if style == "fixed":
        for one in found.adopted:
            assert meaning(after.named(one.account)) == meaning(one.sections)
        return
    before = sorted(_told(config))
    assert before == sorted(_told(after))


def _told(config: Config) -> list[tuple[str, bool, list[tuple[str, str]]]]:
    return [
        (one.name, one.is_template, [(option.name, option.value) for option in one.options])
        for one in config.sections
    ]


def test_sections_are_moved_word_for_word_where_they_can_be(tmp_path: Path) -> None:
    path = written(tmp_path, TEMPLATES)
    config, found, site = taken_over(path)
    blocks = move(config, path, found.adopted, site).blocks
    assert blocks["201"] == (
        "[201](phone)\nauth=201\naors=201\ncallerid=Bob <201>\n"
        "[201](login)\nusername=201\npassword=bob\n[201](reg)\n"
    )
    assert "[202](phone) ; the boss\n" in blocks["202"]
    assert "[202](+type=endpoint)\naccountcode=boss\n" in blocks["202"]


def test_a_comment_that_looks_like_the_head_of_a_block_is_moved_aside(tmp_path: Path) -> None:
    text = PLAIN["pjsip.conf"].replace("context=phones", "; extension 9 of ours\ncontext=phones")
    path = written(tmp_path, {"pjsip.conf": text})
    config, found, site = taken_over(path)
    block = move(config, path, found.adopted, site).blocks["101"]
    assert "\n ; extension 9 of ours\ncontext" in block


def test_sections_that_cannot_stand_at_the_end_are_written_out(tmp_path: Path) -> None:
    path = written(tmp_path, STYLES["changed template"])
    config, found, site = taken_over(path)
    blocks = move(config, path, found.adopted, site).blocks
    assert blocks["301"].startswith("[301]\ntype=endpoint\ndisallow=all\nallow=alaw\n")
    assert blocks["302"].startswith("[302](phone)\n")


def test_sections_that_hold_others_in_comments_are_written_out(tmp_path: Path) -> None:
    path = written(tmp_path, STYLES["commented"])
    config, found, site = taken_over(path)
    blocks = move(config, path, found.adopted, site).blocks
    assert "899" not in blocks["801"]
    assert blocks["802"].startswith("[802]\r\ntype=endpoint\r\n")


def test_the_include_line_is_added_once(tmp_path: Path) -> None:
    once = with_include("[a]\nb=1\n", "/srv/pbx/x.conf")
    assert once == '[a]\nb=1\n#tryinclude "/srv/pbx/x.conf"\n'
    assert with_include(once, "/srv/pbx/x.conf") == once
