"""Runs the client programs of other people."""

import contextlib
import pathlib
import random
import subprocess

MIB = 1024 * 1024


def run(*command, seconds=60, input=None, environment=None):
    """Returns the finished process: returncode, and stdout and stderr as text."""
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, errors="replace",
                          input=input, stdin=subprocess.DEVNULL if input is None else None, timeout=seconds,
                          env=environment)


def output(*command, **options):
    """What a command that must succeed prints. Options as of run()."""
    done = run(*command, **options)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}: status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def make_image(path, size, seed):
    """A file of `size` bytes as images are: half of it holes, the rest bytes that do not repeat."""
    source = random.Random(seed)
    with open(path, "wb") as file:
        file.truncate(size)
        for offset in range(0, size, MIB):
            if source.random() < 0.5:
                file.seek(offset)
                file.write(source.randbytes(min(MIB, size - offset)))
    return pathlib.Path(path)


def qemu_io(url, *steps, seconds=60):
    """Runs the steps on a raw iSCSI disk; returns what is printed. A pattern that does not match is a failure."""
    words = [word for step in steps for word in ("-c", step)]
    text = output("qemu-io", "-f", "raw", *words, url, seconds=seconds)
    if "Pattern verification failed" in text or "failed:" in text:
        raise AssertionError(text)
    return text


@contextlib.contextmanager
def nbd_export(url, folder):
    """Offers a raw iSCSI disk over NBD, as Debian's fio speaks no iSCSI. Yields the path of the Unix socket."""
    path = pathlib.Path(folder) / "nbd.sock"
    with subprocess.Popen(["qemu-nbd", "-t", "-f", "raw", "--cache=none", "-k", str(path), url]) as server:
        try:
            while not path.exists():
                with contextlib.suppress(subprocess.TimeoutExpired):
                    server.wait(0.02)
                if server.returncode is not None:
                    raise AssertionError(f"qemu-nbd ended with {server.returncode}")
            yield path
        finally:
            server.terminate()


def fio_job(path, size, name="verify", **options):
    """A job that writes `size` bytes at random through an NBD socket, reads them back and verifies each block."""
    values = {"ioengine": "nbd", "uri": f"nbd+unix:///?socket={path}", "rw": "randwrite", "bsrange": "4k-64k",
              "iodepth": 16, "size": size, "verify": "crc32c", "verify_fatal": 1, "verify_state_save": 0,
              "randseed": 7, **options}
    return f"[{name}]\n" + "".join(f"{key}={value}\n" for key, value in values.items())
