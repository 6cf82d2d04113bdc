"""Markdown gives HTML that is safe and fits the page's policy."""

import pytest

from tracks.markdown import render


def test_headings_start_at_the_second_level():
    assert render("# One\n\n## Two\n") == "<h2>One</h2>\n<h2>Two</h2>\n"


def test_tables_scroll_in_a_region_of_their_own_and_align_by_class():
    html = render("| Term | Hours |\n| --- | ---: |\n| Approval | 4 |\n")
    assert '<div class="table-scroll" role="region" tabindex="0" aria-label="Table 1"><table>' in html
    assert '<th scope="col">Term</th>' in html
    assert '<td class="num">4</td>' in html
    assert "style=" not in html


def test_task_lists_have_labelled_boxes():
    html = render("- [ ] Read the ticket\n- [x] Check the output\n")
    assert html.count("<label>") == 2
    assert "<span> Check the output</span></label>" in html
    assert html.count('type="checkbox"') == 2
    assert html.count("checked=") == 1


def test_code_is_coloured_by_classes():
    html = render('```json\n{"a": 1}\n```\n')
    assert html.startswith('<pre tabindex="0"><code class="highlight">')
    assert '<span class="' in html


def test_an_unknown_language_is_plain_code():
    assert (
        render("```nonsense\na < b\n```\n")
        == '<pre tabindex="0"><code class="highlight">a &lt; b\n</code></pre>\n'
    )


def test_bare_links_become_links():
    html = render("See https://example.com/a.")
    assert (
        html
        == '<p>See <a href="https://example.com/a" rel="noopener noreferrer">https://example.com/a</a>.</p>\n'
    )


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[a](javascript:alert(1))",
        "[a](data:text/html,x)",
        "![a](https://example.com/a.png)",
        "<a href='x' onclick='y'>a</a>",
        '```"><script>alert(1)</script>\nx\n```',
    ],
)
def test_nothing_active_comes_through(text):
    html = render(text)
    assert "<script" not in html
    assert "<img" not in html
    assert 'href="javascript' not in html
    assert 'href="data' not in html
    assert "<a href='x'" not in html


def test_each_table_has_a_name_of_its_own():
    table = "| A |\n| --- |\n| 1 |\n\nText.\n\n"
    html = render(table * 2)
    assert [html.count(f'aria-label="Table {number}"') for number in (1, 2, 3)] == [1, 1, 0]
