"""`python -m infra.cli` is `livingdata`."""

from infra.cli import main

main()
