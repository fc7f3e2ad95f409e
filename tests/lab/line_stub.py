"""A server that talks in lines as it is told: python line_stub.py --port N GREETING 'VERB=REPLY' … (see --help).

Rules
* As in stubs.py: the standard library alone, and its faults are chosen by its arguments.
* A verb that stands there several times is answered so in turn, over all connections; the last answer stays.
"""

from __future__ import annotations

import argparse
import socket
from collections import defaultdict
from collections.abc import Iterator

END_OF_MAIL, GO_ON = ".", "354"


def serve(connection: socket.socket, greeting: str, replies: dict[str, list[str]]) -> None:
    connection.sendall(f"{greeting}\r\n".encode())
    for verb in verbs(connection, replies):
        turns = replies.get(verb) or ["502 5.5.2 Command not recognized"]
        said = turns.pop(0) if len(turns) > 1 else turns[0]
        connection.sendall(said.encode().decode("unicode_escape").encode() + b"\r\n")
        if verb == "QUIT":
            break
    connection.close()


def verbs(connection: socket.socket, replies: dict[str, list[str]]) -> Iterator[str]:
    """The first word of each line; of a mail, its end alone."""
    in_mail = False
    for line in connection.makefile("rb"):
        verb = (line.decode(errors="replace").split() or [""])[0].upper()
        if in_mail and verb != END_OF_MAIL:
            continue
        in_mail = verb == "DATA" and replies.get(verb, [""])[0].startswith(GO_ON)
        yield verb


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("greeting")
    parser.add_argument("replies", nargs="+", metavar="VERB=REPLY")
    options = parser.parse_args()
    replies = defaultdict[str, list[str]](list)
    for word in options.replies:
        verb, _, reply = word.partition("=")
        replies[verb].append(reply)
    listening = socket.create_server(("", options.port))
    while True:
        connection, _ = listening.accept()
        serve(connection, options.greeting, replies)


if __name__ == "__main__":
    main()
