# SPDX-License-Identifier: GPL-2.0-only
"""A wheel, a wheel built of the sdist, and a checkout all find what they need to run."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

from analyzer import __version__, resources
from analyzer.errors import ToolError

REPOSITORY = Path(__file__).parents[1]
PROBE = """
import analyzer
from analyzer import resources
assert analyzer.__file__.startswith({where!r}), analyzer.__file__
for found in (resources.templates_dir(), resources.stubs_dir(), resources.demo_dir()):
    assert str(found).startswith({where!r}), found
    print(found.is_dir())
"""


def test_a_checkout_finds_its_own_folders() -> None:
    assert resources.templates_dir() == REPOSITORY / "templates"
    assert resources.stubs_dir() == REPOSITORY / "kernel_stubs"
    assert resources.demo_dir() == REPOSITORY / "kernel_stubs" / "demo"


def test_an_incomplete_installation_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "analyzer"
    package.mkdir()
    (tmp_path / "templates").mkdir()  # of another package in site-packages: not ours
    monkeypatch.setattr(resources, "_PACKAGE", package)
    for find in (resources.templates_dir, resources.stubs_dir, resources.demo_dir):
        with pytest.raises(ToolError, match="the installation is incomplete"):
            find()
    (package / "_data" / "kernel_stubs").mkdir(parents=True)
    assert resources.stubs_dir() == package / "_data" / "kernel_stubs"
    with pytest.raises(ToolError, match=r"lacks .*demo"):
        resources.demo_dir()


def test_every_source_file_names_its_license() -> None:
    tracked = [
        path
        for top in ("analyzer", "tests", "benchmarks")
        for path in (REPOSITORY / top).rglob("*.py")
    ]
    assert tracked
    for path in tracked:
        head = path.read_text(encoding="utf-8").splitlines()[:2]
        assert "# SPDX-License-Identifier: GPL-2.0-only" in head, path


def test_the_metadata() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["name"] == "ptcheck"
    assert project["license"] == "GPL-2.0-only"
    assert "GNU GENERAL PUBLIC LICENSE" in (REPOSITORY / "LICENSE").read_text(encoding="utf-8")
    assert any(d.startswith("pycparser") and "<" in d for d in project["dependencies"])


def check(*command: str | Path, cwd: Path, **variables: str) -> str:
    """Run a command that has to succeed; return what it printed."""
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")}
    done = subprocess.run(
        command,
        cwd=cwd,
        env=environment | {"PIP_DISABLE_PIP_VERSION_CHECK": "1"} | variables,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def build(kind: str, source: Path, target: Path) -> Path:
    check(
        *(sys.executable, "-m", "build", "--no-isolation", f"--{kind}"),
        *("--outdir", target, source),
        cwd=target.parent,
    )
    (made,) = target.iterdir()
    return made


def install(wheel: Path, where: Path) -> Path:
    """Install a wheel and nothing else; return the interpreter. Dependencies are ours."""
    check(sys.executable, "-m", "venv", "--without-pip", where, cwd=where.parent)
    site = next((where / "lib").glob("python*/site-packages"))
    pip = ("-m", "pip", "install", "-q", "--no-deps", "--no-index", "--target", site)
    check(sys.executable, *pip, wheel, cwd=where.parent)
    ours = Path(next(p for p in sys.path if p.endswith("site-packages")))
    for path in ours.glob("*"):  # not as a whole: an editable install of ours is among them
        if "ptcheck" not in path.name and not (site / path.name).exists():
            (site / path.name).symlink_to(path)
    return where / "bin" / "python"


@pytest.mark.slow
def test_wheel_and_sdist(tmp_path: Path) -> None:
    pytest.importorskip("build")
    pytest.importorskip("hatchling")
    sdist = build("sdist", REPOSITORY, tmp_path / "sdist")
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    unpacked = tmp_path / sdist.name.removesuffix(".tar.gz")
    for name in (
        "LICENSE",
        "Makefile",
        ".ci/run",
        "tests/conftest.py",
        "kernel_stubs",
        "templates",
    ):
        assert (unpacked / name).exists(), name
    assert not (unpacked / ".venv").exists()

    of_checkout = build("wheel", REPOSITORY, tmp_path / "wheel")
    of_sdist = build("wheel", unpacked, tmp_path / "wheel-of-sdist")
    with zipfile.ZipFile(of_checkout) as one, zipfile.ZipFile(of_sdist) as other:
        names = set(one.namelist())
        assert names == set(other.namelist())
    assert {"analyzer/py.typed", "analyzer/__main__.py"} <= names
    assert any(name.startswith("analyzer/_data/kernel_stubs/demo/") for name in names)
    assert any(name.startswith("analyzer/_data/templates/") for name in names)
    assert any(name.endswith("licenses/LICENSE") for name in names)
    manual = f"ptcheck-{__version__}.data/data/share/man/man1/ptcheck.1"
    assert manual in names
    assert all(
        name.startswith(("analyzer/", f"ptcheck-{__version__}.dist-info/")) or name == manual
        for name in names
    )

    python = install(of_sdist, tmp_path / "venv")
    probe = PROBE.format(where=str(tmp_path / "venv"))
    assert check(python, "-c", probe, cwd=tmp_path).split() == ["True"] * 3
    shown = check(python, "-m", "analyzer", "--version", cwd=tmp_path)
    assert shown == f"ptcheck {__version__}\n"
    done = subprocess.run(
        [python, "-m", "analyzer", "check", "-q"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr  # the demonstration has a finding
    assert "PTC" in done.stdout


@pytest.mark.slow
def test_editable_install(tmp_path: Path) -> None:
    """The folders of the checkout are used, not copies that grow stale."""
    pytest.importorskip("hatchling")
    pip = ("-m", "pip", "install", "-q", "--no-deps", "--no-index", "--no-build-isolation")
    check(sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv", cwd=tmp_path)
    site = next((tmp_path / "venv" / "lib").glob("python*/site-packages"))
    check(
        *(sys.executable, *pip, "--target", site, "--editable", REPOSITORY),
        cwd=tmp_path,
        PYTHONDONTWRITEBYTECODE="1",
    )
    probe = PROBE.format(where=str(REPOSITORY))
    python = tmp_path / "venv" / "bin" / "python"
    assert check(python, "-c", probe, cwd=tmp_path).split() == ["True"] * 3
