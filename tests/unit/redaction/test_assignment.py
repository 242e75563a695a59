"""Which collection has which profile: read from the files of a policy folder, or refused."""

from __future__ import annotations

import re

import pytest

from compliance_bot.errors import UsageError
from compliance_bot.redaction.assignment import CollectionProfiles, read_assignment
from compliance_bot.redaction.profiles import EVERYTHING, bundled_profiles

OWN = "name: own\ndescription: What we mask.\ntypes: [ORGANIZATION]\n"


def read(said: str | None = None, **profiles: str) -> CollectionProfiles:
    files = {f"redaction/{name}.yaml": text.encode() for name, text in profiles.items()}
    return read_assignment(files if said is None else {**files, "redaction.yaml": said.encode()})


def test_without_the_file_every_collection_has_minimal() -> None:
    minimal = bundled_profiles()["minimal"]
    assert read().of("patients") == minimal
    assert read().strictest == minimal
    assert read(own=OWN).of("patients") == minimal


def test_a_collection_has_the_profile_that_is_named_for_it_and_others_the_default() -> None:
    profiles = read("default: own\ncollections: {patients: hipaa, archive: everything}", own=OWN)
    assert profiles.of("patients") == bundled_profiles()["hipaa"]
    assert profiles.of("archive") == EVERYTHING
    assert profiles.of("anything").types == {"ORGANIZATION"}
    assert profiles.of("Patients").name == "own"  # collections are told apart by every letter


def test_what_may_be_about_any_collection_is_masked_under_all_profiles_in_force() -> None:
    strictest = read("default: own\ncollections: {cards: pci-dss}", own=OWN).strictest
    assert strictest.masks("ORGANIZATION")
    assert strictest.masks("CREDIT_CARD")
    assert not strictest.masks("EMAIL_ADDRESS")
    assert strictest.name == "own+pci-dss"


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ("", "redaction.yaml: expected a mapping with default and collections"),
        ("- hipaa", "redaction.yaml: expected a mapping"),
        ("collections: [", "redaction.yaml: cannot be read as YAML with each key once at line 1"),
        ("collections: {a: hipaa, a: minimal}", "redaction.yaml: cannot be read as YAML with each key once"),
        (
            "default: hippa",
            "redaction.yaml: default: no redaction profile 'hippa'; known: everything, gdpr, glba, hipaa",
        ),
        ("collections: {patients: hippa}", "redaction.yaml: collections.patients: no redaction profile 'hippa'"),
        ("collections: {patients: }", "redaction.yaml: collections.patients: Input should be a valid string"),
        ("collections: {2026: hipaa}", "redaction.yaml: collections.2026"),
        ("collections: {' patients': hipaa}", "redaction.yaml: collections: a collection has a printable name"),
        ("collections: [patients]", "redaction.yaml: collections: Input should be a valid dictionary"),
        ("collection: {patients: hipaa}", "redaction.yaml: collection: Extra inputs are not permitted"),
    ],
)
def test_a_file_that_is_not_valid_is_refused_with_its_key(said: str, complaint: str) -> None:
    with pytest.raises(UsageError, match=re.escape(complaint)) as refusal:
        read(said)
    assert refusal.value.exit_code == 2


def test_a_profile_of_the_homes_own_that_is_not_valid_is_refused_though_nothing_names_it() -> None:
    with pytest.raises(UsageError, match=re.escape("redaction/own.yaml: types: there is no type 'PERSN'")):
        read(own=OWN.replace("ORGANIZATION", "PERSN"))


@pytest.mark.parametrize("name", ["hipaa", "everything"])
def test_a_name_that_ships_means_what_ships(name: str) -> None:
    with pytest.raises(UsageError, match=f"'{name}' ships with the product; choose another name"):
        read(own=OWN.replace("own", name, 1))


@pytest.mark.parametrize("name", ["redaction.yml", "redaction/own.yml"])
def test_a_file_with_another_ending_is_refused_and_not_left_aside(name: str) -> None:
    with pytest.raises(UsageError, match=re.escape(f"{name}: expected a name that ends in .yaml")):
        read_assignment({name: b"default: hipaa"})


def test_a_file_that_is_no_text_is_refused() -> None:
    with pytest.raises(UsageError, match=r"^redaction\.yaml: cannot be read as UTF-8 text$"):
        read_assignment({"redaction.yaml": b"default: \xff"})


def test_other_files_of_the_folder_are_left_aside() -> None:
    assert read_assignment({"principals.yaml": b"[", "walls.cedar": b"("}).default.name == "minimal"
