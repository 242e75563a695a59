"""Bring a home back: what a backup is, how one is made, checked, rehearsed and restored."""
