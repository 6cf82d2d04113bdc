"""The sheet itself."""

import io

import pytest
from pypdf import PdfReader

from enablement.certificates.models import Certificate
from enablement.certificates.printing import name_size, print_certificate
from tests.tracks.factories import START
from tracks.pdf import Unprintable


def sheet(**values):
    defaults = {
        "person_name": "Amara Okafor",
        "track_title": "Front line",
        "policy_revision": 3,
        "issued_at": START,
    }
    return Certificate(**defaults | values)


@pytest.mark.parametrize(
    "name",
    [
        "Þórbjörg Ægisdóttir-Łukasiewicz",
        "Χριστίνα Παπαδοπούλου",
        "Đặng Thị Ngọc Hằng",
        "Ольга Щербакова",
        "Maria-Magdalena Theodora von Hohenzollern-Sigmaringen y Fernández de Córdoba",
        "Wolfeschlegelsteinhausenbergerdorff" * 3,
        "<b>Robert</b> & Söhne",
    ],
)
def test_any_name_of_our_scripts_is_printed_in_full_on_one_page(name):
    reader = PdfReader(io.BytesIO(print_certificate(sheet(person_name=name))))
    (page,) = reader.pages
    assert "".join(name.split()) in "".join(page.extract_text().split())


def test_a_name_that_no_font_has_is_an_error():
    with pytest.raises(Unprintable) as error:
        print_certificate(sheet(person_name="\U00012000\U00012001 A"))
    assert error.value.characters == "\U00012000\U00012001"


@pytest.mark.parametrize(
    ("length", "size"),
    [(1, "large"), (22, "large"), (23, "medium"), (33, "small"), (49, "tiny"), (200, "tiny")],
)
def test_longer_names_are_set_smaller(length, size):
    assert name_size("x" * length) == size
