"""What an answer of an attempt is worth: by its own key, or as a regrade has put it right."""

from collections.abc import Mapping
from fractions import Fraction

from assessments.models import AttemptItem, KeyPatch, QuestionVersion
from assessments.services import grading

#: What `earned` needs beside an item, for `select_related`.
WITH_KEY = ("question_version", "question_version__patch", "question_version__patch__key")


def key_of(version: QuestionVersion) -> QuestionVersion | None:
    """The version whose key counts for answers to this one; None where everybody is excused it."""
    try:
        patch = version.patch
    except KeyPatch.DoesNotExist:
        return version
    return patch.key


def earned(item: AttemptItem, *, marks: Mapping[str, int] | None = None) -> Fraction:
    """Exact. marks: a mentor's, by criterion; without them, a justification earns nothing yet."""
    key = key_of(item.question_version)
    if key is None:
        return Fraction(item.max_points)
    return grading.score(key, item.response, marks=marks) * item.max_points


def needs_marking(item: AttemptItem) -> bool:
    key = key_of(item.question_version)
    return key is not None and grading.needs_marking(key, item.response)


def standing(item: AttemptItem, *, marks: Mapping[str, int] | None = None) -> Fraction:
    """The points that an item has now: exact, or as they are stored where its key alone does not give them
    (the question was excused in this attempt, or a regrade let it keep more).
    """
    exact = earned(item, marks=marks)
    if item.points is None or grading.stored(exact) == item.points:
        return exact
    return Fraction(item.points)
