"""A Kerberos KDC of MIT's on loopback: realms, principals, keytabs and tickets, all in a directory of its own."""

import contextlib
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

import commands
import daemon

REALM, OTHER_REALM = "EXAMPLE.TEST", "OTHER.TEST"
SERVICE = f"HTTP/localhost@{REALM}"
PASSWORD = "a-ticket-please"
SBIN = "/usr/sbin"
START_SECONDS = 20


class Kdc:
    """Two realms; those of OTHER_REALM get tickets for services of REALM. It ends with close()."""

    def __init__(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="lunaria-kdc-"))
        self.port, self.admin_port = daemon.free_ports(2)
        self.process = None
        self.environment = {**os.environ, "KRB5_CONFIG": str(self.write_config("krb5.conf")),
                            "KRB5_KDC_PROFILE": str(self.directory / "kdc.conf"),
                            "KRB5RCACHEDIR": str(self.directory)}
        self.write_profile()

    def write_config(self, name, **more):
        """A krb5.conf; `more` goes into its defaults. Returns its path."""
        settings = {"default_realm": REALM, "dns_lookup_kdc": "false", "dns_lookup_realm": "false", "rdns": "false",
                    "dns_canonicalize_hostname": "false", "udp_preference_limit": "1", **more}
        lines = ["[libdefaults]", *(f"  {key} = {value}" for key, value in settings.items()), "[realms]"]
        for realm in (REALM, OTHER_REALM):
            lines += [f"  {realm} = {{", f"    kdc = 127.0.0.1:{self.port}", "  }"]
        lines += ["[domain_realm]", f"  localhost = {REALM}"]
        path = self.directory / name
        path.write_text("\n".join(lines) + "\n")
        return path

    def write_profile(self):
        lines = ["[kdcdefaults]", f"  kdc_listen = 127.0.0.1:{self.port}", f"  kdc_tcp_listen = 127.0.0.1:{self.port}",
                 "[realms]"]
        for realm in (REALM, OTHER_REALM):
            lines += [f"  {realm} = {{", f"    database_name = {self.directory}/{realm}.db",
                      f"    key_stash_file = {self.directory}/{realm}.stash", f"    acl_file = {self.directory}/acl",
                      f"    kadmind_listen = 127.0.0.1:{self.admin_port}", "  }"]
        (self.directory / "kdc.conf").write_text("\n".join(lines) + "\n")

    def tool(self, *words, input=None):
        return commands.output(*words, input=input, environment=self.environment)

    def admin(self, query, realm=REALM):
        return self.tool(f"{SBIN}/kadmin.local", "-r", realm, "-q", query)

    def start(self):
        """Makes the realms with a trust between them, and the service; returns when the KDC takes connections."""
        for realm in (REALM, OTHER_REALM):
            self.tool(f"{SBIN}/kdb5_util", "-r", realm, "create", "-s", "-P", "master key of a test")
            self.admin(f"addprinc -pw trust-between-realms krbtgt/{REALM}@{OTHER_REALM}", realm)
        self.admin(f"addprinc -randkey {SERVICE}")
        self.process = subprocess.Popen([f"{SBIN}/krb5kdc", "-n", "-r", REALM, "-r", OTHER_REALM],
                                        stdin=subprocess.DEVNULL, env=self.environment,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + START_SECONDS
        while not daemon.connects(self.port):
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(0.02)
            if self.process.returncode is not None or time.monotonic() > deadline:
                raise AssertionError(f"krb5kdc does not serve (exit status {self.process.returncode})")

    def add_principal(self, name, realm=REALM):
        self.admin(f'addprinc -pw {PASSWORD} {name}@{realm}', realm)

    def keytab(self, name, principal=SERVICE):
        """A file with the keys that the principal has now."""
        path = self.directory / name
        self.admin(f"ktadd -norandkey -k {path} {principal}")
        return path

    def log_in(self, name, realm=REALM, lifetime="1h"):
        """kinit. Returns the environment in which programs show that ticket."""
        cache = self.directory / f"cc-{name.replace('/', '-')}-{realm}-{lifetime}"
        self.tool("kinit", "-c", f"FILE:{cache}", "-l", lifetime, f"{name}@{realm}", input=PASSWORD + "\n")
        return {**self.environment, "KRB5CCNAME": f"FILE:{cache}"}

    def tokens(self, environment, count=1):
        """Authorization values that curl makes for the service, caught before any server has seen them."""
        with Catcher() as catcher:
            for _ in range(count):
                commands.output("curl", "-sS", "--negotiate", "-u", ":", f"http://localhost:{catcher.port}/",
                                environment=environment)
        return catcher.values

    def close(self):
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(START_SECONDS)
        shutil.rmtree(self.directory, ignore_errors=True)


class Catcher:
    """A web server that keeps the Authorization fields it gets."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.values = []
        self.thread = threading.Thread(target=self.serve)

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                with connection:
                    head = b""
                    while b"\r\n\r\n" not in head:
                        piece = connection.recv(65536)
                        if not piece:
                            break
                        head += piece
                    for line in head.decode("latin-1").splitlines():
                        name, _, value = line.partition(":")
                        if name.lower() == "authorization":
                            self.values.append(value.strip())
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.listener.close()
