"""Every example of docs/examples does what docs/serving.md says, tried with the real program on
loopback; a program that is not installed is skipped with its name."""

from __future__ import annotations

import grp
import os
import pwd
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.cli.helpers import PROJECT
from tests.publish.helpers import publish_site
from tests.serve import tftp
from tests.serve.helpers import Service, bytes_of, own, raw, request, serving, wait_until
from tests.serve.test_paths import ODD_PATHS
from tests.sites import PHONE, Site
from tuiprov.publish.planning import plan_settings
from tuiprov.publish.publishing import publish
from tuiprov.publish.root import closed_above

EXAMPLES = PROJECT / "docs" / "examples"
PUBLISH = "/srv/tuiprov"
SERVERS_GROUP = grp.getgrgid(pwd.getpwnam("nobody").pw_gid).gr_name
TFTP_TRAVERSAL = [
    *(b"../site.db", b"../../site.db", b"/etc/passwd", b"../../../../../../etc/passwd"),
    *(b"..\\site.db", b"./../site.db", b"....//site.db", b"/../site.db", b"%2e%2e/site.db", b""),
    *(b".", b"..", b"/", b"a" * 400, b"C:\\site.db", b"\xc0\xae\xc0\xae/site.db", b"outside"),
]


def program(name: str) -> str:
    """The path of a program, or the test is skipped."""
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def example(name: str, **becomes: str) -> str:
    """An example's text with each `what` of {"what": "becomes"} replaced, which must be there."""
    text = (EXAMPLES / name).read_text()
    for what, new in becomes.items():
        assert what in text, f"{name}: {what}"
        text = text.replace(what, new)
    return text


@contextmanager
def running(command: list[str], is_ready: Callable[[], bool]) -> Iterator[None]:
    """A program in the foreground until the block ends."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        deadline = time.monotonic() + 10
        while not is_ready():
            assert process.poll() is None, process.communicate()[0]
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(10)


def let_servers_in(site: Site) -> None:
    """Give the tree to the group of the servers' user, and open the way to it."""
    if os.geteuid() == 0:
        settings = {"publish_group": SERVERS_GROUP}
        ready = plan_settings(site.store, site.admin, settings)
        site.configure(**settings)
        publish(site.store, site.admin, ready)
        for directory in site.publish_root.resolve().parents:
            if directory.stat().st_uid == 0:
                directory.chmod(directory.stat().st_mode | 0o011)
        assert closed_above(site.publish_root) is None


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


# -- HTTP ---------------------------------------------------------------------------------------


@pytest.fixture
def service(site: Site) -> Iterator[Service]:
    with serving(site) as made:
        yield made


def test_curl_fetches_the_file_byte_for_byte(site: Site, service: Service, tmp_path: Path) -> None:
    into = tmp_path / "fetched"
    command = [program("curl"), "--silent", "--fail", "-o", str(into), service.http + own(site)]
    subprocess.run(command, check=True)
    assert into.read_bytes() == bytes_of(site, own(site))


def test_no_path_leads_out_of_the_tree(site: Site, service: Service) -> None:
    plant(site)
    for number, path in enumerate([*ODD_PATHS, f"{own(site)}.old", planted(site)]):
        if path.isascii() and path.isprintable() and " " not in path and path:
            for method in ("GET", "HEAD"):
                answer = raw(service.port, request(path, method), f"127.0.9.{number + 1}")
                assert answer.startswith(b"HTTP/1.1 404 "), path


def plant(site: Site) -> None:
    """Put what must not be served into the directory of a phone."""
    directory = (site.publish_root / own(site).replace("/prov/", "http/")).parent
    (site.directory / "secret").write_text("outside")
    (directory / "link.cfg").symlink_to(site.directory / "secret")
    (directory / ".hidden").write_text("outside")
    (directory / ".a.cfg.0123.tmp").write_text("outside")


def planted(site: Site, name: str = "link.cfg") -> str:
    return f"{Path(own(site)).parent}/{name}"


@contextmanager
def nginx(site: Site, text: str, port: int) -> Iterator[str]:
    """nginx with one of the examples as its only site; gives its URL."""
    directory = site.directory / "nginx"
    directory.mkdir()
    temporary = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    paths = " ".join(f"{name}_temp_path {directory}/{name};" for name in temporary)
    user = f"user nobody {SERVERS_GROUP};" if os.geteuid() == 0 else ""
    (directory / "site.conf").write_text(text)
    (directory / "nginx.conf").write_text(
        f"daemon off; {user} pid {directory}/pid; error_log {directory}/error.log; "
        f"worker_processes 1; events {{}} http {{ {paths} include {directory}/site.conf; }}\n"
    )
    command = [program("nginx"), "-p", str(directory), "-c", str(directory / "nginx.conf")]
    with running(command, lambda: answers(port)):
        yield f"http://127.0.0.1:{port}"


def test_nginx_in_front_passes_phones_on_and_their_address(site: Site) -> None:
    site.configure(trusted_proxies="127.0.0.1")
    port = free_port()
    with serving(site) as service:
        text = example(
            "nginx-in-front.conf",
            **{
                "listen 80;": f"listen 127.0.0.1:{port};",
                "127.0.0.1:8080": f"127.0.0.1:{service.port}",
            },
        )
        with nginx(site, text, port) as url:
            answer = httpx.get(url + own(site))
            assert (answer.status_code, answer.content) == (200, bytes_of(site, own(site)))
            forged = {"X-Forwarded-For": "198.51.100.1"}
            assert httpx.get(url + "/prov/x", headers=forged).status_code == 404
            assert httpx.get(url + "/").status_code == 404
    assert "provision-miss ip=127.0.0.1 reason=path" in service.text()
    assert "198.51.100.1" not in service.text()


def test_nginx_alone_serves_the_tree_and_nothing_else(site: Site) -> None:
    port = free_port()
    root = {"listen 80;": f"listen 127.0.0.1:{port};", PUBLISH: str(site.publish_root)}
    plant(site)
    let_servers_in(site)
    with nginx(site, example("nginx-only.conf", **root), port) as url:
        answer = httpx.get(url + own(site))
        assert (answer.status_code, answer.content) == (200, bytes_of(site, own(site)))
        assert answer.headers["cache-control"] == "no-store"
        # A link is refused with 403, so that this variant does tell a link from nothing.
        names = ("link.cfg", ".hidden", ".a.cfg.0123.tmp", "none.cfg", "")
        refused = [httpx.get(url + planted(site, name)) for name in names]
        assert [one.status_code for one in refused] == [403, 404, 404, 404, 404]
        assert not any("outside" in one.text for one in refused)
        assert httpx.post(url + own(site)).status_code == 403
        statuses = {
            int(raw(port, request(path)).split()[1])
            for path in ODD_PATHS
            if path.startswith("/") and path.isascii() and path.isprintable() and " " not in path
        }
        assert statuses <= {400, 404}


# -- TFTP ---------------------------------------------------------------------------------------


@pytest.fixture
def by_tftp(site: Site) -> Site:
    """The site with a phone on TFTP; the servers' users read the tree by its group alone."""
    if os.geteuid() != 0:
        pytest.skip("a TFTP server has to start as root")
    let_servers_in(site)
    phone = {"friendly_name": "Desk03", "mac": "80:5E:C0:00:00:03", "update_protocol": "tftp"}
    site.add("0027*003", **PHONE | phone)
    publish_site(site)
    (site.publish_root / "tftp" / "outside").symlink_to(site.directory / "site.db")
    return site


def check_tftp(site: Site, address: tuple[str, int]) -> None:
    names = sorted(path.name for path in (site.publish_root / "tftp").glob("*.cfg"))
    assert names
    for name in names:
        expected = (site.publish_root / "tftp" / name).read_bytes()
        assert tftp.fetch(address, name.encode()) == expected
    for name in [*TFTP_TRAVERSAL, b"none.cfg"]:
        assert told(address, name) is None, name


def told(address: tuple[str, int], name: bytes) -> bytes | None:
    try:
        return tftp.fetch(address, name, 0.7)
    except TimeoutError:
        return None


def test_tftpd_hpa_serves_the_tree_as_documented(by_tftp: Site) -> None:
    text = example("tftpd-hpa", **{PUBLISH: str(by_tftp.publish_root)})
    said = dict(re.findall(r'^(TFTP_\w+)="(.*)"$', text, re.MULTILINE))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        address = probe.getsockname()
    command = [program("in.tftpd"), "--foreground", "--listen", "--user", "nobody"]
    command += ["--address", f"127.0.0.1:{address[1]}", *said["TFTP_OPTIONS"].split()]
    with running([*command, said["TFTP_DIRECTORY"]], lambda: udp_is_bound(address[1])):
        check_tftp(by_tftp, ("127.0.0.1", address[1]))


def test_dnsmasq_serves_the_tree_as_documented(by_tftp: Site) -> None:
    text = example(
        "dnsmasq.conf",
        **{PUBLISH: str(by_tftp.publish_root), "192.0.2.1": "127.77.0.1"},
        **{"user=tuiprov": "user=nobody", "group=tuiprov": "group=nogroup"},
    )
    file = by_tftp.directory / "dnsmasq.conf"
    file.write_text(text)
    command = [program("dnsmasq"), "--keep-in-foreground", f"--conf-file={file}", "--pid-file="]
    with running([*command, "--log-facility=-"], lambda: udp_is_bound(69)):
        check_tftp(by_tftp, ("127.77.0.1", 69))


def udp_is_bound(port: int) -> bool:
    lines = Path("/proc/net/udp").read_text().splitlines()[1:]
    return any(line.split()[1].endswith(f":{port:04X}") for line in lines)


# -- fail2ban and systemd -----------------------------------------------------------------------


def test_fail2ban_s_filter_finds_every_miss_and_nothing_else(site: Site, service: Service) -> None:
    tool = program("fail2ban-regex")
    for number in range(30):
        raw(service.port, request(own(site)), f"127.0.6.{number + 1}")
        raw(service.port, request(own(site), "PUT"), f"127.0.6.{number + 1}")
        raw(service.port, request("/prov/provision-miss"), f"127.0.7.{number + 1}")
        raw(service.port, b"\r\n\r\n\r\nhello\r\n\r\n", f"127.0.8.{number + 1}")
    wait_until(lambda: service.text().count("provision-") >= 120 + 30)  # 30 stand in a path
    said = [line for line in service.text().splitlines() if line.startswith("provision-")]
    assert len(said) == 120
    stamp = time.strftime("%b %d %H:%M:%S")
    log = site.directory / "journal.log"
    log.write_text("".join(f"{stamp} pbx tuiprov[123]: {line}\n" for line in said))
    assert matched(tool, log) == sum(line.startswith("provision-miss ") for line in said) == 60
    log.write_text(
        "".join(f"{stamp} pbx tuiprov[123]: {one}\n" for one in said if "-miss ip" not in one)
    )
    assert matched(tool, log) == 0


def matched(tool: str, log: Path) -> int:
    """How many lines of the log the example's filter takes for misses."""
    filters = log.parent / "filter.d"
    if not filters.exists():
        filters.mkdir()
        shutil.copy(EXAMPLES / "fail2ban-filter.conf", filters / "tuiprov.conf")
        shutil.copy("/etc/fail2ban/filter.d/common.conf", filters / "common.conf")
    command = [tool, str(log), str(filters / "tuiprov.conf")]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.search(r"Lines: \d+ lines, \d+ ignored, (\d+) matched", ran.stdout)
    assert found, ran.stdout + ran.stderr
    return int(found[1])


def test_the_jail_names_the_filter_and_the_unit_that_are_there() -> None:
    jail = (EXAMPLES / "fail2ban-jail.conf").read_text()
    assert "filter = tuiprov\n" in jail
    assert "_SYSTEMD_UNIT=tuiprov-serve.service" in (EXAMPLES / "fail2ban-filter.conf").read_text()


@pytest.mark.parametrize("name", ["tuiprov-serve.service", "tuiprov-follow.service"])
def test_systemd_understands_the_units(tmp_path: Path, name: str) -> None:
    tool = program("systemd-analyze")
    unit = tmp_path / name
    unit.write_text(example(unit.name, **{"/usr/bin/tuiprov": shutil.which("true") or "/bin/true"}))
    ran = subprocess.run([tool, "verify", str(unit)], capture_output=True, text=True, check=False)
    about = [line for line in ran.stderr.splitlines() if "tuiprov" in line]
    assert about == []


def test_every_example_is_named_in_the_docs() -> None:
    text = (PROJECT / "docs" / "serving.md").read_text()
    assert [path.name for path in EXAMPLES.iterdir() if f"examples/{path.name}" not in text] == []
