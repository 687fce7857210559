"""A PostgreSQL server of the lab's own, on a host of its own; its password stands in a file that the gate alone reads."""
from __future__ import annotations

import os
import pathlib
import pwd
import secrets
import signal
import subprocess

from .gatehouse import UIDS
from .netlab import Host, LabError, Program, children, wait_until


def folder_of_programs() -> pathlib.Path | None:
    """Debian keeps the server's programs in a folder per version."""
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    return found[-1].parent if found else None


def probe() -> str | None:
    """Why this machine cannot run one, or None."""
    if folder_of_programs() is None:
        return "PostgreSQL's server is not installed"
    try:
        pwd.getpwnam("postgres")
    except KeyError:
        return "there is no user postgres"
    return None


class Database:
    def __init__(self, host: Host, folder: pathlib.Path, address: str) -> None:
        programs = folder_of_programs()
        assert programs is not None
        self.host, self.folder, self.address, self.programs = host, folder, address, programs
        folder.mkdir(parents=True)
        folder.chmod(0o755)
        user = pwd.getpwnam("postgres")
        self.data = folder / "data"
        self.data.mkdir()
        os.chown(self.data, user.pw_uid, user.pw_gid)
        self.as_user = ["setpriv", "--reuid", str(user.pw_uid), "--regid", str(user.pw_gid), "--clear-groups"]
        self.password = secrets.token_hex(16)
        password = folder / "superuser"
        password.write_text(self.password + "\n")
        os.chown(password, user.pw_uid, user.pw_gid)
        password.chmod(0o600)
        done = subprocess.run([*self.as_user, str(programs / "initdb"), "-D", str(self.data), "-U", "sekisho", "-A", "scram-sha-256",
                               "--pwfile", str(password), "-E", "UTF8", "--locale=C", "--no-sync"],
                              capture_output=True, text=True, cwd="/")
        if done.returncode != 0:
            raise LabError(f"initdb: {done.stderr}")
        password.unlink()
        with open(self.data / "pg_hba.conf", "a") as hba:
            hba.write("host all all 10.30.0.0/24 scram-sha-256\n")
        self.passfile = folder / "store.pgpass"
        self.passfile.write_text(f"*:*:*:sekisho:{self.password}\n")
        self.passfile.chmod(0o600)
        os.chown(self.passfile, UIDS["sekishod"], UIDS["sekishod"])
        self.url = f"postgresql://sekisho@{address}/postgres?passfile={self.passfile}"
        self.program: Program | None = None
        self.start()

    def start(self) -> None:
        self.program = self.host.start("postgres", *self.as_user, str(self.programs / "postgres"), "-D", str(self.data),
                                       "-k", "", "-c", f"listen_addresses={self.address}", "-c", "fsync=off")
        self.program.wait_text("ready to accept connections", 20)

    def kill(self) -> None:
        """The server is gone, with every connection."""
        assert self.program is not None
        server = self.program.pid
        every = [server, *children(server)]
        for pid in every:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.program.process.wait(5)
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def stop(self) -> None:
        if self.program is not None and self.program.running:
            self.program.signal(signal.SIGQUIT)
            wait_until(lambda: not self.program.running, 10, "the database has stopped")  # type: ignore[union-attr]
