"""Measure retrieval and answers on labelled questions."""
