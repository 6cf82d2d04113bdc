"""deploy/nginx.conf as it is shipped, with this test's addresses in it."""

import http.client
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from enablement.launch.paths import ROOT
from enablement.launch.services import free_port
from tests.e2e.proxy import nginx_with

FRAME = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log stderr warn;
events {{ worker_connections 256; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxied;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  {site}
}}
"""


class Echo(BaseHTTPRequestHandler):
    """A tool that says what it was asked."""

    def do_GET(self):
        body = json.dumps({"path": self.path, "headers": dict(self.headers)}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


@contextmanager
def echo() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


@dataclass(frozen=True)
class Front:
    """The address where nginx listens."""

    port: int

    def get(self, path: str, *, cookie: str = "", **headers: str):
        """Status, headers and text of the answer."""
        context = ssl._create_unverified_context()
        connection = http.client.HTTPSConnection("localhost", self.port, timeout=20, context=context)
        try:
            sent = {"Cookie": f"sessionid={cookie}", **headers} if cookie else headers
            connection.request("GET", path, headers=sent)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read().decode()
        finally:
            connection.close()


@contextmanager
def front(*, gate: int, tool: int, folder: Path) -> Iterator[Front]:
    port = free_port()
    site = (ROOT / "deploy" / "nginx.conf").read_text()
    for shipped, here in (
        ("127.0.0.1:8000", f"127.0.0.1:{gate}"),
        ("127.0.0.1:8001", f"127.0.0.1:{tool}"),
        ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"),
        ("enablement.example.com", "localhost"),
        ("/etc/ssl/enablement.pem", f"{folder}/certificate.pem"),
        ("/etc/ssl/enablement.key", f"{folder}/key.pem"),
    ):
        assert shipped in site, shipped
        site = site.replace(shipped, here)
    with nginx_with(FRAME.format(folder=folder, site=site), port=port, folder=folder):
        yield Front(port)
