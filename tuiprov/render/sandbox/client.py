"""What the rest of tuiprov calls: render with customers' templates, check them, end the children.

Children are kept: one zygote, and for each of the last few sets of templates the processes that
have compiled them. A thread takes a compiler out of the store while it uses it, so the lock is held
only while one is taken, started or given back, and a plan of a thousand phones never delays a
preview.
Importing this module starts nothing and does not import Jinja2.
"""

from __future__ import annotations

import atexit
import os
import signal
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar

from tuiprov.errors import RenderError, TemplateFault
from tuiprov.render.sandbox import bounds, frames, plain
from tuiprov.render.sandbox.children import Compiler, Ended, Gone, Overdue, Zygote
from tuiprov.render.sandbox.frames import Message

if TYPE_CHECKING:
    from tuiprov.data.catalog import FormatName

_SETS_KEPT: Final = 6
_IDLE_KEPT: Final = 2
_ENOUGH_OVERDUE: Final = 3
"""A template that took too long for so many phones in a row is not tried again in its batch."""

_MANY: Final = 20
_TRIES: Final = 3
_LONGEST_REASON: Final = 300

Result = TypeVar("Result")
Sources = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Job:
    """One file to render: `template` names one of the sources, `format` says how printed values are
    escaped, `values` are one phone's plain data (str, int, bool, None, list, dict)."""

    template: str
    format: FormatName
    values: Mapping[str, Any]


def render_job(sources: Sources, job: Job) -> str:
    """The text of one file. Raises TemplateFault when the template is to blame, RenderError for
    values that are no plain data and when no child process can be had."""
    (result,) = render_jobs(sources, [job])
    if isinstance(result, TemplateFault):
        # A new one: what is remembered must not gather tracebacks.
        raise TemplateFault(result.template, result.line, result.reason)
    return result


def render_jobs(sources: Sources, jobs: Sequence[Job]) -> list[str | TemplateFault]:
    """The texts of many files, in order, with a fault in the place of each that failed; templates
    are compiled once. Raises RenderError as `render_job` does, before anything is sent."""
    for job in jobs:
        plain.check_values(job.values)
    if not jobs:
        return []
    known = _children.templates(sources)
    if known.refused:
        return [known.refused[0]] * len(jobs)
    batch = _Batch(known)
    if len(jobs) < _MANY or os.cpu_count() == 1:
        return [batch.render(job) for job in jobs]
    return _side_by_side(batch, jobs)


def check(sources: Sources) -> list[TemplateFault]:
    """What is wrong with each template, without rendering any: all faults, those of name and size
    first, then in the order of the sources and of their lines. RenderError when no child process
    can be had."""
    known = _children.templates(sources)
    if known.refused:
        return [*known.refused, *_faults_of_the_others(sources, known.refused)]
    return [fault for name in sources for fault in _checked(known, name)]


def _faults_of_the_others(sources: Sources, refused: list[TemplateFault]) -> list[TemplateFault]:
    """What is wrong with the templates beside those that cannot even be sent."""
    names = {fault.template for fault in refused}
    rest = {name: "" if name in names else source for name, source in sources.items()}
    return [] if plain.source_faults(rest) else check(rest)


def close() -> None:
    """End all child processes. They are started again when needed."""
    _children.close()


def missing_walls() -> tuple[str, ...]:
    """What this machine lacks of the walls around templates, one line each; starts the children
    when none run. Nothing is missing on Linux on x86_64 or aarch64."""
    return _children.zygote().missing


@dataclass(slots=True, eq=False)
class _Templates:
    """One set of templates: what was wrong before it was sent, what did not compile, and idle
    processes that have it."""

    sources: dict[str, str]
    refused: list[TemplateFault]
    broken: dict[tuple[str, str], TemplateFault] = field(default_factory=dict)
    idle: list[Compiler] = field(default_factory=list)


class _Children:
    """The zygote and the compilers, kept for all threads."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._zygote: Zygote | None = None
        self._sets: OrderedDict[frozenset[tuple[str, str]], _Templates] = OrderedDict()

    def templates(self, sources: Sources) -> _Templates:
        """The set, known or new."""
        key = frozenset(sources.items())
        with self._lock:
            if key not in self._sets:
                self._sets[key] = _Templates(dict(sources), plain.source_faults(sources))
            self._sets.move_to_end(key)
            while len(self._sets) > _SETS_KEPT:
                _, oldest = self._sets.popitem(last=False)
                for compiler in oldest.idle:
                    self.end(compiler)
            return self._sets[key]

    def take(self, known: _Templates) -> Compiler:
        """A compiler of this set for the calling thread alone. Gone, RenderError."""
        with self._lock:
            if known.idle:
                return known.idle.pop()
            zygote = self.zygote()
            try:
                return zygote.compiler(known.sources)
            except BaseException:  # an interrupted talk cannot be taken up again
                self._drop_zygote()
                raise

    def give_back(self, known: _Templates, compiler: Compiler) -> None:
        """Keep it for the next, unless there are enough."""
        with self._lock:
            kept = any(known is one for one in self._sets.values())
            if kept and compiler.zygote is self._zygote and len(known.idle) < _IDLE_KEPT:
                known.idle.append(compiler)
            else:
                self.end(compiler)

    def end(self, compiler: Compiler) -> None:
        """End a compiler and its renderer, whatever they do."""
        with self._lock:
            compiler.close()
            if compiler.zygote is self._zygote:  # else it ended with its zygote
                try:
                    compiler.zygote.end(compiler)
                except BaseException as error:
                    self._drop_zygote()
                    if not isinstance(error, Gone):
                        raise

    def zygote(self) -> Zygote:
        """The zygote, started when there is none. RenderError."""
        with self._lock:
            if self._zygote is None:
                self._zygote = Zygote()
            return self._zygote

    def close(self) -> None:
        with self._lock:
            zygote = self._zygote
            self._forget()
            if zygote is not None:
                zygote.close()

    def _drop_zygote(self) -> None:
        zygote = self._zygote
        self._forget()
        if zygote is not None:
            zygote.kill()

    def _forget(self) -> None:
        self._zygote = None
        for known in self._sets.values():
            for compiler in known.idle:
                compiler.close()
            known.idle.clear()

    def abandon(self) -> None:
        """In a forked copy of this program: the children belong to the original."""
        if self._zygote is not None:
            self._zygote.abandon()
        self._forget()


class _Batch:
    """The renderings of one call."""

    def __init__(self, known: _Templates) -> None:
        self._known = known
        self._overdue: dict[str, int] = {}
        self._crashes: dict[tuple[str, str], int] = {}
        self._hopeless: dict[tuple[str, str], TemplateFault] = {}

    def render(self, job: Job) -> str | TemplateFault:
        """One file, unless its template already took too long for too many phones."""
        name = job.template
        if name not in self._known.sources:
            return TemplateFault(name, 0, "there is no such template")
        if self._overdue.get(name, 0) >= _ENOUGH_OVERDUE:
            reason = f"{bounds.TOO_LONG} for {_ENOUGH_OVERDUE} phones; the others were not tried"
            return TemplateFault(name, 0, reason)
        result = _with_compiler(self._known, lambda compiler: self._rendered(compiler, job))
        late = isinstance(result, TemplateFault) and result.reason == bounds.TOO_LONG
        self._overdue[name] = self._overdue.get(name, 0) + 1 if late else 0
        return result

    def _rendered(self, compiler: Compiler, job: Job) -> str | TemplateFault:
        fault = self._compiled(compiler, (job.template, job.format))
        if fault is not None:
            return fault
        request = {"template": job.template, "format": job.format, "values": dict(job.values)}
        answer = _answer(compiler, frames.packed(request), job.template, bounds.TOO_LONG)
        if isinstance(answer, TemplateFault):
            return answer
        text = answer.get("text")
        if type(text) is str:
            return plain.text_fault(text, job.template) or text
        return _fault(answer.get("fault"), job.template, self._known)

    def _compiled(self, compiler: Compiler, what: tuple[str, str]) -> TemplateFault | None:
        """Compile what this compiler does not have yet. Gone when that cost us the compiler; the
        next one then only gets the fault."""
        fault = self._hopeless.get(what) or self._known.broken.get(what)
        if fault is not None or what in compiler.compiled:
            return fault
        try:
            found = compiler.compile(*what)
        except Overdue:
            self._hopeless[what] = TemplateFault(what[0], 0, bounds.TOO_LONG_TO_COMPILE)
            raise Gone from None
        except Gone:
            self._crashes[what] = self._crashes.get(what, 0) + 1
            if self._crashes[what] > 1:
                self._hopeless[what] = TemplateFault(what[0], 0, "cannot be compiled")
            raise
        if found is not None:
            self._known.broken[what] = _fault(found, what[0], self._known)
        return self._known.broken.get(what)


def _side_by_side(batch: _Batch, jobs: Sequence[Job]) -> list[str | TemplateFault]:
    """Two renderings at a time: most of the work is the system's, which has other processors."""
    from concurrent.futures import ThreadPoolExecutor

    _children.zygote()  # started here, and not in a thread that ends
    executor = ThreadPoolExecutor(2)
    try:
        return list(executor.map(batch.render, jobs))
    finally:
        executor.shutdown(cancel_futures=True)


def _checked(known: _Templates, name: str) -> list[TemplateFault]:
    request = frames.packed({"check": name})

    def work(compiler: Compiler) -> list[TemplateFault]:
        answer = _answer(compiler, request, name, bounds.TOO_LONG_TO_COMPILE)
        if isinstance(answer, TemplateFault):
            return [answer]
        faults = answer.get("faults")
        if type(faults) is not list:
            return [_unreadable(name)]
        return [_fault(one, name, known) for one in faults]

    return _with_compiler(known, work)


def _with_compiler(known: _Templates, work: Callable[[Compiler], Result]) -> Result:
    """What `work` gives, with another compiler when one is lost on the way. RenderError when that
    does not help."""
    for _ in range(_TRIES):
        try:
            compiler = _children.take(known)
        except Gone:
            continue
        try:
            result = work(compiler)
        except Gone:
            _children.end(compiler)
            continue
        except BaseException:
            _children.end(compiler)
            raise
        _children.give_back(known, compiler)
        return result
    raise RenderError("the processes that render templates end again and again")


def _answer(compiler: Compiler, request: bytes, name: str, late: str) -> Message | TemplateFault:
    """The renderer's answer; the fault when it gives none. Gone."""
    for attempt in range(2):
        try:
            return compiler.render(request)
        except Overdue:
            return TemplateFault(name, 0, late)
        except Ended as end:
            if end.trouble:
                raise RenderError(f"templates cannot be rendered: {end.trouble}") from None
            killed = os.WIFSIGNALED(end.status) and os.WTERMSIG(end.status) == signal.SIGKILL
            if not killed or attempt:
                return TemplateFault(name, 0, _why(end))
    raise Gone  # never reached


def _why(end: Ended) -> str:
    if os.WIFEXITED(end.status) and os.WEXITSTATUS(end.status) == frames.NO_MEMORY:
        return bounds.TOO_MUCH_MEMORY
    if os.WIFSIGNALED(end.status) and os.WTERMSIG(end.status) == signal.SIGXCPU:
        return bounds.TOO_LONG
    return "ended its process without an answer"


def _fault(said: Any, name: str, known: _Templates) -> TemplateFault:
    """The fault a child tells of, as far as it can be true."""
    if type(said) is not dict:
        return _unreadable(name)
    template, line, reason = said.get("template"), said.get("line"), said.get("reason")
    if type(line) is not int or type(reason) is not str or not 0 <= line <= bounds.SOURCE:
        return _unreadable(name)
    if type(template) is str and template in known.sources:
        name = template
    return TemplateFault(name, line, reason[:_LONGEST_REASON])


def _unreadable(name: str) -> TemplateFault:
    return TemplateFault(name, 0, "gave an answer that cannot be read")


_children = _Children()
atexit.register(close)


def _after_fork() -> None:
    global _children
    _children.abandon()
    _children = _Children()


os.register_at_fork(after_in_child=_after_fork)
