"""What people do to access by hand: open, suspend, lift, stop, end a stop, review it. All of it on record.

Closing takes one person. Whatever opens again takes another one than who closed it.
"""

from enablement.access.services.control.holds import keep, lift, suspend
from enablement.access.services.control.opening import open_by_hand
from enablement.access.services.control.stops import end_stop, review_stop, stop

__all__ = ["end_stop", "keep", "lift", "open_by_hand", "review_stop", "stop", "suspend"]
