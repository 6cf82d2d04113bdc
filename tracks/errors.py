"""The error that every service raises when a rule says no."""


class Refused(Exception):
    """A rule of the product forbids this step; nothing was changed.

    `code` is stable and for machines (`attempt_limit`), `message` is for the person and says what to do next.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
