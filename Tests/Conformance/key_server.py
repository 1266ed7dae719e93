"""A server of key sets that rotates, fails, hangs and lies, as a test tells it to."""

import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

MAKERS = {
    "RS256": (lambda: rsa.generate_private_key(65537, 2048), RSAAlgorithm),
    "ES256": (lambda: ec.generate_private_key(ec.SECP256R1()), ECAlgorithm),
    "ES384": (lambda: ec.generate_private_key(ec.SECP384R1()), ECAlgorithm),
    "EdDSA": (ed25519.Ed25519PrivateKey.generate, OKPAlgorithm),
}


class SigningKey:
    """A key pair and the JSON Web Key of its public half."""

    def __init__(self, algorithm="ES256", kid="key-1"):
        make, spelling = MAKERS[algorithm]
        self.algorithm = algorithm
        self.kid = kid
        self.private = make()
        self.jwk = json.loads(spelling.to_jwk(self.private.public_key())) | {"kid": kid}


def key_set(*keys):
    return {"keys": [key.jwk for key in keys]}


class KeyServer:
    """Serves what `answers` says for each path: JSON, or a function of the request's handler."""

    def __init__(self, certs=None):
        self.answers = {}
        self.requests = []
        self.changed = threading.Condition()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                with outer.changed:
                    fields = {name.lower(): value for name, value in self.headers.items()}
                    outer.requests.append((self.path, fields))
                    outer.changed.notify_all()
                answer = outer.answers.get(self.path)
                if callable(answer):
                    self.close_connection = True
                    return answer(self)
                return reply(self, json.dumps(answer).encode(), 404 if answer is None else 200)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.scheme = "http"
        if certs is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certs.pair)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
            self.scheme = "https"

    def url(self, path="/jwks", host="localhost"):
        return f"{self.scheme}://{host}:{self.server.server_port}{path}"

    def wait_for_requests(self, count, deadline=30):
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.requests) >= count, deadline), (
                f"{len(self.requests)} requests instead of {count}")

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def reply(handler, body, status=200, **fields):
    handler.send_response(status)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(body)))
    for name, value in fields.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(body)


def oversized(handler):
    reply(handler, b'{"keys":[' + b" " * 262_144 + b"]}")


def redirect(handler):
    reply(handler, b"", 302, Location="/elsewhere")


def broken_off(handler):
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"keys":[]')


def nonsense(handler):
    reply(handler, b"<html>Service temporarily unavailable</html>")


def silent(release):
    """Says nothing until the test ends."""
    return lambda handler: release.wait(60)


def trickling(release):
    """Sends a byte now and then, without an end."""

    def answer(handler):
        handler.send_response(200)
        handler.end_headers()
        while not release.wait(0.02):
            try:
                handler.wfile.write(b" ")
            except OSError:
                return

    return answer
