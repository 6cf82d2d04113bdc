"""Markdown as people write it here, as HTML that is safe to show.

CommonMark with tables, task lists, strikethrough and bare links; raw HTML is shown as text. The result
passes a sanitiser all the same, so that a fault in the parser is not a hole in the page.
"""

from collections.abc import Sequence
from functools import lru_cache

import nh3
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from mdit_py_plugins.tasklists import tasklists_plugin
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

_TAGS = {
    *(
        "a",
        "blockquote",
        "br",
        "code",
        "del",
        "div",
        "em",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "input",
        "label",
    ),
    *("li", "ol", "p", "pre", "s", "span", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul"),
}
_ATTRIBUTES = {
    "a": {"href", "title"},
    "code": {"class"},
    "div": {"class", "role", "tabindex", "aria-label"},
    "input": {"type", "class", "checked", "disabled"},
    "li": {"class"},
    "ol": {"start"},
    "pre": {"tabindex"},
    "span": {"class"},
    "td": {"class"},
    "th": {"class", "scope"},
    "ul": {"class"},
}


def render(text: str) -> SafeString:
    """HTML of a Markdown text; the same text gives the same HTML."""
    # The one place that marks authors' text as safe: nh3 has just made it so.
    return mark_safe(_render(text))  # noqa: S308


@lru_cache(maxsize=256)
def _render(text: str) -> str:
    html = _parser().render(text)
    return nh3.clean(html, tags=_TAGS, attributes=_ATTRIBUTES, url_schemes={"http", "https", "mailto"})


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "linkify": True, "highlight": _highlighted})
    parser.enable(["table", "strikethrough", "linkify"]).use(tasklists_plugin, label=True)
    parser.core.ruler.after("github-tasklists", "task-text", _wrap_task_text)
    parser.add_render_rule("heading_open", _heading)
    parser.add_render_rule("heading_close", _heading)
    parser.add_render_rule("table_open", _table_open)
    parser.add_render_rule("table_close", _table_close)
    parser.add_render_rule("th_open", _cell_open)
    parser.add_render_rule("td_open", _cell_open)
    return parser


def _highlighted(code: str, language: str, _attributes: str) -> str:
    """A whole `<pre>`: it scrolls by keyboard, and colours come from classes, as the page's policy
    demands.
    """
    try:
        lexer = get_lexer_by_name(language or "text")
    except ClassNotFound:
        lexer = get_lexer_by_name("text")
    inner = highlight(code, lexer, HtmlFormatter(nowrap=True))
    return f'<pre tabindex="0"><code class="highlight">{inner}</code></pre>'


def _wrap_task_text(state: StateCore) -> None:
    """`<label><input> <span>…</span></label>`: box and text stand side by side, the text as one."""
    for token in state.tokens:
        children = token.children or []
        if children and children[0].type == "html_inline" and children[0].content == "<label>":
            opening, closing = Token("html_inline", "", 0), Token("html_inline", "", 0)
            opening.content, closing.content = "<span>", "</span>"
            token.children = [*children[:2], opening, *children[2:-1], closing, children[-1]]


def _heading(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    """The page's title is the only first-level heading, so a text starts at the second."""
    if tokens[index].tag == "h1":
        tokens[index].tag = "h2"
    return renderer.renderToken(tokens, index, options, env)


def _table_open(
    renderer: RendererHTML,  # noqa: ARG001 - the parser's signature
    tokens: Sequence[Token],
    index: int,
    options: OptionsDict,  # noqa: ARG001
    env: EnvType,  # noqa: ARG001
) -> str:
    """A wide table scrolls in a region of its own, also by keyboard; each region has a name of its own."""
    number = sum(token.type == "table_open" for token in tokens[: index + 1])
    label = gettext("Table %(number)s") % {"number": number}
    return f'<div class="table-scroll" role="region" tabindex="0" aria-label="{label}"><table>\n'


def _table_close(*_rendering: object) -> str:
    return "</table></div>\n"


def _cell_open(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    """Alignment as a class: the page's policy forbids inline styles."""
    token = tokens[index]
    if token.attrs.pop("style", "") == "text-align:right":
        token.attrSet("class", "num")
    if token.tag == "th":
        token.attrSet("scope", "col")
    return renderer.renderToken(tokens, index, options, env)
