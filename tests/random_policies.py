"""Policies, principals, contexts and documents at random: do compiled policies and the Cedar engine agree?

The grammar is typed loosely on purpose: optional attributes are read unguarded, types are mixed, numbers overflow.
Cedar's validator would refuse much of it, so `unvalidated` goes around it; what the product would refuse to compile is
left out.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from string import Template

import cedarpy

from compliance_bot.policy.compilable import CompilabilityCheck
from compliance_bot.policy.decide import CedarEngine, Circumstances
from compliance_bot.policy.folder import Policies, read_policies
from compliance_bot.policy.operators import Uncompilable
from compliance_bot.policy.schema import read_schema
from compliance_bot.records import AttributeValue, EntityRef, Principal

SCHEMA = """
entity Group; entity Home; entity Matter; entity Collection; entity Folder in [Folder];
entity User in [Group] {
  id?: String, clearance?: Long, department?: String, matters?: Set<String>, walls?: Set<Matter>, numbers?: Set<Long>,
  region?: String, since?: datetime, external?: Bool
};
entity Document in [Collection, Folder] {
  collection: String, folder?: String, owner?: User, readers?: Set<Group>, matter?: Matter, classification?: Long,
  department?: String, tags?: Set<String>, codes?: Set<Long>, embargo?: datetime, expires?: datetime, hold?: Bool,
  region?: String, "odd ""name"?: String
};
action read in [look] appliesTo {
  principal: [User], resource: [Document], context: { now: datetime, purpose?: String }
};
action look;
""".replace('"odd ""name"', '"odd \\"name"')

NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)
GROUPS = ["staff", "hr", "legal", "dpo"]
DEPARTMENTS = ["aml", "hr", "legal", "it's"]
TAGS = ["public", "sealed", "sar", "50%_\\"]
MATTERS = ["heron", "quillon", "o'hare"]
FOLDERS = ["hr", "hr/pay", "hr/pay/2026", "legal", "hrx", "/"]
REGIONS = ["eu", "us"]
PURPOSES = ["audit", "care", ""]


NUMBERS = [
    "principal.clearance",
    "2",
    "-1",
    "(principal.clearance + 1)",
    "(2 * principal.clearance - 1)",
    "-principal.clearance",
    "9223372036854775807",
    '"2"',
]
MOMENTS = [
    "context.now",
    "principal.since",
    'datetime("2026-03-03")',
    'datetime("2026-03-03T13:00:00.001+0100")',
    'context.now.offset(duration("-1d"))',
    'context.now.offset(duration("1h30m"))',
    "context.now.toDate()",
    "3",
]
# One construct a line.
TRUTHS = """
resource.classification $less $number
resource.classification $equal $number
$number $less resource.classification
resource.department $equal principal.department
resource.department $equal $department
resource.region $equal principal.region
resource.region $equal resource.department
resource.department $equal 3
resource.region < 3
resource has $optional
resource has region && resource.region == principal.region
resource has expires && resource has embargo && resource.embargo < resource.expires
principal has $known
principal.nothing == 1
principal.external
resource.hold
resource.hold $equal principal.external
resource.matter $equal Matter::"$matter"
resource.matter in principal.walls
resource.matter in [Matter::"$matter"]
principal.walls.contains(resource.matter)
principal.matters.contains(resource.region)
principal.matters.contains("$matter")
resource.tags.contains($tag)
resource.tags.containsAll($tags)
resource.tags.containsAny($tags)
$tags.containsAll(resource.tags)
$tags.containsAny(resource.tags)
resource.tags $equal $tags
resource.tags.isEmpty()
resource.tags.contains(3)
resource.tags.containsAny([1])
resource.tags.containsAll([])
resource.codes.contains(principal.clearance)
resource.codes.containsAny(principal.numbers)
principal.numbers.containsAll(resource.codes)
resource.codes $equal principal.numbers
resource.codes.containsAll([1, 2])
principal in resource.readers
resource.readers.contains(Group::"$group")
resource.readers.isEmpty()
resource.readers $equal [Group::"$group"]
[Group::"$group", Group::"hr"].containsAll(resource.readers)
resource.owner $equal principal
principal in resource.owner
resource.owner is User
resource.owner is Group
principal.id == "u1"
resource in $place
resource in [$place, Collection::"hr"]
resource is Document in $place
resource is Document
resource is Group
principal in Group::"$group"
principal in [Group::"$group", User::"u1"]
principal $equal User::"u1"
resource $equal principal
resource.embargo $less $moment
$moment $less resource.expires
resource.expires $equal $moment
(if resource has expires then context.now < resource.expires else true)
(if principal has region then resource.region == principal.region else false)
context.purpose $equal "audit"
context has purpose
context.now.durationSince(principal.since).toDays() < 2
context.now.toTime() > duration("1h")
9223372036854775807 + principal.clearance > 0
resource.collection like "a*"
resource.department like "*'*"
resource["odd \\"name"] like "a\\**"
principal.department like "*"
resource.classification like "*"
{"a": principal.clearance}.a == 2
[1, 2].contains(principal.clearance)
principal.region in Group::"hr"
resource in principal.region
true
false
resource.hold && 3 == 3
(resource.region == $region) == true
""".strip().splitlines()


@dataclass(frozen=True)
class Random:
    """A source of everything, the same for the same seed."""

    rng: random.Random

    def some(self, items: list[str], share: float) -> list[str]:
        return [item for item in items if self.rng.random() < share]

    def maybe(self, share: float) -> bool:
        return self.rng.random() < share

    def moment(self) -> datetime:
        return NOW + timedelta(milliseconds=self.rng.choice([0, 1, -1, 86_400_000, -86_400_000, 10**10, -(10**10)]))

    def document(self) -> dict[str, AttributeValue]:
        rng = self.rng
        choices: dict[str, AttributeValue] = {
            "folder": rng.choice(FOLDERS),
            "owner": EntityRef("User", f"u{rng.randint(0, 3)}"),
            "readers": frozenset(EntityRef("Group", group) for group in self.some(GROUPS, 0.4)),
            "matter": EntityRef("Matter", rng.choice(MATTERS)),
            "classification": rng.choice([0, 1, 2, 3, -1, 2**63 - 1]),
            "department": rng.choice(DEPARTMENTS),
            "tags": frozenset(self.some(TAGS, 0.4)),
            "codes": frozenset(rng.sample([1, 2, 3, -(2**63)], rng.randint(0, 3))),
            "embargo": self.moment(),
            "expires": self.moment(),
            "hold": self.maybe(0.5),
            "region": rng.choice(REGIONS),
            'odd "name': rng.choice(["x", "%", "a*b"]),
        }
        kept = {name: value for name, value in choices.items() if self.maybe(0.6)}
        return {"collection": rng.choice(["aml", "hr", "o'hare"]), **kept}

    def principal(self) -> Principal:
        rng = self.rng
        choices: dict[str, AttributeValue] = {
            "clearance": rng.choice([0, 1, 2, 3, 2**63 - 1]),
            "department": rng.choice(DEPARTMENTS),
            "matters": frozenset(self.some(MATTERS, 0.5)),
            "walls": frozenset(EntityRef("Matter", matter) for matter in self.some(MATTERS, 0.3)),
            "numbers": frozenset(rng.sample([1, 2, 3], rng.randint(0, 3))),
            "region": rng.choice(REGIONS),
            "since": self.moment(),
            "external": self.maybe(0.3),
        }
        kept = {name: value for name, value in choices.items() if self.maybe(0.75)}
        return Principal(id=f"u{rng.randint(0, 3)}", groups=self.some(GROUPS, 0.5), attributes=kept)

    def circumstances(self) -> Circumstances:
        return Circumstances(now=self.moment(), purpose=self.rng.choice(PURPOSES) if self.maybe(0.7) else None)

    def policies(self) -> str:
        """Return two to six policies; the first permits."""
        return "\n".join(self._policy(n) for n in range(self.rng.randint(2, 6)))

    def _policy(self, n: int) -> str:
        rng = self.rng
        effect = "permit" if n == 0 or self.maybe(0.5) else "forbid"
        group = rng.choice(GROUPS)
        whoever = [f'principal == User::"u{rng.randint(0, 3)}"', f'principal is User in Group::"{group}"']
        who = rng.choice(["principal"] * 3 + [f'principal in Group::"{group}"', "principal is User", *whoever])
        action = rng.choice(
            ['action == Action::"read"', "action", 'action in Action::"look"', 'action in [Action::"read"]']
        )
        what = rng.choice(["resource"] * 3 + ["resource is Document", "resource is Group",
            f'resource in Folder::"{rng.choice(FOLDERS)}"', 'resource in Collection::"aml"',
            f'resource is Document in Folder::"{rng.choice(FOLDERS)}"', 'resource in Group::"staff"'])  # fmt: skip
        conditions = " ".join(
            f"{rng.choice(['when', 'unless'])} {{ {self.truth(3)} }}" for _ in range(rng.randint(0, 2))
        )
        return f'@id("p{n}") {effect} ({who}, {action}, {what}) {conditions};'

    def truth(self, depth: int) -> str:
        """Return an expression that is mostly a truth value."""
        if depth > 0 and self.maybe(0.5):
            shape = self.rng.choice(["and", "and", "or", "or", "not", "if"])
            if shape == "not":
                return f"!({self.truth(depth - 1)})"
            if shape == "if":
                return f"(if {self.truth(depth - 1)} then {self.truth(depth - 1)} else {self.truth(depth - 1)})"
            return f"({self.truth(depth - 1)} {'&&' if shape == 'and' else '||'} {self.truth(depth - 1)})"
        return self._leaf()

    def _leaf(self) -> str:
        rng = self.rng
        folder, group = rng.choice(FOLDERS), rng.choice(GROUPS)
        given = {
            "less": rng.choice(["<", "<=", ">", ">="]),
            "equal": rng.choice(["==", "!="]),
            "number": rng.choice(NUMBERS),
            "moment": rng.choice(MOMENTS),
            "place": rng.choice([f'Folder::"{folder}"', 'Collection::"aml"', 'Group::"hr"']),
            "folder": folder,
            "group": group,
            "tag": json.dumps(rng.choice(TAGS)),
            "tags": json.dumps(self.some(TAGS, 0.4)),
            "matter": rng.choice(MATTERS),
            "department": json.dumps(rng.choice(DEPARTMENTS)),
            "region": json.dumps(rng.choice(REGIONS)),
            "optional": rng.choice(["matter", "region", "tags", "expires", "collection", "nothing"]),
            "known": rng.choice(["region", "matters", "id", "nothing"]),
        }
        return Template(rng.choice(TRUTHS)).substitute(given)


def unvalidated(text: str) -> CedarEngine | None:
    """Return an engine over policies that Cedar's validator did not see; None where they are not to be compiled."""
    schema = cedarpy.Schema.from_str(SCHEMA)
    declared = read_schema(str(schema))
    policies = read_policies(text)
    check = CompilabilityCheck(declared)
    try:
        for policy in policies:
            check.check(policy.body)
    except Uncompilable:
        return None
    loaded = Policies(
        schema=schema, declared=declared, policies=cedarpy.PolicySet.from_str(text), compilable=policies, hash="random"
    )
    return CedarEngine(loaded)
