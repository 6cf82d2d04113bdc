"""A bank as a QTI 3.0 content package: imsmanifest.xml, one file for each item, and the pictures."""

import hashlib
import io
import zipfile
from collections.abc import Callable, Iterable
from html import escape

from django.utils.translation import gettext as _

from assessments.formats.losses import Losses
from assessments.formats.parsed import Fault
from assessments.formats.qti_package import ITEM_TYPE, MANIFEST
from assessments.formats.qti_writer import WRITABLE, identifier, lost, write_item
from assessments.question_specs import ImageSpec, QuestionSpec
from assessments.services.question_images import media_type_of

_NAMESPACE = "http://www.imsglobal.org/xsd/qti/qtiv3p0/imscp_v1p1"
_SCHEMA = "https://purl.imsglobal.org/spec/qti/v3p0/schema/xsd/imsqtiv3p0_imscpv1p2_v1p0.xsd"
_LOM = "http://ltsc.ieee.org/xsd/LOM"
_LOM_SCHEMA = "https://purl.imsglobal.org/spec/md/v1p3/schema/xsd/imsmd_loose_v1p3p2.xsd"
_DIFFICULTY = {1: "easy", 2: "medium", 3: "difficult"}
#: A ZIP needs a date; this one makes the same bank the same bytes.
_EPOCH = (1980, 1, 1, 0, 0, 0)


def write(
    questions: Iterable[QuestionSpec], *, picture: Callable[[ImageSpec], bytes]
) -> tuple[bytes, tuple[Fault, ...]]:
    """The package, and what of the questions it does not hold. picture: the content of an image."""
    losses = Losses()
    files: dict[str, bytes] = {}
    resources = []
    for spec in questions:
        if spec.kind not in WRITABLE:
            losses.left_out(spec, _("QTI has no decisions with a justification."))
            continue
        losses.changed(spec, *lost(spec))
        images = [(_image_name(content := picture(image)), image, content) for image in spec.images]
        files |= {path: content for path, _image, content in images}
        name = f"items/{spec.key}.xml"
        shown = [(f"../{path}", image.alt) for path, image, _content in images]
        files[name] = write_item(spec, images=shown).encode()
        resources.append(_resource(spec, name, [path for path, _image, _content in images]))
    files[MANIFEST] = _manifest(resources).encode()
    return _archive(files), tuple(losses.faults)


def _image_name(content: bytes) -> str:
    ending = media_type_of(content).removeprefix("image/")
    return f"images/{hashlib.sha256(content).hexdigest()}.{ending}"


def _resource(spec: QuestionSpec, name: str, images: list[str]) -> str:
    keywords = "".join(
        f'<imsmd:keyword><imsmd:string xml:lang="en">{escape(tag)}</imsmd:string></imsmd:keyword>'
        for tag in spec.tags
    )
    general = f"<imsmd:general>{keywords}</imsmd:general>" if keywords else ""
    level = (
        "<imsmd:educational><imsmd:difficulty><imsmd:source>LOMv1.0</imsmd:source>"
        f"<imsmd:value>{_DIFFICULTY[spec.difficulty]}</imsmd:value></imsmd:difficulty></imsmd:educational>"
    )
    files = "".join(f'<file href="{escape(path)}"/>' for path in (name, *images))
    return (
        f'<resource identifier="{identifier(spec.key)}" type="{ITEM_TYPE}" href="{escape(name)}">'
        f"<metadata><imsmd:lom>{general}{level}</imsmd:lom></metadata>{files}</resource>\n"
    )


def _manifest(resources: list[str]) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<manifest xmlns="{_NAMESPACE}" xmlns:imsmd="{_LOM}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"\n'
        f'  xsi:schemaLocation="{_NAMESPACE} {_SCHEMA} {_LOM} {_LOM_SCHEMA}" identifier="question-bank">\n'
        "<metadata><schema>QTI Package</schema><schemaversion>3.0.0</schemaversion></metadata>\n"
        f"<organizations/>\n<resources>\n{''.join(resources)}</resources>\n</manifest>\n"
    )


def _archive(files: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        # The manifest first, as readers of packages look for it there.
        for name in sorted(files, key=lambda name: (name != MANIFEST, name)):
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), files[name], zipfile.ZIP_DEFLATED)
    return target.getvalue()
