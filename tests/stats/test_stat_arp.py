from collections.abc import Callable

from factories import KnownFacts

from explainer.facts import Facts
from explainer.protocols.arp import Resolution, resolutions
from explainer.stats.arp import arp

FactsOf = Callable[..., Facts]
A, B, C = "02:00:00:00:00:0a", "02:00:00:00:00:0b", "02:00:00:00:00:0c"


def test_each_asker_and_asked_address_has_a_row() -> None:
    known = (
        Resolution(A, "192.0.2.1", "192.0.2.2", (1, 2), 0, 9, (3, 4), (B, C), 3),
        Resolution(A, "0.0.0.0", "192.0.2.3", (5,), 5, 5, (), (), None),
        Resolution(A, "192.0.2.1", "192.0.2.1", (6,), 6, 6, (), (), None),
    )
    assert arp(KnownFacts({resolutions: known})).rows == (
        (A, "192.0.2.1", "192.0.2.2", "request", 2, True, 2, f"{B}, {C}", 1, 3),
        (A, "0.0.0.0", "192.0.2.3", "probe", 1, False, 0, None, 5, None),
        (A, "192.0.2.1", "192.0.2.1", "gratuitous", 1, False, 0, None, 6, None),
    )


def test_without_arp_there_are_no_rows(facts_of: FactsOf) -> None:
    stat = arp(facts_of("tls12_healthy", resolutions))
    assert (stat.rows, stat.total_rows) == ((), 0)
