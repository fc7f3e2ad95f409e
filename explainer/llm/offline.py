"""The answer without a model: the finding that matters to the question, or what was looked at and found in order."""

from collections.abc import Sequence

from explainer.brief import question as questions
from explainer.brief.question import Question, Topic
from explainer.brief.sections import ranked
from explainer.llm import (
    absent,
    assumed,
    behind,
    choice,
    frame_lookup,
    health,
    host_outcome,
    login_lookup,
    lookup,
    next_capture,
    outcome_lookup,
    overview,
    port_lookup,
    port_outcome,
    premises,
    relevance,
    site_names,
    tcp_lookup,
    tls_outcomes,
)
from explainer.model import Analysis, Answer, Claim, Finding, RuleStatus, Severity
from explainer.protocols.frame_index import Sight
from explainer.wording import in_sentence, listing

_ALSO = 5
_LISTED = 8
_MUCH = 0.2
_TOLD_ALWAYS = ("capture_unread", "path_traced")
"""What says what the traffic is, and is told although nothing is wrong with it."""
_DESCRIPTIONS = ("carriers", "spoken", "ports", "protocol_hierarchy", "destinations")
"""Statistics that tell what is there, and answer no question about a fault."""
_REFUSED = "it is refused"
_NO_FAULT = "No fault was found:"
_ANSWERS = ("answers",)
_MISSING = ("smb_refused", "ldap_search_empty", "dns_no_record", "address_router_left")
"""Of what is not there, and does not come later: worth knowing alone, but why somebody cannot open it, or log in."""
_NOBODY = "Nobody"
_MAY_BE_IT = ("tcp_syn_unanswered", "multicast_silent")
"""What nobody answered, and later attempts got, or what never came: just that may be what is asked about."""
_LOSS, _BROKEN = "tcp_loss", "wep_"
"""Told without "No fault was found": who asks whether something is safe must not read that first."""


def answer(analysis: Analysis, text: str, sights: Sequence[Sight] | None = None) -> Answer:
    """Return the answer that the findings give, and where there are none, what was looked at.

    `sights` are the frames that the question asks about, None where nobody could look.
    """
    asked = questions.parse(text)
    kept = premises.kept(analysis, asked)
    return premises.noted(analysis, asked, kept, _answer(analysis, kept, sights))


def _answer(analysis: Analysis, asked: Question, sights: Sequence[Sight] | None) -> Answer:
    told = [f for f in analysis.findings if not f.explained_by]
    worth = [f for f in told if f.severity is not Severity.INFO]
    question = site_names.resolved(analysis, asked, worth)
    known = ranked(told, question)
    found = [f for f in known if f.severity is not Severity.INFO]
    ports = port_lookup.known(analysis) & question.ports
    shown = [] if sights is None else list(frame_lookup.told(analysis, sights, question.frames))
    looked_up = [*(shown if Topic.FRAME in question.topics else []), *lookup.claims(analysis, question)]
    # An overview that is asked for is among them.
    held = [] if Topic.OVERVIEW in question.topics else overview.claims(analysis, question)
    held = [claim for claim in held if claim not in looked_up]
    finding = choice.chosen(known, question, looked_up, spoken_ports=ports)
    well = list(port_outcome.well(analysis, question))
    if well:
        looked_up = [*well, *looked_up]
    elif finding is not None:
        describes = Topic.OVERVIEW in question.topics or finding.rule.startswith(relevance.ABOUT_CAPTURE)
        beside = [*looked_up, *(held if describes else ())]
        others = [f for f in found if f is not finding]
        return behind.told(_from_finding(analysis, question, finding, others, beside), finding, others)
    return _from_nothing(analysis, question, found, looked_up, held)


def _from_finding(
    analysis: Analysis, question: Question, finding: Finding, others: Sequence[Finding], looked_up: Sequence[Claim]
) -> Answer:
    claims = [Claim(text=s.text, frames=s.frames, sources=(finding.id,)) for s in finding.evidence.steps]
    # Beside a finding, "it is not slow" of some connection, or "no fault", would deny what the finding says.
    looked_up = [claim for claim in looked_up if not claim.text.startswith((tcp_lookup.NOT_SLOW, _NO_FAULT))]
    if finding.severity is Severity.INFO:
        looked_up = [*looked_up, *(c for c in _looked_at(analysis, question) if c not in looked_up)]
    well = () if finding.severity is Severity.HIGH else health.claims(analysis)
    verdict = _answered(question, finding, others, looked_up)
    return Answer(
        question=question.asked,
        verdict=verdict,
        act="" if verdict.startswith(finding.act) else finding.act,
        claims=(*claims, *looked_up, *(claim for claim in well if claim not in looked_up)),
        also=tuple(map(_mention, others[:_ALSO])),
        next_steps=finding.advice,
        filters=(finding.evidence.display_filter,),
        not_shown=(*analysis.info.warnings, *finding.limitations),
    )


def _answered(question: Question, finding: Finding, others: Sequence[Finding], looked_up: Sequence[Claim]) -> str:
    told = _told(finding, question)
    login = login_lookup.begins(question, finding, looked_up)
    return f"{login}{told}" if login else assumed.answered(question, finding, told, others)


def _told(finding: Finding, question: Question) -> str:
    """Return the finding as the answer: as it stands where something failed, or where the question asks for it."""
    asked_for = question.concerns(finding)
    if finding.severity in choice.FAILURES or (finding.severity is Severity.LOW and asked_for):
        return finding.title
    if finding.rule in _MAY_BE_IT and finding.severity is Severity.LOW and question.about_a_failure():
        return finding.title
    if asked_for and (Topic.PASSWORDS in question.topics or finding.rule.startswith(_BROKEN)):
        return finding.title
    if finding.severity is Severity.INFO and Topic.SLOWNESS in question.topics and choice.sets_pace(finding):
        return finding.title
    missing = finding.rule in _MISSING and not finding.act.startswith(_NOBODY)
    if finding.severity is Severity.INFO and missing and question.about_a_failure():
        return finding.title
    if finding.severity is Severity.INFO and Topic.LOSS in question.topics and finding.rule == _LOSS:
        return finding.title
    if finding.severity is Severity.INFO:
        return f"No fault was found. {finding.title}"
    if finding.rule.startswith(relevance.ABOUT_CAPTURE):
        return f"No fault was found, as far as this capture can tell: {finding.title}"
    return f"No connection failed for good. Worth knowing: {finding.title}"


def _from_nothing(
    analysis: Analysis,
    question: Question,
    others: Sequence[Finding],
    looked_up: Sequence[Claim],
    held: Sequence[Claim],
) -> Answer:
    if not looked_up:
        instead = host_outcome.well if others else tls_outcomes.certificates
        looked_up = list(instead(analysis, question))
    well = [] if looked_up and not _beside(question, looked_up) else outcome_lookup.went_well(analysis, question)
    verdict = _verdict(analysis, question, others, looked_up, well[:1])
    hidden = bool(_hidden(analysis, question))
    steps = () if looked_up else next_capture.steps(question, hidden=hidden)
    looked_up = [*well, *(claim for claim in looked_up if claim not in well)]
    backing = [claim for claim in looked_up if claim.frames or claim.text != verdict]
    if looked_up and not others and verdict.startswith(looked_up[0].text):
        backing.append(Claim(text="No fault was found in what was looked at.", sources=("rules",)))
    if others and looked_up and Topic.OVERVIEW in question.topics and others[0].severity in choice.FAILURES:
        worst, *others = others
        verdict = f"{verdict} What stands out: {in_sentence(worst.title)}"
        backing.insert(0, Claim(text=worst.title, frames=worst.evidence.frames, sources=(worst.id,)))
    return Answer(
        question=question.asked,
        verdict=verdict,
        claims=(*backing, *held, *(c for c in _looked_at(analysis, question) if c not in backing)),
        also=tuple(map(_mention, others[:_ALSO])),
        next_steps=steps,
        not_shown=(*analysis.info.warnings, "what happened before, after or beside this capture"),
    )


def _verdict(
    analysis: Analysis, question: Question, others: Sequence[Finding], looked_up: Sequence[Claim], well: Sequence[Claim]
) -> str:
    missing = absent.missing(analysis, question)
    if missing:
        where = (
            "The frames that were looked at hold" if analysis.info.selection else "This capture cannot tell: it holds"
        )
        return f"{where} no {missing}."
    if looked_up and not _beside(question, looked_up):
        told = assumed.both(question, looked_up)
        works = Topic.OUTCOME in question.topics and looked_up[0].sources == _ANSWERS
        works = (works or assumed.blames(question)) and not others
        yes = "" if any(map(question.concerns, others)) else assumed.agrees(question, looked_up[0])
        return f"{yes}{'No fault was found. ' if works else ''}{told}"
    hosts, worked = listing(sorted(question.addresses | question.names)), "".join(f" {c.text}" for c in well)
    if others and not hosts and question.about_a_fault and question.ports:
        hosts = f"port {listing(sorted(map(str, question.ports)), 'or')}"
    if others and question.about_a_failure() and relevance.only_what_works(others):
        of = f" of {hosts}" if hosts else ""
        return (
            f"No fault was found in this capture that explains a failure{of}; something else is worth knowing (below)."
            f"{worked}"
        )
    if others and well:
        return f"No failure of that kind was found; something else was (below).{worked}"
    if others and not hosts:
        return "What the question asks for is not among what is counted here; something else was found (below)."
    if others:
        return f"Nothing in this capture explains a failure of {hosts}; something else was found (below)."
    if all(outcome.status is RuleStatus.NOT_APPLICABLE for outcome in analysis.outcomes):
        only = overview.protocols(analysis)
        return f"This capture cannot tell: it holds nothing of what is judged here{f', only {only}' if only else ''}."
    lone = (health.unfinished_handshakes, health.unanswered_requests, health.unanswered_leases, health.open_pages)
    unfinished = next(filter(None, (told(analysis) for told in lone)), "")
    if unfinished:
        told = f"No fault was found, but {unfinished} not finished in this capture: it cannot tell how that went on."
        return f"{told}{worked}"
    part = "the part of this capture that could be read" if analysis.info.warnings else "this capture"
    if analysis.info.selection:
        part = "the frames that were looked at"
    unread = _unread(analysis)
    if unread and int(unread.measured["frames"]) >= analysis.info.frames * _MUCH:
        return f"No fault was found in {part}, as far as it is judged.{worked} {unread.title}"
    if choice.ASKS_FOR.match(question.text) and not question.about_a_fault:
        return f"No fault was found in {part}; what the question asks for is not among what is counted here."
    told = f"No fault was found in {part}: nothing that is looked for explains a failure."
    return f"{told}{worked}{_hidden(analysis, question)}"


def _hidden(analysis: Analysis, question: Question) -> str:
    """Return, to who asks why something fails, that TLS may hide the reason, where TLS was spoken."""
    asked = question.about_a_failure() or Topic.BLAME in question.topics
    hidden = asked and tls_outcomes.hides(analysis)
    said = " What was said inside TLS is encrypted: an error in it (such as HTTP 500), or an answer that never came,"
    return f"{said} cannot be seen here." if hidden else ""


def _beside(question: Question, looked_up: Sequence[Claim]) -> bool:
    """Return whether somebody asks why something fails, and what was looked up is no answer to that."""
    return question.about_a_fault and _only_describes(question, looked_up[0])


def _only_describes(question: Question, first: Claim) -> bool:
    """Return whether it tells what is there: of files that were moved, it does not say why another one was not."""
    moved = question.topics == {Topic.FILES} and question.about_a_failure() and _REFUSED not in first.text
    return first.sources[0] in _DESCRIPTIONS or moved


def _unread(analysis: Analysis) -> Finding | None:
    return next((finding for finding in analysis.findings if finding.rule == "capture_unread"), None)


def _looked_at(analysis: Analysis, question: Question) -> list[Claim]:
    """Return what was looked at and found in order, what was not there to look at, and what failed to run."""
    lines = health.claims(analysis)
    ran = [outcome for outcome in analysis.outcomes if outcome.status is RuleStatus.RAN]
    faulty = {o.area for o in analysis.outcomes if o.findings or o.status is RuleStatus.FAILED}
    clean = list(dict.fromkeys(outcome.area for outcome in ran if outcome.area not in faulty))
    if clean:
        lines.append(Claim(text=f"Looked at, and found in order: {_shortened(clean)}.", sources=("rules",)))
    absent = sorted({_subject(o.reason) for o in analysis.outcomes if o.status is RuleStatus.NOT_APPLICABLE})
    if absent:
        lines.append(Claim(text=f"Not there to look at: {_shortened(absent)}.", sources=("rules",)))
    lines += [_mention(f) for f in analysis.findings if f.rule in _TOLD_ALWAYS]
    failed = [in_sentence(o.title) for o in analysis.outcomes if o.status is RuleStatus.FAILED]
    if failed:
        lines.append(
            Claim(text=f"Could not be checked, because the rule failed: {listing(failed)}.", sources=("rules",))
        )
    return lines


def _subject(reason: str) -> str:
    return reason.removeprefix("no ").removesuffix(" in this capture")


def _shortened(words: Sequence[str]) -> str:
    """Return the words as a list, of which the later ones are only counted."""
    hidden = len(words) - _LISTED
    return listing([*words[:_LISTED], f"{hidden} more"] if hidden > 1 else words)


def _mention(finding: Finding) -> Claim:
    return Claim(text=finding.title, frames=finding.evidence.frames, sources=(finding.id,))
