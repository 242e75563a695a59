"""The record of every answer: sealed, committed before the answer is shown."""
