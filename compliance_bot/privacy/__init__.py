"""What touches the vault and the text: reveal, correct, erase. Decisions are the policies', records the callers'."""
