"""What keeps a question from being asked, graded or kept."""

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from assessments.patterns import check_pattern, normalised
from assessments.question_checks import problems_of
from assessments.question_specs import ImageSpec, NumberSpec, OptionSpec, PairSpec, TextSpec
from assessments.services.question_columns import columns_of, digest_of, spec_of
from tests.assessments.questions.factories import (
    EVERY_KIND,
    RUBRIC,
    decision,
    image,
    matching,
    multiple,
    numeric,
    ordering,
    short_text,
    single,
    true_false,
    version_of,
)


def weighted(*shares, kind=multiple):
    options = tuple(
        OptionSpec(text=f"option {place}", correct=correct, share=share and Decimal(share))
        for place, (correct, share) in enumerate(shares)
    )
    return kind(options=options, scoring="weighted")


@pytest.mark.parametrize("make", EVERY_KIND)
def test_a_sound_question_passes(make):
    assert list(problems_of(make())) == []


@pytest.mark.parametrize(
    ("spec", "field", "problem"),
    [
        (short_text(texts=()), "texts", "it needs at least one accepted answer."),
        (short_text(texts=(TextSpec(text="  "),)), "texts", "an accepted answer has no text."),
        (
            short_text(texts=(TextSpec(text="a", share=Decimal("0.5")),)),
            "texts",
            "one accepted answer must be worth the whole mark.",
        ),
        (
            short_text(texts=(TextSpec(text="x", pattern="a.*", share=Decimal(0)), TextSpec(text="ab"))),
            "texts",
            "“ab” is caught by an earlier answer that is worth less.",
        ),
        (
            short_text(texts=(TextSpec(text="a", share=Decimal(2)),)),
            "texts",
            "the share of an accepted answer must be from 0 to 1.",
        ),
        (matching(pairs=matching().pairs[:1]), "pairs", "it needs at least two pairs."),
        (
            matching(pairs=(PairSpec(left="a", right="1"), PairSpec(left=" a", right="2"))),
            "pairs",
            "two pairs begin alike.",
        ),
        (matching(distractors=("request it",)), "distractors", "a distractor is the right side of a pair."),
        (
            matching(pairs=(PairSpec(left="a", right="1"), PairSpec(left="b", right="1")), distractors=()),
            "pairs",
            "there must be at least two right sides to choose from.",
        ),
        (ordering(steps=("one",)), "steps", "it needs at least two steps."),
        (ordering(steps=("one", "two", "one ")), "steps", "two steps say the same."),
        (ordering(scoring="by_option"), "scoring", "a question of its kind cannot be scored “by_option”."),
        (decision(answer="refund"), "answer", "its answer must be approve, deny or escalate."),
        (decision(policy=" "), "policy", "it needs the extract of the policy that the decision rests on."),
        (
            decision(rubric=()),
            "rubric",
            "it needs a rubric by which a mentor marks the justification.",
        ),
        (decision(rubric=RUBRIC + RUBRIC[:1]), "rubric", "Criterion “reason” occurs twice in the rubric."),
        (single(steps=("a", "b")), "steps", "a question of its kind has no “steps”."),
        (true_false(policy="x"), "policy", "a question of its kind has no “policy”."),
        (
            numeric(numbers=(NumberSpec(answer=Decimal("NaN")),)),
            "numbers",
            "an accepted number needs at most 12 digits and 8 decimals, and no negative tolerance.",
        ),
        (
            weighted((True, "0.5"), (False, None)),
            "options",
            "every option needs a share from -1 to 1 with at most 5 decimals.",
        ),
        (
            weighted((True, "0.5"), (False, "0.5")),
            "options",
            "the correct options, and no others, must have shares above 0.",
        ),
        (
            weighted((True, "0.5"), (False, "0"), kind=single),
            "options",
            "the correct option, and no other, must have the share 1.",
        ),
        (
            multiple(options=(OptionSpec(text="a", correct=True, share=Decimal(1)), OptionSpec(text="b"))),
            "options",
            "its options have shares, so its scoring must be weighted.",
        ),
        (
            single(images=(image(alt=" "),)),
            "images",
            "an image needs an alternative text of at most 500 characters.",
        ),
        (single(images=(ImageSpec(alt="x"),)), "images", "an image has no content."),
        (single(images=(image(),) * 5), "images", "it may show at most 4 images."),
        (single(prompt="a\x00b"), "prompt", "“prompt” holds a character that cannot be kept."),
        (ordering(steps=("a", "\ud800")), "steps", "“steps” holds a character that cannot be kept."),
        (
            single(explanation="x" * 20_001),
            "explanation",
            "“explanation” has a text of more than 20000 characters.",
        ),
        (ordering(steps=tuple(map(str, range(41)))), "steps", "“steps” has more than 40 entries."),
        (single(tags=("two words",)), "tags", "its tags must be letters, digits, hyphens or underscores."),
    ],
)
def test_what_cannot_be_asked_graded_or_kept_is_told_by_its_field(spec, field, problem):
    assert list(problems_of(spec)) == [(field, problem)]
    with pytest.raises(ValidationError) as caught:
        spec.check()
    assert [error.code for error in caught.value.error_list] == [field]


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("(?=a)b", "It may not look around or refer back."),
        (r"(a)\1", "It may not look around or refer back."),
        ("(a", "cannot be used: missing ): (a."),
        ("a{1001}", "cannot be used"),
        ("((a{100}){100}){100}", "cannot be used"),
        ("a*", "accepts an empty answer."),
        ("a" * 201, "longer than 200 characters."),
        ("\x00", "holds a character that cannot be kept."),
        ("\udfff", "holds a character that cannot be kept."),
    ],
)
def test_a_pattern_that_cannot_be_used_is_refused_and_why(pattern, why):
    with pytest.raises(ValidationError) as caught:
        check_pattern(pattern)

    assert why in caught.value.messages[0]


@given(st.text(), st.booleans())
def test_what_is_normalised_stays_so(text, case_sensitive):
    once = normalised(text, case_sensitive=case_sensitive)

    assert normalised(once, case_sensitive=case_sensitive) == once


@pytest.mark.parametrize("make", EVERY_KIND)
def test_a_stored_question_reads_as_its_author_wrote_it(make):
    spec = make(
        why_right="Well done.", why_wrong="Look again.", images=(image(),), tags=("a", "b"), difficulty=3
    )
    version = version_of(spec)
    version.images = [{"id": "x", "sha256": image().digest, "alt": image().alt}]
    question = type("Q", (), {"key": spec.key, "tags": spec.tags, "difficulty": 3, "lesson_key": spec.lesson})

    again = spec_of(question, version)
    assert columns_of(again) == columns_of(spec)
    assert digest_of(again) == digest_of(spec)
    assert (again.key, again.tags, again.images[0].digest) == (spec.key, spec.tags, image().digest)


def test_fields_that_are_new_change_no_hash_of_old_questions():
    """The value of before these fields were there: another one would publish every question again."""
    assert digest_of(true_false("edge", prompt="P", explanation="E")) == (
        "c3b79bb3c842cba9b083b3fae8157e489093fb308d9ca37acce559033cf93eee"
    )
