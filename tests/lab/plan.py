"""The addresses, ports and names of one lab network.

Rules
* Nothing outside this module writes an address, a port or a host name.
* Addresses come from 10.0.0.0/8 and fd00::/16, names end in .example or .test.
* Where a scenario needs addresses of the internet, they are of prefixes that no company has: AS112's sinks for private
  names (RFC 7534, RFC 7535) and automatic multicast tunnels (RFC 7450). No packet to them leaves the lab.
* The default plan is written out, because the documentation quotes it; any other seed draws a new one.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from random import Random
from string import Template

DEFAULT_SEED = 1
# Ports that Wireshark 4.0 dissects as HTTP or TLS without being told.
HTTP_PORTS = (80, 8080, 8088, 3128)
HTTPS_PORTS = (443, 8443, 9443, 10443)
# Services that a user would name by their port; nothing in the lab listens there unless a scenario says so.
SERVICE_PORTS = (5432, 3306, 6379, 5672, 9200)
SECURE_WORDS = ("payroll", "invoices", "login", "orders", "claims", "wallet")
WEB_WORDS = ("intranet", "www", "news", "wiki", "canteen", "portal")
FILE_WORDS = ("files", "mirror", "downloads", "media", "backup", "depot")
DATABASE_WORDS = ("database", "ledger", "stock", "warehouse", "records", "archive")


@dataclass(frozen=True)
class Plan:
    """Who stands where: client — router — server, and what they are called."""

    client: str = "10.20.1.10"
    gateway: str = "10.20.1.1"
    server_gateway: str = "10.20.2.1"
    server: str = "10.20.2.20"
    http_port: int = 80
    https_port: int = 443
    service_port: int = 5432
    secure_name: str = "payroll.example"
    web_name: str = "intranet.example"
    file_name: str = "files.example"
    service_name: str = "database.example"
    public_client: str = "192.31.196.10"
    public_server: str = "192.52.193.20"
    public_resolver: str = "192.175.48.53"

    @property
    def names(self) -> tuple[str, ...]:
        return (self.secure_name, self.web_name, self.file_name, self.service_name)

    @property
    def tunnel(self) -> tuple[str, str]:
        """The inner addresses of a tunnel, client first; no other network of a plan has the third part 255."""
        first, second, *_ = self.client.split(".")
        return f"{first}.{second}.255.1", f"{first}.{second}.255.2"

    def fill(self, text: str) -> str:
        """Put the plan's values into a text that says $server, $https_port and so on."""
        return Template(text).safe_substitute(asdict(self))


def ipv6(address: str) -> str:
    """The IPv6 address of who has this IPv4 address, in its /64: 10.20.1.10 is fd00:20:1::10."""
    _, second, third, fourth = address.split(".")
    return f"fd00:{second}:{third}::{fourth}"


def plan_for(seed: int) -> Plan:
    if seed == DEFAULT_SEED:
        return Plan()
    draw = Random(seed)
    second, client_net, server_net = draw.randrange(1, 255), *draw.sample(range(1, 255), 2)
    domain = draw.choice(("example", "test", "corp.example", "branch.test"))
    return Plan(
        client=f"10.{second}.{client_net}.{draw.randrange(10, 250)}",
        gateway=f"10.{second}.{client_net}.1",
        server_gateway=f"10.{second}.{server_net}.1",
        server=f"10.{second}.{server_net}.{draw.randrange(10, 250)}",
        http_port=draw.choice(HTTP_PORTS),
        https_port=draw.choice(HTTPS_PORTS),
        service_port=draw.choice(SERVICE_PORTS),
        secure_name=f"{draw.choice(SECURE_WORDS)}.{domain}",
        web_name=f"{draw.choice(WEB_WORDS)}.{domain}",
        file_name=f"{draw.choice(FILE_WORDS)}.{domain}",
        service_name=f"{draw.choice(DATABASE_WORDS)}.{domain}",
    )
