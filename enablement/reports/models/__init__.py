from enablement.reports.models.report import Report

__all__ = ["Report"]
