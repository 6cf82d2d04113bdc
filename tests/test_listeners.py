"""No fact goes unheard: what an app announces is listened to."""

from importlib import import_module

import pytest
from django.dispatch import Signal

APPS = (
    *("tracks", "assessments", "surveys"),
    *(
        f"enablement.{name}"
        for name in ("people", "access", "webhooks", "programs", "certificates", "reports")
    ),
)


@pytest.mark.parametrize("app", APPS)
def test_every_signal_has_its_listener(app):
    signals = import_module(f"{app}.signals")
    silent = [
        name
        for name, value in vars(signals).items()
        if isinstance(value, Signal) and not value.has_listeners()
    ]
    assert not silent
