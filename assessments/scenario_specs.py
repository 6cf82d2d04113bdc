"""What an author wants a track's exception cases to be, as plain values; `check_set()` says what is wrong.

The playbook reads these from files; nothing here knows of files or of the database.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from decimal import Decimal

import rfc8785
from django.core.exceptions import ValidationError
from django.core.validators import validate_slug
from django.utils.translation import gettext as _

from assessments.models import Category, Complexity, Verdict

_SLUG_LENGTH = 100
_TITLE_LENGTH = 200
_MAX_SIZE = 100
#: A justification that has to name less than two things cannot be told from a guess.
MIN_CRITERIA, MAX_CRITERIA = 2, 6
#: A drill and then a capstone of cases that are all new.
DRILLS_OF_NEW_CASES = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Fact:
    """Something attached to a case: a log, a mail, a table, as text."""

    title: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CriterionSpec:
    """One thing that a good justification names."""

    key: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ScenarioSpec:
    """One case. `sha256` covers all of it, so a change of any part makes it another version."""

    key: str
    category: str
    complexity: int
    title: str
    situation: str
    policy: str
    decision: str
    criteria: Sequence[CriterionSpec]
    explanation: str
    facts: Sequence[Fact] = ()
    lesson: str = ""

    @property
    def sha256(self) -> str:
        return hashlib.sha256(rfc8785.dumps(asdict(self))).hexdigest()

    def problems(self) -> Iterable[str]:
        for name in ("title", "situation", "policy", "explanation"):
            if not getattr(self, name).strip():
                yield _("it has no %(part)s.") % {"part": name}
        if len(self.title) > _TITLE_LENGTH:
            yield _("its title has more than %(limit)d characters.") % {"limit": _TITLE_LENGTH}
        if not _is_slug(self.key):
            yield _("its key must be letters, digits, hyphens or underscores.")
        for name, value, known in (
            ("category", self.category, Category.values),
            ("complexity", self.complexity, Complexity.values),
            ("decision", self.decision, Verdict.values),
        ):
            if value not in known:
                values = ", ".join(str(each) for each in known)
                yield _("its %(part)s must be one of %(values)s.") % {"part": name, "values": values}
        keys = [criterion.key for criterion in self.criteria]
        if not MIN_CRITERIA <= len(keys) <= MAX_CRITERIA:
            yield _("a good justification names %(least)d to %(most)d things.") % {
                "least": MIN_CRITERIA,
                "most": MAX_CRITERIA,
            }
        if len(set(keys)) < len(keys) or not all(_is_slug(key) for key in keys):
            yield _("its criteria need keys, each another one.")


@dataclass(frozen=True, kw_only=True, slots=True)
class MatrixRow:
    """Of one complexity in one category: who decides, what to check, and by when."""

    complexity: int
    decides: str
    check: str
    within: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CategorySpec:
    definition: str
    matrix: Sequence[MatrixRow]

    def problems(self) -> Iterable[str]:
        if not self.definition.strip():
            yield _("it has no definition.")
        if sorted(row.complexity for row in self.matrix) != Complexity.values:
            yield _("its matrix needs one row for each complexity, 1 to 3.")
        if not all(part.strip() for row in self.matrix for part in (row.decides, row.check, row.within)):
            yield _("its matrix says who decides, what to check and within which time, in every row.")


@dataclass(frozen=True, kw_only=True, slots=True)
class SetSpec:
    """`categories` by their key; all seven. pass_right, pass_named: what a capstone has to reach."""

    title: str
    categories: Mapping[str, CategorySpec]
    scenarios: Sequence[ScenarioSpec] = field(default=())
    intro: str = ""
    size: int = 20
    pass_right: Decimal = Decimal("0.80")
    pass_named: Decimal = Decimal("0.60")

    def problems(self) -> Iterable[str]:
        if not self.title.strip():
            yield _("it has no title.")
        if not 1 <= self.size <= _MAX_SIZE:
            yield _("a drill has between 1 and %(most)d cases.") % {"most": _MAX_SIZE}
        if not all(0 < share <= 1 for share in (self.pass_right, self.pass_named)):
            yield _("what a capstone has to reach is a share above 0 and at most 1.")
        if set(self.categories) != set(Category.values):
            yield _("it has to describe exactly these categories: %(values)s.") % {
                "values": ", ".join(Category.values)
            }
        for key, category in self.categories.items():
            for problem in category.problems():
                yield _("category “%(key)s”: %(problem)s") % {"key": key, "problem": problem}


def check_set(spec: SetSpec) -> None:
    """Raise ValidationError, naming the scenario, unless drills and capstones can be drawn from the set."""
    problems = [*spec.problems(), *_pool_problems(spec)]
    for scenario in spec.scenarios:
        problems += [
            _("scenario “%(key)s”: %(problem)s") % {"key": scenario.key, "problem": problem}
            for problem in scenario.problems()
        ]
    if problems:
        raise ValidationError(problems)


def _pool_problems(spec: SetSpec) -> Iterable[str]:
    needed = DRILLS_OF_NEW_CASES * spec.size
    if len(spec.scenarios) < needed:
        yield _("%(count)d scenarios are there; a drill and a capstone of new cases need %(needed)d.") % {
            "count": len(spec.scenarios),
            "needed": needed,
        }
    for part, values in (("category", Category.values), ("decision", Verdict.values)):
        held = {getattr(scenario, part) for scenario in spec.scenarios}
        if missing := [value for value in values if value not in held]:
            yield _("no scenario has the %(part)s %(values)s.") % {"part": part, "values": ", ".join(missing)}
    keys = Counter(scenario.key for scenario in spec.scenarios)
    for key, count in keys.items():
        if count > 1:
            yield _("the scenario “%(key)s” is there twice.") % {"key": key}


def _is_slug(text: str) -> bool:
    try:
        validate_slug(text)
    except ValidationError:
        return False
    return len(text) <= _SLUG_LENGTH
