"""A SAML provider of the tests' own: it reads a request, and signs what it says about somebody."""

import base64
import datetime as dt
import secrets
import zlib
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from defusedxml import ElementTree
from onelogin.saml2.constants import OneLogin_Saml2_Constants as Names
from onelogin.saml2.utils import OneLogin_Saml2_Utils

ENTITY, SSO = "https://idp.example/entity", "https://idp.example/sso"
SITE = "http://testserver/accounts/saml/organisation"
MAIL, GROUPS = "urn:oid:0.9.2342.19200300.100.1.3", "groups"


class SamlIdp:
    def __init__(self):
        self.key, self.certificate = _pair()
        self.site = SITE
        self.stranger = _pair()

    def asked(self, address):
        """The id of the request that a browser was sent with."""
        query = parse_qs(urlsplit(address).query)
        text = zlib.decompress(base64.b64decode(query["SAMLRequest"][0]), -15)
        return ElementTree.fromstring(text.decode()).attrib["ID"]

    def response(self, request, *, name="idp|ada", attributes=None, by=None, signed=True, **changes):
        """As a browser posts it. `changes`: audience ("": none), recipient, issuer, minutes until it ends."""
        told = {
            "audience": f"{self.site}/metadata/",
            "recipient": f"{self.site}/acs/",
            "issuer": ENTITY,
            "minutes": 5,
            **changes,
        }
        assertion = self._assertion(request, name, attributes or {}, told)
        if signed:
            key, certificate = by or (self.key, self.certificate)
            assertion = OneLogin_Saml2_Utils.add_sign(
                assertion, key, certificate, False, Names.RSA_SHA256, Names.SHA256
            ).decode()
        text = (
            f'<samlp:Response xmlns:samlp="{Names.NS_SAMLP}" xmlns:saml="{Names.NS_SAML}"'
            f' ID="_{secrets.token_hex(8)}" Version="2.0" IssueInstant="{_time(0)}"'
            f' Destination="{self.site}/acs/" InResponseTo="{request}">'
            f"<saml:Issuer>{told['issuer']}</saml:Issuer>"
            f'<samlp:Status><samlp:StatusCode Value="{Names.STATUS_SUCCESS}"/></samlp:Status>'
            f"{assertion}</samlp:Response>"
        )
        return base64.b64encode(text.encode()).decode()

    def _assertion(self, request, name, attributes, told):
        ends = _time(told["minutes"])
        audience = told["audience"] and (
            f"<saml:AudienceRestriction><saml:Audience>{told['audience']}</saml:Audience>"
            "</saml:AudienceRestriction>"
        )
        rows = "".join(
            f'<saml:Attribute Name="{key}">'
            + "".join(f"<saml:AttributeValue>{escape(value)}</saml:AttributeValue>" for value in values)
            + "</saml:Attribute>"
            for key, values in attributes.items()
        )
        return (
            f'<saml:Assertion xmlns:saml="{Names.NS_SAML}" ID="_{secrets.token_hex(8)}" Version="2.0"'
            f' IssueInstant="{_time(0)}"><saml:Issuer>{told["issuer"]}</saml:Issuer>'
            f'<saml:Subject><saml:NameID Format="{Names.NAMEID_PERSISTENT}">{name}</saml:NameID>'
            f'<saml:SubjectConfirmation Method="{Names.CM_BEARER}"><saml:SubjectConfirmationData'
            f' NotOnOrAfter="{ends}" Recipient="{told["recipient"]}" InResponseTo="{request}"/>'
            f'</saml:SubjectConfirmation></saml:Subject><saml:Conditions NotBefore="{_time(-10)}"'
            f' NotOnOrAfter="{ends}">{audience}</saml:Conditions>'
            f'<saml:AuthnStatement AuthnInstant="{_time(0)}"><saml:AuthnContext><saml:AuthnContextClassRef>'
            f"{Names.AC_PASSWORD_PROTECTED}</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>"
            f"<saml:AttributeStatement>{rows}</saml:AttributeStatement></saml:Assertion>"
        )


def _time(minutes):
    at = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=minutes)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _pair():
    """A key and its certificate, as PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "idp.example")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=2))
        .sign(key, hashes.SHA256())
    )
    encoding = serialization.Encoding.PEM
    kind, nothing = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(encoding, kind, nothing).decode(), certificate.public_bytes(encoding).decode()
