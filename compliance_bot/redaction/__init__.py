"""Find personal data in text and mask it. No database, no keys."""
