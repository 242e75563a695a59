"""Models that run in this process: the embedder, the quoting answerer; their manifests."""

import os

# ONNX Runtime keeps an identity of the device and a database of what it would report, in the home of whoever runs it.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
