"""An export of the log: its files, written and read. Whether to believe one is told by `audit.verify`."""
