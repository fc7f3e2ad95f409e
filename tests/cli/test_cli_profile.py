"""A hostile Wireshark profile, locale and time zone: they change what plain tshark prints, and nothing of ours."""

import os
import subprocess
from pathlib import Path

import pytest

from cli.command import explainer

PREFERENCES = """
tcp.relative_sequence_numbers: FALSE
tcp.analyze_sequence_numbers: FALSE
tcp.desegment_tcp_streams: FALSE
tcp.try_heuristic_first: TRUE
tls.desegment_ssl_records: FALSE
ip.defragment: FALSE
nameres.network_name: TRUE
nameres.use_external_name_resolver: FALSE
nameres.hosts_file_handling: TRUE
nameres.transport_name: TRUE
gui.column.format: "Number", "%m", "Odd", "%Cus:frame.len:0:R"
"""


@pytest.fixture
def hostile(tmp_path: Path) -> dict[str, str]:
    """The variables of a user whose profile, plugins, locale and time zone are all unusual."""
    home, marker = tmp_path / "home", tmp_path / "plugin-ran"
    plugin = f"""
    local out = io.open("{marker}", "w"); if out then out:write("x"); out:close() end
    local evil = Proto("evil", "Evil")
    evil.fields.note = ProtoField.string("evil.note", "Note")
    function evil.dissector(buffer, pinfo, tree) tree:add(evil.fields.note, "was here") end
    register_postdissector(evil)
    """
    for profile in (home / ".config/wireshark", tmp_path / "xdg/wireshark", tmp_path / "profile", home / ".wireshark"):
        profile.mkdir(parents=True)
        (profile / "preferences").write_text(PREFERENCES)
        (profile / "hosts").write_text("10.20.1.10 www.elsewhere.example\n10.20.2.20 other.example\n")
        (profile / "disabled_protos").write_text("tls\nhttp\n")
        (profile / "decode_as_entries").write_text("decode_as_entry: tcp.port,443,HTTP,(none)\n")
        (profile / "plugins").mkdir()
        (profile / "plugins" / "evil.lua").write_text(plugin)
    plugins = home / ".local/lib/wireshark/plugins"
    plugins.mkdir(parents=True)
    (plugins / "evil.lua").write_text(plugin)
    return {
        "HOME": str(home), "XDG_CONFIG_HOME": str(tmp_path / "xdg"), "WIRESHARK_CONFIG_DIR": str(tmp_path / "profile"),
        "TZ": "Asia/Kolkata", "LC_ALL": "de_DE.UTF-8", "LANG": "tr_TR.UTF-8", "LC_NUMERIC": "fr_FR.UTF-8",
        "LANGUAGE": "de",
    }  # fmt: skip


def printed_by_tshark(capture: Path, variables: dict[str, str], *arguments: str) -> str:
    words: list[str | Path] = ["tshark", "-r", capture, *arguments]
    done = subprocess.run(words, capture_output=True, text=True, check=True, env={**os.environ, **variables})
    return done.stdout


def test_this_profile_does_change_plain_tshark(captures: Path, hostile: dict[str, str], tmp_path: Path) -> None:
    capture = captures / "tls12_expired.pcapng"
    for fields in (["tcp.seq"], ["tls.handshake.type"], ["ip.src_host"], ["tcp.analysis.ack_rtt"], ["frame.time"]):
        words = ["-T", "fields", *(word for field in fields for word in ("-e", field))]
        assert printed_by_tshark(capture, {}, *words) != printed_by_tshark(capture, hostile, *words), fields
    assert printed_by_tshark(capture, {}, "-q", "-z", "io,phs") != printed_by_tshark(
        capture, hostile, "-q", "-z", "io,phs"
    )
    noted = "evil.note" in printed_by_tshark(capture, hostile, "-T", "pdml", "-c", "1")
    if not noted and os.geteuid() == 0:
        pytest.skip("this tshark runs no user's plugins for root (4.4): only the rest of the profile was tried")
    assert noted
    assert (tmp_path / "plugin-ran").exists()


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("tls12_expired", ["findings", "--format", "json"]),
        ("tls12_expired", ["stats", "--format", "json"]),
        ("tls12_expired", ["stats"]),
        ("tcp_refused", ["findings", "--format", "json"]),
        ("tls12_expired", ["show", "--frame", "6", "--format", "json"]),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_it_changes_no_byte_of_ours(
    captures: Path, hostile: dict[str, str], tmp_path: Path, name: str, command: list[str]
) -> None:
    words: list[str | Path] = [command[0], captures / f"{name}.pcapng", *command[1:]]
    plain, changed = explainer(*words), explainer(*words, variables=hostile)
    assert plain.returncode == changed.returncode == 0, changed.stderr
    assert plain.stdout == changed.stdout
    assert plain.stdout
    assert changed.stderr == ""
    assert not (tmp_path / "plugin-ran").exists()


@pytest.mark.parametrize("variables", [{"LC_ALL": "C"}, {"TZ": "America/St_Johns"}, {"PYTHONHASHSEED": "7"}], ids=str)
def test_nor_does_any_one_variable(captures: Path, variables: dict[str, str]) -> None:
    words: list[str | Path] = ["findings", captures / "tls12_expired.pcapng", "--format", "json"]
    assert explainer(*words).stdout == explainer(*words, variables=variables).stdout
