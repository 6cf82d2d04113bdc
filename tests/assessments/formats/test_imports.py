"""What importing a file does to a bank: planned, agreed, done at once, and nothing the second time."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from assessments import formats
from assessments.formats import Format
from assessments.models import QuestionBank, QuestionImage, QuestionUpload, QuestionVersion
from assessments.services import question_imports as imports
from assessments.services.question_editing import put_question
from assessments.services.question_imports import export_bank, plan_import
from enablement.ledger.models import LedgerEntry
from tests.assessments.formats.samples import GIFT, IMAGE, MOODLE_XML, gift, package
from tests.assessments.quizzes.factories import NOW, single
from tracks.errors import Refused

LATER = NOW + timedelta(hours=1)
SIMPLE = "::Home::Where is it?{=here ~there}\n\n::When::Is it now?{T}"


def bring(desk, parsed, *, key="handover", accept=False, actor=None, at=NOW, **more):
    return imports.import_questions(
        track=desk.track,
        key=key,
        parsed=parsed,
        accept_losses=accept,
        actor=actor or desk.author,
        at=at,
        **more,
    )


def keys(plan):
    return (
        [spec.key for spec in plan.added],
        [(change.spec.key, change.fields) for change in plan.changed],
        list(plan.unchanged),
    )


def test_a_file_comes_in_with_a_fact_for_each_question_and_the_second_time_nothing_happens(desk, facts):
    assert keys(bring(desk, gift(SIMPLE))) == (["home", "when"], [], [])
    assert [(fact.kind, fact.payload["question"], fact.actor_id) for fact in facts] == [
        ("assessments.question_added", "home", desk.author.pk),
        ("assessments.question_added", "when", desk.author.pk),
    ]
    assert LedgerEntry.objects.filter(kind="assessments.question_added").count() == 2
    assert keys(bring(desk, gift(SIMPLE), at=LATER)) == ([], [], ["home", "when"])
    assert len(facts) == 2
    assert QuestionVersion.objects.filter(question__bank=desk.bank).count() == 2


@pytest.mark.parametrize("data", [GIFT, MOODLE_XML, package()], ids=["gift", "moodle-xml", "qti3"])
def test_every_sample_comes_in_whole_and_twice_is_once(desk, data):
    parsed = formats.read(data)
    plan = bring(desk, parsed, accept=True)
    assert len(plan.added) == len(parsed.questions)
    assert bring(desk, parsed, accept=True, at=LATER).questions == ()


def test_a_mended_question_gets_a_new_version_and_the_others_stay(desk):
    bring(desk, gift(SIMPLE))
    plan = bring(desk, gift("::Home::Where is it?{=here ~far away}"), at=LATER)
    assert keys(plan) == ([], [("home", ("options",))], [])
    assert desk.bank.questions.live().count() == 2
    assert desk.bank.questions.get(key="home").versions.count() == 2


def test_nothing_comes_in_while_nobody_has_agreed_to_the_losses(desk, facts):
    with pytest.raises(Refused) as refused:
        bring(desk, formats.read(GIFT))
    assert refused.value.code == "losses"
    assert not desk.bank.questions.exists()
    assert facts == []


def test_one_unsound_question_does_not_come_in_half(desk):
    """All of a file or nothing: the tag of the second is drawn by no quiz, and it is not new."""
    bank = desk.quiz.bank
    put_question(bank=bank, spec=single("spare", tags=("reserve",)), actor=desk.author, at=NOW, base=0)
    before = bank.questions.count()
    plan = bring(desk, gift("::New::Who?{=a ~b}"), key=bank.key)
    assert plan.reserved == ("new",)
    assert bank.questions.get(key="new").tags == ["reserve"]
    assert bank.questions.count() == before + 1


def test_a_tag_for_all_of_them_lets_a_quiz_draw_them(desk):
    plan = bring(desk, gift("::New::Who?{=a ~b}"), key=desk.quiz.bank.key, tag="limits")
    assert (plan.reserved, plan.added[0].tags) == ((), ("limits",))


def test_tags_that_the_bank_gave_stay_and_those_of_the_file_are_added(desk):
    bring(desk, gift("::Home::Where?{T}"))
    question = desk.bank.questions.get(key="home")
    question.tags = ["moved"]
    question.save()
    plan = bring(desk, gift("// [tag:new]\n::Home::Where?{T}"), at=LATER)
    assert keys(plan) == ([], [("home", ("tags",))], [])
    question.refresh_from_db()
    assert question.tags == ["moved", "new"]


def test_what_gift_cannot_say_stays_as_the_bank_has_it(desk):
    spec = single(
        "home",
        prompt="Where?",
        tags=(),
        difficulty=3,
        lesson="atlas",
        options=(),
        kind="true_false",
        answer=True,
        explanation="",
    )
    put_question(bank=desk.bank, spec=spec, actor=desk.author, at=NOW, base=0)
    assert keys(bring(desk, gift("::home::Where?{T}"))) == ([], [], ["home"])


def test_the_same_words_in_another_markdown_change_nothing(desk):
    spec = single(
        "home",
        prompt="A _slanted_ word?",
        tags=(),
        options=(),
        kind="true_false",
        answer=True,
        explanation="",
    )
    put_question(bank=desk.bank, spec=spec, actor=desk.author, at=NOW, base=0)
    assert keys(bring(desk, gift("::home::[html]A <i>slanted</i> word?{T}"))) == ([], [], ["home"])


def test_a_question_that_the_bank_asks_under_another_name_is_left_out(desk):
    bring(desk, gift("::Home::Where is it?{T}"))
    plan = plan_import(bank=desk.bank, parsed=gift("::House::Where is it?{F}"))
    assert keys(plan) == ([], [], [])
    assert [(fault.title, fault.what) for fault in plan.left_out] == [
        ("house", "The bank asks this already, as “home”.")
    ]


def test_a_plan_that_is_no_longer_true_is_refused(desk):
    parsed = gift(SIMPLE)
    seen = plan_import(bank=desk.bank, parsed=parsed).digest
    bring(desk, gift("::Home::Where is it?{=here ~there ~nowhere}"))
    with pytest.raises(Refused) as refused:
        bring(desk, parsed, seen=seen)
    assert refused.value.code == "stale"
    assert desk.bank.questions.count() == 1


def test_only_authors_import_and_keep_files(desk):
    with pytest.raises(Refused) as refused:
        bring(desk, gift(SIMPLE), actor=desk.learner)
    assert refused.value.code == "not_author"
    with pytest.raises(Refused):
        imports.keep_upload(bank=desk.bank, name="a", data=b"Is it?{T}", tag="", actor=desk.learner, at=NOW)
    assert not QuestionUpload.objects.exists()


def test_a_new_file_of_an_author_takes_the_place_of_the_last_one(desk):
    for name in ("a.gift", "b.gift"):
        imports.keep_upload(
            bank=desk.bank, name=name, data=SIMPLE.encode(), tag="", actor=desk.author, at=NOW
        )
    assert [upload.name for upload in QuestionUpload.objects.all()] == ["b.gift"]


def test_pictures_come_in_and_go_out_with_the_package(desk):
    bring(desk, formats.read(package()), accept=True)
    assert [image.alt for image in QuestionImage.objects.filter(bank=desk.bank)] == ["A table of limits"]
    written = export_bank(bank=desk.bank, written_as=Format.QTI3)
    other = QuestionBank.objects.create(track=desk.track, key="copy")
    again = formats.read(written.data)
    assert again.faults == ()
    assert again.questions[0].images[0].content == IMAGE
    assert len(plan_import(bank=other, parsed=again).added) == 7
    assert keys(plan_import(bank=desk.bank, parsed=again))[:2] == ([], [])


def test_an_export_of_a_quiz_bank_that_comes_back_changes_nothing(desk):
    for each in (Format.GIFT, Format.QTI3):
        parsed = formats.read(export_bank(bank=desk.quiz.bank, written_as=each).data, written_as=each)
        assert keys(plan_import(bank=desk.quiz.bank, parsed=parsed))[:2] == ([], [])


def test_a_plan_asks_as_much_of_the_database_for_many_questions_as_for_few(desk):
    def count(questions):
        parsed = gift("\n\n".join(f"::q{n}::Is it {n}?{{T}}" for n in range(questions)))
        bring(desk, parsed)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            plan_import(bank=desk.bank, parsed=parsed)
        return len(queries)

    assert count(2) == count(40) == 3
