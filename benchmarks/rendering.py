"""Rendering a phone's files against the bare templates: how much is lost around Jinja2."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from time import process_time_ns

from benchmarks.harness import Effort, Figure, median
from tests.phones import phone
from tuiprov.data.catalog import PhoneType, default_catalog
from tuiprov.data.page import Phone
from tuiprov.render.engine import environment, render
from tuiprov.render.values import template_values

LEAST_SHARE = 0.6
_BATCH_NS = 30_000_000


def measure(effort: Effort) -> Iterator[Figure]:
    """The first model of each family, bare and ours batch by batch; processor time only."""
    for kind in _first_of_each_family():
        alone, ours = _rates(kind, effort.batches)
        yield Figure(
            f"renders of {kind.label}, {kind.firmware}",
            ours,
            LEAST_SHARE * alone,
            "/s",
            f"{LEAST_SHARE} x its templates alone, {alone:.0f}/s",
            at_least=True,
        )


def _rates(kind: PhoneType, batches: int) -> tuple[float, float]:
    """Renders per second: the templates alone, and `render`."""
    one = phone(kind.manufacturer, kind.model, kind.firmware)
    bare = _bare(one, kind)
    if bare() != [file.text for file in render(one)]:
        raise AssertionError(f"{kind.label}: the bare templates give something else")
    count = max(1, _BATCH_NS // _nanoseconds(bare, 20))
    pairs = [
        (_nanoseconds(bare, count), _nanoseconds(lambda: render(one), count))
        for _ in range(batches)
    ]
    alone, ours = (1e9 / median(times) for times in zip(*pairs, strict=True))
    return alone, ours


def _first_of_each_family() -> Iterator[PhoneType]:
    first: dict[str, PhoneType] = {}
    for kind in default_catalog().types():
        first.setdefault(kind.templates, kind)
    return iter(first.values())


def _bare(one: Phone, kind: PhoneType) -> Callable[[], list[str]]:
    """The same compiled templates with values made beforehand."""
    values = template_values(one, kind)
    shared = {"site": values["site"]}
    jobs = [
        (
            environment(rule.format).get_template(f"{kind.templates}/{rule.template}").render,
            shared if rule.scope == "site" else values,
        )
        for rule in kind.facts.files
    ]
    return lambda: [render_alone(given) for render_alone, given in jobs]


def _nanoseconds(work: Callable[[], object], count: int) -> int:
    """Processor time of one `work`, from a batch of `count`."""
    start = process_time_ns()
    for _ in range(count):
        work()
    return max(1, (process_time_ns() - start) // count)
