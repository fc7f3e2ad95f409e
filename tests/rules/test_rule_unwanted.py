"""The rules of unwanted traffic."""

from collections.abc import Callable

from factories import KnownFacts

from explainer.model import Analysis
from explainer.protocols.sightings import Sighting, sightings
from explainer.rules.unwanted import unwanted_bittorrent, unwanted_portmapper


def seen(*protocols: str) -> KnownFacts:
    every = (Sighting(name, n, f"192.0.2.{n}", "198.51.100.1", 100) for n, name in enumerate(protocols, 1))
    return KnownFacts({sightings: tuple(every)})


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


def test_one_of_them_does_not_stand_for_the_other() -> None:
    assert list(unwanted_bittorrent(seen("portmap"))) == []
    assert list(unwanted_portmapper(seen("bt-dht"))) == []


def test_without_such_frames_they_do_not_apply(analysis_of: Callable[[str], Analysis]) -> None:
    outcomes = [o for o in analysis_of("tls12_healthy").outcomes if o.rule.startswith("unwanted_")]
    assert [(o.status, o.reason) for o in outcomes] == [
        ("not applicable", "no frames of unwanted protocols in this capture")
    ] * 2


def test_the_lab_s_captures_are_named(analysis_of: Callable[[str], Analysis]) -> None:
    torrent, portmapper = analysis_of("bittorrent_among_web"), analysis_of("portmapper_probe")
    assert [f.rule for f in torrent.findings] == ["unwanted_bittorrent"]
    assert [f.rule for f in portmapper.findings] == ["unwanted_portmapper"]
