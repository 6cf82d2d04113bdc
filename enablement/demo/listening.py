"""A program in the demo that is told of what opens and closes: the example tool."""

from collections.abc import Mapping
from datetime import datetime

from django.conf import settings

from enablement.demo.example_tool import NAME, TOOL, address
from enablement.people.models import User
from enablement.webhooks.services import create_endpoint, send_test


def build(people: Mapping[str, User], *, at: datetime) -> None:
    """Where the demo runs: it alone starts the tool, and elsewhere an address of this machine is refused."""
    if not settings.DEMO:
        return
    keeper = people["security"]
    endpoint, _secret = create_endpoint(
        name=NAME, url=f"{address()}events", microtools=[TOOL], actor=keeper, at=at
    )
    send_test(endpoint=endpoint, actor=keeper, at=at)
