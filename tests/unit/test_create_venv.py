"""tools/create_venv.sh: the Python that it takes, and what it says without one. The interpreters are fakes."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
# All that the script and make need, without a Python beside it.
COMMANDS = ("cat", "cut", "head", "ln", "make", "mkdir", "paste", "rm", "sed", "sh", "sort", "touch", "tr")

FAKE = """#!/bin/sh
case "$1 $2" in
"-I -c") exec {real} -I -c "
import importlib.util, sys
found = importlib.util.find_spec
importlib.util.find_spec = lambda name: None if name in {missing} else found(name)
sys.version_info = ({version}, 5)
sys.version = '{version} build of $0'
sys._base_executable = '$0'
exec(sys.argv[1])" "$3" ;;
"-m pip") echo "$HOME $https_proxy $PIP_INDEX_URL $PIP_USER${{PIP_TARGET-}}${{PIP_DRY_RUN-}}" >> pip-environment ;;
"-m venv")
    mkdir -p "$3/bin"
    printf '#!/bin/sh\nexec %s "$@"\n' "$0" > "$3/bin/python"
    {chmod} +x "$3/bin/python"
    echo "$0" > "$3/pyvenv.cfg"
    {end} ;;
esac
"""
UV = """#!/bin/sh
echo "$* UV_DEFAULT_INDEX=${{UV_DEFAULT_INDEX-}}" > uv-arguments
for last in "$@"; do :; done
mkdir -p "$last/bin"
[ {code} != 0 ] || ln -s {real} "$last/bin/python"
echo uv > "$last/pyvenv.cfg"
exit {code}
"""


class Machine:
    """A machine with some interpreters, and a checkout in which the environment is created."""

    def __init__(self, root: Path) -> None:
        self.root, self.tools, self.bin = root / "checkout", root / "tools", root / "bin"
        for folder in (self.root / "tools", self.tools, self.bin):
            folder.mkdir(parents=True)
        for name in COMMANDS:
            (self.tools / name).symlink_to(shutil.which(name))
        for path in ("Makefile", "pyproject.toml", "tools/create_venv.sh", *REPOSITORY.glob("requirements*.txt")):
            source = REPOSITORY / path
            shutil.copy2(source, self.root / source.relative_to(REPOSITORY))

    def has(
        self, name: str, version: str = "", folder: str = "bin", missing: str = "()", *, end: str = "exit 0"
    ) -> Path:
        """Install an interpreter, and how its module venv ends; without a version, one that does not run."""
        path = self.root.parent / folder / name
        path.parent.mkdir(exist_ok=True)
        text = FAKE.format(
            real=sys.executable,
            version=version.replace(".", ", "),
            missing=missing,
            end=end,
            chmod=shutil.which("chmod"),
        )
        path.write_text(text if version else f"#!/bin/sh\necho 'pyenv: {name}: command not found' >&2\nexit 127\n")
        path.chmod(0o755)
        return path

    def has_uv(self, code: int = 0) -> None:
        """Install uv."""
        (self.bin / "uv").write_text(UV.format(code=code, real=sys.executable))
        (self.bin / "uv").chmod(0o755)

    def create(self, python: str = "", *, folders: tuple[str, ...] = ("bin",)) -> subprocess.CompletedProcess[str]:
        """Create the environment by the script."""
        return self._run(["tools/create_venv.sh", ".venv", python], folders)

    def make(
        self, *arguments: str, target: str = ".venv/pyvenv.cfg", **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Create the environment by make."""
        return self._run(["make", *arguments, target], ("bin",), **environment)

    def _run(
        self, command: list[str], folders: tuple[str, ...], **environment: str
    ) -> subprocess.CompletedProcess[str]:
        # As in the Makefile, the folder of the environment comes first.
        path = [self.root / ".venv/bin", *(self.root.parent / folder for folder in folders), self.tools]
        environment["PATH"] = ":".join(map(str, path))
        return subprocess.run(command, cwd=self.root, env=environment, capture_output=True, text=True, check=False)

    def refuses(self, python: str = "", *expected: str) -> None:
        """Check that there is one line that says all this, code 2, and nothing left behind."""
        before = self.created_with()
        done = self.create(python)
        assert done.returncode == 2
        assert done.stderr.startswith("error: ")
        assert done.stderr.count("\n") == 1
        assert [words for words in expected if words not in done.stderr] == [], done.stderr
        assert self.created_with() == before

    def created_with(self) -> str | None:
        """The interpreter that the environment was created with; None: there is no environment."""
        path = self.root / ".venv/pyvenv.cfg"
        return path.read_text().strip() if path.exists() else None


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.mark.parametrize(
    ("interpreters", "taken"),
    [
        # The newest that is supported, also if it is called python3.
        (["3.15", "3.11", "3.13", "3.12", "3.10"], "bin/python3.13"),
        (["3.13", ("python3", "3.14", "other")], "other/python3"),
        # One that does not run is skipped for the next of its name.
        ([("python3.14", ""), ("python3.13", ""), ("python3.13", "3.13", "other"), "3.11"], "other/python3.13"),
        # So is one that cannot create environments.
        ([("python3.14", "3.14", "bin", "('ensurepip',)"), "3.12"], "bin/python3.12"),
        ([("python3.14", "3.14", "bin", "('venv',)"), "3.12"], "bin/python3.12"),
    ],
)
def test_the_newest_supported_version_that_works_is_taken(machine: Machine, interpreters: list, taken: str) -> None:
    for interpreter in interpreters:
        name = interpreter if isinstance(interpreter, tuple) else (f"python{interpreter}", interpreter)
        machine.has(*name)
    assert machine.create(folders=("bin", "other")).returncode == 0
    assert machine.created_with() == str(machine.root.parent / taken)


def test_without_the_venv_module_the_package_to_install_is_named(machine: Machine) -> None:
    path = machine.has("python3", "3.13", missing="('ensurepip',)")
    machine.refuses("", f"{path} cannot create virtual environments", "apt-get install python3.13-venv")


def test_without_a_supported_version_it_says_what_is_there_and_what_to_install(machine: Machine) -> None:
    machine.refuses("", "found: none", "Python 3.14 3.13 3.12 3.11", "apt-get install python3 python3-venv", "or uv")
    machine.has("python3", "3.10")
    machine.refuses("", "found: 3.10")


@pytest.mark.parametrize(
    ("version", "expected"), [("3.10", "is Python 3.10; supported are 3.14"), ("", "does not run")]
)
def test_an_unsupported_one_that_is_named_is_refused_and_the_environment_stays(
    machine: Machine, version: str, expected: str
) -> None:
    machine.has("python3.12", "3.12")
    machine.create()
    machine.has("python3.10", version)
    machine.has_uv()
    machine.refuses("python3.10", f"PYTHON=python3.10 {expected}")


def test_the_one_that_is_named_is_taken_and_replaces_another(machine: Machine) -> None:
    newest, older = machine.has("python3.13", "3.13"), machine.has("python3.11", "3.11")
    machine.create()
    assert machine.created_with() == str(newest)
    machine.create("python3.11")
    assert machine.created_with() == str(older)
    (machine.root / ".venv/.runtime-installed").touch()
    for name in ("", "python3.11", str(older)):
        assert machine.create(name).stderr == ""
        assert machine.created_with() == str(older)
    assert (machine.root / ".venv/.runtime-installed").exists()


@pytest.mark.parametrize("end", ["exit 0", "exit 3", "rm $3/bin/python; exit 0"])
def test_an_environment_whose_python_is_gone_is_created_again(machine: Machine, end: str) -> None:
    machine.has("python3.13", "3.13")
    machine.create()
    (machine.root / ".venv/bin/python").unlink()
    (machine.root / ".venv/.runtime-installed").touch()
    machine.has("python3.13", "3.13", end=end)
    done = machine.create()
    assert done.returncode == (0 if end == "exit 0" else 2)
    assert machine.created_with() == (str(machine.bin / "python3.13") if end == "exit 0" else None)
    assert not (machine.root / ".venv/.runtime-installed").exists()


def test_an_environment_that_was_killed_or_moved_is_created_again(machine: Machine) -> None:
    machine.has("python3.12", "3.12", end="kill -9 $PPID")
    assert machine.create().returncode == -9
    assert machine.created_with() == str(machine.bin / "python3.12")
    older = machine.has("python3.13", "3.13")
    assert machine.create().returncode == 0
    assert machine.created_with() == str(older)
    machine.root = machine.root.rename(machine.root.with_name("moved"))
    newest = machine.has("python3.14", "3.14")
    assert machine.create().returncode == 0
    assert machine.created_with() == str(newest)


def test_what_is_no_folder_is_replaced_by_an_environment(machine: Machine) -> None:
    path, venv = machine.has("python3.13", "3.13"), machine.root / ".venv"
    for make in (venv.touch, lambda: venv.symlink_to("gone")):
        make()
        assert machine.create().returncode == 0
        assert machine.created_with() == str(path)
        shutil.rmtree(venv)


def test_a_half_installed_package_is_no_longer_taken_for_installed(machine: Machine) -> None:
    machine.has("python3.13", "3.13")
    machine.create()
    packages = machine.root / ".venv/lib/python3.13/site-packages"
    for name in ("half", "whole"):
        (packages / f"{name}-1.0.dist-info").mkdir(parents=True)
        (packages / f"{name}-1.0.dist-info/METADATA").touch()
    (packages / "whole-1.0.dist-info/INSTALLER").write_text("pip\n")
    assert machine.create().returncode == 0
    assert [path.name for path in packages.iterdir()] == ["whole-1.0.dist-info"]


def test_uv_completes_or_provides_a_python(machine: Machine) -> None:
    path = machine.has("python3", "3.13", missing="('ensurepip',)")
    machine.has_uv()
    assert machine.create().returncode == 0
    assert f"--python {path} .venv" in (machine.root / "uv-arguments").read_text()
    path.unlink()
    shutil.rmtree(machine.root / ".venv")
    machine.has("python3", "3.10")
    assert machine.create().returncode == 0
    assert machine.created_with() == "uv"
    arguments = (machine.root / "uv-arguments").read_text()
    assert "--seed" in arguments
    assert "--python >=3.11,<3.15 .venv" in arguments


def test_nothing_is_left_behind_where_uv_fails(machine: Machine) -> None:
    machine.has_uv(code=1)
    done = machine.create()
    assert (done.returncode, machine.created_with()) == (2, None)
    assert done.stderr.splitlines()[1].startswith("error: .venv ")


def test_make_hands_on_the_python_that_is_named_and_the_exit_code(machine: Machine) -> None:
    machine.has("python3.13", "3.13")
    older = machine.has("python3.11", "3.11")
    assert machine.make("PYTHON=python3.11").returncode == 0
    assert machine.created_with() == str(older)
    done = machine.make(PYTHON="python3.9")
    assert done.returncode == 2
    assert done.stderr.startswith("error: PYTHON=python3.9 does not")


@pytest.mark.parametrize(
    ("environment", "index"),
    [
        ({}, ""),
        ({"PIP_INDEX_URL": "http://a/simple"}, "http://a/simple"),
        ({"PIP_INDEX_URL": "http://a/simple", "UV_DEFAULT_INDEX": "http://b/simple"}, "http://b/simple"),
    ],
)
def test_uv_uses_the_index_of_pip(machine: Machine, environment: dict[str, str], index: str) -> None:
    machine.has_uv()
    assert machine.make(**environment).returncode == 0
    assert (machine.root / "uv-arguments").read_text().endswith(f" UV_DEFAULT_INDEX={index}\n")


def test_pip_gets_proxy_index_and_home_as_they_are(machine: Machine) -> None:
    machine.has("python3.13", "3.13")
    environment = {"HOME": "/read-only", "https_proxy": "http://proxy:3128", "PIP_INDEX_URL": "http://a/simple"}
    elsewhere = {"PIP_USER": "1", "PIP_TARGET": "/elsewhere", "PIP_DRY_RUN": "1"}
    assert machine.make(target="setup", **environment, **elsewhere).returncode == 0
    lines = (machine.root / "pip-environment").read_text().splitlines()
    assert len(lines) == 5
    assert {*lines} == {" ".join([*environment.values(), "0"])}
    # Nothing is installed a second time, unless the environment is created again.
    assert machine.make(target="setup", **environment).stderr == ""
    assert (machine.root / "pip-environment").read_text().splitlines() == lines
    (machine.root / ".venv/bin/python").unlink()
    assert machine.make(target="setup", **environment).returncode == 0
    assert (machine.root / "pip-environment").read_text().splitlines() == [*lines, *lines]
