"""The certificate as a sheet of A4, landscape."""

from pathlib import Path

import segno
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from enablement.certificates.models import Certificate
from tracks import pdf
from tracks.words import in_words

STYLESHEET = Path(__file__).parent / "print" / "certificate.css"
#: Characters of a name up to which it is set in each size.
NAME_SIZES = ((22, "large"), (32, "medium"), (48, "small"))
SKILLS_SHOWN = 6


def print_certificate(certificate: Certificate) -> bytes:
    """Raises tracks.pdf.Unprintable where no font has the person's name."""
    html = render_to_string(
        "certificates/print/certificate.html",
        {
            "certificate": certificate,
            "name_size": name_size(certificate.person_name),
            "qr": qr_code(certificate.verify_url),
            "skills": [
                {"title": skill["title"], "outcomes": [in_words(outcome) for outcome in skill["outcomes"]]}
                for skill in certificate.skills[:SKILLS_SHOWN]
            ],
        },
    )
    return pdf.render(html, stylesheet=STYLESHEET, must_show=certificate.person_name)


def name_size(name: str) -> str:
    """The class of size in which a name fits on one or two lines."""
    return next((size for most, size in NAME_SIZES if len(name) <= most), "tiny")


def qr_code(address: str) -> SafeString:
    """An SVG that can be read from behind the glass of a frame (level Q: a quarter may be lost)."""
    code = segno.make(address, error="q", micro=False, boost_error=False)
    svg = code.svg_inline(border=0, omitsize=True, dark="#101828", svgclass="qr", lineclass=None)
    return mark_safe(svg)  # noqa: S308  # made here, of an address of ours
