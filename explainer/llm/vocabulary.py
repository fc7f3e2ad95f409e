"""Counting a model's tokens exactly, with tiktoken, where its vocabulary is on this machine.

tiktoken fetches a missing vocabulary without a time limit; here it is never fetched: the estimate stands in for it.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from explainer.brief.tokens import ESTIMATE, Counter

DEFAULT_ENCODING = "o200k_base"


class _MissingError(Exception):
    """The vocabulary is not on this machine."""


def counter(model: str) -> Counter:
    """Return the counter for the model's encoding, or the estimate where its vocabulary is missing."""
    import tiktoken

    try:
        encoding = tiktoken.encoding_name_for_model(model)
    except KeyError:  # servers of one's own name their models freely
        encoding = DEFAULT_ENCODING
    try:
        with _nothing_fetched():
            table = tiktoken.get_encoding(encoding)
    except (_MissingError, OSError):
        return ESTIMATE
    # encode() would raise on packet text that looks like a special token.
    return Counter(f"tiktoken {encoding}", lambda text: len(table.encode_ordinary(text)))


@contextmanager
def _nothing_fetched() -> Iterator[None]:
    import tiktoken.load

    fetch = tiktoken.load.read_file

    def refuse(blobpath: str) -> bytes:
        raise _MissingError(blobpath)

    tiktoken.load.read_file = refuse
    try:
        yield
    finally:
        tiktoken.load.read_file = fetch
