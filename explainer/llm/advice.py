"""Holding the steps and filters that a model proposes against the capture, and against what nobody should do. Pure."""

import re
from collections.abc import Callable

from explainer.llm import places
from explainer.llm.ledger import Ledger
from explainer.llm.written import Written
from explainer.wording import listing

_CALL = re.compile(r"\b[a-z][a-z0-9+.-]*://|\bwww\.|@[\w-]+\.\w|\+\d[\d ()-]{6,}|\b1-?800\b", re.IGNORECASE)
_DANGEROUS = re.compile(
    r"\|\s*(?:sudo\s+)?(?:ba|z|da)?sh\b|\b(?:curl|wget|powershell|iwr)\b.*\||\brm\s+-\w*r|--insecure\b"
    r"|\bcurl\b.*\s-k\b"
    r"|\b(?:disabl\w+|turn(?:ing)? off|switch(?:ing)? off|bypass\w*|skip\w*)\b.{0,40}"
    r"\b(?:verif\w+|validation|firewall|antivirus|selinux|certificate checks?|security|tls)\b"
    r"|\bsend\b.{0,40}\b(?:password|credential|private key|token)",
    re.IGNORECASE,
)


def doubts(written: Written, ledger: Ledger, question: str, refused: Callable[[str], str]) -> tuple[str, ...]:
    """Return sentences about what in the steps and filters is not borne out; `refused` says why tshark refuses one."""
    found = list[str]()
    for number, step in enumerate(written.next_steps, 1):
        amiss = [f"it leads out of the capture ({match[0].strip()})" for match in _CALL.finditer(step)][:1]
        if _DANGEROUS.search(step):
            amiss.append("it would give a protection away, or run what it fetches")
        amiss += [f"{name} is not in the capture" for name in places.strangers(step, ledger, question)]
        if amiss:
            found.append(f"Step {number} is not borne out by the packets: {listing(amiss)}.")
    for text in written.filters:
        if why := refused(text):
            found.append(f"The filter {text} does not work: {why}")
    return tuple(found)
