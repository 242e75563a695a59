"""Redaction profiles as files: what is refused, what is read, and what the shipped ones mask."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from compliance_bot.bundled import bundled
from compliance_bot.redaction.assignment import read_assignment
from compliance_bot.redaction.kinds import GROUPS, KINDS
from compliance_bot.redaction.patterns.scans import SCANS
from compliance_bot.redaction.profiles import (
    EVERYTHING,
    InvalidProfile,
    Profile,
    UnknownProfile,
    bundled_profiles,
    parse_profiles,
    profile_named,
    read_profiles,
    strictest,
)

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "name: own\ndescription: What we mask.\n"


def parsed(text: str) -> Profile:
    return parse_profiles({"own.yaml": text.encode()})["own"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "own.yaml: expected a mapping"),
        ("- PERSON", "own.yaml: expected a mapping"),
        ("name: [", "own.yaml: cannot be read as YAML with each key once at line 1"),
        ("!!python/object/apply:os.getcwd []", "own.yaml: cannot be read as YAML"),
        (HEAD + "name: other\ntypes: [PERSON]", "own.yaml: cannot be read as YAML with each key once"),
        (HEAD + "types: {PERSON: 0.5, PERSON: 0.9}", "own.yaml: cannot be read as YAML with each key once"),
        ("description: d\ntypes: [PERSON]", "own.yaml: name: Field required"),
        ("name: own\ntypes: [PERSON]", "own.yaml: description: Field required"),
        ("name: Own Profile\ndescription: d\ntypes: [PERSON]", "own.yaml: name: String should match"),
        ("name: no\ndescription: d\ntypes: [PERSON]", "own.yaml: name: Input should be a valid string"),
        ("name: own\ndescription: ''\ntypes: [PERSON]", "own.yaml: description: String should have at least 1"),
        (HEAD + "type: [PERSON]", "own.yaml: type: Extra inputs are not permitted"),
        (HEAD, "own.yaml: types: the profile masks nothing"),
        (HEAD + "types: []\ngroups: []", "own.yaml: types: the profile masks nothing"),
        (HEAD + "types: PERSON", "own.yaml: types: expected a list of types, or a mapping"),
        (HEAD + "types: [PERSON, 3]", "own.yaml: types: expected a list of types, or a mapping"),
        (HEAD + "types: [PERSN]", "own.yaml: types: there is no type 'PERSN'"),
        (HEAD + "types: {PERSN: 0.5}", "own.yaml: types: there is no type 'PERSN'"),
        (HEAD + "types: [PERSON, PERSON]", "own.yaml: types: a type stands twice"),
        (HEAD + "types: {PERSON: 1.5}", "own.yaml: types.PERSON: Input should be less than or equal to 1"),
        (HEAD + "types: {PERSON: -0.1}", "own.yaml: types.PERSON: Input should be greater than or equal to 0"),
        (HEAD + "types: {PERSON: .nan}", "own.yaml: types.PERSON: Input should be"),
        (HEAD + "types: {PERSON: true}", "own.yaml: types.PERSON: Input should be a valid number"),
        (HEAD + "types: {PERSON: '0.5'}", "own.yaml: types.PERSON: Input should be a valid number"),
        (HEAD + "types: [Maria Schmidt]", "own.yaml: types: expected a type"),
        (HEAD + "groups: [nam]", "own.yaml: groups: there is no group 'nam'"),
        (HEAD + "groups: name", "own.yaml: groups: Input should be a valid list"),
        (
            HEAD + "identifiers: {A: {what: Names}}",
            "own.yaml: identifiers.A: expected types, groups, or not_detectable",
        ),
        (HEAD + "identifiers: {AA: {what: Names, types: [PERSON]}}", "own.yaml: identifiers.AA"),
        (HEAD + "identifiers: {A: {types: [PERSON]}}", "own.yaml: identifiers.A.what: Field required"),
        (HEAD + "identifiers: {A: {what: Names, types: [PERSN]}}", "own.yaml: identifiers.A.types: there is no type"),
        (HEAD + "identifiers: {A: {what: Prints, not_detectable: no text}}", "the profile masks nothing"),
    ],
)
def test_a_profile_that_is_not_valid_is_refused_with_its_file_and_key(text: str, complaint: str) -> None:
    with pytest.raises(InvalidProfile, match=re.escape(complaint)):
        parsed(text)


def test_a_file_that_is_no_text_is_refused() -> None:
    with pytest.raises(InvalidProfile, match=r"^own\.yaml: cannot be read as UTF-8 text$"):
        parse_profiles({"own.yaml": b"name: \xff"})


def test_two_profiles_of_one_name_are_refused() -> None:
    text = f"{HEAD}types: [PERSON]".encode()
    with pytest.raises(InvalidProfile, match=r"^b\.yaml: name: another file has a profile 'own'$"):
        parse_profiles({"a.yaml": text, "b.yaml": text})


def test_no_message_quotes_a_value_of_the_file() -> None:
    with pytest.raises(InvalidProfile) as refusal:
        parsed(HEAD + "source: [Maria Schmidt]\ntypes: {PERSON: Maria Schmidt}\ngroups: {Maria Schmidt: 1}")
    assert "Maria" not in str(refusal.value)


def test_types_come_from_the_list_from_groups_and_from_identifiers() -> None:
    profile = parsed(
        HEAD + "source: A rule\ntypes: {ORGANIZATION: 0.8, LOCATION: null}\ngroups: [contact]\n"
        "identifiers: {A: {what: Names, types: {PERSON: 0.3}}, B: {what: Photographs, not_detectable: no text}}"
    )
    assert profile.types == GROUPS["contact"] | {"ORGANIZATION", "LOCATION", "PERSON"}
    assert profile.thresholds == {"ORGANIZATION": 0.8, "PERSON": 0.3}
    assert [(one.letter, sorted(one.types), one.not_detectable) for one in profile.identifiers] == [
        ("A", ["PERSON"], ""),
        ("B", [], "no text"),
    ]
    assert (profile.description, profile.source) == ("What we mask.", "A rule")


def test_the_lowest_threshold_counts_where_a_type_has_several() -> None:
    identifiers = "identifiers: {A: {what: Names, types: {PERSON: 0.7}}, B: {what: Nicknames, types: {PERSON: 0.2}}}"
    assert parsed(HEAD + identifiers).thresholds == {"PERSON": 0.2}


def test_the_hash_follows_what_is_masked_and_nothing_else() -> None:
    profile = parsed(HEAD + "types: [PERSON, LOCATION]")
    assert parsed("name: own\ndescription: Other words.\ntypes: [LOCATION, PERSON]").sha256 == profile.sha256
    others = (HEAD + "types: [PERSON]", HEAD + "types: {PERSON: 0.9, LOCATION: null}")
    assert len({profile.sha256, EVERYTHING.sha256, *(parsed(text).sha256 for text in others)}) == 4


def test_a_folder_is_read_and_none_has_no_profiles(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(HEAD + "types: [PERSON]")
    (tmp_path / "notes.txt").write_text("not a profile")
    assert set(read_profiles(tmp_path)) == {"own"}
    assert read_profiles(tmp_path / "absent") == {}


def test_an_unknown_profile_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(
        UnknownProfile, match="no redaction profile 'hippa'; known: gdpr, glba, hipaa, minimal, pci-dss"
    ):
        profile_named("hippa", bundled_profiles())
    assert profile_named("hipaa", bundled_profiles()).name == "hipaa"


def test_the_strictest_of_profiles_masks_what_any_does_at_the_lowest_threshold() -> None:
    one = parsed(HEAD + "types: {PERSON: 0.8, LOCATION: 0.1, ORGANIZATION: 0.9}")
    other = parsed(HEAD.replace("own", "own", 1) + "types: {PERSON: 0.6, LOCATION: null, EMAIL_ADDRESS: null}")
    union = strictest((one, other))
    assert union.types == {"PERSON", "LOCATION", "ORGANIZATION", "EMAIL_ADDRESS"}
    assert union.thresholds == {"PERSON": 0.6, "LOCATION": 0.1, "ORGANIZATION": 0.9}
    assert strictest((other, one)).sha256 == union.sha256
    assert strictest((one, one)) == one


def test_with_everything_among_them_the_strictest_masks_everything() -> None:
    sensitive = parsed(HEAD + "types: {PERSON: 0.1, LOCATION: 0.9}")
    union = strictest((EVERYTHING, sensitive))
    assert union.types is None
    assert union.thresholds == {"PERSON": 0.1}


def test_a_type_of_somebodys_own_recogniser_is_masked_under_any_profile() -> None:
    profile = bundled_profiles()["minimal"]
    assert profile.masks("EMPLOYEE_ID")
    assert profile.masks("PERSON")
    assert not profile.masks("LOCATION")


def test_every_type_is_in_a_group() -> None:
    assert {kind.name for kind in KINDS.values() if not kind.group} == set()


def test_every_type_that_a_scan_finds_is_in_the_catalogue() -> None:
    assert {name for scan in SCANS for name in scan.types} <= set(KINDS)  # others are masked under every profile


def test_hipaa_maps_each_of_the_18_identifiers_or_says_why_not() -> None:
    profile = bundled_profiles()["hipaa"]
    assert [one.letter for one in profile.identifiers] == list("ABCDEFGHIJKLMNOPQR")
    assert profile.source == "45 CFR 164.514(b)(2)(i)"
    for one in profile.identifiers:
        assert one.types <= profile.types or ()


def test_the_shipped_profiles_mask_what_their_rules_are_about() -> None:
    profiles = bundled_profiles()
    assert set(profiles) == {"gdpr", "glba", "hipaa", "minimal", "pci-dss"}
    for profile in profiles.values():
        assert profile.description
        assert profile.masks("PERSON")
        assert profile.masks("CREDIT_CARD")
        assert profile.source or profile.name == "minimal"
        assert not re.search(r"(?i)\bde-?identif|\bcomplian|\banonymi", f"{profile.description} {profile.source}")
    assert not profiles["minimal"].masks("LOCATION")
    assert not profiles["pci-dss"].masks("EMAIL_ADDRESS")
    assert profiles["hipaa"].masks("LOCATION")
    assert GROUPS["special"] <= profiles["gdpr"].types or ()


def test_the_examples_of_the_page_are_valid() -> None:
    page = (bundled("policies").parent / "docs" / "how-to" / "choose-a-redaction-profile.md").read_text("utf-8")
    assignment, profile = re.findall(r"```yaml\n(.*?)```", page, flags=re.DOTALL)
    assert read_assignment({"redaction.yaml": assignment.encode()}).of("patients").name == "hipaa"
    assert parse_profiles({"board.yaml": profile.encode()})["board"].thresholds == {"LOCATION": 0.8}
    assert [group for group in GROUPS if f"`{group}`" not in page] == []
    assert [name for name in (*bundled_profiles(), EVERYTHING.name) if f"| `{name}` |" not in page] == []


def test_hipaa_masks_the_ages_over_89_only() -> None:
    profiles = bundled_profiles()
    assert profiles["hipaa"].masks("AGE_OVER_89")
    assert not profiles["hipaa"].masks("AGE")
    assert profiles["gdpr"].masks("AGE")
