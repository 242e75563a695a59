"""Bring a home back: what a backup is and how it is restored, and what a database has to do again then."""
