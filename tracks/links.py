"""Where a module's components are worked on. The app that owns a kind of component registers its addresses
here.

`tracks` itself serves lessons; quizzes and labs belong to an upper app, which this one does not know.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from tracks.models import Component

#: Addresses by component id; a component that has no page now is left out. A fixed number of queries.
Resolver: TypeAlias = Callable[[Sequence[Component]], Mapping[int, str]]

_resolvers: dict[str, Resolver] = {}


def register(kind: str, resolver: Resolver) -> None:
    """Called once a kind, in an app's `ready()`."""
    _resolvers[kind] = resolver


def urls_of(components: Sequence[Component]) -> dict[int, str]:
    """The addresses of the components that somebody registered."""
    urls: dict[int, str] = {}
    for kind, resolver in _resolvers.items():
        of_kind = [component for component in components if component.kind == kind]
        if of_kind:
            urls.update(resolver(of_kind))
    return urls
