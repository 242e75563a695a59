"""What lies in archives and e-mails: counted while unpacking, named harmlessly, one bad file no harm to the others."""

from __future__ import annotations

import io
import struct
import zipfile
from email.message import EmailMessage

import pytest

from compliance_bot.ingest.container import containers_of
from compliance_bot.ingest.members import Member, plain_name, unpack
from compliance_bot.ingest.parse import parse
from compliance_bot.ingest.unreadable import Limits, Reason, UnreadableDocument
from compliance_bot.ingest.wire import Distrusted, format_members, parse_members


def archive(files: dict[str, bytes], *, compress: bool = True) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED) as made:
        for name, data in files.items():
            made.writestr(name, data)
    return buffer.getvalue()


def names(data: bytes, name: str = "a.zip", limits: Limits | None = None) -> list[str]:
    found = unpack(data, name=name, limits=limits or Limits())
    assert found is not None
    return [member.name for member in found]


def mail() -> EmailMessage:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = "Quarterly count", "Ana <ana@x.example>", "bo@x.example"
    message["Date"] = "Mon, 02 Nov 2026 10:00:00 +0000"
    message.set_content("The count is attached.\n\nKeep it for six years.")
    return message


def test_the_files_of_an_archive_come_in_the_order_of_their_names() -> None:
    assert names(archive({"b/2.txt": b"2", "a/1.txt": b"1", "a/": b""})) == ["a/1.txt", "b/2.txt"]


@pytest.mark.parametrize(
    ("given", "plain"),
    [
        ("../../etc/passwd", "etc/passwd"),
        ("/etc/passwd", "etc/passwd"),
        ("C:\\temp\\a.txt", "temp/a.txt"),
        ("a/./b/../c.txt", "a/b/c.txt"),
        ("a\nb\x1b[31m.txt", "a b[31m.txt"),
        ("a\u202etxt.exe", "atxt.exe"),
        ("..", "unnamed"),
        ("a!/b.txt", "a/b.txt"),
        ("x" * 1000, "x" * 300),
    ],
)
def test_a_name_leads_nowhere(given: str, plain: str) -> None:
    assert plain_name(given) == plain


def test_the_same_name_twice_is_two_files() -> None:
    assert names(archive({"../a.txt": b"1", "a.txt": b"2", "/a.txt": b"3"})) == ["a.txt", "a (2).txt", "a (3).txt"]


def test_hidden_files_links_and_what_systems_add_are_left_out() -> None:
    data = archive({".hidden": b"1", "__MACOSX/a.txt": b"2", "a/.git/x": b"3", "Thumbs.db": b"4", "a.txt": b"5"})
    buffer = io.BytesIO(data)
    with zipfile.ZipFile(buffer, "a") as made:
        link = zipfile.ZipInfo("link.txt")
        link.external_attr = 0o120777 << 16
        made.writestr(link, "/etc/passwd")
    assert names(buffer.getvalue()) == ["a.txt"]


def test_a_damaged_or_encrypted_file_harms_no_other() -> None:
    data = bytearray(archive({"a.txt": b"first words", "b.txt": b"second words", "c.txt": b"third"}, compress=False))
    at = data.index(b"second")
    data[at] ^= 1
    for mark in (b"PK\x03\x04", b"PK\x01\x02"):  # the encryption bit of c.txt, in both of its headers
        entry = data.rindex(mark)
        offset = entry + (6 if mark == b"PK\x03\x04" else 8)
        struct.pack_into("<H", data, offset, 1)
    found = unpack(bytes(data), name="a.zip", limits=Limits())
    assert found is not None
    reasons = {member.name: member.refused.reason if member.refused else None for member in found}
    assert reasons == {"a.txt": None, "b.txt": Reason.CORRUPT, "c.txt": Reason.ENCRYPTED}


def test_sizes_are_counted_and_not_believed() -> None:
    data = archive({"bomb.txt": bytes(50_000_000), "z.txt": b"words"})
    assert len(data) < 100_000
    found = unpack(data, name="a.zip", limits=Limits(unpacked_bytes=1_000_000))
    assert found is not None
    assert [member.refused.reason if member.refused else None for member in found] == [Reason.UNPACKS_TOO_LARGE] * 2
    found = unpack(data, name="a.zip", limits=Limits(size_bytes=1_000_000))
    assert found is not None
    assert [member.refused.reason if member.refused else None for member in found] == [Reason.TOO_LARGE, None]


def test_an_archive_of_too_many_files_is_refused() -> None:
    with pytest.raises(UnreadableDocument, match="too many files: more than 3"):
        unpack(archive({f"{n}.txt": b"" for n in range(4)}), name="a.zip", limits=Limits(members=3))


def test_an_office_file_and_a_text_are_no_containers() -> None:
    assert unpack(archive({"word/document.xml": b"<a/>"}), name="a.zip", limits=Limits()) is None
    assert unpack(b"Subject: a word on subjects", name="a.txt", limits=Limits()) is None


def test_a_broken_archive_is_refused() -> None:
    with pytest.raises(UnreadableDocument) as refused:
        parse(archive({"a.txt": b"1"})[:20], name="a.zip")
    assert refused.value.reason is Reason.CORRUPT


def test_a_message_is_its_headers_and_its_text() -> None:
    document = parse(mail().as_bytes(), name="count.eml")
    assert document.title == "Quarterly count"
    assert document.text == (
        "Subject: Quarterly count\n\nFrom: Ana <ana@x.example>\n\nTo: bo@x.example\n\n"
        "Date: Mon, 02 Nov 2026 10:00:00 +0000\n\nThe count is attached.\n\nKeep it for six years."
    )


def test_attachments_are_files_of_their_own() -> None:
    message, inner = mail(), mail()
    message.add_attachment(b"%PDF-1.7", maintype="application", subtype="pdf", filename="../annex.pdf")
    message.add_attachment("words", filename="na\u00efve.txt")
    message.add_attachment(b"1,2", maintype="text", subtype="csv")
    message.add_attachment(inner)
    found = unpack(message.as_bytes(), name="a.eml", limits=Limits())
    assert found is not None
    assert [member.name for member in found] == ["annex.pdf", "na\u00efve.txt", "attachment-3.csv", "message-4.eml"]
    assert found[1].data.decode().strip() == "words"
    assert b"Quarterly count" in found[3].data
    assert "annex" not in parse(message.as_bytes(), name="a.eml").text


def test_html_stands_in_where_there_is_no_plain_text_and_its_pictures_are_left_out() -> None:
    message = EmailMessage()
    message["Subject"] = "News"
    message.set_content("<p>All is <b>well</b>.</p><img src='cid:x'>", subtype="html")
    message.add_related(b"\x89PNG", maintype="image", subtype="png", cid="<x>")
    assert parse(message.as_bytes(), name="a.eml").text == "Subject: News\n\nAll is well."
    assert names(message.as_bytes(), "a.eml") == []
    message = mail()
    message.add_alternative("<p>Other words.</p>", subtype="html")
    assert "Other words" not in parse(message.as_bytes(), name="a.eml").text


@pytest.mark.parametrize(
    "raw",
    [
        b"Subject: =?utf-8?Q?a=0Ab?=\nFrom: <<>>\nDate: never\nContent-Type: text/plain; charset=odd\n\nWords \xe9.",
        b"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/plain\n\nWords \xe9.",
        b"MIME-Version: 1.0\nContent-Type: text/plain\nContent-Transfer-Encoding: base64\n\nV29yZHMg6S4",
    ],
    ids=["headers", "unclosed part", "cut off"],
)
def test_a_malformed_message_is_read_as_far_as_it_goes(raw: bytes) -> None:
    assert "Words \u00e9." in parse(raw, name="a.eml").text


def test_an_encrypted_message_and_an_outlook_file_say_what_to_do() -> None:
    raw = b"MIME-Version: 1.0\nContent-Type: application/pkcs7-mime; name=smime.p7m\n\nAAAA"
    with pytest.raises(UnreadableDocument, match="encrypted"):
        parse(raw, name="a.eml")
    with pytest.raises(UnreadableDocument, match=r"save it as \.eml"):
        parse(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), name="a.msg")


def test_members_survive_the_wire_and_a_lying_child_is_not_believed() -> None:
    members = (
        Member(name="a/b.txt", data=b"1\n2"),
        Member(name="c.txt", refused=UnreadableDocument(Reason.ENCRYPTED)),
        Member(name="d.txt", data=b""),
    )
    limits = Limits()
    told = parse_members(format_members(members), limits)
    assert isinstance(told, tuple)
    assert [(one.name, one.data, str(one.refused)) for one in told] == [
        (one.name, one.data, str(one.refused)) for one in members
    ]
    assert parse_members(format_members(None), limits) is None
    for lie in (
        b'[["../a", 0]]\n',
        b'[["a", 5]]\n123',
        b'[["a", 1]]\n123',
        b'[["a", 0], ["a", 0]]\n',
        b'[["a\\u001b", 0]]\n',
        b'[["a", -1]]\n',
        b'[["a", 0, "NO_SUCH", 1]]\n',
        b'[["a", 0]]',
        b"{}\n",
        b"\n",
    ):
        with pytest.raises(Distrusted):
            parse_members(lie, limits)


def test_a_member_knows_what_it_lies_in() -> None:
    assert containers_of("a.zip!/b.eml!/c.txt") == ("a.zip", "a.zip!/b.eml")
    assert containers_of("c.txt") == ()
