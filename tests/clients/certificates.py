"""Certificates of an authority of the tests' own, made with openssl."""

import pathlib
import ssl

import commands


class Authority:
    """Issues certificates into `directory`; trusted by whoever is given `path`."""

    def __init__(self, directory, name):
        self.directory = pathlib.Path(directory)
        self.name = name
        self.path = self.directory / f"{name}.pem"
        self.key_path = self.directory / f"{name}.key"
        commands.output("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-days", "30", "-subj", f"/CN=Authority {name}", "-keyout", self.key_path, "-out", self.path)

    def issue(self, common_name, alternative="", days=10):
        """A certificate and its key, as paths. `alternative`: "IP:127.0.0.1". Negative days: it has expired."""
        base = self.directory / f"{self.name}-{common_name}{days}{alternative.replace(':', '-')}"
        certificate, key, request = (base.with_suffix(suffix) for suffix in (".crt", ".key", ".csr"))
        extensions = base.with_suffix(".ext")
        extensions.write_text(f"subjectAltName={alternative}\n" if alternative else "basicConstraints=CA:FALSE\n")
        commands.output("openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                        f"/CN={common_name}", "-keyout", key, "-out", request)
        commands.output("openssl", "x509", "-req", "-in", request, "-CA", self.path, "-CAkey", self.key_path,
                        "-CAcreateserial", "-days", days, "-extfile", extensions, "-out", certificate)
        return certificate, key

    def server_context(self, common_name, alternative):
        """For Python's servers."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.issue(common_name, alternative))
        return context
