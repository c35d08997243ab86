"""A PostgreSQL server of the tests' own, from Debian's packages, and empty databases in it.

It listens on a socket in a folder of its own, keeps nothing, and ends with the tests.
"""

import os
import secrets
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, text

WHERE = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
# Nothing is kept, so nothing needs to reach the disk.
FAST = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c listen_addresses="


def program(name):
    """The path of one of PostgreSQL's programs, None where it is not installed."""
    return next((str(f / name) for f in WHERE if (f / name).exists()), None) or shutil.which(name)


@contextmanager
def server():
    """Runs a server; yields the address of its first database."""
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    # PostgreSQL refuses to run as root, and Debian has made a user for it.
    user = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}
    if user:
        shutil.chown(folder, "postgres", "postgres")
    data = folder / "data"
    options = {"check": True, "capture_output": True, "cwd": folder, **user}
    try:
        made = ["-D", data, "-U", "sandbox", "-A", "trust", "-E", "UTF8", "--no-sync"]
        subprocess.run([program("initdb"), *made], **options)
        begin = ["-D", data, "-w", "-l", folder / "log", "-o", f"{FAST} -k {folder}", "start"]
        subprocess.run([program("pg_ctl"), *begin], **options | {"capture_output": False})
        try:
            yield f"postgresql+psycopg://sandbox@/postgres?host={folder}"
        finally:
            subprocess.run([program("pg_ctl"), "-D", data, "-m", "immediate", "stop"], **options)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def database(address, template="template0", name=None):
    """A new database in the server, a copy of `template`; yields its address."""
    name = name or f"test_{secrets.token_hex(6)}"
    engine = create_engine(address, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
    try:
        yield address.replace("/postgres?", f"/{name}?")
    finally:
        with engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        engine.dispose()
