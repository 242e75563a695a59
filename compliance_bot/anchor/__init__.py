"""The anchor: a file outside the home that remembers what no copy of the database may forget, and how it is written."""
