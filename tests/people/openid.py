"""An OpenID provider that runs on this machine: discovery, codes with PKCE, keys, userinfo, logout tokens.

It signs by another library than the one that checks. A test spoils what it says by changing its attributes.
"""

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT_ID, SECRET = "enablement", "the client's secret"
LOGOUT = "http://schemas.openid.net/event/backchannel-logout"


class OpenIdProvider:
    """`who`: the claims of whoever signs in next, with "sub"."""

    def __init__(self):
        self.key = RSAKey.generate_key(2048, {"kid": "key-1", "use": "sig", "alg": "RS256"})
        self.stranger = RSAKey.generate_key(2048, {"kid": "key-1", "use": "sig", "alg": "RS256"})
        self.who = {}
        self.reset()
        provider = self

        class Handler(_Handler):
            pass

        Handler.provider = provider
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.issuer = f"http://127.0.0.1:{self.server.server_port}/realm"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05})
        self.thread.start()

    def reset(self):
        self.codes, self.asked = {}, []
        #: What the ID token says otherwise; None leaves a claim out.
        self.spoilt = {}
        self.signs = self.sign
        self.userinfo_spoilt, self.config_spoilt = {}, {}
        self.broken = set()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def sign(self, claims, key=None, alg="RS256", typ="JWT"):
        return jwt.encode({"alg": alg, "kid": "key-1", "typ": typ}, claims, key or self.key)

    def unsigned(self, claims):
        return ".".join(_base64(part) for part in (json.dumps({"alg": "none"}), json.dumps(claims))) + "."

    def shared_secret(self, claims):
        """The old trick: the published key taken for a shared secret."""
        parts = ({"alg": "HS256", "kid": "key-1"}, claims)
        signed = ".".join(_base64(json.dumps(part)) for part in parts)
        mark = hmac.digest(self.key.as_pem(private=False), signed.encode(), "sha256")
        return f"{signed}.{_base64_bytes(mark)}"

    def logout_token(self, subject, **changes):
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 120,
            "jti": secrets.token_hex(8),
            "sub": subject,
            "events": {LOGOUT: {}},
        }
        return _without_none({**claims, **changes})

    # The provider's own answers.

    def discovery(self):
        here = self.issuer
        return {
            "issuer": here,
            "authorization_endpoint": f"{here}/authorize",
            "token_endpoint": f"{here}/token",
            "userinfo_endpoint": f"{here}/userinfo",
            "jwks_uri": f"{here}/keys",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
            **self.config_spoilt,
        }

    def authorize(self, query):
        """Whoever sits there is signed in at once; the answer is where the browser is sent."""
        self.asked.append(query)
        code = secrets.token_hex(8)
        self.codes[code] = (query, dict(self.who))
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def token(self, form):
        """One use a code, for the client that has the secret and the verifier (RFC 7636)."""
        query, who = self.codes.pop(form.get("code"), (None, None))
        challenge = _base64_bytes(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if (
            query is None
            or (form.get("client_id"), form.get("client_secret")) != (CLIENT_ID, SECRET)
            or (query["client_id"], query["redirect_uri"]) != (CLIENT_ID, form.get("redirect_uri"))
            or (query.get("code_challenge_method"), query.get("code_challenge")) != ("S256", challenge)
        ):
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        times = {"iat": now, "exp": now + 300}
        own = {"iss": self.issuer, "aud": CLIENT_ID, "nonce": query.get("nonce"), **times}
        claims = _without_none({**who, **own, **self.spoilt})
        access = secrets.token_hex(8)
        self.codes[access] = (query, who)
        return 200, {"access_token": access, "token_type": "Bearer", "id_token": self.signs(claims)}

    def userinfo(self, access):
        _query, who = self.codes[access]
        return _without_none({**who, **self.userinfo_spoilt})


class _Handler(BaseHTTPRequestHandler):
    provider: OpenIdProvider

    def log_message(self, *_line):
        pass

    def do_GET(self):
        parts = urlsplit(self.path)
        match parts.path.removeprefix("/realm"):
            case name if name in self.provider.broken:
                self._answer(500, {"error": "broken"})
            case "/.well-known/openid-configuration":
                self._answer(200, self.provider.discovery())
            case "/keys":
                self._answer(200, {"keys": [self.provider.key.as_dict(private=False)]})
            case "/userinfo":
                access = self.headers["Authorization"].removeprefix("Bearer ")
                self._answer(200, self.provider.userinfo(access))
            case "/authorize":
                there = self.provider.authorize(dict(parse_qsl(parts.query)))
                self._answer(302, {}, {"Location": there})
            case _:
                self._answer(404, {})

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        self._answer(*self.provider.token(form))

    def _answer(self, status, body, headers=None):
        data = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def _without_none(claims):
    return {name: value for name, value in claims.items() if value is not None}


def _base64(text):
    return _base64_bytes(text.encode())


def _base64_bytes(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
