"""One SVG for page and PDF."""

import re
from xml.etree import ElementTree as ET

import pytest

from tracks.charts import SERIES, meters, stacked_bars

SVG = "{http://www.w3.org/2000/svg}"
NAMES = ("Done", "In progress", "Not started")


def bars(rows):
    drawing = stacked_bars(title="Module progress", description="People per module.", rows=rows, series=NAMES)
    return ET.fromstring(drawing)


def rects(root):
    return [(rect.get("class"), float(rect.get("width"))) for rect in root.iter(f"{SVG}rect")]


def test_parts_are_as_long_as_their_counts_on_one_scale():
    root = bars([("Automation 101", (20, 0, 0)), ("Exceptions", (10, 5, 5))])
    (all_done, whole), (_s0, half), (_s1, quarter), (_s2, rest) = rects(root)
    assert all_done == "s0"
    assert (half + 1.5) * 2 == pytest.approx(whole + 1.5, abs=0.3)
    assert quarter == rest
    assert (quarter + 1.5) * 4 == pytest.approx(whole + 1.5, abs=0.5)


def test_it_says_what_it_shows():
    root = bars([("Automation 101", (3, 2, 1))])
    title, description = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert (title.text, description.text) == ("Module progress", "People per module.")
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}"
    told = [part.text for part in root.iter(f"{SVG}title")]
    assert told[1:] == [
        "Automation 101, Done: 3",
        "Automation 101, In progress: 2",
        "Automation 101, Not started: 1",
    ]


def test_colours_are_attributes_and_classes_and_never_styles():
    drawing = stacked_bars(title="T", description="D", rows=[("A", (1, 2, 3, 4, 5))], series="vwxyz")
    assert re.findall(r'class="(s\d)" fill="(#\w+)"', drawing) == [
        (f"s{index}", colour) for index, colour in enumerate(SERIES)
    ]
    assert "style" not in drawing
    assert "var(" not in drawing


def test_text_is_escaped():
    drawing = stacked_bars(title="<b>", description='"d"', rows=[("<script>&", (1, 1, 1))], series=NAMES)
    assert "<script" not in drawing
    assert "&lt;b&gt;" in drawing
    ET.fromstring(drawing)


def test_a_count_too_narrow_for_its_number_is_drawn_without_it():
    root = bars([("A", (1000, 1, 0))])
    printed = [text.text for text in root.iter(f"{SVG}text") if text.get("class").startswith("v")]
    assert printed == ["1000"]
    assert len(rects(root)) == 2


@pytest.mark.parametrize(
    ("most", "ticks"),
    [
        (0, ["0"]),
        (1, ["0", "1"]),
        (4, ["0", "1", "2", "3", "4"]),
        (20, ["0", "5", "10", "15", "20"]),
        (23, ["0", "10", "20", "30"]),
        (1000, ["0", "500", "1000"]),
    ],
)
def test_the_axis_has_few_round_numbers(most, ticks):
    root = bars([("A", (most, 0, 0))])
    assert [text.text for text in root.iter(f"{SVG}text") if text.get("class") == "tick"] == ticks


def test_long_labels_take_two_lines_and_then_end():
    root = bars([("Policy interpretation for people who approve refunds", (1, 0, 0))])
    labels = [text.text for text in root.iter(f"{SVG}text") if text.get("class") == "lbl"]
    assert labels == ["Policy interpretation", "for people who approve…"]


def test_nothing_to_show_is_still_a_drawing():
    assert rects(bars([])) == []


def test_rows_that_do_not_fit_are_refused():
    for rows in ([("A", (1, 2))], [("A", (1, 2, -1))]):
        with pytest.raises(ValueError, match="one count"):
            bars(rows)


def test_meters_fill_as_far_as_the_count_and_name_both_numbers():
    root = ET.fromstring(meters(title="T", description="D", rows=[("Quiz", 15, 20), ("Labs", 0, 20)]))
    (_s2, track), (_s0, filled), (_empty, _width) = rects(root)
    assert filled == pytest.approx(track * 0.75, abs=0.1)
    assert [text.text for text in root.iter(f"{SVG}text")] == ["Quiz", "15 / 20", "Labs", "0 / 20"]


def test_meters_of_nothing_and_beyond_the_whole():
    assert len(rects(ET.fromstring(meters(title="T", description="D", rows=[("Quiz", 0, 0)])))) == 1
    with pytest.raises(ValueError, match="between"):
        meters(title="T", description="D", rows=[("Quiz", 3, 2)])
