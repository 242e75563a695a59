from __future__ import annotations

import pytest

from compliance_bot.redaction.detect import Detector


@pytest.fixture(scope="session")
def detector() -> Detector:
    return Detector.load()
