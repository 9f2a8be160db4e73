"""Images do what their Dockerfiles promise: built in chroots, run as another user on a read-only system."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from images import Builder, Image, as_root, building
from prediction_service import SCHEDULE
from waiting import wait_until

REPOSITORY = Path(__file__).resolve().parents[2]
SERVICE, PIPELINE = REPOSITORY / "deploy/Dockerfile", REPOSITORY / "deploy/pipeline.Dockerfile"
COMMIT, USER = "c" * 40, "10001"
REQUEST = """
import sys, urllib.request
body = sys.stdin.buffer.read() or None
request = urllib.request.Request("http://127.0.0.1:8000" + sys.argv[1], body, {"Content-Type": "application/json"})
sys.stdout.write(urllib.request.urlopen(request).read().decode())
"""
BUILD_TOOLS = (
    "for name in pip gcc cc make; do command -v $name && exit 1; done; "
    'for name in pip hatchling setuptools; do python -c "import $name" 2> /dev/null && exit 1; done; exit 0'
)


@pytest.fixture(scope="module")
def builder(made) -> Iterator[Builder]:
    with building(made.root, SERVICE, PIPELINE) as builder:
        yield builder


def listed_packages(image: Image) -> dict[str, str]:
    """Names and versions in the list of packages that an image keeps; none is only for GPUs."""
    document = json.loads((image.root / "usr/share/sbom/flight-delay.cdx.json").read_text())
    assert document["bomFormat"] == "CycloneDX"
    listed = {component["name"].lower(): component["version"] for component in document["components"]}
    assert [name for name in listed if name.startswith("nvidia")] == []
    return listed


def locked_packages(*names: str) -> dict[str, str]:
    """Names and versions that are locked for every platform."""
    text = "".join((REPOSITORY / name).read_text() for name in names)
    return dict(re.findall(r"^([\w.-]+)(?:\[.*\])?==([\w.]+) \\\\$", text, re.MULTILINE))


def test_the_image_of_the_service_answers_as_the_checkout_does(builder, service, states, tmp_path) -> None:
    image = builder.build(SERVICE, GIT_COMMIT=COMMIT)
    locked = locked_packages("requirements.txt", "requirements-team.txt")
    assert locked.items() <= listed_packages(image).items()
    folder = states.copy(tmp_path / "service").folder
    as_root("chown", "-R", USER, folder)
    with image.running({"/app/service": folder}) as container:
        wait_until(container.is_healthy, container.output.read_text)
        flights = [SCHEDULE, *({"flight_id": flight["flight_id"]} for flight in service.scheduled())]
        body = json.dumps({"flights": flights})
        answer = json.loads(container.run("python", "-c", REQUEST, "/v1/predictions", text=body))
        assert answer["predictions"] == service.predict(*flights).json()["predictions"]
        assert json.loads(container.run("python", "-c", REQUEST, "/version", text=""))["git_commit"] == COMMIT
        assert {str(number) for number in container.inner.uids()} == {USER}
        container.run("touch", "/app/file", code=1)
        container.run("sh", "-c", BUILD_TOOLS)
        assert container.stop() == 0
    assert "Traceback" not in container.output.read_text()


def test_the_image_of_the_pipeline_makes_the_same_bytes(builder, copy_of_made) -> None:
    image = builder.build(PIPELINE)
    assert locked_packages("requirements.txt").items() <= listed_packages(image).items()
    lock, model = (copy_of_made.root / name for name in ("dvc.lock", "models/bundle/model.ubj"))
    before, old = lock.read_bytes(), model.stat()
    as_root("chown", "-R", USER, copy_of_made.root)
    command = ["repro", "--force", "--single-item", "train_model"]
    with image.running({"/work": copy_of_made.root}, *command) as container:
        assert container.wait() == 0, container.output.read_text()
    assert model.stat().st_mtime_ns > old.st_mtime_ns
    assert lock.read_bytes() == before
