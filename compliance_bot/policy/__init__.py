"""Decide, with Cedar policies, who may do and see what. No I/O beyond reading the policy folder."""
