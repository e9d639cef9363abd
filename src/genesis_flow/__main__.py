"""``python -m genesis_flow``: the same as the command ``genesis-flow``."""

from genesis_flow.cli.main import main

main()
