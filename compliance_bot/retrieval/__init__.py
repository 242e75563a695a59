"""Search within a scope: BM25, vectors, and their fusion."""
