from enablement.people.models.api_token import ApiToken
from enablement.people.models.auditor_access import AuditorAccess
from enablement.people.models.right_request import RightRequest
from enablement.people.models.user import User

__all__ = ["ApiToken", "AuditorAccess", "RightRequest", "User"]
