"""Images of questions: what may come in, found by looking at the bytes, and kept once whoever uses it."""

import hashlib
from collections.abc import Mapping
from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from assessments.models import QuestionBank, QuestionImage
from assessments.models.question import image_path
from assessments.question_specs import ImageSpec

MAX_BYTES = 1_000_000
_WEBP = (b"RIFF", b"WEBP")
_SIGNATURES: Mapping[bytes, str] = {
    b"\x89PNG\r\n\x1a\n": QuestionImage.MediaType.PNG.value,
    b"\xff\xd8\xff": QuestionImage.MediaType.JPEG.value,
    b"GIF87a": QuestionImage.MediaType.GIF.value,
    b"GIF89a": QuestionImage.MediaType.GIF.value,
}


def media_type_of(content: bytes) -> str:
    """What the bytes are. ValidationError for what is no PNG, JPEG, WebP or GIF, empty or too large."""
    if not content:
        raise ValidationError(_("The image is empty."), code="image")
    if len(content) > MAX_BYTES:
        raise ValidationError(
            _("The image is larger than %(limit)s.") % {"limit": filesizeformat(MAX_BYTES)}, code="image"
        )
    for signature, media_type in _SIGNATURES.items():
        if content.startswith(signature):
            return media_type
    if content[:4] == _WEBP[0] and content[8:12] == _WEBP[1]:
        return QuestionImage.MediaType.WEBP
    raise ValidationError(_("This is no PNG, JPEG, WebP or GIF image."), code="image")


def put_image(*, bank: QuestionBank, spec: ImageSpec, at: datetime) -> QuestionImage:
    """The bank's image with this content and alternative text; kept now where it is new. Idempotent.

    Raises ValidationError where the content is none that may be kept, or the bank has no image of this hash.
    """
    digest, alt = spec.digest, spec.alt.strip()
    same = QuestionImage.objects.filter(bank=bank, sha256=digest)
    if image := same.filter(alt=alt).first():
        return image
    if not spec.content:
        known = same.first()
        if known is None:
            raise ValidationError(_("This bank has no image %(hash)s.") % {"hash": digest[:12]}, code="image")
        values = {"media_type": known.media_type, "size": known.size, "file": known.file.name}
    else:
        media_type = media_type_of(spec.content)
        values = {"media_type": media_type, "size": len(spec.content), "file": _kept(spec.content)}
    image = QuestionImage(bank=bank, sha256=digest, alt=alt, added_at=at, **values)
    image.full_clean(exclude=["bank"])
    image.save()
    return image


def content_of(image: QuestionImage) -> bytes:
    with image.file.open("rb") as file:
        content: bytes = file.read()
    return content


def _kept(content: bytes) -> str:
    """The name of the file that holds this content. One that nothing refers to in the end does no harm."""
    digest = hashlib.sha256(content).hexdigest()
    name = image_path(QuestionImage(sha256=digest), "")
    return name if default_storage.exists(name) else default_storage.save(name, ContentFile(content))
