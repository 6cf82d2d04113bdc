"""PDF from HTML, without a way out."""

import io
import logging
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from pypdf import PdfReader

from tracks.pdf import Unprintable, render


@pytest.fixture
def stylesheet(tmp_path):
    path = tmp_path / "sheet.css"
    path.write_text("@page { size: A5 } body { color: #101828 }")
    return path


@pytest.fixture
def server():
    """A server whose `hits` are the paths that anybody asked for."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            hits.append(self.path)
            self.send_response(404)
            self.end_headers()

    hits = []
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        server.hits = hits
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def text_of(pdf):
    return "".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


def test_html_becomes_pages_of_the_style_sheets_size(stylesheet):
    pdf = render("<p>Hello</p>", stylesheet=stylesheet)
    (page,) = PdfReader(io.BytesIO(pdf)).pages
    assert (round(page.mediabox.width), round(page.mediabox.height)) == (420, 595)
    assert "Hello" in text_of(pdf)


def test_neither_the_network_nor_files_are_read(stylesheet, server, tmp_path):
    address = f"http://127.0.0.1:{server.server_port}"
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    html = f"""
        <link rel="stylesheet" href="{address}/style.css"><img src="{address}/image.png">
        <style>@import url({address}/more.css); p {{ background: url({address}/back.png) }}</style>
        <link rel="attachment" href="file://{secret}"><p>Hello</p>
    """
    pdf = render(html, stylesheet=stylesheet)
    assert "Hello" in text_of(pdf)
    assert server.hits == []
    assert b"/EmbeddedFile" not in pdf


def test_a_drawing_beside_the_style_sheet_is_shown_and_no_other_is(stylesheet, tmp_path):
    drawing = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><path d="M1 2h4"/></svg>'
    (tmp_path / "ours.svg").write_text(drawing)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "theirs.svg").write_text(drawing)

    def lines(name):
        pdf = render(f'<p>Hello</p><img src="{name}">', stylesheet=stylesheet)
        (page,) = PdfReader(io.BytesIO(pdf)).pages
        return page.get_contents().get_data().count(b" l\n")

    assert [lines("ours.svg"), lines("ours.svg")] == [1, 1]
    for name in ("elsewhere/theirs.svg", (tmp_path / "elsewhere" / "theirs.svg").as_uri(), "%6furs.svg"):
        assert lines(name) == 0


def test_characters_without_a_font_are_an_error_where_the_text_matters(stylesheet):
    assert render("<p>\U00012000</p>", stylesheet=stylesheet)
    with pytest.raises(Unprintable) as error:
        render("<p>\U00012000 A \U00012000</p>", stylesheet=stylesheet, must_show="\U00012000 A \U00012000")
    assert error.value.characters == "\U00012000"


@pytest.mark.parametrize("level", [logging.ERROR, logging.WARNING])
def test_the_log_is_left_as_it_was_and_hears_nothing(stylesheet, caplog, level):
    logger = logging.getLogger("weasyprint")
    caplog.set_level(level, "weasyprint")
    before = (logger.level, list(logger.filters))
    with pytest.raises(Unprintable):
        render("<p>\U00012000</p>", stylesheet=stylesheet, must_show="\U00012000")
    assert (logger.level, logger.filters) == before
    assert not caplog.records
