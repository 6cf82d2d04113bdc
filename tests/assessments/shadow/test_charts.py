"""The drawing of intervals."""

from decimal import Decimal
from xml.etree import ElementTree as ET

import pytest

from assessments.charts import Share, intervals


def share(label="Ada", value="0.88", lower="0.76", upper="0.94") -> Share:
    return Share(
        label=label, share=Decimal(value), lower=Decimal(lower), upper=Decimal(upper), text="44 / 50"
    )


def draw(*rows):
    return intervals(
        title="Agreement", description="What it shows", rows=rows, mark=Decimal("0.75"), mark_text="75 %"
    )


def test_is_well_formed_says_what_it_shows_and_carries_its_own_colours():
    svg = ET.fromstring(draw(share(), share(label="<Bo> & Cy")))
    name = "{http://www.w3.org/2000/svg}"

    assert [svg.find(f"{name}{tag}").text for tag in ("title", "desc")] == ["Agreement", "What it shows"]
    assert [told.text for told in svg.iterfind(f".//{name}g/{name}title")] == [
        "Ada: 44 / 50",
        "<Bo> & Cy: 44 / 50",
    ]
    shapes = [*svg.iter(f"{name}rect"), *svg.iter(f"{name}circle"), *svg.iter(f"{name}text")]
    assert all(shape.get("fill").startswith("#") and shape.get("class") for shape in shapes)
    assert not any(part.get("style") for part in svg.iter())


def test_the_dot_lies_within_its_line_on_a_common_scale():
    svg = ET.fromstring(
        draw(share(value="0", lower="0", upper="0.2"), share(value="1", lower="0.8", upper="1"))
    )
    name = "{http://www.w3.org/2000/svg}"
    left, right = (float(dot.get("cx")) for dot in svg.iter(f"{name}circle"))
    ticks = [float(line.get("x1")) for line in svg.iter(f"{name}line")]

    assert (left, right) == (ticks[0], ticks[-1])


def test_a_share_outside_its_interval_is_refused():
    with pytest.raises(ValueError, match="within its interval"):
        draw(share(value="0.7"))
