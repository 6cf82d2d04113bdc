"""Texts of other systems as ours: prompts become Markdown, answers become plain words.

HTML is sanitised first; what cannot be carried over is named, so that the plan can say what is lost.
"""

import re
from dataclasses import dataclass, field
from functools import lru_cache
from html.parser import HTMLParser

import nh3
from django.utils.translation import gettext as _
from markdown_it import MarkdownIt

from assessments.formats.parsed import MAX_TEXT, Form, Text, Unmappable

_EMPHASIS = {"b": "**", "strong": "**", "i": "*", "em": "*", "s": "~~", "del": "~~", "strike": "~~"}
_HEADINGS = {"h1": "##", "h2": "##", "h3": "###", "h4": "####", "h5": "#####", "h6": "######"}
_PARAGRAPHS = frozenset(
    {"p", "div", "section", "article", "center", "dl", "dt", "dd", "figure", "figcaption"}
)
_LISTS = frozenset({"ul", "ol"})
_CODE = frozenset({"code", "tt", "kbd", "samp"})
_BLOCKS = frozenset({*_PARAGRAPHS, *_LISTS, *_HEADINGS, "blockquote", "pre", "table", "hr", "li", "tr"})
_INLINE = frozenset(
    {*_EMPHASIS, *_CODE, "a", "br", "sub", "sup", "span", "u", "small", "big", "font", "q", "abbr"}
)
_MEDIA = frozenset({"iframe", "audio", "video", "object", "embed", "svg", "canvas", "applet"})
_TABLE = frozenset({"table", "thead", "tbody", "tfoot", "tr", "th", "td", "caption"})
_SCRIPTS = frozenset({"script", "style"})
_FORMS = frozenset({"form", "input", "select", "textarea", "button"})
_KNOWN = _BLOCKS | _INLINE | _MEDIA | _TABLE | _FORMS | {"img", "math"}
_VOID = frozenset({"br", "hr", "img", "input", "embed"})
_DEEPEST = 40
_SAFE_LINK = re.compile(r"(?:https?://|mailto:)[^\s<>()]+\Z", re.IGNORECASE)
_LOOKS_LIKE_HTML = re.compile(
    rf"</?(?:{'|'.join(sorted(_KNOWN | _SCRIPTS))})(?:\s[^<>]*|/)?>|&(?:[a-zA-Z]{{2,10}}|#\d{{1,7}});",
    re.IGNORECASE,
)
_FORMULA_MARKS = (("$$", "$$"), (r"\(", r"\)"), (r"\[", r"\]"))
_SPACE = re.compile(r"\s+")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ufffe\uffff]|[\ud800-\udfff]")
_LINE_START = re.compile(
    r"[ \t]*(?:(?P<mark>#{1,6}(?=\s|$)|>|[-+*](?=\s|$)|={1,}(?=\s*$)|-(?=[-|: ]*$)|_(?=[_ ]*$)|~~~|```)"
    r"|(?P<number>\d{1,9})(?=[.)](?:\s|$)))"
)
_INLINE_MARK = re.compile(r"\\(?=[!-/:-@\[-`{-~]|$)|[`*]|_+|\[|~~|<(?=[a-zA-Z/!?])|&(?=#?\w{1,32};)")


@dataclass(frozen=True, slots=True)
class Converted:
    """The text in our form, the names of the images that it showed, and what was lost."""

    text: str
    lost: frozenset[str] = frozenset()
    images: tuple[tuple[str, str], ...] = ()


def as_markdown(text: Text) -> Converted:
    """A prompt or an explanation. Raises Unmappable where the text is too long."""
    raw = _checked(text.raw)
    formulas = _formulas(raw)
    if text.form is Form.MARKDOWN:
        return Converted(raw.strip(), formulas)
    if _is_html(text, raw):
        tree = _tree(raw)
        writer = _Writer()
        written = _tidy(writer.blocks(tree))
        return Converted(written, frozenset(writer.lost | tree.lost | formulas), tuple(writer.images))
    paragraphs = re.split(r"\n[ \t]*\n\s*", raw.strip())
    lines = ["\\\n".join(escaped(line) for line in paragraph.split("\n")) for paragraph in paragraphs]
    return Converted("\n\n".join(lines), formulas)


def as_words(text: Text) -> Converted:
    """An answer or one side of a pair: one line of plain text. Raises Unmappable where it is too long."""
    raw = _checked(text.raw)
    lost = set(_formulas(raw))
    if text.form is Form.MARKDOWN:
        raw, html = str(_parser().render(raw)), True
    else:
        html = _is_html(text, raw)
    if not html:
        return Converted(_one_line(raw), frozenset(lost))
    tree = _tree(raw)
    words = _Words()
    words.collect(tree)
    lost |= words.lost | tree.lost
    return Converted(_one_line("".join(words.parts)), frozenset(lost), tuple(words.images))


def escaped(line: str) -> str:
    """One line of plain text such that Markdown shows it as it is."""
    text = _INLINE_MARK.sub(lambda mark: _escaped_mark(mark, line), line.strip())
    start = _LINE_START.match(text)
    if start and start["mark"]:
        return f"\\{text[start.start('mark') :]}"
    if start and start["number"]:
        return f"{start['number']}\\{text[start.end('number') :]}"
    return text


def _escaped_mark(mark: re.Match[str], _line: str) -> str:
    found, text = mark.group(), mark.string
    before, after = text[: mark.start()][-1:], text[mark.end() :][:1]
    if found.startswith("_"):
        # Inside a word it means nothing; a blank to fill in cannot open emphasis that nothing closes.
        if (before.isalnum() and after.isalnum()) or (len(found) > 2 and (not before or before.isspace())):  # noqa: PLR2004
            return found
        return "".join(f"\\{char}" for char in found)
    if found == "*" and before.isspace() and after.isspace():
        return found
    if found == "[" and "](" not in text and "]:" not in text:
        return found
    return "\\~\\~" if found == "~~" else f"\\{found}"


def _formulas(raw: str) -> frozenset[str]:
    """What is lost where a text holds TeX between marks that Moodle renders."""
    held = any(
        (start := raw.find(opens)) >= 0 and raw.find(closes, start + len(opens)) >= 0
        for opens, closes in _FORMULA_MARKS
    )
    return frozenset({_("formulas, which are shown as they are written")} if held else ())


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False})


def _checked(raw: str) -> str:
    if len(raw) > MAX_TEXT:
        raise Unmappable(
            _("A text has %(size)s characters; at most %(most)s can be kept.")
            % {"size": f"{len(raw):,}", "most": f"{MAX_TEXT:,}"},
            _("Shorten it."),
        )
    return _CONTROL.sub("", raw.replace("\r\n", "\n").replace("\r", "\n"))


def _is_html(text: Text, raw: str) -> bool:
    return text.form is Form.HTML or (text.form is Form.MOODLE and bool(_LOOKS_LIKE_HTML.search(raw)))


def _one_line(text: str) -> str:
    return _SPACE.sub(" ", text).strip()


def _tidy(text: str) -> str:
    lines = [line.rstrip() for line in text.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


@dataclass(slots=True)
class _Element:
    tag: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    children: list["_Element | str"] = field(default_factory=list)
    lost: frozenset[str] = frozenset()


class _Builder(HTMLParser):
    """Builds a tree from sanitised, hence well-formed HTML; nothing nests deeper than `_DEEPEST`."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = _Element()
        self._open = [self.root]
        self._flattened: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if len(self._open) > _DEEPEST:
            if tag not in _VOID:
                self._flattened.append(tag)
            return
        element = _Element(tag, {name: value or "" for name, value in attrs})
        self._open[-1].children.append(element)
        if tag not in _VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        if self._flattened:
            self._flattened.pop()
        elif len(self._open) > 1 and tag not in _VOID:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(data)


def _tree(html: str) -> _Element:
    clean = nh3.clean(
        html,
        tags=set(_KNOWN),
        clean_content_tags=set(_SCRIPTS),
        attributes={"a": {"href"}, "img": {"src", "alt"}},
        url_schemes={"http", "https", "mailto", "data"},
        link_rel=None,
    )
    builder = _Builder()
    builder.feed(clean)
    builder.close()
    if re.search(r"<script\b", html, re.IGNORECASE):
        builder.root.lost = frozenset({_("a script")})
    return builder.root


def _media(tag: str) -> str:
    if tag in _FORMS:
        return _("form fields")
    return _("a formula in MathML") if tag == "math" else _("sound, video or another embedded object")


class _Words:
    """The words of a tree, without their form."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.lost: set[str] = set()
        self.images: list[tuple[str, str]] = []

    def collect(self, element: _Element) -> None:
        for child in element.children:
            if isinstance(child, str):
                self.parts.append(child)
                continue
            self._note(child)
            # A block or a break ends a word, emphasis does not.
            between = " " if child.tag in _BLOCKS | {"br", "td", "th"} else ""
            self.parts.append(between + {"sup": "^", "sub": "_"}.get(child.tag, ""))
            self.collect(child)
            self.parts.append(between)

    def _note(self, child: _Element) -> None:
        if child.tag == "img":
            self.images.append((child.attributes.get("src", ""), child.attributes.get("alt", "")))
            self.parts.append(child.attributes.get("alt", ""))
        elif child.tag in _MEDIA | _FORMS | {"math"}:
            self.lost.add(_media(child.tag))
        elif child.tag in {*_EMPHASIS, *_CODE, *_LISTS, *_TABLE, *_HEADINGS, "a", "sub", "sup", "pre", "u"}:
            self.lost.add(_("the formatting of an answer"))


class _Writer:
    """Markdown of a tree."""

    def __init__(self) -> None:
        self.lost: set[str] = set()
        self.images: list[tuple[str, str]] = []

    def blocks(self, element: _Element) -> str:
        """Blocks apart by an empty line; text between them is a paragraph of its own."""
        done: list[str] = []
        loose: list[_Element | str] = []
        for child in [*element.children, _Element("end")]:
            if isinstance(child, str) or (child.tag not in _BLOCKS and child.tag != "end"):
                loose.append(child)
                continue
            done.append(self._paragraph(loose))
            loose = []
            if child.tag != "end":
                done.append(self._block(child))
        return "\n\n".join(block for block in done if block.strip())

    def _block(self, element: _Element) -> str:
        if element.tag in _HEADINGS:
            return f"{_HEADINGS[element.tag]} {_one_line(self.inline(element.children))}"
        if element.tag in _LISTS:
            return self._list(element)
        if element.tag == "blockquote":
            return "\n".join(f"> {line}".rstrip() for line in self.blocks(element).split("\n"))
        if element.tag == "pre":
            words = _Words()
            words.collect(element)
            body = "".join(words.parts).strip("\n")
            fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", body)), default=0))
            return f"{fence}\n{body}\n{fence}"
        if element.tag == "table":
            return self._table(element)
        return "---" if element.tag == "hr" else self.blocks(element)

    def _paragraph(self, children: list[_Element | str]) -> str:
        lines = self.inline(children).split("\\\n")
        kept = [_at_line_start(_one_line(line)) for line in lines]
        return "\\\n".join(line for line in kept if line)

    def inline(self, children: list[_Element | str]) -> str:
        return "".join(
            _inline_escaped(child) if isinstance(child, str) else self._inline(child) for child in children
        )

    def _inline(self, element: _Element) -> str:
        tag = element.tag
        if tag == "br":
            return "\\\n"
        if tag == "img":
            self.images.append((element.attributes.get("src", ""), element.attributes.get("alt", "")))
            return ""
        if tag in _MEDIA | _FORMS | {"math"}:
            self.lost.add(_media(tag))
        inner = self.inline(element.children)
        if tag in _CODE:
            words = _Words()
            words.collect(element)
            return _code(_one_line("".join(words.parts)))
        if tag in _EMPHASIS:
            return _around(inner, _EMPHASIS[tag])
        if tag == "a" and _SAFE_LINK.match(element.attributes.get("href", "")):
            label = _one_line(inner)
            return f"[{label}]({element.attributes['href']})" if label else ""
        if tag in {"sub", "sup"} and inner.strip():
            self.lost.add(_("raised and lowered letters, now written with ^ and _"))
            return ("^" if tag == "sup" else "\\_") + inner.strip()
        return inner

    def _list(self, element: _Element) -> str:
        lines = []
        items = [child for child in element.children if not isinstance(child, str)]
        for number, item in enumerate(items, start=1):
            mark = f"{number}." if element.tag == "ol" else "-"
            body = re.sub(r"\n\n(?=[ ]*(?:-|\d+\.) )", "\n", self.blocks(item)) or " "
            indent = " " * (len(mark) + 1)
            lines.append(f"{mark} " + body.replace("\n", f"\n{indent}"))
        return "\n".join(lines)

    def _table(self, element: _Element) -> str:
        rows = [
            [
                _one_line(self.inline(cell.children)).replace("\\\n", " ").replace("|", "\\|")
                for cell in _cells(row)
            ]
            for row in _rows(element)
        ]
        width = max((len(row) for row in rows), default=0)
        if not width:
            return ""
        lines = ["| " + " | ".join([*row, *[""] * (width - len(row))]) + " |" for row in rows]
        return "\n".join([lines[0], "|" + " --- |" * width, *lines[1:]])


def _rows(table: _Element) -> list[_Element]:
    found: list[_Element] = []
    for child in table.children:
        if isinstance(child, str):
            continue
        found += [child] if child.tag == "tr" else _rows(child) if child.tag in _TABLE else []
    return found


def _cells(row: _Element) -> list[_Element]:
    return [cell for cell in row.children if not isinstance(cell, str) and cell.tag in {"td", "th"}]


def _around(inner: str, mark: str) -> str:
    """Emphasis holds only where its marks touch the words."""
    words = inner.strip()
    if not words or mark in words:
        return inner
    before, after = inner[: len(inner) - len(inner.lstrip())], inner[len(inner.rstrip()) :]
    return f"{before}{mark}{words}{mark}{after}"


def _code(words: str) -> str:
    if not words:
        return ""
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", words)), default=0))
    pad = " " if words.startswith("`") or words.endswith("`") else ""
    return f"{fence}{pad}{words}{pad}{fence}"


def _inline_escaped(text: str) -> str:
    flat = _SPACE.sub(" ", text)
    return _INLINE_MARK.sub(lambda mark: _escaped_mark(mark, flat), flat)


def _at_line_start(line: str) -> str:
    start = _LINE_START.match(line)
    if start and start["mark"] and not line.startswith(("**", "`", "~~")):
        return f"\\{line}"
    if start and start["number"]:
        return f"{start['number']}\\{line[start.end('number') :]}"
    return line
