"""What a mail server's words say of a mail that it does not take: one number stands for many things (RFC 3463)."""

import re

from explainer.model import Severity, Side
from explainer.rules.refusals import Meaning

_SENDER_RECORDS = ("Check the sender's domain: its MX, SPF and DKIM records.",)
_LATER = Meaning(
    "not now: the sender is to try again later (greylisting, or a passing trouble)",
    "Nobody needs to act if the sender tries again by itself, as mail servers do.", Side.NOBODY, Severity.MEDIUM,
    ("A program that sends mail on its own must try again after a few minutes.",),
)  # fmt: skip
_DISABLED = Meaning(
    "the recipient's mailbox is switched off",
    "The mailbox's side must switch it on, or the sender use another address.", Side.EITHER,
)  # fmt: skip
_DISABLED_CODE = re.compile(r"5\.2\.1\b")
"""RFC 3463, section 3.3: of a recipient; said of a whole mail, it says no more than that it is not taken."""
_BY_WORDS = tuple(
    (re.compile(words, re.IGNORECASE), meaning)
    for words, meaning in (
        (r"gr[ea]y-? ?list", _LATER),
        (r"captcha|puzzle|challenge\b", Meaning(
            "it wants the sender to pass a test first that only people pass (a challenge against spam)",
            "Whoever sends must pass the test that the server's words name, or ask its side to lift it.", Side.CLIENT,
            advice=("Do what the server's words say, with the account that sends; then send the mail again.",),
        )),
        (r"address rejected: (?:access denied|.{0,20}policy)", Meaning(
            "a rule of its own forbids it", "The mail server's side must allow it, if it is wanted.", Side.EITHER
        )),
        (r"helo command rejected|invalid helo|helo .*(?:not valid|rejected|mismatch)", Meaning(
            "it does not accept the name that the client introduces itself with (HELO)",
            "The client's side must set the mail program's own host name to a full one that exists in DNS.",
            Side.CLIENT,
        )),
        (r"reverse (?:dns|lookup|hostname)|\bptr\b|cannot find your (?:reverse )?hostname|4\.7\.25|5\.7\.25", Meaning(
            "the client's address has no fitting name in DNS (reverse lookup, PTR)",
            "Whoever owns the client's address must set its name in DNS (PTR), and that name must lead back to it.",
            Side.CLIENT,
        )),
        (r"(?:block|black|deny) ?-?list|spamhaus|\brbl\b|dnsbl|reputation|listed (?:at|in|on|by)"
         r"|blocked using|(?:client host|\bip\b|your (?:host|server|address)).{0,60}\bblocked", Meaning(
            "it takes the sender for a source of spam (a block list)",
            "The sending side must find out why it is listed, and have itself removed.", Side.CLIENT,
            advice=("Look the sending address up at the block list that the answer names.",),
        )),
        (r"\bspf\b|sender policy framework|\bdmarc\b|\bdkim\b|5\.7\.2[0367]", Meaning(
            "the sender's domain does not vouch for this mail or the server that sends it (SPF, DKIM, DMARC)",
            "The sending side must send through a server that the domain permits, or the domain's records in DNS be"
            " corrected.", Side.CLIENT, advice=_SENDER_RECORDS,
        )),
        (r"virus|malware|infected", Meaning(
            "it takes the mail for dangerous (a virus)", "The sender must look at what the mail holds.", Side.CLIENT
        )),
        (r"too many recipients", Meaning(
            "the mail has too many recipients at once", "The sender must send to fewer at once.", Side.CLIENT,
            Severity.MEDIUM,
        )),
        (r"too much mail|too many (?:messages|e?mails)|rate limit|sending (?:rate|limit)|throttl|[45]\.7\.28", Meaning(
            "the client sends too much in a short time", "The client must send more slowly.", Side.CLIENT,
            Severity.MEDIUM,
        )),
        (r"5\.3\.4|5\.2\.3|(?:message|mail)(?: file)?(?: is)? too (?:big|large)|(?:message|mail) size exceeds", Meaning(
            "the mail is larger than the server takes",
            "The sender must send less (smaller attachments, or a link), or the mail server's side raise its limit.",
            Side.EITHER, advice=("The server names its limit in answer to EHLO (SIZE).",),
        )),
        (r"quota|mailbox (?:is )?full|out of storage|[45]\.2\.2\b", Meaning(
            "the recipient's mailbox is full", "The owner of the mailbox must make room, or have its quota raised.",
            Side.EITHER,
        )),
        (r"(?:account|mailbox|user|address).{0,60}(?:disabled|inactive|suspended)", _DISABLED),
        (r"recipient.{0,40}(?:domain not found|unknown domain)|no such domain", Meaning(
            "it finds no such domain as the recipient's", "The sender must correct the address, or the domain's entries"
            " in DNS must be set right.", Side.CLIENT,
        )),
        (r"user (?:unknown|not found)|unknown (?:user|recipient|address)|no such (?:user|mailbox|recipient)|mailbox"
         r" (?:not found|unavailable|does not exist)|does ?n.t exist|recipient address rejected|invalid recipient",
         Meaning(
            "it knows no such mailbox", "The sender must correct the address, or its owner's side must create it.",
            Side.CLIENT, advice=("Check the address letter by letter, and whether the domain's mail server is right.",),
        )),
        (r"lookup failure|local error|internal error|configuration (?:error|problem)|mail system", Meaning(
            "it has trouble of its own", "The mail server's side must act; the sender tries again by itself.",
            Side.SERVER, Severity.MEDIUM,
        )),
        (r"try again|temporar|come back later", _LATER),
        (r"5\.5\.[124]\b", Meaning(
            "it cannot make sense of the command, or of what stands in it (5.5.x)",
            "The client's side must act: its program sends a command that is wrong, unknown there, or out of turn.",
            Side.CLIENT,
        )),
        (r"sender (?:address )?(?:rejected|verify|domain)|domain of sender", Meaning(
            "it does not accept the sender's address", "The sending side must use a sender's address of a domain that"
            " exists and permits this server (SPF, DKIM, DMARC).", Side.CLIENT, advice=_SENDER_RECORDS,
        )),
    )
)  # fmt: skip
_FILTERED = re.compile(r"content|attachment|file ?type|security issue|policy|spam|junk|phish", re.IGNORECASE)
_FILTER = Meaning(
    "it refuses what the mail holds (a spam filter, or a rule on its content)",
    "The sender must change the mail, or the receiving side must let it through; the server's words tell more.",
    Side.EITHER,
)  # fmt: skip


def by_words(request: str, text: str) -> Meaning | None:
    """Return what the answer means by its words, None where they say no more than its number."""
    said = next((means for words, means in _BY_WORDS if words.search(text)), None)
    if said is None and request == "RCPT" and _DISABLED_CODE.search(text):
        return _DISABLED
    return said or (_FILTER if request == "the mail" and _FILTERED.search(text) else None)
