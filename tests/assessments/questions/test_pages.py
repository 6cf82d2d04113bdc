"""The editor of banks, as an author, a learner and a stranger meet it; and every kind in an attempt."""

import pytest
import time_machine
from django.contrib.messages import get_messages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from assessments.models import QuestionImage
from assessments.selectors.asking import as_form_values
from assessments.services import attempts
from assessments.services.grading import right_response
from assessments.services.question_editing import put_question, put_questions, retire_question
from tests.assessments.questions.factories import PNG, image, version_of
from tests.assessments.quizzes.factories import MINUTE, NOW, single
from tests.people.factories import UserFactory

pytestmark = pytest.mark.pages


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def as_author(client, studio):
    client.force_login(studio.author)
    return client


def url(name, studio, *more):
    return reverse(name, args=[studio.bank.pk, *more])


def question(studio, key="blocked"):
    return studio.bank.questions.get(key=key)


def rows(*parts):
    data = {"rows-TOTAL_FORMS": len(parts), "rows-INITIAL_FORMS": 0}
    for place, part in enumerate(parts):
        data |= {f"rows-{place}-{name}": value for name, value in part.items()}
    return data


COMMON = {"tags": "limits", "difficulty": 2, "scoring": "exact", "base": 0}
NEW = {
    "single": rows({"text": "yes", "correct": "on"}, {"text": "no", "why": "Because."}, {}),
    "multiple": rows({"text": "a", "correct": "on"}, {"text": "b"}) | {"scoring": "by_option"},
    "true_false": {"answer": "false"},
    "numeric": {"answer": "4.5", "tolerance": "0.5", "unit": "hours"}
    | rows({"low": "1", "high": "2", "share": "0.5"}, {}),
    "short_text": rows({"text": "SLA", "pattern": "SLAs?"}, {"text": "deadline", "share": "0.5"})
    | {"case_sensitive": "on"},
    "matching": rows({"left": "a", "right": "1"}, {"left": "b", "right": "2"})
    | {"distractors": "3\r\n4\r\n", "scoring": "proportional"},
    "ordering": {"steps": "one\r\n\r\ntwo\r\nthree", "scoring": "proportional"},
    "decision": rows({"title": "Reason", "levels": "0 | None | Nothing.\n2 | Good | It | decides."})
    | {"answer": "escalate", "policy": "Ask **first**."},
}


@pytest.mark.parametrize("kind", NEW)
def test_an_author_writes_a_question_of_every_kind_and_finds_it_as_written(as_author, studio, kind):
    made = as_author.get(url("question_new", studio, kind))
    assert made.status_code == 200

    sent = COMMON | {"key": "mine", "prompt": f"What of {kind}?"} | NEW[kind]
    answer = as_author.post(url("question_new", studio, kind), sent)
    assert answer.status_code == 302, answer.context["form"].problems()
    written = question(studio, "mine")
    assert (answer.url, written.tags, written.difficulty) == (written.get_absolute_url(), ["limits"], 2)
    assert written.versions.get().kind == kind
    assert f"What of {kind}?" in as_author.get(answer.url).content.decode()

    again = as_author.get(reverse("question_edit", args=[written.pk]))
    form = again.context["form"]
    data = {name: form[name].value() for name in form.fields if form[name].value() not in (None, False, [])}
    for row in form.rows.formset if form.rows else ():
        data |= {
            f"{row.prefix}-{name}": row[name].value()
            for name in row.fields
            if row[name].value() not in (None, False)
        }
    if form.rows:
        data |= {"rows-TOTAL_FORMS": form.rows.formset.total_form_count(), "rows-INITIAL_FORMS": 0}
    assert as_author.post(again.request["PATH_INFO"], data | {"base": 1}).status_code == 302
    assert written.versions.count() == 1, "what the form shows is what was written"


def test_what_is_wrong_is_told_where_it_stands_and_nothing_is_kept(as_author, studio):
    sent = COMMON | {"key": "mine", "prompt": "What?"} | rows({"text": "yes"}, {"text": "no"})
    answer = as_author.post(url("question_new", studio, "single"), sent)

    assert answer.status_code == 422
    assert "exactly one option must be correct; 0 are." in answer.content.decode()
    assert 'value="yes"' in answer.content.decode()
    assert not studio.bank.questions.filter(key="mine").exists()


def test_a_refused_pattern_says_why(as_author, studio):
    sent = COMMON | {"key": "mine", "prompt": "What?"} | rows({"text": "a", "pattern": "(?=a)a"})
    answer = as_author.post(url("question_new", studio, "short_text"), sent)

    assert answer.status_code == 422
    assert "It may not look around or refer back." in answer.content.decode()


def test_tags_that_no_quiz_draws_by_are_told_at_their_field(as_author, studio):
    sent = COMMON | {"key": "mine", "prompt": "What?", "tags": "limit"} | NEW["true_false"]
    answer = as_author.post(url("question_new", studio, "true_false"), sent)

    assert answer.status_code == 422
    assert "no quiz draws by its tags" in str(answer.context["form"].errors["tags"])


def test_an_editor_who_comes_late_is_told(as_author, studio):
    put_question(bank=studio.bank, spec=single(prompt="First?"), actor=studio.author, at=NOW, base=1)
    sent = COMMON | {"prompt": "Second?", "base": 1} | NEW["single"]
    answer = as_author.post(reverse("question_edit", args=[question(studio).pk]), sent)

    assert answer.status_code == 422
    assert "Somebody has changed this question in the meantime" in answer.content.decode()


def test_preview_and_more_rows_work_without_javascript_and_keep_nothing(as_author, studio):
    sent = COMMON | {"key": "mine", "prompt": "What of *that*?"} | NEW["single"]
    shown = as_author.post(url("question_new", studio, "single"), sent | {"do": "preview"})
    assert shown.status_code == 200
    assert "What of <em>that</em>?" in shown.content.decode()
    assert shown.context["preview"].graded.choices[1].why == "Because."

    more = as_author.post(url("question_new", studio, "single"), {**sent, "prompt": "", "do": "more"})
    assert more.status_code == 200
    assert "There is a problem" not in more.content.decode()
    assert more.context["form"].rows.formset.total_form_count() == 5
    assert 'value="yes"' in more.content.decode()
    assert not studio.bank.questions.filter(key="mine").exists()


def test_the_preview_beside_the_form(as_author, studio):
    sent = COMMON | {"key": "mine", "prompt": "What?"} | NEW["ordering"]
    preview = as_author.post(url("question_preview", studio, "ordering"), sent)
    assert preview.status_code == 200
    assert "As it is asked" in preview.content.decode()

    unnamed = {name: value for name, value in sent.items() if name not in {"key", "tags"}}
    assert as_author.post(url("question_preview", studio, "ordering"), unnamed).context["preview"]
    preview = as_author.post(url("question_preview", studio, "ordering"), sent | {"steps": "one"})
    assert "it needs at least two steps." in preview.content.decode()
    edited = {"question": question(studio, "steps").pk} | sent
    assert as_author.post(url("question_preview", studio, "ordering"), edited).context["preview"]


def test_authors_find_questions(as_author, studio):
    put_questions(
        bank=studio.bank,
        questions=[studio.spare, single("other", prompt="Ärger?", tags=("limits", "log"), difficulty=3)],
        actor=studio.author,
        at=NOW,
    )
    retire_question(question=question(studio, "case"), actor=studio.author, at=NOW)

    def found(**wanted):
        listed = as_author.get(url("question_bank", studio), wanted).context["listed"]
        return [row.key for row in listed.rows]

    assert found() == ["blocked", "edge", "hours", "other", "pairs", "steps", "word"]
    assert found(text="ärg") == ["other"]
    assert found(tag="log") == ["other"]
    assert found(kind="matching") == ["pairs"]
    assert found(difficulty="3") == ["other"]
    assert found(state="retired") == ["case"]
    assert found(state="edited") == ["case", "other"]
    assert found(text="nothing") == []
    assert "No question fits" in as_author.get(url("question_bank", studio), {"text": "zzz"}).content.decode()
    assert as_author.get(url("question_bank", studio), {"page": "x", "state": "?"}).status_code == 200


def test_a_bank_takes_as_many_queries_for_many_questions(as_author, studio, django_assert_num_queries):
    def queries():
        with django_assert_num_queries(6):
            as_author.get(url("question_bank", studio))

    queries()
    many = [single(f"q{number}") for number in range(60)]
    put_questions(bank=studio.bank, questions=many, actor=studio.author, at=NOW)
    queries()
    assert len(as_author.get(url("question_bank", studio), {"page": 3}).context["listed"].rows) == 16


def test_versions_and_their_use(as_author, studio):
    attempts.start(quiz=studio.quiz, actor=studio.learner, at=NOW)
    put_question(bank=studio.bank, spec=single(prompt="Second?"), actor=studio.author, at=NOW, base=1)
    page = as_author.get(question(studio).get_absolute_url())

    assert [(use.version.number, use.asked, use.last_asked) for use in page.context["uses"]] == [
        (2, 0, None),
        (1, 1, NOW),
    ]
    assert "Second?" in page.content.decode()
    old = as_author.get(question(studio).get_absolute_url(), {"version": "1"}).content.decode()
    assert "A draft comes at 0.69" in old


def test_retire_and_restore(as_author, studio):
    needed = as_author.post(reverse("question_retire", args=[question(studio).pk]), follow=True)
    assert "only 5 would be left" in needed.content.decode()
    put_question(bank=studio.bank, spec=single("spare"), actor=studio.author, at=NOW, base=0)

    retired = as_author.post(reverse("question_retire", args=[question(studio).pk]), follow=True)
    assert [
        str(message) for message in get_messages(retired.wsgi_request)
    ] or "Restore" in retired.content.decode()
    assert question(studio).retired_at == NOW
    as_author.post(reverse("question_restore", args=[question(studio).pk]))
    assert question(studio).retired_at is None


PAGES = ("question_bank", "question_images")


def test_learners_and_strangers_see_no_bank(client, studio):
    made = question(studio)
    pages = [reverse("question_banks"), *(url(name, studio) for name in PAGES)]
    pages += [url("question_new", studio, "single"), made.get_absolute_url()]
    pages += [reverse("question_edit", args=[made.pk])]
    posts = [reverse(name, args=[made.pk]) for name in ("question_retire", "question_restore")]
    posts += [url("question_preview", studio, "single")]
    for person in (studio.learner, studio.outsider, UserFactory()):
        client.force_login(person)
        assert {client.get(page).status_code for page in pages} == {403}
        assert {client.post(page).status_code for page in posts} == {403}
    client.force_login(studio.author)
    assert {client.get(page).status_code for page in pages} == {200}
    assert client.get(url("question_new", studio, "essay")).status_code == 404
    assert client.get(reverse("question_bank", args=[0])).status_code == 404


def test_the_group_of_authors_writes_questions(client, studio):
    client.force_login(UserFactory(groups=["authors"]))

    assert "Question banks" in client.get(reverse("question_banks")).content.decode()


def test_an_image_is_added_and_chosen(as_author, studio):
    file = SimpleUploadedFile("dot.png", PNG)
    answer = as_author.post(url("question_images", studio), {"image": file, "alt": "A white dot"})
    assert answer.status_code == 302
    added = QuestionImage.objects.get()
    sent = COMMON | {"key": "mine", "prompt": "What?", "images": [added.pk]} | NEW["single"]
    answer = as_author.post(url("question_new", studio, "single"), sent)

    shown = as_author.get(answer.url).content.decode()
    assert f'src="{added.get_absolute_url()}" alt="A white dot"' in shown
    assert list(question(studio, "mine").versions.get().pictures.all()) == [added]


@pytest.mark.parametrize(
    ("name", "content"), [("a.png", b"<svg/>"), ("a.svg", b"<svg/>"), ("a.png", b"%PDF-1.7"), ("a.gif", b"")]
)
def test_what_is_no_image_is_refused(as_author, studio, name, content):
    sent = {"image": SimpleUploadedFile(name, content), "alt": "x"}

    assert as_author.post(url("question_images", studio), sent).status_code == 422
    assert not QuestionImage.objects.exists()


def test_an_image_is_for_authors_and_for_whoever_was_asked_with_it(client, studio):
    put_question(bank=studio.bank, spec=single(images=(image(),)), actor=studio.author, at=NOW, base=1)
    address = QuestionImage.objects.get().get_absolute_url()

    def seen_by(person):
        client.force_login(person)
        return client.get(address)

    assert seen_by(studio.author).status_code == 200
    assert seen_by(studio.learner).status_code == 404
    attempt = attempts.start(quiz=studio.quiz, actor=studio.learner, at=NOW)
    served = seen_by(studio.learner)
    assert (served.status_code, served.content) == (200, PNG)
    assert served["Content-Type"] == "image/png"
    assert served["X-Content-Type-Options"] == "nosniff"
    assert "private" in served["Cache-Control"]
    assert "sandbox" in served["Content-Security-Policy"]
    assert f'src="{address}" alt="A white dot"' in "".join(
        client.get(attempt.get_absolute_url(), {"page": page}).content.decode() for page in (1, 2)
    )
    assert seen_by(studio.outsider).status_code == 404
    client.logout()
    assert client.get(address).status_code == 302


def test_every_kind_is_answered_on_the_page_and_shown_with_its_result(client, studio, clock):
    client.force_login(studio.learner)
    attempt = attempts.start(quiz=studio.quiz, actor=studio.learner, at=NOW)
    items = attempt.items.select_related("question_version").order_by("position")
    pages = "".join(
        client.get(attempt.get_absolute_url(), {"page": page}).content.decode() for page in (1, 2)
    )
    assert "CANARY" not in pages
    assert "EXPLAINED" not in pages
    clock.shift(MINUTE)
    for item in items:
        right = as_form_values(right_response(item.question_version))
        sent = {
            "item": item.position,
            f"q-{item.position}": right,
            f"was-{item.position}": "",
            "go": "review",
        }
        assert client.post(reverse("attempt_save", args=[attempt.pk]), sent).status_code == 302
        item.refresh_from_db()
        assert item.response == right_response(item.question_version)
    saved = client.get(attempt.get_absolute_url(), {"page": 1}).content.decode()
    assert saved.count(" selected>") + saved.count(" checked>") > 0
    attempts.submit(attempt=attempt, actor=studio.learner, at=NOW + MINUTE)

    shown = client.get(reverse("attempt_result", args=[attempt.pk])).content.decode()
    for text in ("CANARY The word of the SOP.", "CANARY Money.", "refund", "request it", "EXPLAINED"):
        assert text in shown
    attempt.refresh_from_db()
    assert attempt.points == 6


def test_a_decision_is_saved_with_its_lines(client, studio):
    put_question(bank=studio.bank, spec=studio.spare, actor=studio.author, at=NOW, base=0)
    version = question(studio, "case").versions.get()
    attempt = attempts.start(quiz=studio.quiz, actor=studio.learner, at=NOW)
    item = attempt.items.get(position=1)
    item.question_version, item.option_order = version, []
    item.save()
    client.force_login(studio.learner)
    sent = {"item": 1, "q-1": "deny", "why-1": "It says:\r\nseven days.", "was-1": "", "go": "1"}
    assert client.post(reverse("attempt_save", args=[attempt.pk]), sent).status_code == 302

    item.refresh_from_db()
    assert item.response == {"decision": "deny", "justification": "It says:\nseven days."}
    page = client.get(attempt.get_absolute_url()).content.decode()
    assert "It says:\nseven days.</textarea>" in page
    # An old tab that shows what is saved changes nothing, whatever ends its lines have.
    again = sent | {"was-1": "deny,why:It says:\r\nseven days."}
    client.post(reverse("attempt_save", args=[attempt.pk]), again)
    item.refresh_from_db()
    assert item.saved_at == NOW


@pytest.mark.parametrize("raw", ["nul\x00", "x" * 301])
def test_words_that_cannot_be_kept_are_told_at_the_question(client, studio, raw):
    attempt = attempts.start(quiz=studio.quiz, actor=studio.learner, at=NOW)
    item = attempt.items.get(question_version__kind="short_text")
    client.force_login(studio.learner)
    sent = {"item": item.position, f"q-{item.position}": raw, "go": "review"}
    answer = client.post(reverse("attempt_save", args=[attempt.pk]), sent)

    assert answer.status_code == 422
    item.refresh_from_db()
    assert item.response is None


def test_a_version_that_is_not_stored_has_keys_for_its_inputs():
    version = version_of(single())

    assert len({option["key"] for option in version.options}) == 3
