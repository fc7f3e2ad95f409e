"""Sessions with a message broker that end, and one that does not; a server on a port of its own."""

from __future__ import annotations

from ..scenario import SAYS_REFUSED, Lab, scenario
from .applications import PASSWORD, office
from .http import NOTHING_WRONG

MQTT, REDIS_ELSEWHERE = 1883, 6380
KEEP_ALIVE_S = 5  # the least that mosquitto's clients accept
STOPPED = 124  # timeout's exit code


def broker(lab: Lab) -> None:
    """mosquitto on the server, which lets everybody in."""
    settings = lab.directory / "mosquitto.conf"
    settings.write_text(f"listener {MQTT} {lab.plan.server}\nallow_anonymous true\n")
    lab.server.serve("mosquitto", "-c", str(settings), port=MQTT)


def subscribe(lab: Lab, name: str) -> str:
    where = f"-h {lab.plan.server} -p {MQTT} -t hall/temperature"
    return f"mosquitto_sub {where} -i {name} -k {KEEP_ALIVE_S}"


@scenario(
    question="Why does the sensor lose its connection to the broker again and again?",
    shows="Two programs on $client (mosquitto_sub) use one client identifier at the MQTT broker $server: each takes "
    "the other's session, again and again.",
    findings=("broker_taken_over",),
    decisive_filter='mqtt.clientid == "sensor-7"',
    words=(r"(?i)identifier", r"sensor-7", r"(?i)twice|same"),
    answer_must_not=(SAYS_REFUSED,),
)
def mqtt_identifier_used_twice(lab: Lab) -> None:
    office(lab)
    broker(lab)
    one = f"timeout 5 {subscribe(lab, 'sensor-7')}"
    lab.client.run("sh", "-c", f"{one} & sleep 1; {one}; wait", accept=(STOPPED, 0))


@scenario(
    question="Why does the broker drop the sensor?",
    shows="A program on $client (mosquitto_sub) is stopped and keeps silent, though it had promised the MQTT broker "
    f"$server to speak every {KEEP_ALIVE_S} s: the broker ends the connection.",
    findings=("broker_keep_alive_missed",),
    decisive_filter="mqtt.kalive > 0 || (tcp.srcport == 1883 && tcp.flags.fin == 1)",
    words=(r"(?i)keep-?alive", r"(?i)said nothing|silent", r"$client"),
    answer_must_not=(SAYS_REFUSED,),
)
def mqtt_keep_alive_missed(lab: Lab) -> None:
    office(lab)
    broker(lab)
    lab.client.run(
        "sh", "-c", f"{subscribe(lab, 'sensor-7')} & sleep 1; kill -STOP $!; sleep 14; kill -KILL $!; sleep 0.2"
    )


@scenario(
    question="Do the sensors reach the broker?",
    shows="$client subscribes to a topic of the MQTT broker $server (mosquitto) for several keep-alives, and "
    "publishes.",
    healthy=True,
    decisive_filter="mqtt.msgtype == 13",
    words=NOTHING_WRONG,
    answer_must_not=(SAYS_REFUSED,),
)
def mqtt_session_healthy(lab: Lab) -> None:
    office(lab)
    broker(lab)
    say = f"mosquitto_pub -h {lab.plan.server} -p {MQTT} -t hall/temperature -m 21 -q 1"
    listen = f"timeout 12 {subscribe(lab, 'display')}"
    lab.client.run("sh", "-c", f"{listen} & sleep 1; {say}; wait", accept=(STOPPED, 0))


@scenario(
    question="Why does the cache not answer the shop?",
    shows=f"Redis on $server listens on port {REDIS_ELSEWHERE}, where Wireshark does not look for it, and wants a "
    "password; $client gives none.",
    findings=("database_refused",),
    decisive_filter=f'tcp.srcport == {REDIS_ELSEWHERE} && tcp.payload contains "NOAUTH"',
    words=(r"(?i)Redis", r"(?i)password", r"NOAUTH"),
    answer_must_not=(SAYS_REFUSED, r"(?i)unknown protocol"),
)
def redis_on_a_port_of_its_own(lab: Lab) -> None:
    office(lab)
    options = ("--bind", lab.plan.server, "--port", str(REDIS_ELSEWHERE), "--save", "", "--requirepass", PASSWORD)
    lab.server.serve("redis-server", *options, port=REDIS_ELSEWHERE)
    lab.client.run("redis-cli", "-h", lab.plan.server, "-p", str(REDIS_ELSEWHERE), "get", "cart", accept=(0, 1))
