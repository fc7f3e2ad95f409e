"""Windows file sharing: logins and shares that are refused, the outdated version 1, and what is in order (Samba)."""

from __future__ import annotations

from ..scenario import SAYS_REFUSED, Lab, scenario
from .applications import PASSWORD, USER, WRONG, office
from .http import NOTHING_WRONG

SMB, SHARE = 445, "plans"
REFUSED = 1
OLDEST = ("-m", "NT1")


def samba(lab: Lab, *settings: str, address: str = "") -> None:
    """smbd with one share and one user, a user of this machine that is in every Debian: daemon."""
    place = lab.directory / "samba"
    for folder in ("private", "state", "share"):
        (place / folder).mkdir(parents=True)
    (place / "share").chmod(0o755)
    (place / "share" / "plan.txt").write_text("Meet at noon.\n" * 20)
    (place / "users").write_text(f"daemon = {USER}\n")
    (place / "smb.conf").write_text(
        f"[global]\nnetbios name = FILES\nworkgroup = LAB\nserver role = standalone server\nsmb ports = {SMB}\n"
        f"interfaces = {address or lab.plan.server}\nbind interfaces only = yes\nprivate dir = {place}/private\n"
        f"username map = {place}/users\nlog file = {place}/log\ndisable netbios = yes\nload printers = no\n"
        + "".join(f"{kind} directory = {place}/state\n" for kind in ("state", "cache", "lock", "pid"))
        + f"ncalrpc dir = {place}/state\n"
        + "".join(f"{setting}\n" for setting in settings)
        + f"[{SHARE}]\npath = {place}/share\nread only = yes\n"
    )
    configuration = ("-c", str(place / "smb.conf"))
    lab.server.run("smbpasswd", *configuration, "-s", "-a", "daemon", stdin=f"{PASSWORD}\n{PASSWORD}\n".encode())
    # Samba tells its machine's name to every client: it gets one of its own.
    named = ("unshare", "--uts", "sh", "-c", 'hostname files && exec "$@"', "sh")
    lab.server.serve(*named, "smbd", "-F", "-s", str(place / "smb.conf"), port=SMB)


def smbclient(
    lab: Lab, share: str, password: str, *options: str, fetch: str = "plan.txt", expect: int = 0, address: str = ""
) -> None:
    """Fetch a file of the share."""
    place = lab.directory / "smbclient.conf"
    place.write_text("[global]\nnetbios name = CLIENT\nworkgroup = LAB\nclient min protocol = NT1\n")
    where = f"//{address or lab.plan.server}/{share}"
    command = ("smbclient", "-s", str(place), where, "-U", f"{USER}%{password}", "-p", str(SMB), *options)
    lab.client.run(*command, "-c", f"get {fetch} {lab.directory}/fetched", accept=(expect,))


@scenario(
    question="Why can the user not open the network drive?",
    shows="$client logs in to the file server $server (Samba) with a wrong password: STATUS_LOGON_FAILURE.",
    findings=("smb_refused",),
    decisive_filter="smb2.cmd == 1 && smb2.nt_status == 0xc000006d",
    words=(r"LOGON_FAILURE", r"(?i)password", r"$server"),
    answer_must_not=(SAYS_REFUSED, r"(?i)no such share", WRONG),
)
def smb_wrong_password(lab: Lab) -> None:
    office(lab)
    samba(lab)
    smbclient(lab, SHARE, WRONG, expect=REFUSED)


@scenario(
    question="Why does the network drive not connect, although the login works?",
    shows="$client asks the file server $server (Samba) for a share that it does not have: STATUS_BAD_NETWORK_NAME.",
    findings=("smb_refused",),
    decisive_filter="smb2.cmd == 3 && smb2.nt_status == 0xc00000cc",
    words=(r"BAD_NETWORK_NAME", r"(?i)no such share", r"planes"),
    answer_must_not=(SAYS_REFUSED, r"(?i)password is wrong"),
)
def smb_share_missing(lab: Lab) -> None:
    office(lab)
    samba(lab)
    smbclient(lab, "planes", PASSWORD, expect=REFUSED)


@scenario(
    question="Why can I not open the file?",
    shows="$client asks the file server $server (Samba) for a file that it does not have.",
    findings=("smb_refused",),
    decisive_filter="smb2.nt_status == 0xc0000034",
    words=(r"OBJECT_NAME_NOT_FOUND", r"(?i)no such file", r"plan-2018\.txt"),
    answer_must_not=(SAYS_REFUSED, r"(?i)password is wrong"),
)
def smb_file_missing(lab: Lab) -> None:
    office(lab)
    samba(lab)
    smbclient(lab, SHARE, PASSWORD, fetch="plan-2018.txt", expect=REFUSED)


@scenario(
    question="Is anything outdated in the way these two machines share files?",
    shows="$client fetches a file from $server (Samba) in version 1 of SMB, which both still allow.",
    findings=("unwanted_smb1",),
    decisive_filter="smb.cmd == 0x72 && smb.flags.response == 1",
    words=(r"(?i)SMBv1|SMB ?1|version 1", r"$server", r"(?i)outdated"),
    answer_must_not=(SAYS_REFUSED, r"(?i)LOGON_FAILURE|no such share"),
)
def smb1_in_use(lab: Lab) -> None:
    office(lab)
    samba(lab, "server min protocol = NT1")
    smbclient(lab, SHARE, PASSWORD, *OLDEST)


@scenario(
    question="Is anything wrong with this access to the file server?",
    shows="$client logs in to the file server $server (Samba), opens a share and fetches a file.",
    healthy=True,
    decisive_filter="smb2.cmd == 8",
    words=NOTHING_WRONG,
    answer_must_not=(SAYS_REFUSED, r"(?i)LOGON_FAILURE|no such share"),
)
def smb_file_healthy(lab: Lab) -> None:
    office(lab)
    samba(lab)
    smbclient(lab, SHARE, PASSWORD)


@scenario(
    question="Can strangers reach a service of ours that they should not?",
    shows="The file server $public_server (Samba), at a public address, answers $public_client on the internet.",
    findings=("exposed_remote_control",),
    decisive_filter="tcp.port == 445 && ip.src == $public_server",
    words=(r"$public_server", r"$public_client", r"(?i)internet", r"445|SMB"),
    answer_must_not=(SAYS_REFUSED, r"(?i)LOGON_FAILURE|no such share"),
)
def exposed_file_server(lab: Lab) -> None:
    office(lab)
    lab.network.add_address(lab.client, "eth0", lab.plan.public_client)
    lab.network.add_address(lab.server, "eth0", lab.plan.public_server)
    way = ("via", lab.plan.gateway, "src", lab.plan.public_client)
    lab.client.run("ip", "route", "add", f"{lab.plan.public_server}/32", *way)
    samba(lab, address=lab.plan.public_server)
    smbclient(lab, SHARE, PASSWORD, address=lab.plan.public_server)
