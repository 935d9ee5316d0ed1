"""`make` on machines with odd Pythons, and installs that fail halfway: told with fake interpreters, without a network."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

TOOLS = (
    "sh",
    "make",
    "awk",
    "basename",
    "cat",
    "cksum",
    "cut",
    "date",
    "dirname",
    "find",
    "id",
    "mkdir",
    "rm",
    "sort",
    "tr",
)


class Machine:
    """A checkout on a machine whose PATH holds the tools of any Unix and the programs a test puts there."""

    def __init__(self, folder: Path, checkout: Path) -> None:
        self.bin = folder / "bin"
        self.checkout = folder / "checkout"
        self.bin.mkdir()
        self.checkout.mkdir()
        for tool in TOOLS:
            found = shutil.which(tool)
            assert found, tool
            (self.bin / tool).symlink_to(found)
        shutil.copytree(checkout / "install", self.checkout / "install")
        for name in ("Makefile", "pyproject.toml", "requirements.lock", "requirements-dev.lock"):
            shutil.copy(checkout / name, self.checkout)

    def program(self, name: str, script: str) -> Path:
        path = self.bin / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return path

    def run(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=self.checkout,
            env={"PATH": str(self.bin), **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def asked(self, *, code: int = 0) -> Path:
        """Where an installed `sojourn` that does nothing writes what it is asked; it answers `code`."""
        interpreter(self)
        self.run("sh", "install/install.sh", "runtime")
        path = self.checkout / "asked"
        program = self.program("fake", f'echo "$@" >> {path}; [ "$1" != report ] || exit {code}')
        (self.checkout / ".venv" / "bin" / "sojourn").symlink_to(program)
        return path


@pytest.fixture
def machine(tmp_path: Path, root: Path) -> Machine:
    return Machine(tmp_path, root)


@pytest.mark.parametrize("target", ["demo", "test", "check"])
def test_without_python_the_one_command_is_printed(machine: Machine, target: str) -> None:
    machine.program("apt-get", "exit 1")
    machine.program("apt-cache", '[ "$2" = python3.12-venv ]')

    done = machine.run("make", target)

    assert done.returncode == 2
    assert "apt-get install -y python3.12 python3.12-venv" in done.stderr
    assert not (machine.checkout / ".venv").exists()


def test_an_old_python_and_a_shim_that_runs_nothing_do_not_count(machine: Machine) -> None:
    machine.program("python3", "exit 3")
    machine.program("python3.13", "echo 'command not found' >&2; exit 127")

    done = machine.run("make", "demo")

    assert done.returncode == 2
    assert "none is on PATH" in done.stderr


def test_a_python_without_ensurepip_names_the_package_that_brings_it(machine: Machine) -> None:
    """Debian and Ubuntu split `ensurepip` off into a package of its own."""
    hidden = f"""exec {sys.executable} -c "import sys; sys.modules['ensurepip'] = None\n$2" """
    machine.program("python3", hidden)
    machine.program("apt-get", "exit 1")

    done = machine.run("make", "demo")

    assert done.returncode == 2
    assert f"apt-get install -y python3.{sys.version_info.minor}-venv" in done.stderr


def test_the_newest_python_that_can_make_an_environment_is_taken(machine: Machine) -> None:
    machine.program("python3.14", "echo '3 14 /opt/fourteen'; exit 4")  # without ensurepip
    machine.program("python3.11", "echo '3 11 /opt/eleven'")
    machine.program("python3", "echo '3 13 /opt/with space/thirteen'")
    machine.program("python3.12", "echo '3 12 /opt/twelve'")

    done = machine.run("sh", "install/find_python.sh")

    assert (done.returncode, done.stdout) == (0, "/opt/with space/thirteen\n")


def test_a_log_that_is_not_there_is_said_before_anything_is_installed(machine: Machine) -> None:
    done = machine.run("make", "demo", "LOG=nowhere.csv")

    assert done.returncode == 2
    assert "LOG=nowhere.csv" in done.stderr


def interpreter(machine: Machine) -> Path:
    """A fake Python whose environments write down what pip is asked; pip fails while `broken` exists."""
    calls = machine.checkout / "calls"
    inner = f"""[ "$1" = -c ] && exit 0
echo "$@" >> {calls}
[ ! -e {machine.checkout}/broken ]"""
    machine.program("inner", inner)
    outer = f"""case "$1" in
  -c) echo "3 12 $0" ;;
  --version) echo "Python 3.12.0" ;;
  -m) mkdir -p "$4/bin" && cat {machine.bin}/inner > "$4/bin/python" && chmod +x "$4/bin/python" ;;
esac"""
    (machine.bin / "chmod").symlink_to(shutil.which("chmod") or "chmod")
    machine.program("python3.12", outer)
    return calls


def test_an_install_that_failed_is_done_again_and_one_that_worked_is_not(machine: Machine) -> None:
    calls = interpreter(machine)
    (machine.checkout / "broken").touch()

    failed = machine.run("sh", "install/install.sh", "runtime")
    (machine.checkout / "broken").unlink()
    mended = machine.run("sh", "install/install.sh", "runtime")
    before = calls.read_text()
    idle = machine.run("sh", "install/install.sh", "runtime")

    assert [failed.returncode, mended.returncode, idle.returncode] == [1, 0, 0], mended.stderr
    assert "MB to download" in failed.stdout
    assert before.count("--require-hashes --requirement requirements.lock") == 2
    assert before.count("--no-index --editable .") == 1
    assert (calls.read_text(), idle.stdout) == (before, "")


def test_a_new_lock_is_installed(machine: Machine) -> None:
    calls = interpreter(machine)
    machine.run("sh", "install/install.sh", "runtime")
    with (machine.checkout / "requirements.lock").open("a") as lock:
        lock.write("another==1.0\n")

    machine.run("sh", "install/install.sh", "runtime")

    assert calls.read_text().count("requirements.lock") == 2


def test_a_checkout_ready_to_test_is_ready_to_run(machine: Machine) -> None:
    calls = interpreter(machine)

    machine.run("sh", "install/install.sh", "dev")
    machine.run("sh", "install/install.sh", "runtime")

    assert "requirements-dev.lock" in calls.read_text()
    assert "requirements.lock" not in calls.read_text()


@pytest.mark.parametrize(("code", "expected"), [(0, 0), (3, 0), (1, 2)])
def test_rows_in_quarantine_are_no_failure_of_the_demo(machine: Machine, code: int, expected: int) -> None:
    """`sojourn` answers 3 when the work is done and some rows were rejected, and 1 when nothing could be done."""
    asked = machine.asked(code=code)
    (machine.checkout / "log of today.csv").touch()

    done = machine.run("make", "demo", "LOG=log of today.csv")

    assert done.returncode == expected
    assert re.fullmatch(
        r"warm\nreport log of today.csv --data var/demo/(log of today.csv-\d+).sojourn --html var/demo/\1.html\n",
        asked.read_text(),
    )
    assert ("no port was opened" in done.stdout) == (expected == 0)


def test_without_a_log_the_demo_runs_and_compiles_while_it_simulates(machine: Machine) -> None:
    asked = machine.asked()

    done = machine.run("make", "demo")

    assert done.returncode == 0, done.stderr
    assert asked.read_text() == "demo --data var/demo/shop\n"


def test_a_report_alone_can_be_asked_for(machine: Machine) -> None:
    asked = machine.asked()
    (machine.checkout / "var" / "demo" / "simulated-shop").mkdir(parents=True)

    done = machine.run("make", "demo", SOJOURN_DEMO="report")
    odd = machine.run("make", "demo", SOJOURN_DEMO="reprot")

    assert done.returncode == 0, done.stderr
    assert [line.split()[0] for line in asked.read_text().splitlines()] == ["warm", "report"]
    assert (odd.returncode, "expected report" in odd.stderr) == (2, True)


@pytest.mark.parametrize(
    ("environment", "expected"), [({}, ["report", "up"]), ({"SOJOURN_DEMO": "report"}, ["report"])]
)
def test_at_a_terminal_the_console_opens_on_the_log_after_the_report(
    machine: Machine, environment: dict[str, str], expected: list[str]
) -> None:
    asked = machine.asked(code=3)
    (machine.checkout / "log.csv").touch()
    ours, theirs = os.openpty()

    done = subprocess.run(
        ["make", "demo", "LOG=log.csv"],
        cwd=machine.checkout,
        env={"PATH": str(machine.bin), **environment},
        stdin=theirs,
        capture_output=True,
        text=True,
        check=False,
    )
    os.close(ours)
    os.close(theirs)

    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in asked.read_text().splitlines()]
    assert [line[0] for line in lines] == ["warm", *expected]
    assert {line[line.index("--data") + 1] for line in lines[1:]} == {lines[1][3]}


def test_kernels_are_compiled_again_only_when_a_source_has_changed(machine: Machine) -> None:
    interpreter(machine)
    machine.run("sh", "install/install.sh", "runtime")
    asked = machine.checkout / "asked"
    (machine.checkout / ".venv" / "bin" / "sojourn").symlink_to(machine.program("fake", f'echo "$@" >> {asked}'))
    source = machine.checkout / "src" / "sojourn" / "kernel.py"
    source.parent.mkdir(parents=True)
    for text in ("one", "one", "two"):
        source.write_text(text)
        assert machine.run("sh", "install/install.sh", "runtime", "warm").returncode == 0

    assert asked.read_text() == "warm\nwarm\n"


def test_every_target_is_listed_by_help(machine: Machine) -> None:
    done = machine.run("make")

    assert [line.split()[1] for line in done.stdout.splitlines()] == [
        *("help", "demo", "test", "test-all", "check", "lock", "docs", "clean")
    ]
