"""The form of a question, of whatever kind: common fields, those of its kind, and its rows of parts."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from assessments.forms.question_rows import ROWS, Rows
from assessments.models import QuestionBank, QuestionImage, QuestionVersion
from assessments.question_checks import problems_of
from assessments.question_specs import (
    MAX_KEY,
    MAX_PARTS,
    MAX_PROSE,
    SCORINGS,
    ImageSpec,
    Kind,
    QuestionSpec,
    Scoring,
)
from assessments.selectors.asking import scoring_label
from assessments.services.question_images import MAX_BYTES
from tracks.errors import Refused
from tracks.models import Lesson

_LINES = {"rows": 6}
_FEW = {"rows": 2}


def _prose(label: Any, *, help_text: Any = "", required: bool = False, rows: int = 3) -> forms.CharField:
    return forms.CharField(
        label=label,
        required=required,
        max_length=MAX_PROSE,
        widget=forms.Textarea(attrs={"rows": rows}),
        help_text=help_text,
    )


def _kind_fields(kind: str) -> dict[str, forms.Field]:
    """What one kind asks beside its rows."""
    lines = _("One a line.")
    match kind:
        case Kind.TRUE_FALSE:
            choices = (("true", _("True")), ("false", _("False")))
            return {"answer": forms.ChoiceField(label=_("It is"), choices=choices, widget=forms.RadioSelect)}
        case Kind.NUMERIC:
            return {
                "answer": forms.DecimalField(label=_("Right answer"), max_digits=20, decimal_places=8),
                "tolerance": forms.DecimalField(
                    label=_("Tolerance"),
                    required=False,
                    min_value=0,
                    max_digits=20,
                    decimal_places=8,
                    help_text=_("How far off is still right, both ends included."),
                ),
                "unit": forms.CharField(label=_("Unit"), required=False, max_length=40),
            }
        case Kind.SHORT_TEXT:
            return {"case_sensitive": forms.BooleanField(label=_("Capital letters matter"), required=False)}
        case Kind.MATCHING:
            help_text = _("Further answers to choose from that belong to nothing. One a line.")
            return {"distractors": _prose(_("Distractors"), help_text=help_text)}
        case Kind.ORDERING:
            return {"steps": _prose(_("Steps in the right order"), help_text=lines, required=True, rows=6)}
        case Kind.DECISION:
            decisions = QuestionVersion.Decision.choices
            return {
                "policy": _prose(
                    _("What the policy says"),
                    help_text=_("The extract that decides. Markdown."),
                    required=True,
                ),
                "answer": forms.ChoiceField(
                    label=_("Right decision"), choices=decisions, widget=forms.RadioSelect
                ),
            }
        case _:
            return {}


class QuestionForm(forms.Form):
    """`spec()` is the question as it was typed; its problems come back to the fields by `add_problem`."""

    key = forms.SlugField(
        label=_("Key"),
        max_length=MAX_KEY,
        help_text=_("Letters, digits, hyphens; it names the question in files and stays."),
    )
    prompt = _prose(_("Prompt"), help_text=_("Markdown."), required=True, rows=5)
    tags = forms.CharField(label=_("Tags"), max_length=500)
    difficulty = forms.TypedChoiceField(
        label=_("Difficulty"), coerce=int, choices=((1, _("easy")), (2, _("medium")), (3, _("hard")))
    )
    lesson = forms.ChoiceField(label=_("Lesson to read again"), required=False)
    scoring = forms.ChoiceField(label=_("Scoring"))
    images = forms.MultipleChoiceField(label=_("Images"), required=False, widget=forms.CheckboxSelectMultiple)
    explanation = _prose(_("Explanation, shown with the result"), help_text=_("Markdown."))
    why_right = _prose(_("For whoever was right"), rows=2)
    why_wrong = _prose(_("For whoever was not"), rows=2)

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        kind: str,
        bank: QuestionBank,
        spec: QuestionSpec | None = None,
        tags: Sequence[str] = (),
        more: bool = False,
        preview: bool = False,
    ) -> None:
        """spec: the question that is edited; tags: those that quizzes of the bank draw by.
        more: only add empty rows to what was sent; nothing is judged yet. preview: what learners do not see
        may still be missing.
        """
        initial = _initial(spec) if spec else {"scoring": _usual_scoring(kind)}
        super().__init__(None if more else data, initial=initial)
        self.kind, self.bank, self.edited = kind, bank, spec
        self.rows = Rows(kind, data=data, spec=spec, more=more) if kind in ROWS else None
        self.rows_problems: list[str] = []
        self._complete(tags)
        if preview:
            self.fields["tags"].required = False
            if spec is None:
                self.fields["key"].required = False
        if more and data is not None:
            for name, field in self.fields.items():
                self.initial[name] = field.widget.value_from_datadict(data, {}, name)

    def _complete(self, tags: Sequence[str]) -> None:
        """Fields of the kind, and what can be chosen in this bank."""
        kind, bank, spec = self.kind, self.bank, self.edited
        fields: dict[str, Any] = self.fields
        fields |= _kind_fields(kind)
        if spec is not None:
            del fields["key"]
        fields["tags"].help_text = _("Separated by spaces. Quizzes draw by: %(tags)s.") % {
            "tags": ", ".join(tags) or _("none yet")
        }
        if scorings := sorted(SCORINGS.get(kind, ())):
            values = (Scoring.EXACT.value, *scorings)
            fields["scoring"].choices = [(value, scoring_label(kind, value)) for value in values]
        else:
            del fields["scoring"]
        lessons = Lesson.objects.live().filter(module__track=bank.track_id, module__retired_at=None)
        titles = lessons.order_by("module__position", "position").values_list("key", "title")
        fields["lesson"].choices = [("", _("None")), *dict(titles).items()]
        self.pictures = {str(image.pk): image for image in QuestionImage.objects.filter(bank=bank)}
        fields["images"].choices = [(pk, image.alt) for pk, image in self.pictures.items()]
        if not self.pictures:
            del fields["images"]
        elif spec is not None:
            wanted = {(image.sha256, image.alt) for image in spec.images}
            self.initial["images"] = [
                pk for pk, image in self.pictures.items() if (image.sha256, image.alt) in wanted
            ]
        self.order_fields([*_ORDER, *fields])

    def clean(self) -> dict[str, Any]:
        """With the question's own problems where they belong, once all its parts can be read."""
        if not self.errors and (self.rows is None or self.rows.is_valid()):
            for name, message in problems_of(self.spec()):
                self.add_problem(name, message)
        return self.cleaned_data

    def is_valid(self) -> bool:
        return super().is_valid() and (self.rows is None or self.rows.is_valid()) and not self.rows_problems

    @property
    def before_rows(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name in _BEFORE_ROWS]

    @property
    def after_rows(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name not in _BEFORE_ROWS]

    def problems(self) -> list[str]:
        """All of them in words, for the preview."""
        found = [
            f"{self[name].label}: {text}" if name in self.fields else str(text)
            for name, texts in self.errors.items()
            for text in texts
        ]
        for errors in self.rows.formset.errors if self.rows else ():
            found += [str(text) for texts in errors.values() for text in texts]
        return found + self.rows_problems

    def chosen_images(self) -> list[dict[str, str]]:
        """As a version holds them."""
        chosen = (self.pictures[pk] for pk in self.cleaned_data.get("images", ()))
        return [{"id": str(image.pk), "sha256": image.sha256, "alt": image.alt} for image in chosen]

    def add_problem(self, name: str, message: str) -> None:
        if self.rows is not None and name == self.rows.name:
            self.rows_problems.append(message)
        else:
            self.add_error(name if name in self.fields else None, message)

    def add_refusal(self, error: Refused | ValidationError) -> None:
        """What the service said."""
        if isinstance(error, Refused):
            self.add_error(None, error.message)
            return
        for problem in error.error_list:
            self.add_problem(problem.code or "", " ".join(problem.messages))

    def spec(self) -> QuestionSpec:
        """Only after the fields and rows have been read."""
        data = self.cleaned_data
        parts: dict[str, Any] = {self.rows.name: self.rows.parts()} if self.rows else {}
        return QuestionSpec(
            key=self.edited.key if self.edited else data["key"] or _UNNAMED,
            kind=self.kind,
            prompt=_unified(data["prompt"]),
            tags=tuple(dict.fromkeys(data["tags"].replace(",", " ").split())),
            difficulty=data["difficulty"],
            lesson=data["lesson"],
            answer=_answer(self.kind, data.get("answer")),
            tolerance=data.get("tolerance") or Decimal(0),
            unit=data.get("unit", ""),
            case_sensitive=data.get("case_sensitive", False),
            distractors=_lines(data.get("distractors", "")),
            steps=_lines(data.get("steps", "")),
            policy=_unified(data.get("policy", "")),
            scoring=data.get("scoring", Scoring.EXACT.value),
            why_right=_unified(data["why_right"]),
            why_wrong=_unified(data["why_wrong"]),
            explanation=_unified(data["explanation"]),
            images=tuple(
                ImageSpec(alt=self.pictures[pk].alt, sha256=self.pictures[pk].sha256)
                for pk in data.get("images", ())
            ),
            **parts,
        )


_UNNAMED = "unnamed"
_BEFORE_ROWS = frozenset({"key", "prompt", "policy", "images", "answer", "tolerance", "unit", "steps"})
_ORDER = (
    "key",
    "prompt",
    "policy",
    "images",
    "answer",
    "tolerance",
    "unit",
    "steps",
    "distractors",
    "case_sensitive",
    "scoring",
    "explanation",
    "why_right",
    "why_wrong",
    "tags",
    "difficulty",
    "lesson",
)


def _usual_scoring(kind: str) -> str:
    usual = kind in {Kind.MATCHING, Kind.ORDERING}
    return Scoring.PROPORTIONAL if usual else Scoring.EXACT


def _initial(spec: QuestionSpec) -> dict[str, Any]:
    answer: Any = spec.answer
    if isinstance(answer, bool):
        answer = "true" if answer else "false"
    if isinstance(answer, Decimal):
        answer = format(answer.normalize(), "f")
    return {
        "prompt": spec.prompt,
        "tags": " ".join(spec.tags),
        "difficulty": spec.difficulty,
        "lesson": spec.lesson,
        "scoring": spec.scoring,
        "explanation": spec.explanation,
        "why_right": spec.why_right,
        "why_wrong": spec.why_wrong,
        "answer": answer,
        "tolerance": format(spec.tolerance.normalize(), "f") if spec.tolerance else None,
        "unit": spec.unit,
        "case_sensitive": spec.case_sensitive,
        "distractors": "\n".join(spec.distractors),
        "steps": "\n".join(spec.steps),
        "policy": spec.policy,
    }


def _answer(kind: str, raw: Any) -> bool | Decimal | str | None:
    answer: bool | Decimal | str | None = raw == "true" if kind == Kind.TRUE_FALSE else raw
    return answer


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.strip())[: MAX_PARTS + 1]


def _unified(text: str) -> str:
    return text.replace("\r\n", "\n")


class ImageForm(forms.Form):
    """A picture for the questions of a bank; the service looks at its bytes."""

    image = forms.FileField(
        label=_("Image"),
        help_text=_("PNG, JPEG, WebP or GIF, at most 1 MB."),
        widget=forms.ClearableFileInput(attrs={"accept": "image/png,image/jpeg,image/webp,image/gif"}),
    )
    alt = forms.CharField(
        label=_("Alternative text"),
        max_length=500,
        help_text=_("What somebody who cannot see it needs to know to answer."),
    )

    def clean_image(self) -> bytes:
        file = self.cleaned_data["image"]
        content: bytes = file.read(MAX_BYTES + 1)
        return content
