"""The command line as `python -m sandbox`, for where its script is not on the path."""

from sandbox.cli import main

main(prog_name="sandbox")
