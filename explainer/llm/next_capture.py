"""What to record next, where this capture does not show what failed."""

from explainer.brief.question import Question

_ENCRYPTED = (
    "What is encrypted, the ends can tell: read the server's log for this moment, or record with the TLS secrets"
    " (SSLKEYLOGFILE, which browsers and curl write) and ask again with --keylog FILE."
)


def steps(question: Question, *, hidden: bool = False) -> tuple[str, ...]:
    """Return the commands that record it, for the host that the question names, and where TLS hides it, the secrets."""
    host = sorted(question.addresses)[0] if question.addresses else "SERVER"
    return (
        *([_ENCRYPTED] if hidden else []),
        "If something fails all the same, record while it fails, from before the first packet of the connection:"
        f" tcpdump -ni any -s 0 -w failing.pcap host {host}",
        f'On Windows: dumpcap -w failing.pcapng -f "host {host}"; a virtual machine in Azure: az network watcher'
        " packet-capture create -g GROUP --vm MACHINE -n failing --storage-account ACCOUNT",
        "Record at the client and at the server at the same time, if you can: what differs shows where it is lost.",
    )
