"""What the tests of policies share: a policy folder made of a test's own text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from compliance_bot.bundled import bundled
from compliance_bot.policy.decide import CedarEngine
from compliance_bot.policy.folder import Policies, load_policies

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SCHEMA = (bundled("policies") / "starter" / "starter.cedarschema").read_text(encoding="utf-8")


@pytest.fixture
def load(tmp_path: Path) -> Callable[..., Policies]:
    """Return a function that loads the policies it is given, one per file, under the starter schema."""

    def loaded(*policies: str, schema: str = SCHEMA) -> Policies:
        for stale in tmp_path.iterdir():
            stale.unlink()
        (tmp_path / "a.cedarschema").write_text(schema, encoding="utf-8")
        for number, policy in enumerate(policies, 1):
            (tmp_path / f"{number}.cedar").write_text(policy, encoding="utf-8")
        return load_policies(tmp_path)

    return loaded


@pytest.fixture
def engine(load: Callable[..., Policies]) -> Callable[..., CedarEngine]:
    """Return a function that makes an engine of the policies it is given."""
    return lambda *policies, **more: CedarEngine(load(*policies, **more))
