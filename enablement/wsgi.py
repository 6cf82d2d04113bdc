import gc
import os

from django.core.wsgi import get_wsgi_application

from tracks.addresses import know_addresses

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "enablement.settings")
application = get_wsgi_application()
# All views and forms are imported now, and not while the first people wait for a process.
know_addresses()


def _prepare() -> None:
    """Once the apps are there: what else the first question would wait for."""
    from enablement.ledger.redaction import names

    names.prepare()


_prepare()
# What is here by now stays: looking through it for garbage would hold up all calls for a seventh of a second.
gc.collect()
gc.freeze()
