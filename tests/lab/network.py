"""Client, router and server as network namespaces, joined by two veth pairs.

Rules
* Namespace names are unique, so labs can run side by side; everything is removed again, also after an error.
* No offloading, and IPv6 only where a scenario asks for it: segments that no wire carries, and what the kernel sends on
  its own, are not the point.
* Waiting for a listener reads the kernel's table: a trial connection would be in the recording.
"""

from __future__ import annotations

import ctypes
import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from .plan import Plan, ipv6
from .programs import ENVIRONMENT, LabError, run

Side = Literal["client", "router", "server"]
CLONE_NEWNET = 0x40000000
# ip netns exec mounts what lies here over /etc, which gives each namespace its own resolver.
NAMESPACE_ETC = Path("/etc/netns")
SETTINGS = (
    "net.ipv6.conf.all.disable_ipv6=1",
    "net.ipv6.conf.default.disable_ipv6=1",
    "net.ipv4.ip_forward=1",
    # On a wire without delay a sender fills a receive window that starts small, before it can grow.
    "net.ipv4.tcp_rmem=4096 1048576 4194304",
)
# addr_gen_mode 1, before IPv6 starts: no link-local addresses, and so no solicitations of routers.
IPV6_SETTINGS = (
    "net.ipv6.conf.all.addr_gen_mode=1",
    "net.ipv6.conf.default.disable_ipv6=0",
    "net.ipv6.conf.all.disable_ipv6=0",
    "net.ipv6.conf.all.forwarding=1",
)


@dataclass(frozen=True)
class Host:
    """One machine of the lab: a namespace in which programs run and sockets open."""

    namespace: str
    logs: Path
    until_close: ExitStack

    def run(self, *command: str, stdin: bytes = b"", accept: tuple[int, ...] = (0,), timeout: float = 30) -> bytes:
        return run(("ip", "netns", "exec", self.namespace, *command), stdin=stdin, accept=accept, timeout=timeout)

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        """Start a program that runs until the network is taken down; its output goes to a log."""
        log = self.logs / f"{Path(command[0]).name}-{secrets.token_hex(3)}.log"
        with log.open("wb") as output:
            # An open pipe as standard input: openssl s_server stops when its input closes.
            process = subprocess.Popen(
                ["ip", "netns", "exec", self.namespace, *command],
                stdin=subprocess.PIPE, stdout=output, stderr=output, env=ENVIRONMENT, cwd=self.logs,
            )  # fmt: skip
        self.until_close.callback(_stop, process)
        return process

    def serve(self, *command: str, port: int, protocol: Literal["tcp", "udp"] = "tcp") -> subprocess.Popen[bytes]:
        """Start a server and wait until it listens."""
        process = self.start(*command)
        query = ("ss", "-Hln", "--tcp" if protocol == "tcp" else "--udp", "sport", "=", f":{port}")
        wait_until(lambda: bool(self.run(*query)) or process.poll() is not None, f"{command[0]} to listen on {port}")
        if process.poll() is not None:
            logs = "".join(log.read_text(errors="replace") for log in self.logs.glob(f"{Path(command[0]).name}-*.log"))
            raise LabError(f"{' '.join(command)!r} stopped at once: {logs.strip()}")
        return process

    def open_socket(self) -> socket.socket:
        """A TCP socket of this host: a socket stays in the namespace in which it was made."""
        with self._entered():
            made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        made.settimeout(20)
        self.until_close.callback(made.close)
        return made

    def connect(self, address: str, port: int) -> socket.socket:
        made = self.open_socket()
        made.connect((address, port))
        return made

    def firewall(self, rule: str, hook: Literal["forward", "input", "output"] = "forward") -> None:
        """Add one nftables rule, for example "tcp dport 80 drop"."""
        chain = f"add chain ip lab {hook} {{ type filter hook {hook} priority 0; }}"
        self.run("nft", "-f", "-", stdin=f"add table ip lab\n{chain}\nadd rule ip lab {hook} {rule}\n".encode())

    @contextmanager
    def _entered(self) -> Iterator[None]:
        here_path, there_path = Path("/proc/thread-self/ns/net"), Path("/run/netns", self.namespace)
        with here_path.open("rb") as here, there_path.open("rb") as there:
            _set_namespace(there.fileno())
            try:
                yield
            finally:
                _set_namespace(here.fileno())


@dataclass(frozen=True)
class Network:
    client: Host
    router: Host
    server: Host

    def side(self, side: Side) -> tuple[Host, str]:
        """The host and the interface at which that side sees what crosses."""
        return {"client": (self.client, "eth0"), "router": (self.router, "lan0"), "server": (self.server, "eth0")}[side]

    def add_address(self, host: Host, link: str, address: str) -> None:
        """Give a host one more address; the others reach it by their default routes, the router by this call."""
        _ip("-n", host.namespace, "address", "add", f"{address}/32", "dev", link)
        if host is not self.router:
            way = "lan0" if host is self.client else "wan0"
            _ip("-n", self.router.namespace, "route", "add", address, "dev", way)

    def add_ipv6(self, plan: Plan) -> None:
        """Give every side an IPv6 address as well; neighbours are entered by hand, so none is ever solicited."""
        for host in (self.client, self.router, self.server):
            host.run("sysctl", "-qw", *IPV6_SETTINGS)
        for host, link, own, peer in (
            (self.client, "eth0", plan.client, plan.gateway),
            (self.router, "lan0", plan.gateway, plan.client),
            (self.router, "wan0", plan.server_gateway, plan.server),
            (self.server, "eth0", plan.server, plan.server_gateway),
        ):
            six = ("-n", host.namespace, "-6")
            _ip(*six, "address", "add", f"{ipv6(own)}/64", "dev", link, "nodad")
            _ip(*six, "neighbour", "add", ipv6(peer), "lladdr", _mac(peer), "dev", link, "nud", "permanent")
        for host, gateway in ((self.client, plan.gateway), (self.server, plan.server_gateway)):
            _ip("-n", host.namespace, "-6", "route", "add", "default", "via", ipv6(gateway))
            (NAMESPACE_ETC / host.namespace / "resolv.conf").write_text(f"nameserver {ipv6(plan.gateway)}\n")


@contextmanager
def network(plan: Plan, directory: Path) -> Iterator[Network]:
    label = f"lab-{secrets.token_hex(3)}"
    with ExitStack() as until_close:
        client, router, server = (
            _host(f"{label}-{side}", directory, until_close, resolver=plan.gateway)
            for side in ("client", "router", "server")
        )
        _join(client, "eth0", plan.client, router, "lan0", plan.gateway)
        _join(router, "wan0", plan.server_gateway, server, "eth0", plan.server)
        _ip("-n", client.namespace, "route", "add", "default", "via", plan.gateway)
        _ip("-n", server.namespace, "route", "add", "default", "via", plan.server_gateway)
        yield Network(client, router, server)


def wait_until(condition: Callable[[], bool], what: str, seconds: float = 15) -> None:
    """Poll until the condition is true."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise LabError(f"waited {seconds} seconds in vain for {what}")
        time.sleep(0.05)


def _host(namespace: str, directory: Path, until_close: ExitStack, resolver: str) -> Host:
    _ip("netns", "add", namespace)
    until_close.callback(_ip, "netns", "del", namespace)
    etc = NAMESPACE_ETC / namespace
    until_close.callback(shutil.rmtree, etc, ignore_errors=True)
    etc.mkdir(parents=True)
    (etc / "resolv.conf").write_text(f"nameserver {resolver}\n")
    host = Host(namespace, directory, until_close)
    host.run("sysctl", "-qw", *SETTINGS)
    _ip("-n", namespace, "link", "set", "lo", "up")
    return host


def _join(left: Host, left_link: str, left_address: str, right: Host, right_link: str, right_address: str) -> None:
    _ip(
        "link", "add", left_link, "address", _mac(left_address), "netns", left.namespace, "type", "veth",
        "peer", "name", right_link, "address", _mac(right_address), "netns", right.namespace,
    )  # fmt: skip
    for host, link, address in ((left, left_link, left_address), (right, right_link, right_address)):
        _ip("-n", host.namespace, "address", "add", f"{address}/24", "dev", link)
        host.run("ethtool", "-K", link, *(word for what in ("tso", "gso", "gro", "tx", "rx") for word in (what, "off")))
        _ip("-n", host.namespace, "link", "set", link, "up")


def _mac(address: str) -> str:
    """A locally administered address that follows from the IP address: recordings differ only where they must."""
    return "02:00:" + ":".join(f"{part:02x}" for part in socket.inet_aton(address))


def _ip(*words: str) -> None:
    run(("ip", *words))


def _set_namespace(descriptor: int) -> None:
    # os.setns exists from Python 3.12 on.
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(descriptor, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdin:
        process.stdin.close()
