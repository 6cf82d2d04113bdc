"""The report as a document of A4: the answer first, then the gate, the modules, the people."""

from collections.abc import Sequence
from pathlib import Path

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _

from enablement.programs.selectors.everybody import Line
from enablement.programs.selectors.readiness import Board
from enablement.reports.reading import Reading, reasons, verdict
from tracks import pdf
from tracks.charts import SERIES, meters, stacked_bars

STYLESHEET = Path(__file__).parent / "print" / "report.css"
#: People listed in the document; all of them are in the CSV.
PEOPLE_SHOWN = 40


def print_report(reading: Reading) -> bytes:
    """The times in it are UTC, and say so."""
    series = (_("Completed"), _("Under way"), _("Not started"))
    shown = reading.people[:PEOPLE_SHOWN]
    context = {
        "reading": reading,
        "board": reading.board,
        "verdict": verdict(reading.board),
        "reasons": reasons(reading.board),
        "people": [(row, _done(row.modules), _met(row), _next_step(row, reading.board)) for row in shown],
        "left_out": len(reading.people) - len(shown),
        "mentors": reading.mentors,
        "legend": list(zip(SERIES, series, strict=False)),
        "module_chart": stacked_bars(
            title=_("Module progress"),
            description=_("People per module, by how far they are."),
            rows=[
                (row.module.title, (row.completed, row.under_way, row.not_started)) for row in reading.modules
            ],
            series=series,
        ),
        "gate_chart": meters(
            title=_("Requirements met"),
            description=_("How many people have met each requirement."),
            rows=[(row.label, row.met, row.total) for row in reading.board.rows],
        ),
    }
    with timezone.override("UTC"):
        html = render_to_string("reports/print/report.html", context)
    return pdf.render(html, stylesheet=STYLESHEET)


def _done(modules: Sequence[str]) -> str:
    return f"{sum(state == 'met' for state in modules)} / {len(modules)}"


def _met(row: Line) -> str:
    return "" if row.met_count is None else f"{row.met_count} / {row.asked_count}"


def _next_step(row: Line, board: Board) -> str:
    """What the first unmet requirement lacks."""
    if row.met_count is None or row.first_unmet is None:
        return ""
    return f"{board.rows[row.first_unmet].label}: {row.there[row.first_unmet]}"
