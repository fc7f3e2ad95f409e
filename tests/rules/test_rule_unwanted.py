"""The rules of unwanted traffic."""

from collections.abc import Callable

from factories import KnownFacts

from explainer.model import Analysis, Severity
from explainer.protocols.applications import Kind, Reply, Sign, replies, signs
from explainer.protocols.sightings import Sighting, sightings
from explainer.protocols.tcp import Endpoint
from explainer.rules.unwanted import unwanted_bittorrent, unwanted_portmapper


def seen(*protocols: str) -> KnownFacts:
    every = (Sighting(name, n, f"192.0.2.{n}", "198.51.100.1", 100) for n, name in enumerate(protocols, 1))
    return KnownFacts({sightings: tuple(every), signs: (), replies: ()})


def test_bittorrent_and_its_companions_are_one_finding() -> None:
    (finding,) = unwanted_bittorrent(seen("bittorrent", "bt-dht", "bt-utp", "portmap"))
    assert finding.evidence.frames == (1, 2, 3)
    assert finding.measured == {"frames": 3, "bytes": 300, "hosts": 4}
    assert "192.0.2.1, 198.51.100.1, 192.0.2.2 and 1 more" in finding.title


def test_a_few_guesses_are_no_bittorrent() -> None:
    assert list(unwanted_bittorrent(seen(*["bt-dht"] * 19))) == []
    assert len(list(unwanted_bittorrent(seen(*["bt-utp"] * 20)))) == 1


def test_the_portmapper_alone() -> None:
    facts = seen("bittorrent", "portmap")
    (finding,) = unwanted_portmapper(facts)
    assert finding.evidence.frames == (2,)
    assert "port 111" in finding.title


def test_a_question_to_all_hosts_is_no_talk_with_one_of_that_address() -> None:
    questions = (Sighting("portmap", n, f"192.0.2.{n}", "192.0.2.255", 100) for n in (1, 2))
    (finding,) = unwanted_portmapper(KnownFacts({sightings: tuple(questions), signs: (), replies: ()}))
    assert finding.title.startswith("192.0.2.1 and 192.0.2.2 ask all hosts at once (broadcast) for a portmapper")


def asked(host: int, program: str = "100232") -> Sign:
    client, server = Endpoint("192.0.2.1", 5000), Endpoint(f"198.51.100.{host}", 111)
    return Sign("rpc-program", "portmap", None, client, server, host, program)


def portmap(*records: Sign, answers: tuple[Reply, ...] = ()) -> KnownFacts:
    probes = tuple(Sighting("portmap", r.frame, r.client.address, r.server.address, 98) for r in records)
    return KnownFacts({sightings: probes, signs: records, replies: answers})


def mount(host: int, *, ok: bool) -> Reply:
    client, server = Endpoint("192.0.2.1", 700), Endpoint(f"198.51.100.{host}", 20048)
    code = "0" if ok else "13"
    return Reply("NFS", Kind.FILE, None, client, server, 8, 9, "the mount of", "/srv", code, "", ok=ok)


def test_a_portmapper_that_is_asked_for_a_mount_is_how_nfs_works() -> None:
    (mounts,) = unwanted_portmapper(portmap(asked(1, "100005"), answers=(mount(1, ok=True),)))
    assert mounts.severity is Severity.INFO
    (refused,) = unwanted_portmapper(portmap(asked(1, "100005"), answers=(mount(1, ok=False),)))
    (elsewhere,) = unwanted_portmapper(portmap(asked(1, "100005"), asked(2), answers=(mount(1, ok=True),)))
    mounted = tuple(mount(host, ok=True) for host in range(1, 5))
    (searched,) = unwanted_portmapper(portmap(*map(asked, range(1, 5)), answers=mounted))
    assert {f.severity for f in (refused, elsewhere, searched)} == {Severity.MEDIUM}


def test_who_asks_many_hosts_for_one_program_searches() -> None:
    (finding,) = unwanted_portmapper(portmap(*map(asked, range(1, 5))))
    assert "192.0.2.1 searches the network" in finding.title
    assert "of 4 hosts for the RPC program sadmind (100232)" in finding.title
    (few,) = unwanted_portmapper(portmap(*map(asked, range(1, 4))))
    assert "(programs asked for: sadmind (100232))" in few.title
    (various,) = unwanted_portmapper(portmap(*(asked(n, str(100000 + n)) for n in range(1, 6))))
    assert "searches" not in various.title


def test_one_of_them_does_not_stand_for_the_other() -> None:
    assert list(unwanted_bittorrent(seen("portmap"))) == []
    assert list(unwanted_portmapper(seen("bt-dht"))) == []


RULES = ("unwanted_bittorrent", "unwanted_portmapper")


def test_without_such_frames_they_do_not_apply(analysis_of: Callable[[str], Analysis]) -> None:
    outcomes = [o for o in analysis_of("tls12_healthy").outcomes if o.rule in RULES]
    assert [(o.status, o.reason) for o in outcomes] == [
        ("not applicable", "no frames of unwanted protocols in this capture")
    ] * 2


def test_the_lab_s_captures_are_named(analysis_of: Callable[[str], Analysis]) -> None:
    torrent, portmapper = analysis_of("bittorrent_among_web"), analysis_of("portmapper_probe")
    assert [f.rule for f in torrent.findings] == ["unwanted_bittorrent"]
    assert {f.rule for f in portmapper.findings} == {"unwanted_portmapper", "service_error"}
