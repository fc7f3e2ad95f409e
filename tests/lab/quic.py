"""A QUIC server and client that exchange one line: python quic.py serve|fetch … (see --help).

Rules
* It runs as a program of its own, and is the only part of the lab that needs aioquic (pip install aioquic).
"""

from __future__ import annotations

import argparse
import asyncio
import functools
import ssl
import sys
from pathlib import Path
from typing import Any

# Only who records QUIC installs aioquic.
from aioquic.asyncio import QuicConnectionProtocol, connect, serve  # type: ignore[import-not-found]
from aioquic.quic.configuration import QuicConfiguration  # type: ignore[import-not-found]
from aioquic.quic.connection import QuicConnection  # type: ignore[import-not-found]


async def listen(options: argparse.Namespace) -> None:
    configuration = QuicConfiguration(is_client=False, alpn_protocols=options.protocols.split(","))
    configuration.load_cert_chain(options.certificate, options.key)
    if options.version:
        configuration.supported_versions = [options.version]
    await serve("0.0.0.0", options.port, configuration=configuration, stream_handler=_answered)
    await asyncio.Event().wait()


def _answered(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    async def answer() -> None:
        await reader.read()
        writer.write(b"It works.\n")
        writer.write_eof()

    _answers.append(asyncio.ensure_future(answer()))


# The event loop keeps no reference to a task of its own.
_answers: list[asyncio.Future[None]] = []


class Client(QuicConnectionProtocol):  # type: ignore[misc]  # aioquic has no types
    """A client that allows the server this many connection IDs; fewer than 2 break RFC 9000, section 18.2."""

    def __init__(self, quic: QuicConnection, connection_ids: int, **more: Any) -> None:
        quic._local_active_connection_id_limit = connection_ids  # aioquic has no setting for what is wrong
        super().__init__(quic, **more)


async def fetch(options: argparse.Namespace) -> None:
    configuration = QuicConfiguration(alpn_protocols=options.protocols.split(","), server_name=options.name)
    configuration.idle_timeout = options.patience
    if options.version:
        configuration.original_version, configuration.supported_versions = options.version, [options.version]
    configuration.load_verify_locations(options.trusted)
    with Path(options.key_log or "/dev/null").open("a") as keys:
        configuration.secrets_log_file = keys
        protocol = functools.partial(Client, connection_ids=options.connection_ids)
        async with connect(
            options.server, options.port, configuration=configuration, create_protocol=protocol
        ) as connection:
            reader, writer = await connection.create_stream()
            writer.write(b"How are you?\n")
            writer.write_eof()
            await reader.read()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    kinds = parser.add_subparsers(required=True)
    serving, fetching = kinds.add_parser("serve"), kinds.add_parser("fetch")
    for kind in (serving, fetching):
        kind.add_argument("--port", type=int, required=True)
        kind.add_argument("--version", type=lambda word: int(word, 0), help="the only version that it speaks")
        kind.add_argument("--protocols", default="h3", help="application protocols, separated by commas")
    serving.add_argument("--certificate", required=True)
    serving.add_argument("--key", required=True)
    serving.set_defaults(run=listen)
    fetching.add_argument("--server", required=True)
    fetching.add_argument("--name", required=True)
    fetching.add_argument("--trusted", required=True)
    fetching.add_argument("--key-log")
    fetching.add_argument("--patience", type=float, default=60, help="seconds without an answer until it gives up")
    fetching.add_argument("--connection-ids", type=int, default=8, help="how many it lets the server choose")
    fetching.set_defaults(run=fetch)
    options = parser.parse_args()
    try:
        asyncio.run(options.run(options))
    except (ConnectionError, ssl.SSLError) as failure:
        sys.exit(f"{type(failure).__name__}: {failure}")


if __name__ == "__main__":
    main()
