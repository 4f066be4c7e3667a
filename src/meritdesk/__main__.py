"""`python -m meritdesk`: the command line."""

from meritdesk.cli import main

main(prog_name="meritdesk")
