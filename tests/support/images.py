"""Images built and run as their Dockerfiles say, without Docker: Debian from its archive, chroot and namespaces.

The base image python:3.13-slim-trixie is stood for by Debian trixie with its own Python 3.13. Mounts are in mount
namespaces of their own, which end with their processes.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from string import Template

import psutil
import pytest
from waiting import PATIENCE, wait_until

REPOSITORY = Path(__file__).resolve().parents[2]
BASE = "python:3.13-slim-trixie"
PACKAGES = "python3,python3-venv,ca-certificates"
SYSTEM_PATH = "/usr/local/bin:/usr/local/sbin:/usr/bin:/usr/sbin:/bin:/sbin"
AS_ROOT = [] if os.geteuid() == 0 else ["sudo", "--non-interactive"]
NAMESPACES = ["unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child"]
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
PROGRAMS = ("mmdebstrap", "unshare", "nsenter", "ip")


def as_root(*command: str | Path, text: str | None = None, code: int = 0) -> str:
    """Run a command as root, check its exit code, and return its output."""
    done = subprocess.run([*AS_ROOT, *map(str, command)], input=text, capture_output=True, text=True, check=False)
    assert done.returncode == code, f"{command}: {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-4000:]}"
    return done.stdout


def require_root() -> None:
    """Skip a test where nobody can mount; with REQUIRE_SERVICES it fails."""
    missing = [name for name in PROGRAMS if not shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")]
    done = subprocess.run([*AS_ROOT, "unshare", "--mount", "true"], capture_output=True, text=True, check=False)
    if missing or done.returncode:
        reason = f"images need {', '.join(missing)}" if missing else f"images need root to mount: {done.stderr.strip()}"
        assert not os.environ.get("REQUIRE_SERVICES"), reason
        pytest.skip(reason)


def read_instructions(dockerfile: Path) -> list[tuple[str, str]]:
    """Return names and arguments of the instructions of a Dockerfile, on one line each."""
    lines = [line for line in dockerfile.read_text().splitlines() if line and not line.lstrip().startswith("#")]
    text = "\n".join(lines).replace("\\\n", " ")
    return [(name, arguments.strip()) for name, _, arguments in (line.partition(" ") for line in text.splitlines())]


def histories(dockerfile: Path) -> list[tuple[str, ...]]:
    """Return, for each instruction, those of its stage up to it."""
    listed: list[tuple[str, ...]] = []
    for name, text in read_instructions(dockerfile):
        listed.append((BASE,) if name == "FROM" else (*listed[-1], f"{name} {text}"))
    return listed


def parse_pairs(text: str) -> list[list[str]]:
    """Return names and values of an ENV instruction."""
    return [word.split("=", 1) for word in shlex.split(text)]


def listed_context(checkout: Path, folder: Path) -> Path:
    """Copy what .dockerignore lets into the context of a build."""
    for pattern in (line[1:] for line in (checkout / ".dockerignore").read_text().splitlines() if line.startswith("!")):
        for source in sorted(checkout.glob(pattern)):
            copy = shutil.copytree if source.is_dir() else shutil.copy2
            copy(source, folder / source.name)
    return folder


@dataclass(frozen=True)
class Image:
    """A root file system, and what containers of it run."""

    root: Path
    environment: Mapping[str, str] = field(default_factory=lambda: {"PATH": SYSTEM_PATH})
    folder: str = "/"
    user: str = "0"
    volumes: tuple[str, ...] = ()
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    healthcheck: tuple[str, ...] = ()

    @contextmanager
    def running(self, volumes: Mapping[str, Path], *command: str) -> Iterator[Container]:
        """Run a container as `docker run --read-only --tmpfs /tmp` does, with the network of nobody."""
        mounts = [f"mount --rbind {shlex.quote(str(path))} {self.root}{target}" for target, path in volumes.items()]
        script = " && ".join(
            [
                "ip link set lo up",
                f"mount --bind {self.root} {self.root}",
                f"mount -t proc proc {self.root}/proc",
                f"mount --rbind /dev {self.root}/dev",
                f"mount -t tmpfs -o mode=1777 tmpfs {self.root}/tmp",  # noqa: S108 (that of the container)
                *mounts,
                f"mount -o remount,ro,bind {self.root}",
                f"exec {shlex.join(self._enter([*self.entrypoint, *(command or self.command)]))}",
            ]
        )
        output = self.root.parent / f"{time.monotonic_ns()}.txt"
        with output.open("w") as file:
            process = subprocess.Popen(
                [*AS_ROOT, *NAMESPACES, "--net", "sh", "-c", script], stdout=file, stderr=subprocess.STDOUT
            )
        container = Container(self, process, output)
        try:
            yield container
        finally:
            if process.poll() is None:
                as_root("kill", "-KILL", str(container.inner.pid))
            process.wait()

    def _enter(self, command: list[str]) -> list[str]:
        environment = [f"{name}={value}" for name, value in self.environment.items()]
        chroot = ["chroot", f"--userspec={self.user}:{self.user}", self.root, "env", "-i", f"--chdir={self.folder}"]
        return [*map(str, chroot), *environment, *command]


def status_of(process: psutil.Process) -> str:
    """Return what Linux says of a process; nothing once it has ended."""
    with suppress(OSError):
        return Path(f"/proc/{process.pid}/status").read_text()
    return ""


@dataclass
class Container:
    """A running container; `inner` is its first process."""

    image: Image
    process: subprocess.Popen[bytes]
    output: Path

    @property
    def inner(self) -> psutil.Process:
        """The process with id 1 in the container."""

        def inner_ones() -> list[psutil.Process]:
            started = psutil.Process(self.process.pid).children(recursive=True)
            return [one for one in started if re.search(r"^NSpid:.*\t1$", status_of(one), re.MULTILINE)]

        wait_until(inner_ones, self.output.read_text)
        return inner_ones()[0]

    def run(self, *command: str, text: str | None = None, code: int = 0) -> str:
        """Run a command in the container, as `docker exec` does."""
        enter = ["nsenter", "--target", str(self.inner.pid), "--mount", "--net", "--pid"]
        return as_root(*enter, *self.image._enter(list(command)), text=text, code=code)

    def is_healthy(self) -> bool:
        """Run the health check."""
        assert self.process.poll() is None, self.output.read_text()
        try:
            self.run(*self.image.healthcheck)
        except AssertionError:
            return False
        return True

    def stop(self) -> int:
        """End it as `docker stop` does, and return its exit code."""
        as_root("kill", "-TERM", str(self.inner.pid))
        return self.wait()

    def wait(self) -> int:
        """Return the exit code of the container, once it has ended."""
        return self.process.wait(PATIENCE)


class Builder:
    """Builds images; instructions that begin two stages are executed once, as Docker caches layers."""

    def __init__(self, folder: Path, context: Path, dockerfiles: Sequence[Path]) -> None:
        self._folder, self._context = folder, context
        self._layers: dict[tuple[str, ...], Path] = {}
        # How many stages begin with these instructions.
        self._stages = Counter(history for path in dockerfiles for history in histories(path))

    def build(self, dockerfile: Path, **arguments: str) -> Image:
        """Build the last stage of a Dockerfile."""
        stages: dict[str, Image] = {}
        image, variables = Image(self._folder), dict(arguments)
        for (name, text), history in zip(read_instructions(dockerfile), histories(dockerfile), strict=True):
            words = shlex.split(text)
            if name == "FROM":
                assert re.fullmatch(rf"{BASE}@sha256:[0-9a-f]{{64}}", words[0]), words[0]
                image = Image(self._base())
                stages[words[2] if len(words) > 2 else ""] = image
                continue
            stage = list(stages)[-1]
            if name in {"RUN", "COPY", "WORKDIR"}:
                image = self._layer(image, history, name, text, stages)
            elif name == "ARG":
                variable, _, default = text.partition("=")
                variables.setdefault(variable, default)
            elif name == "ENV":
                template = Template(text).substitute({**image.environment, **variables})
                image = replace(image, environment={**image.environment, **dict(parse_pairs(template))})
            elif name == "HEALTHCHECK":
                image = replace(image, healthcheck=tuple(json.loads(text.partition("CMD ")[2])))
            elif name in {"ENTRYPOINT", "CMD"}:
                key = {"ENTRYPOINT": "entrypoint", "CMD": "command"}[name]
                image = replace(image, **{key: tuple(json.loads(text))})
            elif name == "USER":
                image = replace(image, user=text)
            elif name == "VOLUME":
                image = replace(image, volumes=(*image.volumes, *words))
            else:
                assert name == "EXPOSE", f"{name}: not known here"
            stages[stage] = image
        return image

    def _layer(
        self, image: Image, history: tuple[str, ...], name: str, text: str, stages: Mapping[str, Image]
    ) -> Image:
        folder = str(Path(image.folder) / text) if name == "WORKDIR" else image.folder
        if history not in self._layers:
            root = image.root
            if self._stages[history[:-1]] > self._stages[history]:  # others go on from there, too
                root = Path(tempfile.mkdtemp(dir=self._folder)) / "root"
                # Hard links are copies here: package managers replace files, and write into none.
                as_root("cp", "--archive", "--link", image.root, root)
            as_root("mkdir", "-p", f"{root}{folder}")
            if name == "RUN":
                self._execute(replace(image, root=root), text)
            elif name == "COPY":
                self._copy(root, folder, text, stages)
            self._layers[history] = root
        return replace(image, root=self._layers[history], folder=folder)

    def _execute(self, image: Image, command: str) -> None:
        """Run a command with the network and certificates of this machine and its settings of pip, without bytecode."""
        given = re.compile("PIP_|https?_proxy$", re.IGNORECASE)
        settings = {name: value for name, value in os.environ.items() if given.match(name)}
        settings["PIP_NO_COMPILE"] = "no"  # sets it: https://pip.pypa.io/en/stable/topics/configuration/
        root, inside = image.root, replace(image, environment={**settings, "HOME": "/root", **image.environment})
        mounts = [f"mount --bind {path} {root}{path}" for path in (CERTIFICATES, "/etc/resolv.conf")]
        mounts += [f"mount -t proc proc {root}/proc", f"mount --rbind /dev {root}/dev"]
        steps = [f"touch {root}/etc/resolv.conf", *mounts, shlex.join(inside._enter(["sh", "-c", command]))]
        as_root(*NAMESPACES, "sh", "-c", " && ".join(steps))

    def _copy(self, root: Path, folder: str, text: str, stages: Mapping[str, Image]) -> None:
        words = text.split()
        context = self._context
        if words[0].startswith("--from="):
            context = stages[words.pop(0).removeprefix("--from=")].root
        *sources, target = words
        destination = f"{root}{Path(folder) / target}"
        paths = [context / source.lstrip("/") for source in sources]
        if len(paths) == 1 and paths[0].is_dir():  # the content of a folder
            as_root("mkdir", "-p", destination)
            as_root("cp", "--archive", "--link", f"{paths[0]}/.", destination)
        else:
            as_root("cp", "--archive", *paths, destination)

    def _base(self) -> Path:
        """Return Debian with `python` and `pip` in /usr/local, as the base image has them."""
        root = self._layers.get(())
        if root is None:
            root = self._folder / "base"
            release = BASE.rpartition("-")[2]
            as_root("mmdebstrap", "--quiet", "--variant=minbase", f"--include={PACKAGES}", release, root)
            as_root("chroot", root, "python3", "-m", "venv", "/usr/local")
            self._layers[()] = root
        return root


@contextmanager
def building(checkout: Path, *dockerfiles: Path) -> Iterator[Builder]:
    """Build images in a folder that is removed at the end."""
    require_root()
    folder = Path(tempfile.mkdtemp(prefix="images-"))
    folder.chmod(0o755)
    try:
        (folder / "context").mkdir()
        yield Builder(folder, listed_context(checkout, folder / "context"), dockerfiles)
    finally:
        as_root("rm", "-rf", "--one-file-system", folder)
