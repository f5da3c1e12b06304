"""The children come when needed, go when not, survive being killed and leave nothing behind."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import FrameType

import pytest

from tests.render.sandbox.processes import (
    children,
    descendants,
    is_zombie,
    lives,
    read,
    wait_until,
)
from tuiprov.errors import RenderError, TemplateFault
from tuiprov.render.sandbox import Job, client, close, missing_walls, render_job, render_jobs

SOURCES = {"a.j2": "{{ n }}\n"}
ENDLESS = {"a.j2": "{% for x in range(99999) %}{% for y in range(99999) %}{% endfor %}{% endfor %}"}
SLOW = {"a.j2": "{% for x in range(400) %}{% for y in range(999) %}{% endfor %}{% endfor %}{{ n }}"}
ROOT = Path(__file__).parents[3]
RENDERS = """
import sys
from tuiprov.render.sandbox import Job, render_job
print(render_job({"a.j2": "{{ n }}"}, Job("a.j2", "equals", {"n": 42})), flush=True)
"""


@pytest.fixture(autouse=True)
def _fresh_children() -> Iterator[None]:
    close()
    yield
    close()
    assert descendants() == []


def rendered(n: int = 1, sources: dict[str, str] = SOURCES) -> str:
    return render_job(sources, Job("a.j2", "equals", {"n": n})).strip()


def idle() -> list[int]:
    """The zygote and its compilers, as soon as no renderer is left."""
    wait_until(lambda: not any(children(pid) for pid in children(descendants()[0])))
    return descendants()


def renderers() -> list[int]:
    return [pid for compiler in children(descendants()[0]) for pid in children(compiler)]


def open_files() -> list[str]:
    return sorted(os.listdir("/proc/self/fd"))


class TestKilling:
    @pytest.mark.parametrize("seed", range(20))
    def test_the_next_call_works_when_a_child_was_killed_between_two(self, seed: int) -> None:
        rendered()
        os.kill(random.Random(seed).choice(idle()), signal.SIGKILL)
        assert rendered(seed) == str(seed)

    @pytest.mark.parametrize("which", [0, 1, 2], ids=["zygote", "compiler", "renderer"])
    def test_a_call_works_when_a_child_is_killed_during_it(self, which: int) -> None:
        rendered(sources=SLOW)

        def kill() -> None:
            working: list[int] = []
            wait_until(lambda: working.extend(renderers()) or working)
            with suppress(ProcessLookupError):
                os.kill([*waiting, *working][which], signal.SIGKILL)

        waiting = idle()
        killer = threading.Thread(target=kill)
        killer.start()
        text = rendered(7, SLOW)
        killer.join()
        assert text == "7"

    def test_a_renderer_that_is_killed_each_time_is_a_fault_and_no_crash(self) -> None:
        rendered()
        idle()
        over = threading.Event()

        def kill() -> None:
            while not over.is_set():
                for pid in renderers():
                    with suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)

        killer = threading.Thread(target=kill)
        killer.start()
        try:
            with pytest.raises(TemplateFault, match="ended its process without an answer"):
                rendered(sources=ENDLESS)
        finally:
            over.set()
            killer.join()
        assert rendered(3) == "3"

    def test_all_children_killed_at_once(self) -> None:
        rendered()
        for pid in idle():
            os.kill(pid, signal.SIGKILL)
        assert rendered(5) == "5"

    def test_a_stopped_compiler_is_replaced(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("tuiprov.render.sandbox.children._ANSWER", 0.5)
        rendered()
        os.kill(idle()[1], signal.SIGSTOP)
        assert rendered(6) == "6"

    def test_a_stopped_zygote_is_replaced(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("tuiprov.render.sandbox.children._ANSWER", 0.5)
        rendered()
        os.kill(descendants()[0], signal.SIGSTOP)
        assert rendered(8, {"b.j2": "", **SOURCES}) == "8"

    def test_an_interrupted_call_does_not_spoil_the_next(self) -> None:
        def interrupt(number: int, frame: FrameType | None) -> None:
            raise KeyboardInterrupt

        before = signal.signal(signal.SIGALRM, interrupt)
        try:
            for _ in range(5):
                signal.setitimer(signal.ITIMER_REAL, 0.05)
                with pytest.raises(KeyboardInterrupt):
                    rendered(sources=ENDLESS)
                assert rendered(4) == "4"
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)


class TestNothingIsLeft:
    def test_no_file_and_no_process_is_left_by_many_renderings_and_kills(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        rendered()
        files = open_files()
        for n in range(200):
            assert rendered(n) == str(n)
        monkeypatch.setattr("tuiprov.render.sandbox.bounds.WALL", 0.02)
        for _ in range(50):
            with pytest.raises(TemplateFault, match="ran longer"):
                rendered(sources=ENDLESS)
        monkeypatch.undo()
        rendered()
        client._children.end(client._children.take(client._children.templates(ENDLESS)))
        assert len(idle()) == 2
        assert not any(map(is_zombie, descendants()))
        assert open_files() == files

    def test_only_the_last_few_sets_of_templates_keep_their_processes(self) -> None:
        for n in range(20):
            assert rendered(sources={"a.j2": f"{n}"}) == f"{n}"
        assert len(idle()) == 1 + 6
        close()
        assert descendants() == []

    def test_many_threads_leave_two_compilers_for_one_set(self) -> None:
        with ThreadPoolExecutor(8) as threads:
            assert list(threads.map(rendered, range(100))) == [str(n) for n in range(100)]
        assert len(idle()) <= 1 + 2

    def test_closing_is_allowed_at_any_time_and_starting_again_too(self) -> None:
        for n in range(3):
            close()
            close()
            assert rendered(n) == str(n)

    def test_the_children_end_with_the_program(self) -> None:
        report = "from tests.render.sandbox.test_processes import idle\nprint(*idle(), flush=True)"
        out = python(RENDERS + report).stdout.split()
        assert out[0] == "42"
        assert len(out) == 3
        wait_until(lambda: not any(lives(int(pid)) for pid in out[1:]))

    @pytest.mark.parametrize("from_a_thread", [False, True])
    def test_the_children_end_when_the_program_is_killed(self, from_a_thread: bool) -> None:
        endless = f"render_job({ENDLESS!r}, Job('a.j2', 'equals', {{}}))"
        call = f"import threading; threading.Thread(target=lambda: {endless}).start()"
        program = start(
            RENDERS
            + "from tuiprov.render.sandbox import render_job\n"
            + (call if from_a_thread else endless)
        )
        assert program.stdout is not None
        assert program.stdout.readline() == "42\n"
        # The zygote, the compiler before, the one at work and its renderer.
        wait_until(lambda: len(descendants(program.pid)) == 4)
        pids = descendants(program.pid)
        program.kill()
        program.communicate()
        wait_until(lambda: not any(map(lives, pids)))

    def test_the_renderer_ends_when_the_zygote_is_killed(self) -> None:
        thread = threading.Thread(target=lambda: rendered_or_fault(ENDLESS))
        thread.start()
        wait_until(lambda: descendants() and renderers())
        zygote, *others = descendants()
        os.kill(zygote, signal.SIGKILL)
        wait_until(lambda: not any(map(lives, others)), seconds=0.5)
        thread.join()

    def test_a_thread_that_ends_does_not_take_the_children_with_it(self) -> None:
        thread = threading.Thread(target=rendered)
        thread.start()
        thread.join()
        zygote = descendants()[0]
        assert rendered(2) == "2"
        assert descendants()[0] == zygote


class TestManyAtOnce:
    def test_threads_with_different_templates_get_their_own_texts(self) -> None:
        def work(thread: int) -> list[str]:
            sources = {"a.j2": f"{thread}:{{{{ n }}}}"}
            return [rendered(n, sources) for n in range(25)]

        with ThreadPoolExecutor(4) as threads:
            results = list(threads.map(work, range(4)))
        assert results == [[f"{thread}:{n}" for n in range(25)] for thread in range(4)]

    def test_a_preview_does_not_wait_for_a_long_batch(self) -> None:
        begun, over = threading.Event(), threading.Event()

        def batch() -> None:
            begun.set()
            render_jobs(SOURCES, [Job("a.j2", "equals", {"n": n}) for n in range(800)])
            over.set()

        plan = threading.Thread(target=batch)
        plan.start()
        begun.wait()
        for n in range(20):
            assert rendered(n, {"b.j2": "", **SOURCES}) == str(n)
        assert not over.is_set()
        plan.join()

    def test_a_batch_is_in_order(self) -> None:
        jobs = [Job("a.j2", "equals", {"n": n}) for n in range(300)]
        assert render_jobs(SOURCES, jobs) == [f"{n}\n" for n in range(300)]

    def test_an_empty_batch_starts_nothing(self) -> None:
        assert render_jobs(SOURCES, []) == []
        assert descendants() == []

    def test_a_forked_copy_of_the_program_has_children_of_its_own(self) -> None:
        rendered()
        zygote = descendants()[0]
        copy = os.fork()
        if copy == 0:
            try:
                good = rendered(9) == "9" and descendants()[0] != zygote
                close()
                os._exit(0 if good else 1)
            finally:
                os._exit(2)
        assert os.waitpid(copy, 0)[1] == 0
        assert rendered(3) == "3"
        assert descendants()[0] == zygote


class TestOddSurroundings:
    def test_without_terminal_and_with_closed_standard_files(self, tmp_path: Path) -> None:
        program = (
            "import os\nfor n in (0, 1, 2): os.close(n)\n"
            f"{RENDERS.replace('print(', 'text = str(').replace(', flush=True', '')}\n"
            "taken = [n for n in (0, 1, 2) if os.path.exists(f'/proc/self/fd/{n}')]\n"
            f"open({str(tmp_path / 'out')!r}, 'w').write(f'{{text}} {{taken}}')\n"
        )
        subprocess.run(
            [sys.executable, "-c", program], cwd=ROOT, check=True, start_new_session=True
        )
        assert (tmp_path / "out").read_text() == "42 []"

    @pytest.mark.parametrize(
        "before",
        [
            "import os; os.umask(0o777)",
            "import os; os.environ.update(TERM='\\x1b[2J', LANG='xx_YY', PYTHONPATH='/nowhere')",
            "import os; os.environ.update(PYTHONHOME='/nowhere', PYTHONSTARTUP='/nowhere')",
            "import os; os.environ.clear()",
            "import os; os.chdir('/')",
            "import signal; signal.signal(signal.SIGCHLD, signal.SIG_IGN)",
            "import signal; signal.signal(signal.SIGPIPE, signal.SIG_DFL)",
            "import signal; signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 32))",
            "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)",
            "import resource; resource.setrlimit(resource.RLIMIT_CORE, (0, 0))",
            "import sys; sys.setswitchinterval(1e-5)",
            "import warnings; warnings.simplefilter('error')",
        ],
        ids=range(12),
    )
    def test_an_odd_parent_changes_nothing(self, before: str) -> None:
        found = f"import sys; sys.path.insert(0, {str(ROOT)!r})"  # from wherever it goes
        assert python(f"{found}\n{before}\n{RENDERS}").stdout == "42\n"

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
    def test_another_user_than_root(self) -> None:
        try:
            out = python(RENDERS, user=65534, group=65534, extra_groups=[])
        except PermissionError:
            pytest.skip("this Python lies where only root can read it")
        assert out.stdout == "42\n"

    def test_no_interpreter_is_one_plain_line(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "executable", "/nowhere/python")
        with pytest.raises(RenderError, match="templates cannot be rendered: No such file"):
            rendered()

    def test_an_interpreter_that_does_not_start_is_one_plain_line(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sys, "executable", "/bin/false")
        with pytest.raises(RenderError, match="the process that renders templates does not start"):
            rendered()

    def test_no_descriptors_left_is_one_plain_line(self) -> None:
        import resource

        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (len(open_files()) - 1, limits[1]))
        try:
            with pytest.raises(RenderError, match="Too many open files"):
                rendered()
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        assert rendered(1) == "1"


class TestWhatTheChildrenHave:
    def test_the_parent_never_imports_jinja2(self) -> None:
        program = RENDERS + "print('jinja2' in sys.modules)"
        assert python(program).stdout == "42\nFalse\n"

    def test_importing_starts_nothing_and_is_cheap(self) -> None:
        program = (
            "import sys, tuiprov.render.sandbox as s; print('subprocess' in sys.modules)\n"
            "import tuiprov.render.sandbox.client\n"
            "heavy = {'jinja2', 'pydantic', 'sqlmodel', 'markupsafe', 'ctypes'}\n"
            "print(sorted(heavy & {*sys.modules}))"
        )
        assert python(program).stdout == "False\n[]\n"

    def test_the_children_import_nothing_of_ours_but_formats_and_errors(self) -> None:
        program = (
            "import sys; import tuiprov.render.sandbox.worker\n"
            "print(*sorted(m for m in sys.modules if m.startswith('tuiprov')))\n"
            "print({'subprocess', 'pydantic', 'asyncio', 'http', 'ssl'} & {*sys.modules})"
        )
        ours, foreign = python(program).stdout.splitlines()
        rooms = "bounds faults frames language limits seccomp worker"
        assert ours.split() == sorted(
            ["tuiprov", "tuiprov.errors", "tuiprov.render", "tuiprov.render.formats"]
            + [
                f"tuiprov.render.sandbox{'.' + room if room else ''}"
                for room in ["", *rooms.split()]
            ]
        )
        assert foreign == "set()"

    def test_they_have_no_terminal_no_environment_and_only_their_sockets(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("TUIPROV_SECRET", "canary")
        rendered()
        zygote = idle()[0]
        thread = threading.Thread(target=lambda: rendered_or_fault(ENDLESS))
        thread.start()
        wait_until(renderers)
        wait_until(lambda: "Max open files 0 0" in limits_of(renderers()[0]))
        others = [*children(zygote), *renderers()]
        assert len(others) == 3
        for pid in (zygote, *others):
            fields = read(pid, "stat").rpartition(")")[2].split()
            assert int(fields[4]) == 0, "it has a terminal"
            assert os.getsid(pid) == zygote
            assert "canary" not in read(pid, "environ")
            if os.geteuid() == 0:
                links = [os.readlink(f"/proc/{pid}/fd/{n}") for n in os.listdir(f"/proc/{pid}/fd")]
                plain = [link for link in links if link != "/dev/null"]
                assert len(plain) == 1
                assert plain[0].startswith("socket:")
                assert len(links) == (3 if pid == zygote else 1)
        thread.join()

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root may read another's memory")
    def test_the_memory_that_phones_share_holds_no_phone_s_values(self) -> None:
        sources = {"a.j2": "template-canary-5b {{ n }}"}
        job = Job("a.j2", "equals", {"n": "value-canary-c4"})
        assert render_job(sources, job) == "template-canary-5b value-canary-c4"
        zygote, compiler = idle()
        assert b"template-canary-5b" in memory_of(compiler)
        assert b"value-canary" not in memory_of(compiler)
        assert b"value-canary" not in memory_of(zygote)

    def test_the_renderer_is_limited_by_the_system(self) -> None:
        thread = threading.Thread(target=lambda: rendered_or_fault(ENDLESS))
        thread.start()
        wait_until(lambda: descendants() and renderers())
        (pid,) = renderers()
        wait_until(lambda: "Max cpu time 2 3" in limits_of(pid))
        expected = (
            *(
                "Max cpu time 2 3 seconds",
                "Max file size 0 0 bytes",
                "Max core file size 0 0 bytes",
            ),
            *("Max open files 0 0 files", "Max address space 268435456 268435456 bytes"),
            "Max processes 0 0 processes",
        )
        assert [line for line in expected if line not in limits_of(pid)] == []
        status = read(pid, "status")
        assert "NoNewPrivs:\t1" in status
        if not missing_walls():
            assert "Seccomp:\t2" in status
        if os.geteuid() == 0:
            assert "Uid:\t65534\t65534\t65534\t65534" in status
            assert "Gid:\t65534\t65534\t65534\t65534" in status
            assert "CapEff:\t0000000000000000" in status
        thread.join()


def limits_of(pid: int) -> str:
    return "\n".join(" ".join(line.split()) for line in read(pid, "limits").splitlines())


def memory_of(pid: int) -> bytes:
    """All that a process can write to."""
    parts = []
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in read(pid, "maps").splitlines():
            span, rights = line.split()[:2]
            if rights.startswith("rw"):
                start, end = (int(number, 16) for number in span.split("-"))
                memory.seek(start)
                parts.append(memory.read(end - start) or b"")
    return b"".join(parts)


def rendered_or_fault(sources: dict[str, str]) -> str:
    try:
        return rendered(sources=sources)
    except TemplateFault as fault:
        return str(fault)


def python(program: str, **how: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # type: ignore[call-overload, no-any-return]
        [sys.executable, "-c", program],
        cwd=ROOT,
        check=True,
        text=True,
        stdout=subprocess.PIPE,
        **how,
    )


def start(program: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, text=True, stdout=subprocess.PIPE
    )
