"""Reads of item analyses: the quizzes that can be analysed, what was found of one, and of one question."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from assessments import analysis_charts, psychometrics
from assessments.analysis_charts import Point
from assessments.models import ItemAnalysis, QuestionVersion, Quiz
from assessments.selectors.asking import choices_of
from assessments.services.grading import option_keys

#: What a flag says, and the state that it is shown as.
FLAGS = {
    "few": (_lazy("Too few to say"), "not-started"),
    "key": (_lazy("Is the key right?"), "not-met"),
    "negative": (_lazy("The better answer it worse"), "not-met"),
    "weak": (_lazy("Hardly tells people apart"), "at-risk"),
    "easy": (_lazy("Very easy"), "at-risk"),
    "hard": (_lazy("Very hard"), "at-risk"),
    "dead": (_lazy("An option that nobody picks"), "at-risk"),
}
#: From here on a quiz orders people well enough for a gate (Nunnally 1978).
GOOD_ALPHA = 0.7


@dataclass(frozen=True, kw_only=True, slots=True)
class Flag:
    label: str
    state: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ItemLine:
    """One version of a question, with its figures; None where there is nothing to say."""

    number: int
    version: QuestionVersion
    n: int
    facility: float | None
    r: float | None
    d: float | None
    alpha_without: float | None
    flags: Sequence[Flag]
    flagged: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class AnalysisPage:
    """`latest` is the newest finished analysis, `under_way` one that a job works on."""

    latest: ItemAnalysis | None
    under_way: ItemAnalysis | None
    lines: Sequence[ItemLine]
    scatter: SafeString | None
    histogram: SafeString | None
    bins: Sequence[tuple[str, int]]

    @property
    def flagged(self) -> int:
        return sum(line.flagged for line in self.lines)

    @property
    def alpha(self) -> float | None:
        return self.latest.results["alpha"] if self.latest else None

    @property
    def alpha_state(self) -> str:
        if self.alpha is None:
            return ""
        return "met" if self.alpha >= GOOD_ALPHA else "at-risk"


def quizzes_to_analyse() -> QuerySet[Quiz]:
    """With `people`, who have a result, and `analysed_at`, when the latest analysis was. One query."""
    latest = ItemAnalysis.objects.filter(quiz=OuterRef("pk"), finished_at__isnull=False)
    return (
        Quiz.objects.select_related("module__track")
        .annotate(
            people=Count("attempts__user", filter=Q(attempts__points__isnull=False), distinct=True),
            analysed_at=Subquery(latest.order_by("-finished_at").values("finished_at")[:1]),
        )
        .filter(Q(retired_at=None) | Q(people__gt=0))
        .order_by("module__track__title", "title", "pk")
    )


def analysis_page(quiz: Quiz) -> AnalysisPage:
    """Two queries, however many questions."""
    analyses = list(quiz.analyses.select_related("requested_by")[:10])
    latest = next((each for each in analyses if each.finished_at), None)
    lines = _lines(latest) if latest else []
    bins = list(zip(bin_labels(), latest.results["bins"], strict=True)) if latest else []
    return AnalysisPage(
        latest=latest,
        under_way=next((each for each in analyses if each.finished_at is None), None),
        lines=lines,
        scatter=_scatter(lines),
        histogram=_histogram(quiz, bins) if latest else None,
        bins=bins,
    )


def bin_labels() -> list[str]:
    step = 100 // psychometrics.BINS
    return [f"{low}-{low + step}" for low in range(0, 100, step)]


def _lines(analysis: ItemAnalysis) -> list[ItemLine]:
    """Flagged ones first, then by question and version."""
    items = {item["version"]: item for item in analysis.results["items"]}
    versions = QuestionVersion.objects.filter(pk__in=items).select_related("question__bank")
    ordered = sorted(versions, key=lambda each: (each.question.key, each.number))
    lines = [_line(place, version, items[version.pk]) for place, version in enumerate(ordered, start=1)]
    return sorted(lines, key=lambda line: not line.flagged)


def _line(place: int, version: QuestionVersion, item: Mapping[str, Any]) -> ItemLine:
    flags = [Flag(label=str(FLAGS[name][0]), state=FLAGS[name][1]) for name in item["flags"]]
    return ItemLine(
        number=place,
        version=version,
        n=item["n"],
        facility=item.get("facility"),
        r=item.get("r"),
        d=item.get("d"),
        alpha_without=item.get("alpha_without"),
        flags=flags,
        flagged=bool(item["flags"]) and item["flags"] != ["few"],
    )


def _scatter(lines: Sequence[ItemLine]) -> SafeString | None:
    points = [
        Point(
            label=f"{line.version.question.key} {line.version.number}: {line.facility:.0%}, {line.r:.2f}",
            mark=str(line.number) if any(flag.state == "not-met" for flag in line.flags) else "",
            x=line.facility,
            y=line.r,
            series=4 if line.flagged else 0,
        )
        for line in sorted(lines, key=lambda line: line.number)
        if line.facility is not None and line.r is not None
    ]
    if not points:
        return None
    return analysis_charts.scatter(
        title=_("Questions by how many know them and how they tell people apart"),
        description=_(
            "Each dot is a question; those to look at stand out, and the worst carry their number."
        ),
        points=points,
        x_title=_("facility: how many know it"),
        y_title=_("discrimination"),
    )


def _histogram(quiz: Quiz, bins: Sequence[tuple[str, int]]) -> SafeString:
    return analysis_charts.histogram(
        title=_("Points reached"),
        description=_("How many people reached each tenth of the points; passing columns are darker."),
        counts=[count for _label, count in bins],
        labels=[label for label, _count in bins],
        passes_from=float(quiz.threshold),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class OptionLine:
    text: str
    right: bool
    n: int
    share: float
    lower: float
    middle: float
    upper: float


@dataclass(frozen=True, kw_only=True, slots=True)
class ItemPage:
    """One version of a question, for authors: who picked what."""

    line: ItemLine
    options: Sequence[OptionLine]
    chart: SafeString | None


def item_page(analysis: ItemAnalysis, version: QuestionVersion) -> ItemPage | None:
    """None where the analysis does not know the version. No query."""
    item = next((each for each in analysis.results["items"] if each["version"] == version.pk), None)
    if item is None:
        return None
    texts = _texts(version)
    options = [
        OptionLine(
            text=texts.get(option["key"], option["key"]),
            **{name: option[name] for name in ("right", "n", "share", "lower", "middle", "upper")},
        )
        for option in item["options"]
    ]
    return ItemPage(line=_line(0, version, item), options=options, chart=_bands(options))


def _texts(version: QuestionVersion) -> dict[str, str]:
    if version.kind == QuestionVersion.Kind.DECISION:
        return {value: str(label) for value, label in QuestionVersion.Decision.choices}
    return dict(choices_of(version, option_keys(version)))


def group_names() -> list[str]:
    return [_("weakest 27 %"), _("middle"), _("best 27 %")]


def _bands(options: Sequence[OptionLine]) -> SafeString | None:
    if not options:
        return None
    return analysis_charts.bands(
        title=_("Who picked what"),
        description=_(
            "For each option the share of the weakest, the middle and the best group that picked it."
            " A tick stands before what is right."
        ),
        rows=[
            (f"✓ {option.text}" if option.right else option.text, (option.lower, option.middle, option.upper))
            for option in options
        ],
        series=group_names(),
    )
