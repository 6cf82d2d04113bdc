"""QTI 3: items and packages, and packages that are not what they seem."""

import zipfile
from decimal import Decimal

import pytest

from assessments import formats
from assessments.formats.parsed import Unreadable
from assessments.question_specs import ImageSpec, NumberSpec, OptionSpec, PairSpec, TextSpec
from tests.assessments.formats.samples import FOLDER, IMAGE, by_key, listed, only, package, packed

NAMESPACE = 'xmlns="http://www.imsglobal.org/xsd/imsqtiasi_v3p0"'


def test_the_sample_package_holds_every_interaction_that_maps_and_lists_the_rest():
    parsed = formats.read(package())
    assert [(q.key, q.kind, q.scoring) for q in parsed.questions] == [
        ("refund-limit", "single", "exact"),
        ("signals", "multiple", "proportional"),
        ("emptied", "true_false", "exact"),
        ("handover-order", "ordering", "exact"),
        ("codes", "matching", "proportional"),
        ("tool-name", "short_text", "exact"),
        ("reply-time", "numeric", "exact"),
    ]
    assert [(fault.file, fault.line, fault.title) for fault in parsed.faults] == [
        ("imsmanifest.xml", 20, "gone"),
        ("imsmanifest.xml", 21, "whole"),
        ("items/essay.xml", 5, "calm"),
    ]


def test_a_choice_with_picture_feedback_keywords_and_difficulty():
    question = by_key(formats.read(package()))["refund-limit"]
    assert question.prompt == "A customer asks for **€180**.\n\nWho decides?"
    assert question.options[0] == OptionSpec(text="The shift lead", correct=True, why="Up to 250.")
    assert question.images == (ImageSpec(alt="A table of limits", content=IMAGE),)
    assert (question.tags, question.difficulty) == (("refunds",), 2)


def test_the_other_interactions():
    questions = by_key(formats.read(package()))
    assert questions["emptied"].answer is False
    assert questions["emptied"].why_right == "Right, it is handed over as it is."
    assert questions["handover-order"].steps == ("Count the queue", "Name what is open", "Sign")
    assert questions["codes"].pairs[0] == PairSpec(left="P1", right="everything stands")
    assert questions["codes"].distractors == ("nobody knows",)
    assert questions["tool-name"].prompt == "Summaries are drafted by the _____."
    assert questions["tool-name"].texts == (
        TextSpec(text="Triage Summarizer"),
        TextSpec(text="Triage", share=Decimal("0.5")),
    )
    number = questions["reply-time"]
    assert (number.answer, number.tolerance) == (Decimal(15), Decimal(1))
    assert number.numbers == (NumberSpec(answer=Decimal(15), tolerance=Decimal(3), share=Decimal("0.5")),)


def test_a_single_item_without_a_package():
    assert only(formats.read((FOLDER / "qti" / "items" / "order.xml").read_bytes())).key == "handover-order"


def item(body, *, declaration="", attributes="", processing=""):
    return formats.read(
        f'<qti-assessment-item {NAMESPACE} identifier="i" title="I" time-dependent="false" {attributes}>'
        f"{declaration}<qti-item-body>{body}</qti-item-body>{processing}</qti-assessment-item>".encode()
    )


CHOICE = (
    '<qti-choice-interaction response-identifier="R"><qti-prompt>Who?</qti-prompt>'
    '<qti-simple-choice identifier="A">a</qti-simple-choice>'
    '<qti-simple-choice identifier="B">b</qti-simple-choice>'
    "</qti-choice-interaction>"
)
DECLARED = (
    '<qti-response-declaration identifier="R" cardinality="single" base-type="identifier">'
    "<qti-correct-response><qti-value>A</qti-value></qti-correct-response></qti-response-declaration>"
)


@pytest.mark.parametrize(
    ("parsed", "reason"),
    [
        (lambda: item("<p>Read.</p>"), "It has 0 interactions"),
        (lambda: item(CHOICE + CHOICE, declaration=DECLARED), "It has 2 interactions"),
        (lambda: item(CHOICE), "Its interaction has no response declaration."),
        (lambda: item(CHOICE, declaration=DECLARED, attributes='adaptive="true"'), "It is adaptive"),
        (lambda: item('<qti-upload-interaction response-identifier="R"/>'), "It asks for a file"),
        (lambda: item('<qti-slider-interaction response-identifier="R"/>'), "There is nothing like its"),
        (
            lambda: item(CHOICE, declaration=DECLARED.replace("<qti-value>A</qti-value>", "")),
            "It does not say which answer is right",
        ),
        (lambda: formats.read(b"<assessmentItem identifier='x'/>"), "It is an item of QTI 2"),
        (lambda: formats.read(b"<other/>"), "It begins with <other>"),
    ],
)
def test_what_cannot_be_a_question_is_left_out_with_a_reason(parsed, reason):
    (fault,) = parsed().faults
    assert fault.leaves_out
    assert fault.what.startswith(reason)


def test_rules_of_scoring_that_are_its_own_are_listed_and_the_declared_answer_counts():
    processing = "<qti-response-processing><qti-lookup-outcome-value/></qti-response-processing>"
    parsed = item(CHOICE, declaration=DECLARED, processing=processing)
    assert parsed.questions[0].options[0].correct
    assert [fault.what for fault in parsed.faults] == [
        "Lost: its own rules of scoring; the declared answers count."
    ]


def several(bounds):
    """A multiple choice of a, b, c and d, of which A earns 1, B costs 1 and the others stand in no entry."""
    return (
        '<qti-response-declaration identifier="R" cardinality="multiple" base-type="identifier">'
        f"<qti-correct-response><qti-value>A</qti-value></qti-correct-response><qti-mapping {bounds}>"
        f'<qti-map-entry map-key="A" mapped-value="1"/><qti-map-entry map-key="B" mapped-value="-1"/>'
        "</qti-mapping></qti-response-declaration>"
    )


MAP = (
    '<qti-response-processing template="https://purl.imsglobal.org/spec/qti/v3p0/rptemplates/map_response"/>'
)
FOUR = CHOICE.replace('response-identifier="R"', 'response-identifier="R" max-choices="0"').replace(
    "</qti-choice-interaction>",
    '<qti-simple-choice identifier="C">c</qti-simple-choice>'
    '<qti-simple-choice identifier="D">d</qti-simple-choice></qti-choice-interaction>',
)


def test_a_choice_without_an_entry_is_worth_the_mappings_default():
    """Or picking everything would earn here what it does not earn there."""
    parsed = item(FOUR, declaration=several('lower-bound="0" default-value="-0.5"'), processing=MAP)
    assert [option.share for option in only(parsed).options] == [1, -1, Decimal("-0.5"), Decimal("-0.5")]
    parsed = item(FOUR, declaration=several('lower-bound="0"'), processing=MAP)
    assert [option.share for option in only(parsed).options] == [1, -1, 0, 0]


@pytest.mark.parametrize(
    ("bounds", "lost"),
    [
        ("", "a score below zero; here an answer is worth nothing at the least"),
        ('lower-bound="-1"', "a score below zero; here an answer is worth nothing at the least"),
        ('lower-bound="0.5"', "points that any answer earns"),
        (
            'lower-bound="0" upper-bound="0.5"',
            "a highest score that is less than its right answers earn together",
        ),
    ],
)
def test_bounds_of_a_score_that_do_not_hold_here_are_listed(bounds, lost):
    parsed = item(FOUR, declaration=several(bounds), processing=MAP)
    assert [fault.what for fault in parsed.faults] == [f"Lost: {lost}."]


def test_a_text_that_earns_points_whatever_it_is_is_left_out():
    declared = (
        '<qti-response-declaration identifier="R" cardinality="single" base-type="string"><qti-mapping'
        ' default-value="1"><qti-map-entry map-key="x" mapped-value="2"/></qti-mapping>'
        "</qti-response-declaration>"
    )
    entry = '<p>Which? <qti-text-entry-interaction response-identifier="R"/></p>'
    (fault,) = item(entry, declaration=declared, processing=MAP).faults
    assert (fault.leaves_out, fault.what) == (True, "Any answer at all earns points.")
    assert only(item(entry, declaration=declared.replace('"1"', '"0"'), processing=MAP)).texts[0].text == "x"


@pytest.mark.parametrize(
    ("alt", "what"),
    [
        ("", "One of its answers is a picture that no words stand for."),
        ("a cat", "Lost: an image in an answer; its alternative text stands in its place."),
    ],
)
def test_a_picture_as_an_answer_is_named_as_what_it_is(alt, what):
    body = CHOICE.replace(">a<", f'><img src="a.png" alt="{alt}"/><')
    parsed = item(body, declaration=DECLARED)
    assert [fault.what for fault in parsed.faults] == [what]


def linked():
    info = zipfile.ZipInfo("items/link.xml")
    info.external_attr = 0o120777 << 16
    return info


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (lambda: packed({"items/a.xml": b"<a/>"}), "The package has no imsmanifest.xml"),
        (
            lambda: packed({"../evil.xml": b"", "imsmanifest.xml": b"<m/>"}),
            "The file name '../evil.xml' leads out",
        ),
        (lambda: packed({"/etc/x": b"", "imsmanifest.xml": b"<m/>"}), "The file name '/etc/x' leads out"),
        (lambda: packed({"a\\..\\b": b""}), "The file name "),
        (
            lambda: packed({"imsmanifest.xml": b"<m/>", "big.xml": b"0" * 10_000_001}),
            "Unpacked, the package has",
        ),
        (lambda: packed({linked(): b"/etc/passwd"}), "items/link.xml' is a link"),
        (
            lambda: packed({"imsmanifest.xml": b"<m>"}),
            "imsmanifest.xml, line 1, column 4: It is not well-formed",
        ),
        (lambda: package()[:-200], "The archive cannot be read."),
        (lambda: b"PK\x03\x04" + b"\x00" * 50, "The archive cannot be read."),
        (
            lambda: packed({"imsmanifest.xml": b'<!DOCTYPE m SYSTEM "file:///etc/passwd"><m/>'}),
            "imsmanifest.xml, line 1: The file declares a document type",
        ),
    ],
)
def test_a_package_that_is_not_what_it_seems_is_refused(data, reason):
    with pytest.raises(Unreadable) as refused:
        formats.read(data())
    assert reason in str(refused.value)


def test_an_item_with_a_bomb_is_left_out_and_the_others_come_in():
    manifest = (
        '<manifest><resources><resource type="imsqti_item_xmlv3p0" href="good.xml"/>'
        '<resource type="imsqti_item_xmlv3p0" href="bad.xml"/></resources></manifest>'
    )
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaa">]><qti-assessment-item>&a;</qti-assessment-item>'
    good = (FOLDER / "qti" / "items" / "order.xml").read_bytes()
    parsed = formats.read(packed({"imsmanifest.xml": manifest, "good.xml": good, "bad.xml": bomb}))
    assert [q.key for q in parsed.questions] == ["handover-order"]
    assert listed(parsed) == [(1, "", True)]
    assert parsed.faults[0].file == "bad.xml"
