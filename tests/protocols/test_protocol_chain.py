"""Chains of certificates made on the spot: complete, cut short, out of order, with strays."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from factories import START, KnownFacts, parsed
from issued import TO, Issued, issue, verifiable

from explainer.protocols.chain import TRUST_STORE, Chain, Roots, roots
from explainer.protocols.x509 import Certificate

ROOT = issue("Example Root", authority=True)
UPPER = issue("Example Upper", ROOT, authority=True)
LOWER = issue("Example Lower", UPPER, authority=True)
LEAF = issue("www.example.org", LOWER, names=("www.example.org",))
DIRECT = issue("direct.example.org", ROOT, names=("direct.example.org",))
SELF_SIGNED = issue("self.example.org")
STRAY = issue("Stray Intermediate", issue("Stray Root", authority=True), authority=True)
NAMESAKE = issue("Example Lower", UPPER, authority=True)
FORGED = issue("www.example.org", LOWER, signed_with=ec.generate_private_key(ec.SECP256R1()))


def known(*trusted: Issued) -> Roots:
    """Return the known roots where the user trusts these, too."""
    given = {TRUST_STORE: b"".join(each.pem for each in trusted)} if trusted else None
    return KnownFacts({}, given=given)[roots]


def chain(*presented: Issued | None, trusted: tuple[Issued, ...] = ()) -> Chain:
    """Return the chain of what a server presents."""
    found = known(*trusted).chain(tuple(each.known if each else None for each in presented))
    assert found is not None
    return found


def names(certificates: tuple[Certificate, ...]) -> list[str]:
    return [certificate.common_name for certificate in certificates]


WHOLE = ["www.example.org", "Example Lower", "Example Upper"]


@pytest.mark.parametrize(
    ("presented", "path", "unused", "ordered", "ends"),
    [
        ((LEAF, LOWER, UPPER), WHOLE, [], True, False),
        ((LEAF, LOWER, UPPER, ROOT), [*WHOLE, "Example Root"], [], True, True),
        ((LEAF, LOWER), WHOLE[:2], [], True, False),
        ((LEAF,), WHOLE[:1], [], True, False),
        ((LEAF, UPPER), WHOLE[:1], ["Example Upper"], True, False),
        ((LEAF, UPPER, LOWER), WHOLE, [], False, False),
        ((LEAF, ROOT, LOWER, UPPER), [*WHOLE, "Example Root"], [], False, True),
        ((LEAF, STRAY, LOWER, UPPER), WHOLE, ["Stray Intermediate"], True, False),
        ((LEAF, LOWER, LOWER, UPPER), WHOLE, ["Example Lower"], True, False),
        ((LEAF, None, LOWER, UPPER), WHOLE, [], True, False),
        ((LEAF, NAMESAKE, LOWER, UPPER), WHOLE, ["Example Lower"], True, False),
        ((FORGED, LOWER, UPPER), ["www.example.org"], ["Example Lower", "Example Upper"], True, False),
        ((SELF_SIGNED,), ["self.example.org"], [], True, True),
        ((SELF_SIGNED, ROOT), ["self.example.org"], ["Example Root"], True, True),
    ],
    ids=[
        "complete", "with its root", "cut short", "alone", "gap in the middle", "wrong order", "root in between",
        "stray one", "one twice", "unreadable one", "namesake with another key", "signature of another key",
        "self-signed", "self-signed with another",
    ],
)  # fmt: skip
def test_the_path_leads_up_by_name_and_signature(
    presented: tuple[Issued | None, ...], path: list[str], unused: list[str], ordered: bool, ends: bool
) -> None:
    found = chain(*presented)
    assert names(found.path) == path
    assert names(found.unused) == unused
    assert (found.ordered, found.ends, found.root) == (ordered, ends, "")
    assert (found.leaf, found.top) == (found.path[0], found.path[-1])


@pytest.mark.parametrize("presented", [(), (None,), (None, LOWER)])
def test_without_the_servers_own_certificate_there_is_no_chain(presented: tuple[Issued | None, ...]) -> None:
    assert known().chain(tuple(each.known if each else None for each in presented)) is None


class TestTrustStore:
    @pytest.mark.parametrize(
        "presented",
        [(LEAF, LOWER, UPPER), (LEAF, LOWER, UPPER, ROOT), (DIRECT,), (ROOT,)],
        ids=["without the root", "with the root", "straight from the root", "the root itself"],
    )
    def test_a_root_that_the_user_trusts_is_found(self, presented: tuple[Issued, ...]) -> None:
        found = chain(*presented, trusted=(ROOT,))
        assert found.root == "CN=Example Root,O=Example"
        assert found.ends

    @pytest.mark.parametrize(
        ("presented", "trusted"),
        [((LEAF, LOWER), (ROOT,)), ((LEAF, LOWER, UPPER), (STRAY,)), ((LEAF, LOWER, UPPER), ())],
        ids=["cut short", "another is trusted", "none is given"],
    )
    def test_it_is_not_where_the_chain_does_not_reach_it(
        self, presented: tuple[Issued, ...], trusted: tuple[Issued, ...]
    ) -> None:
        assert chain(*presented, trusted=trusted).root == ""

    def test_its_name_alone_is_no_proof(self) -> None:
        assert chain(DIRECT, trusted=(issue("Example Root", authority=True),)).root == ""

    def test_of_two_roots_with_one_name_the_right_one_counts(self) -> None:
        assert chain(DIRECT, trusted=(issue("Example Root", authority=True), ROOT)).root == "CN=Example Root,O=Example"

    def test_a_certificate_that_is_trusted_itself_needs_no_authority(self) -> None:
        assert chain(SELF_SIGNED, trusted=(SELF_SIGNED,)).root == "CN=self.example.org,O=Example"

    def test_an_intermediate_may_be_trusted(self) -> None:
        assert chain(LEAF, LOWER, trusted=(UPPER,)).root == "CN=Example Upper,O=Example"

    def test_mozillas_roots_are_known_without_it(self) -> None:
        root = parsed(known().certificates[0].hex())
        found = known().chain((root,))
        assert found is not None
        assert found.root == root.subject


class TestIssuedBy:
    def test_a_certificate_of_another_connection_may_be_the_missing_one(self) -> None:
        assert chain(LEAF).issued_by(LOWER.known)
        assert not chain(LEAF).issued_by(NAMESAKE.known)
        assert not chain(LEAF).issued_by(UPPER.known)
        assert chain(LEAF, LOWER).issued_by(UPPER.known)

    def test_a_root_is_no_missing_intermediate(self) -> None:
        assert not chain(DIRECT).issued_by(ROOT.known)


def test_a_chain_is_verified_by_root_name_and_time() -> None:
    root, leaf = verifiable("www.example.org")
    store, found = known(root), chain(leaf, trusted=(root,))
    assert store.verify(found, "www.example.org", START)
    assert not store.verify(found, "other.example.org", START)
    assert not store.verify(found, "www.example.org", TO.replace(year=TO.year + 1))
    assert not known().verify(found, "www.example.org", START)
    assert not store.verify(found, "not a name", START)
