"""Types of values in playbooks and content files, with what each expects in words.

Everything is strict: 1 is not true, "5" is not 5.
"""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from django.core.exceptions import ValidationError as DjangoValidationError
from django.core.validators import validate_email, validate_slug
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StrictInt, StrictStr
from pydantic_core import PydanticCustomError

from enablement.playbook.errors import SourceErrors, show
from enablement.playbook.yaml_source import Path, Source

MAX_KEY = 100
MAX_TITLE = 200
MAX_EMAIL = 254
SHARE_DECIMALS = 3


class Strict(BaseModel):
    """A mapping of a file: known keys only, no conversion between types."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def refuse(message: str, expected: str) -> PydanticCustomError:
    """What a validator raises: the message for the author and what would be right."""
    return PydanticCustomError("refused", "{message}", {"message": message, "expected": expected})


def _slug(value: str) -> str:
    try:
        validate_slug(value)
    except DjangoValidationError:
        value = ""
    if not 0 < len(value) <= MAX_KEY:
        raise refuse("not a key", f"letters, digits, hyphens or underscores, at most {MAX_KEY}")
    return value


def _name(value: str) -> str:
    """As the language of approval rules writes names."""
    if (
        not (value[:1].isalpha() and value.islower() and value.isascii())
        or _slug(value) != value
        or "-" in value
    ):
        raise refuse(
            f"{show(value)} is not a name", "small letters, digits and underscores, like frontline_ops"
        )
    return value


def _line(value: str) -> str:
    if not value.strip() or len(value) > MAX_TITLE or "\n" in value:
        raise refuse("not a line of text", f"one line of 1 to {MAX_TITLE} characters")
    return value.strip()


def _text(value: str) -> str:
    if not value.strip():
        raise refuse("the text is empty", "some text")
    return value.strip()


def _email(value: str) -> str:
    try:
        validate_email(value)
    except DjangoValidationError:
        value = ""
    if not 0 < len(value) <= MAX_EMAIL:
        raise refuse("not an e-mail address", "one like qa@company.com")
    return value


def _clock(value: str) -> str:
    try:
        return f"{datetime.strptime(value, '%H:%M'):%H:%M}"  # noqa: DTZ007 - a time of day
    except ValueError:
        raise refuse("not a time of day", 'one like "14:00", in quotes') from None


def _moment(value: Any) -> datetime:
    """A date and time with its distance from UTC."""
    try:
        moment = datetime.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise refuse(
            f"{show(value)} is not a moment", "a date, a time and a zone, like 2026-12-01T09:00+01:00"
        )
    return moment


def _decimal(value: Any) -> Decimal:
    """A number of the file, or its digits in quotes."""
    if isinstance(value, str):
        try:
            value = Decimal(value)
        except ArithmeticError:
            raise refuse(f"{show(value)} is not a number", "a number") from None
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or not Decimal(value).is_finite():
        raise refuse(f"{show(value)} is not a number", "a number")
    return Decimal(value)


def as_decimal(value: Any, *, source: Source, path: Path) -> Decimal:
    """For a value whose type depends on another. Raises SourceErrors where it is no number."""
    try:
        return _decimal(value)
    except PydanticCustomError as error:
        context = error.context or {}
        fault = source.error(path, str(context["message"]), str(context["expected"]))
        raise SourceErrors([fault]) from error


def _share(value: Decimal) -> Decimal:
    exponent = value.normalize().as_tuple().exponent
    decimals = -exponent if isinstance(exponent, int) else 0
    if not 0 <= value <= 1 or decimals > SHARE_DECIMALS:
        raise refuse(
            f"{value} is not a share", f"a number from 0 to 1 with at most {SHARE_DECIMALS} decimals"
        )
    return value


def _positive_share(value: Decimal) -> Decimal:
    if value == 0:
        raise refuse("0 is no threshold", "a number above 0 and at most 1")
    return value


Slug = Annotated[StrictStr, AfterValidator(_slug)]
Name = Annotated[StrictStr, AfterValidator(_name)]
Line = Annotated[StrictStr, AfterValidator(_line)]
Text = Annotated[StrictStr, AfterValidator(_text)]
Email = Annotated[StrictStr, AfterValidator(_email)]
Clock = Annotated[StrictStr, AfterValidator(_clock)]
Moment = Annotated[datetime, BeforeValidator(_moment)]
Number = Annotated[Decimal, BeforeValidator(_decimal)]
Share = Annotated[Number, AfterValidator(_share)]
Threshold = Annotated[Share, AfterValidator(_positive_share)]
Minutes = Annotated[StrictInt, Field(ge=1, le=24 * 60)]
Hours = Annotated[StrictInt, Field(ge=1, le=24 * 365)]
Switch = Literal["enabled", "disabled"]
