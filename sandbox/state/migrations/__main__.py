"""Compare the tables with what all migrations make, and write the next migration."""

import re
import sys

from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import URL

from sandbox.state.database import configuration, connect


def main(message: str) -> None:
    """Write `NNNN_<message>.py`: what is missing from an empty database that is fully migrated."""
    config = configuration()
    known = list(ScriptDirectory.from_config(config).walk_revisions())
    number = f"{len(known) + 1:04}"
    slug = re.sub(r"\W+", "_", message.lower()).strip("_")[:40]
    config.set_main_option("file_template", f"%%(rev)s_{slug}")
    with connect(URL.create("sqlite")).connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        command.revision(config, message, autogenerate=True, rev_id=number)


if __name__ == "__main__":
    main(" ".join(sys.argv[1:]))
