"""LangChain's own tests for an `Embeddings`: skipped where `langchain-tests` is not installed.

The asynchronous ones run under anyio's pytest plugin, which LangChain brings along.
"""

from __future__ import annotations

from typing import Any

import pytest

from compliance_bot.models.embed import OnnxEmbedder

pytest.importorskip("langchain_tests", reason="LangChain's standard tests are not installed")

from langchain_tests.integration_tests import EmbeddingsIntegrationTests
from langchain_tests.unit_tests import EmbeddingsUnitTests


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class _Loads:
    """Says how an embedder is made; the constructor itself takes parts that are loaded already."""

    @property
    def embeddings_class(self) -> Any:
        return OnnxEmbedder.load

    @property
    def embedding_model_params(self) -> dict[str, Any]:
        return {"threads": 2}


class TestStandardUnit(_Loads, EmbeddingsUnitTests):
    pass


@pytest.mark.anyio
class TestStandardIntegration(_Loads, EmbeddingsIntegrationTests):
    pass
