"""From a file to stored, searchable chunks."""
