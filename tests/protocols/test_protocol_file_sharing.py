"""Whose session it is at a file server."""

from factories import CLIENT, SERVER

from explainer.protocols.applications.file_sharing import smb2
from explainer.protocols.applications.messages import Message
from explainer.protocols.applications.records import Reply
from explainer.protocols.tcp import Endpoint


def message(frame: int, response: str, **more: tuple[str, ...]) -> Message:
    ends = Endpoint(CLIENT, 40000), Endpoint(SERVER, 445)
    values: dict[str, tuple[str, ...]] = {"smb2.cmd": ("1",), "smb2.msg_id": ("2",), "smb2.nt_status": ("0x00000000",)}
    values |= {"smb2.flags.response": (response,)} | {name.replace("__", "."): value for name, value in more.items()}
    return Message(frame, frame, 0, *(ends if response == "0" else ends[::-1]), ("tcp", "smb2"), values)


def test_an_empty_name_is_nobody_s() -> None:
    for written, about in (("NULL", "anonymous"), ("anna", "anna")):
        asked = message(1, "0", ntlmssp__auth__username=(written,))
        told = [r for r in smb2((asked, message(2, "1"))) if isinstance(r, Reply)]
        assert [r.about for r in told] == [about]


def test_what_cannot_be_written_is_told_of_the_one_file_that_is_open() -> None:
    def created(name: str, number: int) -> tuple[Message, Message]:
        more = {"smb2__cmd": ("5",), "smb2__msg_id": (str(number),)}
        return message(number, "0", smb2__filename=(name,), **more), message(number + 1, "1", **more)

    full = message(9, "1", smb2__cmd=("9",), smb2__nt_status=("0xc000007f",))
    good = message(8, "1", smb2__cmd=("9",))
    for names, about in ((("a.doc",), "a.doc"), (("a.doc", "b.doc"), "")):
        opened = [each for number, name in enumerate(names) for each in created(name, 2 + 2 * number)]
        told = [r for r in smb2((*opened, good, full)) if isinstance(r, Reply) and r.request == "write"]
        assert [(r.about, r.code, r.ok, r.frame) for r in told] == [(about, "0xc000007f", False, 9)]
