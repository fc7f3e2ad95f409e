"""What a network allows and forbids, as its owner wrote it (TOML): protocols, ports and networks.

    [forbid]
    protocols = ["telnet", "bittorrent"]   # by their names in Wireshark's Protocol filter (frame.protocols)
    ports = [23, 6881]                     # of the server, TCP or UDP
    networks = ["203.0.113.0/24"]          # whoever talks with an address in them

    [allow]                                # where a list is given, what is not in it is forbidden
    ports = [53, 80, 443]
    networks = ["10.0.0.0/8"]

Without a policy of the user's, the default one forbids what has no place in most networks, and that no rule of its own
looks for.
"""

import ipaddress
import tomllib
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from explainer.errors import SettingsError
from explainer.escape import visible
from explainer.facts import Given

POLICY = Given("policy")
_HINT = 'Like this: [forbid] protocols = ["telnet"], ports = [23], networks = ["203.0.113.0/24"]; [allow] likewise.'

Network = Annotated[ipaddress.IPv4Network | ipaddress.IPv6Network, Field(union_mode="left_to_right")]
Port = Annotated[int, Field(ge=0, le=65535)]


class Lists(BaseModel):
    """Protocols (lower case), ports and networks; an empty list says nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    protocols: tuple[str, ...] = ()
    ports: tuple[Port, ...] = ()
    networks: tuple[Network, ...] = ()


class Policy(BaseModel):
    """What is forbidden, and what is allowed: where `allow` has a list, all that is not in it is forbidden."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    forbid: Lists = Lists()
    allow: Lists = Lists()


DEFAULT = Policy(forbid=Lists(protocols=("edonkey", "gnutella", "irc", "x11", "finger", "chargen")))


def parse(text: bytes) -> Policy:
    """Return the policy in a file's text.

    Raises:
        SettingsError: it is no TOML, or holds something else than these lists.
    """
    try:
        return Policy.model_validate(tomllib.loads(text.decode()))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"The policy is no TOML: {error}.", _HINT) from error
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise SettingsError(f"The policy is wrong at {visible(place)}: {first['msg']}.", _HINT) from error
