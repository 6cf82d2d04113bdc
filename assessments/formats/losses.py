"""What a format cannot say of our questions."""

from django.utils.translation import gettext as _

from assessments.formats.parsed import Fault, Weight
from assessments.question_specs import QuestionSpec


class Losses:
    """Gathers, while a file is written, what it does not hold."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def changed(self, spec: QuestionSpec, *what: str) -> None:
        for phrase in what:
            self.faults.append(
                Fault(
                    line=0,
                    title=spec.key,
                    what=_("Lost: %(what)s.") % {"what": phrase},
                    mend=_("The rest of the question is exported."),
                    weight=Weight.CHANGED,
                )
            )

    def left_out(self, spec: QuestionSpec, what: str) -> None:
        mend = _("It stays in the bank only; a YAML export holds every kind.")
        self.faults.append(Fault(line=0, title=spec.key, what=what, mend=mend))
