"""What masking costs retrieval: ObliQA once with nothing masked, and once with placeholders for all that is found.

The second profile has what the profile hipaa covers, and organisations. Questions are asked by somebody who may see
every value, so that names are looked up as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compliance_bot.evaluation.beir import read_questions
from compliance_bot.evaluation.retrieval import evaluate
from tests.benchmarks.homes import profiled_home

if TYPE_CHECKING:
    from tests.benchmarks.homes import Setup

_PROFILES = {
    "nothing": "name: nothing\ndescription: Masks almost nothing.\ntypes: [TRACK_DATA]\n",
    "most": (
        "name: most\ndescription: Names, places, dates, contacts, accounts.\n"
        "groups: [name, contact, network, account, card, national_id, health, case, device, date, place, "
        "organisation]\n"
    ),
}


def run(setup: Setup) -> dict[str, Any]:
    """Return the metrics of ObliQA's questions by profile, and how much was masked."""
    figures: dict[str, Any] = {}
    for name, profile in _PROFILES.items():
        with profiled_home(setup, name, profile) as (bot, folder):
            scores = evaluate(bot, read_questions(folder), principal="admin")
            figures[name] = {
                "metrics": {metric: round(value, 4) for metric, value in scores.metrics.items()},
                "passages": len(bot.documents(principal="admin", reveal=False)),
                "placeholders": bot.vault_state(principal="admin").placeholders,
                "questions": scores.n,
            }
    return figures
