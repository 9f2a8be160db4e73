"""Test the page and the API reference of a prediction service in a browser: one server, with API keys."""

from __future__ import annotations

import hashlib
import json
import signal
import sqlite3
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from waiting import HERE, PATIENCE, free_port, wait_until

KEY = "a key: ü"
PATIENCE_MILLISECONDS = 120_000
AIRPORT, DATE = "EWR", "2013-05-11"
LIST = f"?airport={AIRPORT}&date={DATE}"
EXPLAIN = "v1/explanations"


class Service(NamedTuple):
    """A server with keys, and its status and database before it had a state."""

    address: str
    database: Path
    status_without_state: int

    def get(self, path: str, key: str | None = KEY) -> tuple[int, bytes]:
        return get(self.address, path, key)

    def api(self, path: str) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self.get(path)[1])
        return content

    def answers(self) -> list[dict[str, Any]]:
        answers: list[dict[str, Any]] = self.api(f"v1/predictions?origin={AIRPORT}&date={DATE}")["predictions"]
        return answers


def get(address: str, path: str, key: str | None) -> tuple[int, bytes]:
    """Status and body of a response, 0 where no server answers."""
    headers = {"Authorization": f"Bearer {key}".encode()} if key else {}
    try:
        with urllib.request.urlopen(urllib.request.Request(address + path, headers=headers)) as response:  # noqa: S310
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
    except urllib.error.URLError:
        return 0, b""


@pytest.fixture(scope="module")
def service(made, copied, tmp_path_factory) -> Iterator[Service]:
    project = copied(made, tmp_path_factory.mktemp("service") / "project")
    (project.root / "keys.txt").write_text(f"{hashlib.sha256(KEY.encode()).hexdigest()} Ada\n")
    port, output = free_port(), project.root / "output.txt"
    output.touch()
    command = f"exec flight-delay serve --port {port} --keys keys.txt > {output} 2>&1"
    process, address = project.start("sh", "-c", command), f"http://{HERE}:{port}/"
    try:
        wait_until(lambda: process.poll() is not None or get(address, "health", None)[0] == 200, output.read_text)
        status = get(address, "", KEY)[0]
        project.command("state", "--as-of", "2013-05-10")
        wait_until(lambda: process.poll() is not None or get(address, "ready", None)[0] == 200, output.read_text)
        yield Service(address, project.root / "service/predictions.db", status)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE)


@pytest.fixture
def look(browser, service: Service) -> Iterator[Callable[..., Any]]:
    """Opens a path; at the end checks that nothing was asked of others, or failed, or is wider than the window."""
    opened = []

    def at(path: str, *, width: int = 1280, errors: int = 0) -> Any:
        credentials = {"username": "Ada", "password": KEY}
        window = browser.new_context(viewport={"width": width, "height": 900}, http_credentials=credentials)
        page, requests, problems = window.new_page(), [], []
        page.set_default_timeout(PATIENCE_MILLISECONDS)
        page.on("request", lambda request: requests.append(request.url))
        page.on("console", lambda message: problems.append(message.text))
        page.on("pageerror", lambda error: problems.append(str(error)))
        opened.append((window, page, requests, problems, errors))
        page.goto(service.address + path)
        return page

    yield at
    for window, page, requests, problems, errors in opened:
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        assert [url for url in requests if not url.startswith((service.address, "data:image/"))] == []
        assert len(problems) == errors, problems
        window.close()


def column(page: Any, number: int) -> list[str]:
    return page.locator(f"tbody tr:not(.why) > :nth-child({number})").all_inner_texts()


def test_without_a_state_it_is_unavailable_and_then_needs_no_restart(service: Service) -> None:
    assert service.status_without_state == 503
    assert service.get("")[0] == 200


@pytest.mark.parametrize("width", [1280, 400])
def test_the_list_has_every_answer_and_fits_the_window(look, service: Service, width: int) -> None:
    page, answers = look(LIST, width=width), service.answers()
    assert AIRPORT in page.title()
    assert page.get_by_role("heading", level=1).inner_text().endswith("Saturday 11 May 2013")
    assert column(page, 5) == [f"{100 * answer['probability']:.1f}\N{NO-BREAK SPACE}%" for answer in answers]
    assert column(page, 6) == ["late" if answer["predicted_late"] else "on time" for answer in answers]
    assert [text.replace("\N{SOFT HYPHEN}", "") for text in column(page, 7)] == [answer["status"] for answer in answers]
    assert len({answer["status"] for answer in answers}) == 2
    assert service.api("version")["state"] in page.locator("footer").inner_text()
    page.locator("tbody tr").last.scroll_into_view_if_needed()
    assert page.locator("thead th").first.bounding_box()["y"] == 0  # stays in sight


def test_a_click_on_a_heading_sorts_and_another_one_reverses(look, service: Service) -> None:
    page = look(LIST)
    numbers = sorted(answer["probability"] for answer in service.answers())
    for order, wanted in (("descending", numbers[::-1]), ("ascending", numbers)):
        heading = page.locator("thead th:nth-child(5)")
        heading.get_by_role("link").click()
        page.locator(f"thead th:nth-child(5)[aria-sort={order}]").wait_for()
        assert page.locator("[aria-sort]").count() == 1
        assert column(page, 5) == [f"{100 * number:.1f}\N{NO-BREAK SPACE}%" for number in wanted]
    page.get_by_role("columnheader", name="To").get_by_role("link").press("Enter")
    page.locator("thead th:nth-child(3)[aria-sort=ascending]").wait_for()
    assert column(page, 3) == sorted(column(page, 3))


def test_a_search_keeps_the_order_and_can_be_undone(look, service: Service) -> None:
    page = look(f"{LIST}&sort=destination&order=descending", width=400)
    all_flights = column(page, 2)
    flight = all_flights[5]
    search = page.get_by_label("Search")
    search.fill(flight.lower())
    search.press("Enter")
    page.locator("[aria-sort=descending]").wait_for()
    page.wait_for_url("**search=**")
    assert column(page, 2) == [name for name in all_flights if name.startswith(flight)]
    page.get_by_label("Search").fill("no such flight")
    page.get_by_role("button").click()
    page.wait_for_url("**no+such+flight**")
    assert page.get_by_role("table").count() == 0
    page.locator("main a").click()
    page.get_by_role("table").wait_for()
    assert column(page, 2) == all_flights


@pytest.mark.parametrize("width", [1280, 400])
def test_a_click_on_a_flight_shows_the_reasons_of_the_api(look, service: Service, width: int) -> None:
    page, answers = look(f"{LIST}&search=UA", width=width), service.answers()
    listed = column(page, 2)
    flight = max(
        (answer for answer in answers if "-UA-" in answer["flight_id"]), key=lambda answer: answer["probability"]
    )
    name = " ".join(flight["flight_id"].split("-")[3:5])
    page.get_by_role("link", name=name, exact=True).click()
    page.locator(".why").wait_for()
    explanation = service.api(f"{EXPLAIN}/{flight['flight_id']}")
    reasons = explanation["reasons"]
    assert reasons
    assert page.locator(".why dt").all_inner_texts() == [
        f"{100 * reason['probability']:+.1f}".replace("-", "−") for reason in reasons
    ]
    assert [text.replace("\N{NO-BREAK SPACE}", " ") for text in page.locator(".why dd").all_inner_texts()] == [
        f"{reason['label']}\n{reason['sentence']}" for reason in reasons
    ]
    assert page.locator("tr.open th").inner_text() == name
    assert page.locator("tr.open").bounding_box()["y"] < 450  # in sight
    assert column(page, 2) == listed
    with page.expect_navigation():
        page.get_by_role("link", name="Close").click()
    assert page.locator(".why").count() == 0
    assert column(page, 2) == listed


def test_an_unknown_airport_leads_to_those_that_are_there(look) -> None:
    page = look("?airport=QQQ", width=400, errors=1)  # the browser reports the 404
    assert "EWR, JFK, LGA" in page.get_by_role("alert").inner_text()
    page.get_by_label("Airport").select_option("JFK")
    page.get_by_label("Date").select_option(DATE)
    page.get_by_role("button").click()
    page.get_by_role("table").wait_for()
    assert "JFK" in page.get_by_role("heading", level=1).inner_text()


@pytest.mark.parametrize(
    "text", ["<script>hostile = 1</script>", "'\"><img src=x onerror=hostile=1>", "Zürich ✈ \u202e日本"]
)
def test_a_hostile_search_is_shown_as_text(look, text: str) -> None:
    page = look("?search=" + urllib.parse.quote(text))
    assert page.get_by_label("Search").input_value() == text
    assert text in page.locator("main").inner_text()
    assert page.evaluate("typeof hostile") == "undefined"
    assert page.locator("script, img").count() == 0


def test_a_long_search_is_refused(look) -> None:
    page = look("?search=" + 5000 * "x", errors=1)
    assert "search" in page.get_by_role("alert").inner_text()
    assert "xxx" not in page.content()


def test_the_api_reference_needs_no_other_server_and_no_key(look, service: Service) -> None:
    page = look("docs")
    page.locator(".opblock").first.wait_for()
    paths = json.loads(service.get("openapi.json", None)[1])["paths"]
    assert page.locator(".opblock").count() == sum(map(len, paths.values()))
    icon = page.locator("link[rel='shortcut icon']").get_attribute("href")
    for path in ("docs", icon.removeprefix("/")):
        assert service.get(path, None)[0] == 200
    assert service.get("", None)[0] == 401


def test_views_of_the_page_are_not_stored(look, service: Service) -> None:
    flight = service.answers()[0]["flight_id"]
    look(f"?flight={flight}").locator(".why").wait_for()
    counts = "SELECT (SELECT count(*) FROM requests), (SELECT count(*) FROM predictions)"
    with sqlite3.connect(service.database) as database:
        assert database.execute(counts).fetchone() == (0, 0)
