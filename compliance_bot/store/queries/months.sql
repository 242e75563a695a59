-- open: Open the months to come in the log's partitions; which of them could not be opened
SELECT open_months FROM audit.open_months()
