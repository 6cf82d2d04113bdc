"""The demo's people in the order in which somebody new may want to be them, each with what to try first."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """People who do the same kind of work. people: handle, and what to try first as them."""

    title: Promise
    about: Promise
    people: tuple[tuple[str, Promise], ...]


PARTS = (
    Part(
        title=_("Engineers, who have a tool to earn"),
        about=_("They read, pass a quiz, hand in a lab, decide cases, and see their tool open."),
        people=(
            ("engineer8", _("Answer the readiness survey: the tool opens, and a certificate is made.")),
            ("engineer3", _("Take the quiz, the only thing left.")),
            ("engineer7", _("Decide one more shadow-mode case, blind, then see the tool's answer.")),
            ("engineer9", _("Read the first module.")),
            ("engineer6", _("Mend the lab that a mentor sent back.")),
            ("engineer5", _("See what a failed quiz says, and try it again.")),
            ("engineer15", _("See under My tools why everything is shown and the tool is still locked.")),
            ("engineer1", _("Open the tool, and the certificate. Under Approvals, confirm your own look.")),
        ),
    ),
    Part(
        title=_("Mentors, who sign off"),
        about=_("They mark labs by a rubric, and see how their mentees are."),
        people=(
            ("mentor2", _("Sign off Ben Sørensen's lab: his tool opens at that moment.")),
            (
                "mentor1",
                _("Under Sessions, mark who was there; under Justifications, grade Dagny Holm's capstone."),
            ),
            ("mentor3", _("Open My mentees: who is stuck?")),
            ("mentor4", _("Look for the lab that two people have to mark.")),
            ("mentor5", _("Look for the lab that two people have to sign.")),
        ),
    ),
    Part(
        title=_("Managers of operations, who approve and practise"),
        about=_("They decide what a tool may not do by itself, and train on exception cases."),
        people=(
            ("opsmanager", _("Decide the approval that waits, then go on with the drill.")),
            ("dutymanager", _("See how the capstone stands that a mentor has to grade.")),
        ),
    ),
    Part(
        title=_("Quality assurance, which judges blind"),
        about=_("What they hold to be right shows how far people and the tool can be trusted."),
        people=(
            ("qa1", _("Judge a case, then open the agreement page.")),
            ("qa2", _("Judge a case that another judge has seen already.")),
            ("qa3", _("Decide where two judges differ.")),
        ),
    ),
    Part(
        title=_("Program manager and sponsor, who want to know"),
        about=_("Is the cohort ready, and what holds it up?"),
        people=(
            ("pm", _("Open Readiness, follow what is missing to the people, make a report.")),
            ("sponsor", _("See to how many people each tool is open.")),
        ),
    ),
    Part(
        title=_("Those who govern"),
        about=_("Who may do what, and why; and the switch that stops a tool at once."),
        people=(
            ("compliance", _("Stop the triage summariser under Tool access, then read the decision log.")),
            ("security", _("End that stop; make a token for a gateway.")),
            ("legal", _("Look up who could do what on a day in the past.")),
        ),
    ),
    Part(
        title=_("An author, who writes the rules"),
        about=_("Playbooks, question banks, the roster."),
        people=(
            ("author", _("Upload a changed playbook: the plan says who would gain or lose which tool.")),
        ),
    ),
)
