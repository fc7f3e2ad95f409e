"""The report's page in a real browser: what it shows, what it lets a reader do, and what a capture cannot do to it."""

import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from factories import capture_info, finding
from playwright.sync_api import Browser, Page, sync_playwright

from explainer import registry
from explainer.capture import browser as installed
from explainer.model import Analysis, Answer, Claim, Interface, RuleOutcome, RuleStatus, Stat, StatColumn, Step
from explainer.report import Ladder, Report, Rung
from explainer.reporting import report

SHOTS = Path(__file__).parents[2] / "test-output"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
HOSTILE = (
    "</script><script>window.pwned=1</script>",
    '"><img src=x onerror=window.pwned=2>',
    "</style><style>*{display:none}",
    "<svg onload=window.pwned=3>",
    "javascript:window.pwned=4",
    "</title><h1>pwned</h1>",
    "{{ 7*7 }}",
    "' autofocus onfocus='x",
    "\x1b[31m\u202egnp",
    "]]><!--",
)
Open = Callable[..., Page]

pytestmark = pytest.mark.skipif(installed.find() is None, reason="no chromium is installed: the page was not looked at")


def written(made: Report) -> str:
    html = registry.reporters.get("html")
    assert html is not None
    return html.report(made)


@pytest.fixture(scope="module")
def real(captures: Path) -> Report:
    return report(captures / "tls12_expired.pcapng", ["why does my TLS handshake fail?", "is the network slow?"])


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=installed.find(), args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture
def opened(chromium: Browser, tmp_path: Path) -> Iterator[Open]:
    """Open a report's page; nothing may be said on its console, nothing asked of any other address."""
    said, asked = list[str](), list[str]()
    contexts = []

    def show(made: Report, width: int = 1280, scheme: str = "light") -> Page:
        place = tmp_path / "report.html"
        place.write_text(written(made), "utf-8")
        context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]  # a word of three
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(place.as_uri())
        return page

    yield show
    for context in contexts:
        context.close()
    assert said == []
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []


def hostile() -> Report:
    """Return a report with such strings wherever one from a capture, or a model, may stand."""
    text = " ".join(HOSTILE)
    found = finding(
        title=text, act=text, detail=text, measured={text: text}, advice=(text,), limitations=(text,),
        evidence={"frames": (1,), "total": 1, "display_filter": text, "steps": (Step(frames=(1,), text=text),)},
    )  # fmt: skip
    outcome = RuleOutcome(
        rule="some_rule", title=text, area=text, status=RuleStatus.RAN, reason=text, findings=(found,)
    )
    names = ("start_s", "protocol", "packets", "bytes")
    stats = (
        Stat(id="timeline", title=text, columns=tuple(StatColumn(name=n) for n in names), rows=((0.0, text, 1, 9),),
             total_rows=1, note=text),
        Stat(id="destinations", title="Destinations", total_rows=1, rows=((text, text, 1, 9),),
             columns=tuple(StatColumn(name=n) for n in ("address", "transport", "port", "packets"))),
        Stat(id="protocol_hierarchy", title="Protocols", total_rows=1,
             rows=((HOSTILE[0].replace("/", ""), text, 0, 1, 9),),
             columns=tuple(StatColumn(name=n) for n in ("path", "protocol", "depth", "frames", "bytes"))),
    )  # fmt: skip
    info = capture_info(file=text, interfaces=(Interface(number=0, name=text, frames=1),), warnings=(text,))
    claim = Claim(text=text, frames=(1,), backed=False, why=text)
    answer = Answer(
        question=text, verdict=text, act=text, cause=text, claims=(claim,), next_steps=(text,), filters=(text,),
        not_shown=(text,), model=text, note=text, verdict_why=text, doubts=(text,),
    )  # fmt: skip
    rung = Rung(
        frame=1, time_s=0.0, source=text, destination=text, length=1, protocol=text, info=text, said=(text,),
        cited=True, failing=True, fields=((text, text),),
    )  # fmt: skip
    return Report(
        tool_version=text, analysis=Analysis(info=info, stats=stats, outcomes=(outcome,)), answers=(answer,),
        ladder=Ladder(finding="some_rule:1", left=text, right=text, display_filter=text, rungs=(rung,)),
        settings={text: text}, commands=(text,),
    )  # fmt: skip


def test_the_verdict_comes_first_and_the_ladder_shows_the_failing_step(opened: Open, real: Report) -> None:
    page = opened(real)
    assert page.locator("h1").inner_text() == real.answers[0].verdict
    failing = page.locator("svg.ladder a.failing")
    assert failing.count() == 1
    assert failing.get_attribute("href") == "#frame-24"
    assert "certificate_expired" in (failing.get_attribute("aria-label") or "")
    assert page.locator("#frame-24").get_attribute("open") is not None
    page.locator("svg.ladder a[href='#frame-22']").click()
    page.wait_for_selector("#frame-22[open]")
    assert "tls.handshake.ciphersuite" in page.locator("#frame-22").inner_text()


def test_tables_sort_and_filter(opened: Open, real: Report) -> None:
    page = opened(real)
    page.locator("#stat-dns summary").click()
    header = page.locator("#table-dns th", has_text="time ms")
    place = header.evaluate("one => one.cellIndex")
    column = f"rows => rows.map(row => Number(row.cells[{place}].textContent))"
    times = page.locator("#table-dns tbody tr").evaluate_all(column)
    for way, wanted in (("descending", sorted(times, reverse=True)), ("ascending", sorted(times))):
        header.locator("button").click()
        assert page.locator("#table-dns tbody tr").evaluate_all(column) == wanted
        assert header.get_attribute("aria-sort") == way
    page.locator("input[data-table=table-dns]").fill("payroll")
    assert page.locator("#table-dns tbody tr:visible").count() == 1


def test_a_copy_button_copies(opened: Open, real: Report) -> None:
    page = opened(real)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator("#verdict button.copy").first.click()
    page.wait_for_selector("button.copy.done")
    assert page.evaluate("navigator.clipboard.readText()") == real.answers[0].filters[0]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_screen_reader_finds_its_way(scheme: str, opened: Open, real: Report) -> None:
    page = opened(real, 390, scheme)
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    violations = Axe().run(page).response["violations"]
    assert [(v["id"], v["nodes"][0]["html"]) for v in violations if v["impact"] in ("serious", "critical")] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_it_looks_like_something(width: int, scheme: str, opened: Open, real: Report) -> None:
    page = opened(real, width, scheme)
    SHOTS.mkdir(exist_ok=True)
    shot = page.screenshot(path=SHOTS / f"report-{width}-{scheme}.png", full_page=True)
    assert colours(shot) > 100
    beyond = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(beyond) == 0


def colours(png: bytes) -> int:
    """Return how many different bytes a picture's rows hold: a blank one has hardly any."""
    at, data = 8, b""
    while at < len(png):
        size, kind = struct.unpack_from("!I4s", png, at)
        data += png[at + 8 : at + 8 + size] if kind == b"IDAT" else b""
        at += 12 + size
    return len(set(zlib.decompress(data)))


def test_hostile_strings_are_shown_and_do_nothing(opened: Open) -> None:
    made = hostile()
    page = opened(made, 390)
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    page.locator("svg.ladder a").first.click()
    page.wait_for_timeout(50)
    assert page.evaluate("window.pwned") is None
    assert page.locator("script, style, img, iframe, object, [onerror], [onload], [onfocus]").count() == 2
    assert page.locator("h1").inner_text().startswith("</script><script>window.pwned=1</script>")
    assert "\\x1b[31m\\u202egnp" in page.locator("h1").inner_text()
    assert "\u202e" not in page.content()
    assert all(
        href.startswith("#") for href in page.locator("a").evaluate_all("all => all.map(a => a.getAttribute('href'))")
    )


def test_even_a_script_that_got_in_would_not_run(opened: Open, real: Report, chromium: Browser, tmp_path: Path) -> None:
    place = tmp_path / "forged.html"
    forged = "<script>window.pwned=1</script><img src='https://192.0.2.1/x.png' onerror='window.pwned=2'>"
    place.write_text(written(real).replace("<main>", f"<main>{forged}"), "utf-8")
    page = chromium.new_page()
    refused = list[str]()
    page.on("console", lambda message: refused.append(message.text))
    page.goto(place.as_uri())
    assert page.evaluate("window.pwned") is None
    assert sum("Content Security Policy" in text for text in refused) >= 2
    page.close()


def test_it_prints_as_pdf(real: Report) -> None:
    made = installed.pdf(written(real))
    assert made.startswith(b"%PDF-")
    assert len(made) > 50_000
