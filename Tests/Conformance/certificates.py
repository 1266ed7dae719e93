"""Certificates that a test makes, breaks and replaces."""

import datetime
import ssl
import subprocess


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


class Pair:
    """A certificate and its key, in files of their own."""

    def __init__(self, directory, certs, stem="server", names="DNS:localhost, IP:127.0.0.1"):
        self.certs = certs
        self.certificate = directory / f"{stem}.pem"
        self.key = directory / f"{stem}.key"
        self.names = names
        self.issue()

    def issue(self, start=0, end=2, key=None):
        """A new one in the same files, valid from and to so many days from now."""
        fresh = key or self.key
        request = self.key.with_suffix(".csr")
        names = self.key.with_suffix(".ext")
        names.write_text(
            f"subjectAltName = {self.names}\n" if self.names else "basicConstraints = CA:false\n")
        openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-subj", "/CN=localhost", "-keyout", fresh, "-out", request)
        work = self.key.with_name("ca")
        work.mkdir(exist_ok=True)
        (work / "index").write_text("")
        config = work / "ca.conf"
        config.write_text(
            f"[ca]\ndefault_ca = ours\n[ours]\ndatabase = {work}/index\nrand_serial = yes\n"
            f"new_certs_dir = {work}\ndefault_md = sha256\npolicy = any\nunique_subject = no\n"
            "[any]\ncommonName = supplied\n")
        now = datetime.datetime.now(datetime.timezone.utc)
        when = [f"{now + datetime.timedelta(days=days):%Y%m%d%H%M%SZ}" for days in (start, end)]
        openssl("ca", "-batch", "-config", config, "-in", request, "-extfile", names,
                "-cert", self.certs.ca, "-keyfile", self.certs.directory / "ca.key",
                "-startdate", when[0], "-enddate", when[1], "-notext", "-out", self.certificate)

    @property
    def served(self):
        return ssl.PEM_cert_to_DER_cert(self.certificate.read_text())

    @property
    def files(self):
        """As the configuration names them."""
        return {"certificateFile": str(self.certificate), "keyFile": str(self.key)}

    def listener(self, *others):
        """A listener with this one, and others for other names."""
        more = {"otherCertificates": [pair.files for pair in others]} if others else {}
        return {"name": "tls", "address": "127.0.0.1:0", "tls": {**self.files, **more}}
