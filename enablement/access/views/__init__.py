from enablement.access.views.governance import access_overview, access_person
from enablement.access.views.tools import my_tools

__all__ = ["access_overview", "access_person", "my_tools"]
