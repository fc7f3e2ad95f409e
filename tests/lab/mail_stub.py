"""A mail server that does as little as STARTTLS needs: python mail_stub.py --port N smtp|imap (see --help).

Rules
* As in stubs.py: the standard library alone, and its faults are chosen by its arguments.
"""

from __future__ import annotations

import argparse
import socket
import ssl

HOST = "mail.example"


def smtp(words: list[str], offered: bool, refusal: str) -> tuple[str, bool]:
    """The answer to one SMTP command (RFC 5321, RFC 3207), and whether TLS starts after it."""
    command = words[0].upper()
    if command == "STARTTLS":
        return (refusal, False) if refusal else ("220 2.0.0 Ready to start TLS", True)
    said = {"EHLO": f"250-{HOST}\r\n" + "250-STARTTLS\r\n" * offered + "250 SIZE 10240000", "QUIT": "221 2.0.0 Bye"}
    return said.get(command, "500 5.5.2 Command not recognized"), False


def imap(words: list[str], offered: bool, refusal: str) -> tuple[str, bool]:
    """The answer to one IMAP command (RFC 9051), and whether TLS starts after it."""
    tag, command = words[0], words[1].upper() if len(words) > 1 else ""
    if command == "STARTTLS":
        return (f"{tag} {refusal}", False) if refusal else (f"{tag} OK Begin TLS negotiation now", True)
    untagged = {
        "CAPABILITY": "* CAPABILITY IMAP4rev1" + " STARTTLS" * offered + "\r\n",
        "LOGOUT": "* BYE\r\n",
    }
    return f"{untagged.get(command, '')}{tag} {'OK' if command in untagged else 'BAD'} {command}", False


GREETINGS = {smtp: f"220 {HOST} ESMTP", imap: "* OK IMAP4rev1 ready"}


def serve(connection: socket.socket, options: argparse.Namespace) -> None:
    answer = {"smtp": smtp, "imap": imap}[options.protocol]
    connection.sendall(f"{GREETINGS[answer]}\r\n".encode())
    stream = connection.makefile("rb")
    while line := stream.readline():
        said, starts_tls = answer(line.decode(errors="replace").split() or [""], not options.hidden, options.refusal)
        connection.sendall(f"{said}\r\n".encode())
        if starts_tls:
            connection = context(options).wrap_socket(connection, server_side=True)
            stream = connection.makefile("rb")
        if said.startswith(("221", "* BYE")):
            break
    connection.close()


def context(options: argparse.Namespace) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(options.certificate, options.key)
    if options.tls12:
        made.maximum_version = ssl.TLSVersion.TLSv1_2
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("protocol", choices=("smtp", "imap"))
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--refusal", default="", help="what STARTTLS is answered with, instead of TLS")
    parser.add_argument("--hidden", action="store_true", help="STARTTLS is not offered")
    parser.add_argument("--certificate")
    parser.add_argument("--key")
    parser.add_argument("--tls12", action="store_true")
    options = parser.parse_args()
    listening = socket.create_server(("", options.port))
    while True:
        connection, _ = listening.accept()
        try:
            serve(connection, options)
        except OSError as failure:  # also ssl.SSLError: the client did not like what it saw
            print(failure)
            connection.close()


if __name__ == "__main__":
    main()
