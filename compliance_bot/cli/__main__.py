"""`python -m compliance_bot.cli`: the command line without its script."""

from compliance_bot.cli import main

main()
