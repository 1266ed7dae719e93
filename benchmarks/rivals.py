"""What the gateway is measured against: each does as much of the same job as it can."""

from processes import Peer, free_port


class Nghttpx(Peer):
    """One worker; it forwards, and writes an access log. It has neither keys nor limits."""

    def __init__(self, certificates, upstream, directory):
        port = free_port()
        command = [
            "nghttpx", "--conf=/dev/null", "--workers=1", "--no-ocsp", "--single-process",
            f"--frontend=127.0.0.1,{port}", f"--backend=127.0.0.1,{upstream.port}",
            "--tls-min-proto-version=TLSv1.3", "--backend-keep-alive-timeout=30s",
            f"--accesslog-file={directory / 'nghttpx-access.log'}",
            f"--errorlog-file={directory / 'nghttpx-error.log'}",
            certificates / "localhost.key", certificates / "localhost.pem",
        ]
        super().__init__("nghttpx", command, port, directory)
