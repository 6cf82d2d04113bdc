from enablement.programs.views.path import my_path
from enablement.programs.views.readiness import cohort_readiness, readiness

__all__ = ["cohort_readiness", "my_path", "readiness"]
