"""Every fault of a CSV file is named by line and column."""

import pytest

from tracks.csv_files import MAX_BYTES, MAX_ROWS, CsvFault, CsvFaults, CsvRow, read_csv, repeated


def rows(content):
    return read_csv(content, required=["email"], optional=["name"])


def faults(content):
    with pytest.raises(CsvFaults) as error:
        rows(content)
    return [(fault.line, fault.column) for fault in error.value.faults], str(error.value)


@pytest.mark.parametrize(
    "content",
    [
        b"email,name\na@example.com,Ada\n",
        b"\xef\xbb\xbfemail,name\r\na@example.com,Ada\r\n",
        b"Email;NAME\n a@example.com ; Ada \n",
        b"email\tname\na@example.com\tAda",
        b"name,email\nAda,a@example.com\n",
        b'"email","name"\n"a@example.com","Ada"\n',
    ],
)
def test_files_as_people_make_them(content):
    assert rows(content) == [CsvRow(2, {"email": "a@example.com", "name": "Ada"})]


def test_empty_lines_count_but_are_no_rows_and_cells_may_hold_line_ends():
    content = b'email,name\n\na@example.com,"Ada\nof London"\n,\nb@example.com,Bo\n'
    assert rows(content) == [
        CsvRow(3, {"email": "a@example.com", "name": "Ada\nof London"}),
        CsvRow(6, {"email": "b@example.com", "name": "Bo"}),
    ]


def test_an_optional_column_may_be_absent():
    assert rows(b"email\na@example.com\n") == [CsvRow(2, {"email": "a@example.com"})]


@pytest.mark.parametrize(
    ("content", "where", "message"),
    [
        (b"", [(1, "")], "The file is empty"),
        (b"\n\n", [(1, "")], "The file is empty"),
        (b"email,name\n", [(1, "")], "No row follows the column names."),
        (b"name\nAda\n", [(1, "email")], "This column is missing; expected email, name."),
        (b"email,phone\na@example.com,1\n", [(1, "phone")], "This column is unknown; expected email, name."),
        (b"email,email\na,b\n", [(1, "email")], "This column occurs twice."),
        (b"email,name\na@example.com\n", [(2, "")], "1 cells; expected 2"),
        (b"email,name\na@example.com,Ada,x\n,Bo\n", [(2, ""), (3, "email")], "3 cells; expected 2"),
        (b"email,name\n,Ada\n", [(2, "email")], "The cell is empty; a value is needed."),
        (b'email,name\n"a@example.com"x,Ada\n', [(2, "")], "quotation marks"),
        (b'email,name\n"a@example.com,Ada\n', [(2, "")], "quotation marks"),
        (b"email\nM\xfcller@example.com\n", [(2, "")], "Not UTF-8"),
        (b"\xff\xfee\x00m\x00", [(1, "")], "Not a text file"),
        (b"email\na@example.com\nb\x00@example.com\n", [(3, "")], "Not a text file"),
    ],
)
def test_faults(content, where, message):
    found, text = faults(content)
    assert found == where
    assert message in text


def test_large_files_are_refused_before_they_are_read():
    ten_megabytes = b"email\n" + b"a@example.com\n" * 750_000
    found, text = faults(ten_megabytes)
    assert found == [(1, "")]
    assert f"The file has {len(ten_megabytes)} bytes; at most {MAX_BYTES} are read." in text


def test_too_many_rows_are_refused():
    found, text = faults(b"email\n" + b"a@b.ch\n" * (MAX_ROWS + 1))
    assert found == [(MAX_ROWS + 2, "")]
    assert "More than 5000 rows" in text


def test_a_huge_cell_is_refused():
    assert faults(b"email\n" + b"a" * 200_000 + b"\n")[0] == [(2, "")]


def test_repeated_values_name_the_first_line():
    found = repeated(rows(b"email\na@example.com\nb@example.com\nA@Example.com\n"), "email")
    assert found == [CsvFault(4, "email", "“a@example.com” is on line 2 already; expected each once.")]
    assert str(found[0]).startswith("Line 4, column “email”: ")
