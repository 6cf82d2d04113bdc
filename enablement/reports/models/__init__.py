from enablement.reports.models.evidence_pack import EvidencePack
from enablement.reports.models.report import Report

__all__ = ["EvidencePack", "Report"]
