"""The first playbook, in force at NOW; where it is the same for many tests, it is put in force once."""

from enablement.playbook import services
from enablement.playbook.bundle import Bundle
from tests.playbook.conftest import NOW
from tests.playbook.small import bundle
from tests.standing import lay_down


def first_in_force(given: Bundle | None = None) -> None:
    """By default the small one, by nobody."""
    first = given or bundle()

    def build() -> None:
        services.put_in_force(bundle=first, base_number=0, actor=None, at=NOW)

    lay_down(("playbook", first.document(), first.file), build)
