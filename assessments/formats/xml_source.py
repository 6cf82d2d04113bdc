"""XML as light nodes that know their line, read without document types, entities or anything from outside."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from io import BytesIO
from typing import Any
from xml.sax import SAXException, SAXParseException
from xml.sax.handler import ContentHandler, feature_namespaces
from xml.sax.xmlreader import InputSource

from defusedxml.common import DefusedXmlException
from defusedxml.expatreader import DefusedExpatParser
from django.utils.translation import gettext as _

from assessments.formats.parsed import Fault, Unreadable, check_size

MAX_DEPTH = 100
MAX_NODES = 200_000
_VOID = frozenset({"br", "hr", "img"})


@dataclass(slots=True, eq=False)
class Node:
    """An element without its namespace; `children` holds nodes and the texts between them."""

    tag: str
    line: int
    column: int
    attributes: dict[str, str] = field(default_factory=dict)
    children: list["Node | str"] = field(default_factory=list)

    def get(self, name: str, default: str = "") -> str:
        return self.attributes.get(name, default)

    def nodes(self, *tags: str) -> Iterator["Node"]:
        """The children of these names, or all of them."""
        for child in self.children:
            if not isinstance(child, str) and (not tags or child.tag in tags):
                yield child

    def first(self, tag: str) -> "Node | None":
        return next(self.nodes(tag), None)

    def every(self, *tags: str) -> Iterator["Node"]:
        """All nodes of these names below, in the order of the document. Depth is capped, hence bounded."""
        for child in self.nodes():
            if child.tag in tags:
                yield child
            yield from child.every(*tags)

    @property
    def own_text(self) -> str:
        return "".join(child for child in self.children if isinstance(child, str))

    @property
    def text(self) -> str:
        """All the text inside, whatever element it stands in."""
        return "".join(child if isinstance(child, str) else child.text for child in self.children)

    def text_of(self, *path: str) -> str:
        """The trimmed text of the node down this way; empty where there is none."""
        node: Node | None = self
        for tag in path:
            node = node.first(tag) if node else None
        return node.text.strip() if node else ""

    @property
    def inner_html(self) -> str:
        """What stands inside, as HTML."""
        return "".join(
            escape(child, quote=False) if isinstance(child, str) else child.html for child in self.children
        )

    @property
    def html(self) -> str:
        attributes = "".join(f' {name}="{escape(value)}"' for name, value in self.attributes.items())
        if self.tag in _VOID:
            return f"<{self.tag}{attributes}>"
        return f"<{self.tag}{attributes}>{self.inner_html}</{self.tag}>"


def read_xml(data: bytes, *, file: str = "") -> Node:
    """The root of a document. Raises Unreadable for anything but plain, bounded XML."""
    check_size(data)
    handler = _Handler(file)
    parser: Any = DefusedExpatParser(forbid_dtd=True, forbid_entities=True, forbid_external=True)
    parser.setFeature(feature_namespaces, True)
    parser.setContentHandler(handler)
    source = InputSource()
    source.setByteStream(BytesIO(data))
    try:
        parser.parse(source)
    except DefusedXmlException as error:
        raise _unreadable(
            parser.getLineNumber() or 1,
            0,
            _("The file declares a document type or entities, which can blow up or read other files."),
            _("Take out the <!DOCTYPE …> and write characters directly."),
            file,
        ) from error
    except SAXParseException as error:
        line, column = error.getLineNumber() or 1, (error.getColumnNumber() or 0) + 1
        raise _unreadable(
            line,
            column,
            _("It is not well-formed XML: %(why)s.") % {"why": error.getMessage()},
            _("Mend it there, or export it again from where it comes from."),
            file,
        ) from error
    except (SAXException, ValueError, LookupError, UnicodeError) as error:
        raise _unreadable(1, 1, _("It is not XML that can be read."), _("Save it as UTF-8."), file) from error
    return handler.root


def _unreadable(line: int, column: int, what: str, mend: str, file: str) -> Unreadable:
    return Unreadable(Fault(line=line, column=column, what=what, mend=mend, file=file))


class _Handler(ContentHandler):
    """Builds nodes; depth and number are capped while reading."""

    def __init__(self, file: str) -> None:
        super().__init__()
        self._file = file
        self._locator: Any = None
        self._open: list[Node] = []
        self._pieces: list[str] = []
        self._count = 0
        self._root: Node | None = None

    @property
    def root(self) -> Node:
        if self._root is None:  # the parser has complained before
            raise _unreadable(1, 1, _("The file is empty."), "", self._file)
        return self._root

    def setDocumentLocator(self, locator: Any) -> None:  # noqa: N802
        self._locator = locator

    def startElementNS(self, name: Any, _qname: Any, attrs: Any) -> None:  # noqa: N802
        line, column = self._locator.getLineNumber(), self._locator.getColumnNumber() + 1
        self._flush()
        self._count += 1
        if len(self._open) >= MAX_DEPTH or self._count > MAX_NODES:
            raise _unreadable(
                line,
                column,
                _("The file nests deeper than %(depth)d levels or has more than %(nodes)s elements.")
                % {"depth": MAX_DEPTH, "nodes": f"{MAX_NODES:,}"},
                _("Split it into smaller files."),
                self._file,
            )
        node = Node(name[1], line, column, {key[1]: value for key, value in attrs.items()})
        if self._open:
            self._open[-1].children.append(node)
        else:
            self._root = node
        self._open.append(node)

    def endElementNS(self, _name: Any, _qname: Any) -> None:  # noqa: N802
        self._flush()
        self._open.pop()

    def characters(self, content: str) -> None:
        # Joined once: a parser may hand out a long text in millions of pieces.
        self._pieces.append(content)

    def _flush(self) -> None:
        if self._pieces and self._open:
            self._open[-1].children.append("".join(self._pieces))
        self._pieces.clear()
