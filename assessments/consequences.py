"""What follows from a change elsewhere, in words: apps above this one watch, and say it (see `tracks.links`).

A dry run asks for it before it undoes the change.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TypeAlias

#: While it is entered it collects; what it collected are sentences, there once it is left.
Watcher: TypeAlias = Callable[[], AbstractContextManager[list[str]]]
_watchers: dict[str, Watcher] = {}


def register(name: str, watcher: Watcher) -> None:
    """Once a name; the same name again replaces it."""
    _watchers[name] = watcher


@contextmanager
def watched() -> Iterator[list[str]]:
    """A list that has everybody's sentences once the block is left."""
    said: list[str] = []
    with ExitStack() as stack:
        lists = [stack.enter_context(watcher()) for _name, watcher in sorted(_watchers.items())]
        yield said
    for each in lists:
        said += each
