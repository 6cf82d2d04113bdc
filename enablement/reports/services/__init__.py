from enablement.reports.services.building import build, request_report

__all__ = ["build", "request_report"]
