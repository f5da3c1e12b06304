"""An admin's desk for `tuiprov adopt`: Asterisk's files, and the command on the test's site."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.cli.conftest import Cli
from tests.cli.helpers import Ran
from tests.sites import USER, Site
from tuiprov.data.kept import PbxOptions
from tuiprov.data.models import Extension
from tuiprov.data.site import PBX_DIRECTORY


class Desk:
    """An admin's directory with Asterisk's files, and the command on the test's site."""

    def __init__(self, cli: Cli, site: Site, directory: Path) -> None:
        self._cli, self.site, self.etc = cli, site, directory / "etc"
        self.etc.mkdir()
        site.add("0099*001")  # makes the accounts
        self.files: dict[str, bytes] = {}

    def write(self, files: Mapping[str, str | bytes]) -> Desk:
        for name, text in files.items():
            self.files[name] = text.encode() if isinstance(text, str) else text
            (self.etc / name).write_bytes(self.files[name])
        return self

    def run(self, *words: str, file: str = "pjsip.conf", user: str = USER) -> Ran:
        return self._cli("adopt", "asterisk", str(self.etc / file), "--user", user, *words)

    def done(self, *words: str, file: str = "pjsip.conf") -> str:
        ran = self.run(*words, file=file)
        assert (ran.code, ran.err) == (0, ""), ran
        return ran.out

    def tuiprov(self, *words: str) -> str:
        ran = self._cli(*words)
        assert (ran.code, ran.errors) == (0, []), ran
        return ran.out

    def ours(self, name: str = "pjsip_tuiprov.conf") -> str:
        return (self.site.publish_root / PBX_DIRECTORY / name).read_text()

    def swap(self) -> None:
        for path in self.etc.glob("*.tuiprov"):
            path.replace(path.with_name(path.name.removesuffix(".tuiprov")))

    def is_untouched(self) -> bool:
        here = {path.name: path.read_bytes() for path in self.etc.iterdir()}
        none = {one.extension for one in self.site.rows(Extension)} == {"0099*001"}
        return here == self.files and none and not self.site.rows(PbxOptions)
