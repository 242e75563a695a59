"""Models that run in this process: the embedder, the quoting answerer; their manifests."""
