"""Facts as a listener receives them."""

from contextlib import contextmanager


@contextmanager
def heard(*signals):
    """The facts that these signals carry while the block runs, in order."""
    facts = []

    def listen(facts_sent=facts, **kwargs):
        facts_sent.extend(kwargs["facts"])

    for signal in signals:
        signal.connect(listen)
    try:
        yield facts
    finally:
        for signal in signals:
            signal.disconnect(listen)
