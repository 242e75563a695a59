"""Bring a database that was put back to what has happened since."""
