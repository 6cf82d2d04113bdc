"""What became of decisions: reports of gateways and tools, and what follows from many of one kind."""

from enablement.access.services.outcomes.reporting import (
    NoOutcome,
    ReportReused,
    Said,
    UnknownDecision,
    report_outcome,
)

__all__ = ["NoOutcome", "ReportReused", "Said", "UnknownDecision", "report_outcome"]
