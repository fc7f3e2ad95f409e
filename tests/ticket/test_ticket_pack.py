"""The pack as a whole: what is in it, the same bytes twice, its checksums, and the way back from its pseudonyms."""

import hashlib
import io
import json
import stat
import zipfile
from pathlib import Path

import pytest
from cli.command import inside

from explainer.errors import OutputError
from explainer.privacy.kinds import Kind, Original
from explainer.privacy.mapping import Mapping
from explainer.report import Report
from explainer.ticket import leaks, pack

FILES = [
    "analysis.json", "commands.txt", "dissection.json", "evidence.pcapng", "manifest.json", "report.html", "report.md",
]  # fmt: skip


def unzipped(packed: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="module")
def capture(captures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy, beside which the pseudonyms can be kept."""
    place = tmp_path_factory.mktemp("pack") / "tls12_expired.pcapng"
    place.write_bytes((captures / place.name).read_bytes())
    return place


@pytest.fixture(scope="module")
def packs(capture: Path) -> dict[bool, tuple[bytes, Mapping | None]]:
    return {redact: pack.pack(capture, redact=redact) for redact in (False, True)}


@pytest.fixture(scope="module")
def mapping(packs: dict[bool, tuple[bytes, Mapping | None]]) -> Mapping:
    made = packs[True][1]
    assert made is not None
    return made


def test_two_runs_give_the_same_bytes(capture: Path, packs: dict[bool, tuple[bytes, Mapping | None]]) -> None:
    assert pack.pack(capture, redact=True)[0] == packs[True][0]


@pytest.mark.parametrize("redact", [False, True])
def test_it_holds_what_its_manifest_says(
    redact: bool, capture: Path, packs: dict[bool, tuple[bytes, Mapping | None]]
) -> None:
    packed, mapping = packs[redact]
    files = unzipped(packed)
    assert list(files) == FILES
    manifest = json.loads(files["manifest.json"])
    assert manifest["files"] == {
        name: hashlib.sha256(files[name]).hexdigest() for name in FILES if name != "manifest.json"
    }
    assert manifest["evidence"]["shows_alone"] == ["tls_certificate_expired"]
    assert manifest["evidence"]["does_not_show_alone"] == []
    original = hashlib.sha256(capture.read_bytes()).hexdigest()
    proof = hashlib.sha256(original.encode()).hexdigest()
    assert manifest["original"]["sha256_of_sha256" if redact else "sha256"] == (proof if redact else original)
    assert len(json.loads(files["dissection.json"])) == manifest["evidence"]["frames"]
    assert Report.model_validate_json(files["analysis.json"]).pseudonyms is redact
    told = b"".join(files.values())
    for own in (b"payroll.example", b"10.20.1.10", b"10.20.2.20", b"02:00:0a:14", original.encode(), b"tls12_expired"):
        assert (own in told) is not redact
    assert (mapping is None) is not redact


def test_the_command_keeps_the_pseudonyms_for_the_user_alone_and_translates_back(capture: Path, tmp_path: Path) -> None:
    target = tmp_path / "pack.zip"
    done = inside("ticket", capture, "--redact", "-o", target)
    assert done.returncode == 0, done.stderr
    table = capture.with_name("tls12_expired.pcapng.pseudonyms.json")
    assert stat.S_IMODE(table.stat().st_mode) == 0o600
    assert str(table) in done.stderr
    report = unzipped(target.read_bytes())["report.md"].decode()
    back = inside("restore", report, "--map", table)
    assert "The certificate of payroll.example expired 12 days before this capture" in back.stdout
    assert "10.20.2.20 needs a renewed certificate" in back.stdout
    again = inside("ticket", capture, "-o", target)
    assert (again.returncode, "exists already" in again.stderr) == (2, True)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("report.md", b"the server 10.20.2.20"), ("report.html", b"payroll&#46;example"),
        ("evidence.pcapng", b"..\x0a\x14\x02\x14.."), ("evidence.pcapng", b"\x07PAYROLL\x07example\x00"),
        ("evidence.pcapng", b"\x14\x02\x14\x0a"), ("dissection.json", b'"payroll.example"'),
        ("evidence.pcapng", "payroll.example".encode("utf-16-le")), ("evidence.pcapng", b"\x02\x00\x0a\x14\x01\x0a"),
    ],
)  # fmt: skip
def test_the_last_look_finds_what_is_left(name: str, content: bytes, mapping: Mapping) -> None:
    assert leaks.found(name, content, mapping)
    assert not leaks.found(name, b"nothing of it", mapping)


@pytest.mark.parametrize("packed", [b"\x0a\0\0\x01", b"\x01\0\0\x0a", b"\x04\x03\x02\x01"])
def test_four_bytes_that_stand_anywhere_by_chance_are_no_address_but_its_text_is(packed: bytes) -> None:
    known = Mapping(b"k", [Original(Kind.ADDRESS, "10.0.0.1"), Original(Kind.ADDRESS, "1.2.3.4")])
    assert not leaks.found("evidence.pcapng", b"\r\n" + packed + b"\r\n", known)
    assert leaks.found("evidence.pcapng", b"Host: 10.0.0.1\r\n", known)
    assert leaks.found("dissection.json", b'"ip.src": "1.2.3.4"', known)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"as invalid_name.", False), (b"as valid_name.", True), (b"\x0a\x0avalid_name0", True),
        (b"to 10.7.7.77", False),
        (b"invalid_name and valid_name", True), (b"to 10.7.7.7:80", True), (b"10.7.7.7", True), (b"110.7.7.7", False),
        (bytes(8) + b"\x04", False),
    ],
)  # fmt: skip
def test_a_part_of_a_longer_word_or_number_is_no_name_of_the_capture(content: bytes, found: bool) -> None:
    named = (Kind.USER, "valid_name"), (Kind.ADDRESS, "10.7.7.7"), (Kind.MAC, "00:00:00:00:00:04")
    known = Mapping(b"k", [Original(kind, value) for kind, value in named])
    assert bool(leaks.found("evidence.pcapng", content, known)) is found


def test_a_pack_that_would_leak_is_refused(capture: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pack, "_commands", lambda *_: b"ping 10.20.2.20\n")
    with pytest.raises(OutputError, match=r"commands\.txt would still hold an address"):
        pack.pack(capture, redact=True)


@pytest.mark.parametrize("name", ["dns_tunnel", "exposed_file_server", "sip_wrong_password", "tls12_chain_stray"])
def test_a_redacted_pack_of_each_kind_of_traffic_can_be_sent(name: str, captures: Path) -> None:
    packed, mapping = pack.pack(captures / f"{name}.pcapng", redact=True)
    assert mapping is not None
    assert set(unzipped(packed)) > {"report.html", "evidence.pcapng", "dissection.json"}
