from collections.abc import Callable

from factories import KnownFacts

from explainer.facts import Facts
from explainer.protocols.echo import Pings
from explainer.protocols.echo import pings as ping_pairs
from explainer.stats.pings import pings

FactsOf = Callable[..., Facts]
A, B = "192.0.2.1", "192.0.2.2"


def test_each_pair_has_a_row_with_its_round_trips() -> None:
    known = (
        Pings(A, B, 4, (1, 3, 5), (2, 4), (5,), ((1, 2, 1.0), (3, 4, 2.0)), (), 1, 98, 98, (), 0, 2.0, 1.0),
        Pings(B, A, 4, (6,), (), (6,), (), (), 1, 0, 98, (), 0, 0.0, 0.0),
    )
    assert pings(KnownFacts({ping_pairs: known})).rows == (
        (A, B, 4, 3, 2, 1.0, 1.5, 2.0, 1, 2),
        (B, A, 4, 1, 0, None, None, None, 6, None),
    )


def test_without_pings_there_are_no_rows(facts_of: FactsOf) -> None:
    stat = pings(facts_of("tls12_healthy", ping_pairs))
    assert (stat.rows, stat.total_rows) == ((), 0)
