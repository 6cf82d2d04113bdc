"""Nothing is sent where it must not go, and nothing out there holds a worker."""

import ipaddress
import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from enablement.webhooks import posting
from tests.webhooks.conftest import Receiver

PRIVATE = [
    "10.0.0.1",
    "127.0.0.1",
    "169.254.169.254",
    "192.168.1.1",
    "100.64.0.1",
    "0.0.0.0",
    "224.0.0.1",
    "::1",
    "fe80::1",
    "fd00::1",
    "::ffff:10.0.0.1",
    "::10.0.0.1",
    "64:ff9b::a00:1",
    "2002:a00:1::",
    "fec0::1",
    "64:ff9b:1::a00:1",
    "::ffff:0:a00:1",
]
PUBLIC = ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "64:ff9b::5db8:d822"]


def post(url):
    return posting.post(url=url, body=b"{}", headers={"Content-Type": "application/json"})


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_refused_unless_their_network_is_named(address, settings):
    parsed = ipaddress.ip_address(address)
    settings.WEBHOOK_ALLOWED_NETWORKS = []
    assert not posting.allowed(parsed, encrypted=True)
    settings.WEBHOOK_ALLOWED_NETWORKS = [ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0")]
    assert posting.allowed(parsed, encrypted=False)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_want_tls(address, settings):
    settings.WEBHOOK_ALLOWED_NETWORKS = []
    assert posting.allowed(ipaddress.ip_address(address), encrypted=True)
    assert not posting.allowed(ipaddress.ip_address(address), encrypted=False)


def test_a_name_that_leads_to_a_private_address_is_refused_before_anything_is_sent(receiver, settings):
    settings.WEBHOOK_ALLOWED_NETWORKS = []
    answer = post(f"https://localhost:{receiver.port}/")
    assert (answer.status, answer.error) == (None, "address")
    assert receiver.requests == []


def test_the_host_header_names_what_was_asked_for(receiver, settings):
    settings.WEBHOOK_ALLOWED_NETWORKS += [ipaddress.ip_network("::1/128")]
    assert post(f"http://localhost:{receiver.port}/events").status == 204
    assert receiver.requests[0][1]["host"] == f"localhost:{receiver.port}"


def test_nobody_there():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert post(f"http://127.0.0.1:{port}/").error == "connection"
    assert post("https://nowhere.invalid/").error == "name"


def test_an_answer_that_drips_ends_by_the_deadline(settings):
    """A byte at a time keeps every single read in time; the whole is not."""
    settings.WEBHOOK_TIMEOUT_SECONDS = 0.4
    over = threading.Event()

    def drip(server):
        connection, _address = server.accept()
        with connection:
            while not over.wait(0.05):
                try:
                    connection.sendall(b"x")
                except OSError:
                    return

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=drip, args=(server,), daemon=True)
        thread.start()
        answer = post(f"http://127.0.0.1:{server.getsockname()[1]}/")
        over.set()
        thread.join()
    assert (answer.status, answer.error) == (None, "timeout")


def test_who_does_not_answer_is_not_waited_for(receiver, settings):
    settings.WEBHOOK_TIMEOUT_SECONDS = 0.2
    receiver.hold = threading.Event()
    answer = post(receiver.url)
    receiver.hold.set()
    assert answer.error == "timeout"


def test_a_connection_that_comes_after_the_deadline_is_not_used(receiver, monkeypatch):
    """There was no socket to cut as the time was over."""
    late = posting._Connection("127.0.0.1", receiver.port, ["127.0.0.1"], encrypted=False)
    connect = socket.create_connection

    def slow(*asked):
        made = connect(*asked)
        late.cut()
        return made

    monkeypatch.setattr(socket, "create_connection", slow)
    with pytest.raises(TimeoutError):
        late.request("POST", "/", body=b"{}")
    late.close()
    assert receiver.requests == []


def test_an_address_without_a_path_is_asked_for_its_root(receiver):
    assert post(f"http://127.0.0.1:{receiver.port}?key=k").status == 204
    assert post(f"http://127.0.0.1:{receiver.port}").status == 204
    assert [path for path, _headers, _body in receiver.requests] == ["/?key=k", "/"]


@pytest.fixture
def tls(tmp_path, receiver: Receiver):
    """The receiver behind a certificate for localhost that nobody trusts yet; its file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "server.pem"
    pem = serialization.Encoding.PEM
    file.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(pem)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    receiver.server.socket = context.wrap_socket(receiver.server.socket, server_side=True)
    return file


def test_tls_is_checked_for_the_name(tls, receiver, settings, monkeypatch):
    settings.WEBHOOK_ALLOWED_NETWORKS += [ipaddress.ip_network("::1/128")]
    url = f"https://localhost:{receiver.port}/"
    assert post(url).error == "tls"
    monkeypatch.setenv("SSL_CERT_FILE", str(tls))
    assert post(url).status == 204
    assert post(f"https://127.0.0.1:{receiver.port}/").error == "tls"
    assert len(receiver.requests) == 1
