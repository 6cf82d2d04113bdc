"""Months for which a survey and a module hold: from the gate and its overlays to what people are asked."""

import pytest

from enablement.access.models import Gate
from enablement.playbook import services
from enablement.playbook.phrases import sentence
from enablement.playbook.services.applying import NeedsApproval
from surveys.models import Survey
from tests.playbook.conftest import NOW
from tests.playbook.small import YAML, alone, bundle, changed
from tracks.models import Module

pytestmark = pytest.mark.django_db
SURVEY = changed("survey: ready", "survey: ready\n        valid_months: 24")
BOTH = changed("modules_completed", "modules_completed\n        valid_months: 12", SURVEY)
OVERLAY = """\
overlays:
  - id: eu
    reason: "Ask more often."
    for: {regions: ["eu-west-1"]}
    gating_conditions:
      - {type: survey, survey: ready, valid_months: 6}
      - {type: modules_completed, modules: [next-steps], valid_months: 3}
"""


def months():
    modules = dict(Module.objects.values_list("key", "valid_months"))
    return Survey.objects.get().valid_months, modules["first-steps"], modules["next-steps"]


def apply(found):
    base = services.current_number()
    return services.apply(bundle=found, base_number=base, actor=None, at=NOW)


def test_gate_and_overlays_say_how_long_it_holds_also_without_the_content(db):
    apply(bundle())
    assert months() == (None, None, None)
    apply(alone(BOTH))
    assert months() == (24, 12, 12)
    assert sentence(Gate.objects.get().tree) == (
        "The tools open when this is met: every module completed, for 12 months, and "
        "survey “ready” answered, for 24 months."
    )
    apply(alone(BOTH + OVERLAY))
    assert months() == (6, 12, 3)


@pytest.mark.parametrize(
    "looser", [YAML, SURVEY, BOTH.replace("months: 24", "months: 36")], ids=["neither", "one", "longer"]
)
def test_for_longer_is_looser_and_takes_the_chain(looser):
    apply(bundle(BOTH))
    with pytest.raises(NeedsApproval) as needed:
        apply(alone(looser))
    assert needed.value.plan.loosens == (
        "Gate Clerk t1: what it asks for now does not include all that it asked for",
    )
    assert months() == (24, 12, 12)
