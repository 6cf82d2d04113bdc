"""A .zip is read without trusting its names, sizes or kinds of entries."""

import contextlib
import io
import stat
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enablement.playbook.archive import MAX_ARCHIVE_BYTES, read_archive, read_upload, write_archive
from enablement.playbook.bundle import MAX_FILE_BYTES, MAX_FILES
from enablement.playbook.errors import SourceErrors
from tests.playbook.small import CONTENT, YAML, alone, bundle


def zipped(files, **options):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text, **options)
    return target.getvalue()


def fault(data):
    with pytest.raises(SourceErrors) as raised:
        read_archive("a.zip", data)
    return str(raised.value)


WHOLE = {"playbook.yaml": YAML} | {f"content/{name}": text for name, text in CONTENT.items()}


def test_a_written_archive_reads_as_the_same_bundle():
    data = write_archive(bundle())
    assert read_archive("a.zip", data) == bundle()
    assert write_archive(bundle()) == data


def test_one_top_folder_and_clutter_do_not_matter():
    files = {f"mine/{name}": text for name, text in WHOLE.items()}
    files |= {"__MACOSX/mine/._x": "x", "mine/.DS_Store": "x", "mine/content/.git/x": "x"}
    assert read_archive("a.zip", zipped(files)) == bundle()


def test_a_yaml_alone_is_a_playbook_without_content():
    assert read_upload("a.YAML", YAML.encode()) == alone()
    assert read_archive("a.zip", zipped({"a.yaml": YAML})) == alone()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("../playbook.yaml", "leads out of the archive"),
        ("content/../../x", "leads out of the archive"),
        ("/etc/passwd", "leads out of the archive"),
        ("C:/x", "leads out of the archive"),
        ("content\\..\\x", "leads out of the archive"),
        ("content/a\nb", "unprintable name"),
        ("second.yaml", "the archive holds 2 playbooks"),
        ("notes.txt", "unknown file"),
    ],
)
def test_names_that_lead_elsewhere_or_belong_to_nothing_are_refused(name, words):
    assert words in fault(zipped(WHOLE | {name: "x"}))


def test_a_link_is_refused():
    link = zipfile.ZipInfo("content/link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    assert "is not a regular file" in fault(zipped({"playbook.yaml": YAML, link: "/etc/passwd"}))


def test_what_unpacks_to_much_is_refused_before_it_is_unpacked():
    assert "expected at most 5,000,000" in fault(zipped(WHOLE | {"content/big": b"0" * (MAX_FILE_BYTES + 1)}))
    parts = {f"content/{number}": b"0" * 4_900_000 for number in range(5)}
    assert "bytes in all; expected at most 20,000,000" in fault(zipped(WHOLE | parts))
    many = {f"content/{number}": "" for number in range(MAX_FILES)}
    assert "expected at most 2,000" in fault(zipped(WHOLE | many))
    assert "expected at most 10,000,000" in fault(b"0" * (MAX_ARCHIVE_BYTES + 1))


def test_a_size_that_lies_is_noticed():
    data = zipped({"playbook.yaml": YAML, "content/x": b"0" * 100_000})
    place = data.rindex((100_000).to_bytes(4, "little"))
    lying = data[:place] + (10).to_bytes(4, "little") + data[place + 4 :]
    assert "the archive cannot be read" in fault(lying)


def test_an_unusual_packing_is_refused():
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("playbook.yaml", YAML)
    assert "is packed in an unusual way" in fault(target.getvalue())


def test_other_bytes_and_passwords_are_refused():
    assert "the archive cannot be read; expected a plain .zip without a password" in fault(b"PK\x03\x04")
    # The directory begins before the file does.
    start = GOOD.rindex(b"PK\x05\x06") + 16
    assert "the archive cannot be read" in fault(GOOD[:start] + b"\xff\xff\xff\xff" + GOOD[start + 4 :])
    data = bytearray(zipped({"playbook.yaml": YAML}))
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    assert "the archive has a password" in fault(bytes(data))
    twice = zipped({"playbook.yaml": YAML, "playbook.yamL": YAML}).replace(b"playbook.yamL", b"playbook.yaml")
    assert "is in the archive twice" in fault(twice)


def test_a_text_that_is_not_utf_8_is_refused_in_its_file():
    data = zipped(WHOLE | {"content/roles.yaml": b"\xff"})
    assert fault(data) == "content/roles.yaml:1:1: the byte 0xff is not UTF-8; expected a text file in UTF-8"


GOOD = write_archive(bundle())


@given(st.integers(0, len(GOOD) - 1), st.binary(min_size=1, max_size=8))
def test_damaged_archives_are_read_or_refused(place, noise):
    data = GOOD[:place] + noise + GOOD[place + len(noise) :]
    with contextlib.suppress(SourceErrors):
        assert read_archive("a.zip", data).yaml
