"""The certificate as a sheet of A4, landscape."""

from pathlib import Path

import segno
from django.template.loader import render_to_string

from enablement.certificates.models import Certificate
from tracks import pdf
from tracks.words import in_words

STYLESHEET = Path(__file__).parent / "print" / "certificate.css"
#: Characters of a name up to which it is set in each size.
NAME_SIZES = ((22, "large"), (32, "medium"), (48, "small"))
SKILLS_SHOWN = 6
#: A side of one module of the QR code.
QR_PIXELS = 4
#: One of the eight, all of which can be read: looking for the best one takes a tenth of the sheet's time.
QR_MASK = 2


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
            "shown": [_unbroken(f"{row['label']} ({row['required']})") for row in certificate.requirements],
        },
    )
    return pdf.render(html, stylesheet=STYLESHEET, must_show=certificate.person_name)


def _unbroken(words: str) -> str:
    """On one line, without an element of its own, which would cost the sheet a millisecond."""
    return words.replace(" ", "\N{NO-BREAK SPACE}")


def name_size(name: str) -> str:
    """The class of size in which a name fits on one or two lines."""
    return next((size for most, size in NAME_SIZES if len(name) <= most), "tiny")


def qr_code(address: str) -> str:
    """A PNG, as an address, to be read from behind the glass of a frame (level Q: a quarter may be lost).

    Every module is a whole number of its pixels and is printed with hard edges. As a path of SVG it would
    look the same and take a tenth of the sheet's time.
    """
    code = segno.make(address, error="q", micro=False, boost_error=False, mask=QR_MASK)
    uri: str = code.png_data_uri(scale=QR_PIXELS, border=0, dark="#101828", light="#ffffff")
    return uri
