"""`python3 manage.py bench [NAME …]`: figures beside bare Django in the same run."""

import argparse
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from types import FrameType

from bench import report, stack
from bench.scenarios import SCENARIOS, load

REPEAT = 500
INTERRUPTED = 130
EPILOG = """\
Starts a PostgreSQL, a Redis, the product as `serve` starts it, and bare Django by the same server; fills them
(bench/data.py says with what), measures, and removes everything. One caller on one kept-alive connection asks
both sides in turns. The exit code is 1 where a target is missed."""


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="manage.py bench",
        description="Measures the product beside bare Django in the same run.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", metavar="NAME", nargs="*", help="a scenario; without any, all of them")
    parser.add_argument("--list", action="store_true", help="list the scenarios and end")
    parser.add_argument("--repeat", type=_positive, default=REPEAT, help="requests a side (%(default)s)")
    parser.add_argument("--markdown", action="store_true", help="print a table for docs/performance.md")
    options = parser.parse_args(argv)
    if unknown := [name for name in options.names if name not in SCENARIOS]:
        parser.error(f"no scenario {unknown[0]!r}; expected one of {', '.join(SCENARIOS)}")
    if options.list:
        for name, what in SCENARIOS.items():
            print(f"{name:<12} {what}")
        return 0
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    try:
        return _report(_measure(options.names or list(SCENARIOS), options.repeat), markdown=options.markdown)
    except KeyboardInterrupt:
        return INTERRUPTED


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("it has to be 1 or more")
    return number


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _measure(names: Sequence[str], repeat: int) -> Iterator[report.Result]:
    with ExitStack() as parts:
        _say("Starting PostgreSQL and Redis, making the data …")
        folder = parts.enter_context(stack.environment())
        data, floor_session = _prepare()
        # Now that Django is set up.
        from bench.run import Run

        run = Run(
            repeat=repeat,
            data=data,
            product=parts.enter_context(stack.product(folder / "product.log")),
            floor=parts.enter_context(stack.floor(folder / "floor.log")),
            floor_session=floor_session,
            folder=folder,
        )
        for name in names:
            _say(f"Measuring {name} …")
            yield from load(name)(run)


def _prepare():
    import django

    django.setup()
    from django.core.management import call_command
    from django.utils import timezone

    from enablement.staticfiles import collect_if_changed

    call_command("migrate", verbosity=0, interactive=False)
    collect_if_changed()
    from bench.data import make

    data, floor_session = make(at=timezone.now()), stack.fill_floor()
    stack.analyse()
    return data, floor_session


def _report(results: Iterator[report.Result], *, markdown: bool) -> int:
    """Print each result as soon as it is there; 1 where a target is missed."""
    missed = 0
    if markdown:
        print(report.HEAD)
    for result in results:
        print(result.row() if markdown else "\n".join(result.lines()), flush=True)
        missed += not result.met
    return 1 if missed else 0


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
