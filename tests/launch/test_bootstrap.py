"""The bootstrap on a folder of its own, with a package of our own and no index."""

import base64
import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from enablement.launch import bootstrap

ROOT = Path(__file__).resolve().parents[2]
MAIN = """
import sys
from enablement.launch import bootstrap
bootstrap.ensure(sys.argv)
import greeting
print(greeting.TEXT, sys.argv[1:], sys.prefix)
"""


@dataclass
class Project:
    """A copy of the launcher, with a lock that names one package."""

    root: Path
    env: dict[str, str]

    def run(self, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        python = getattr(sys, "_base_executable", sys.executable)
        return subprocess.run(
            [python, "main.py", *arguments],
            cwd=self.root,
            env=self.env | env,
            capture_output=True,
            text=True,
            timeout=120,
        )

    def lock(self, version: str, *, sha256: str = "") -> None:
        """Make `greeting` in this version, and lock it."""
        wheel = make_wheel(self.root / "wheels", version)
        digest = sha256 or hashlib.sha256(wheel.read_bytes()).hexdigest()
        (self.root / "requirements.lock").write_text(f"greeting=={version} --hash=sha256:{digest}\n")


def make_wheel(folder: Path, version: str) -> Path:
    folder.mkdir(exist_ok=True)
    wheel = folder / f"greeting-{version}-py3-none-any.whl"
    info = f"greeting-{version}.dist-info"
    files = {
        "greeting.py": f"TEXT = 'hello {version}'\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: greeting\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(
        f"{name},sha256={base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b'=').decode()},"
        f"{len(text)}\n"
        for name, text in files.items()
    )
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
        archive.writestr(f"{info}/RECORD", record + f"{info}/RECORD,,\n")
    return wheel


@pytest.fixture
def project(tmp_path: Path) -> Project:
    shutil.copytree(ROOT / "enablement" / "launch", tmp_path / "enablement" / "launch")
    (tmp_path / "enablement" / "__init__.py").touch()
    (tmp_path / "main.py").write_text(MAIN)
    (tmp_path / "home").mkdir()
    # There is no uv in the folder of wheels, so that this takes pip's way.
    (tmp_path / "requirements-installer.lock").write_text("uv==0.0.1 --hash=sha256:" + 64 * "0" + "\n")
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path / "home"),
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(tmp_path / "wheels"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    project = Project(tmp_path, env)
    project.lock("1.0")
    return project


def test_makes_venv_once_and_goes_on_inside_it(project: Project) -> None:
    venv = project.root / ".venv"

    first = project.run("a", "b c")
    second = project.run("again")

    assert first.stderr == ""
    assert first.stdout.splitlines() == [
        "Creating .venv …",
        "Installing the locked packages …",
        f"hello 1.0 ['a', 'b c'] {venv}",
    ]
    assert second.stdout == f"hello 1.0 ['again'] {venv}\n"


def test_a_changed_lock_is_installed(project: Project) -> None:
    project.run()
    project.lock("2.0")

    after = project.run()

    assert after.stdout.splitlines() == [
        "Installing the locked packages …",
        f"hello 2.0 [] {project.root / '.venv'}",
    ]


def test_a_package_with_another_hash_is_refused(project: Project) -> None:
    project.lock("1.0", sha256=64 * "0")

    refused = project.run()

    assert refused.returncode == 2
    assert refused.stderr.count("\n") == 1
    assert "could not install the locked packages" in refused.stderr
    assert not (project.root / ".venv" / bootstrap.RUNTIME_STAMP.name).exists()


def test_without_a_network_says_so_in_one_line(project: Project) -> None:
    closed = "http://127.0.0.1:1/simple"

    refused = project.run(PIP_NO_INDEX="0", PIP_FIND_LINKS="", PIP_INDEX_URL=closed)

    assert refused.returncode == 2
    assert refused.stderr.count("\n") == 1
    assert refused.stderr.startswith(
        "manage.py: could not install the locked packages; is the package index reachable? ("
    )


def test_without_pip_and_ensurepip_says_so_in_one_line(project: Project) -> None:
    absent = project.root / "absent"
    for name in ("pip", "ensurepip"):
        (absent / name).mkdir(parents=True)
        (absent / name / "__init__.py").write_text("raise ImportError\n")

    refused = project.run(PYTHONPATH=str(absent), PATH=str(project.root))

    assert refused.returncode == 2
    assert refused.stderr == (
        "manage.py: python3 has neither pip nor ensurepip; install one, as in: apt install python3-venv\n"
    )


def test_two_commands_at_once_install_once(project: Project) -> None:
    python = getattr(sys, "_base_executable", sys.executable)
    running = [
        subprocess.Popen(
            [python, "main.py"], cwd=project.root, env=project.env, stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    outputs = [process.communicate(timeout=120)[0] for process in running]

    assert [process.returncode for process in running] == [0, 0]
    assert "".join(outputs).count("Creating .venv …") == 1
