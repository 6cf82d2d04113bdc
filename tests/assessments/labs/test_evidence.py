"""Which files come in, and what a sign-off's hash covers."""

import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from hypothesis import given
from hypothesis import strategies as st

from assessments.services.labs import check_file
from assessments.services.labs.evidence import content_hash
from tests.assessments.labs.factories import office_file, text_file

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


@pytest.mark.parametrize(
    ("file", "content_type"),
    [
        (text_file("notes.txt"), "text/plain"),
        (text_file("notes.md", "# Grüße\n".encode()), "text/markdown"),
        (text_file("lines.csv", b"a;b\r\n1;2\r\n"), "text/csv"),
        (ContentFile(b"%PDF-1.7\n", name="brief.pdf"), "application/pdf"),
        (ContentFile(PNG, name="SCREEN.PNG"), "image/png"),
        (ContentFile(b"\xff\xd8\xff\xe0", name="photo.jpg"), "image/jpeg"),
        (office_file("table.xlsx"), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (
            office_file("text.docx", parts=("word/document.xml",)),
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ),
    ],
)
def test_allowed_types_are_known_by_name_and_content(file, content_type):
    checked = check_file(file)

    assert (checked.content_type, checked.size) == (content_type, file.size)
    assert len(checked.sha256) == 64


@pytest.mark.parametrize(
    ("file", "problem"),
    [
        (ContentFile(b"<script>", name="page.html"), "this type cannot be kept"),
        (ContentFile(b"<svg/>", name="figure.svg"), "this type cannot be kept"),
        (ContentFile(b"x", name="without"), "this type cannot be kept"),
        (ContentFile(b"", name="empty.txt"), "it is empty"),
        (ContentFile(b"MZ\x90\x00", name="tool.pdf"), "its content is not what “.pdf” says"),
        (ContentFile(b"%PDF-1.7", name="brief.png"), "its content is not what “.png” says"),
        (ContentFile(b"a\x00b", name="notes.txt"), "its content is not what “.txt” says"),
        (ContentFile(b"\xff\xfea\x00", name="notes.csv"), "its content is not what “.csv” says"),
        (ContentFile(b"PK\x03\x04broken", name="table.xlsx"), "its content is not what “.xlsx” says"),
        (office_file("table.xlsx", parts=("word/document.xml",)), "its content is not what “.xlsx” says"),
        (
            office_file("table.xlsx", parts=("xl/workbook.xml", "xl/vbaProject.bin")),
            "its content is not what “.xlsx” says",
        ),
    ],
)
def test_other_files_are_refused_by_name(file, problem):
    with pytest.raises(ValidationError) as refused:
        check_file(file)

    (message,) = refused.value.messages
    assert message.startswith(f"{file.name}: {problem}")


def test_size_is_allowed_up_to_the_limit(settings):
    settings.EVIDENCE_MAX_BYTES = 10

    assert check_file(text_file(content=b"x" * 10)).size == 10
    with pytest.raises(ValidationError, match="larger than 10"):
        check_file(text_file(content=b"x" * 11))


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("C:\\Users\\me\\notes.txt", "notes.txt"),
        ("../../etc/notes.txt", "notes.txt"),
        ("no\u202etes\r\n.txt", "notes.txt"),
        ("n" * 300 + ".txt", "n" * 146 + ".txt"),
    ],
)
def test_names_are_the_last_part_without_tricks(given_name, kept):
    file = text_file()
    file.name = given_name

    assert check_file(file).name == kept


evidence = st.fixed_dictionaries(
    {"text": st.text(), "link": st.text(), "file_hashes": st.lists(st.text("0123456789abcdef", min_size=1))}
)


@given(evidence)
def test_the_order_of_files_does_not_matter(parts):
    turned = {**parts, "file_hashes": list(reversed(parts["file_hashes"]))}

    assert content_hash(**parts) == content_hash(**turned)


@given(evidence, evidence)
def test_different_evidence_has_a_different_hash(one, other):
    same = {**one, "file_hashes": sorted(one["file_hashes"])} == {
        **other,
        "file_hashes": sorted(other["file_hashes"]),
    }

    assert (content_hash(**one) == content_hash(**other)) is same


def test_the_hash_is_that_of_canonical_json():
    # printf '{"files":["aa","bb"],"link":"","text":"x"}' | sha256sum
    assert (
        content_hash(text="x", link="", file_hashes=["bb", "aa"])
        == "6f4734cc412a5684d7d2fe68e4f01bc35bde52ea38b22cb390d610d024006a8d"
    )
