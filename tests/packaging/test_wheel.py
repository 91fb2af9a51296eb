"""What is installed: our two packages and nothing that could hurt a neighbour."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RULES = {path.relative_to(ROOT / "rules").as_posix() for path in (ROOT / "rules").rglob("*.toml")}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    (wheel,) = built.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel unpacked as an installer would, beside portions and packages of others."""
    site = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    for neighbour in ("dissect/cstruct/__init__.py", "rules/__init__.py"):
        (site / neighbour).parent.mkdir(parents=True, exist_ok=True)
        (site / neighbour).write_text("mine = True\n")
    (site / "rules" / "contrib.toml").write_text("not = 'a rule of ours'\n")
    return site


def run(site: Path, code: str, cwd: Path) -> str:
    environment = {**os.environ, "PYTHONPATH": str(site), "PYTHONSAFEPATH": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=cwd, env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_the_wheel_holds_our_packages_only(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith((".dist-info", ".data"))} == {"nfsanalyze", "dissect"}
    assert "dissect/__init__.py" not in names
    assert "dissect/nfs4/__init__.py" in names
    assert not [name for name in names if "__pycache__" in name or name.endswith(".pyc")]


def test_rules_and_schema_are_in_the_wheel(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert RULES
    assert {f"nfsanalyze/_rules/{rule}" for rule in RULES} <= names
    assert "nfsanalyze/reports/nfsanalyze-1.schema.json" in names
    page = ROOT / "nfsanalyze" / "reports" / "html"
    drawn = [path for kind in ("js", "css", "j2") for path in page.rglob(f"*.{kind}")]
    assert len(drawn) > 20
    assert {path.relative_to(ROOT).as_posix() for path in drawn} <= names


def test_the_man_page_goes_where_man_looks(wheel: Path) -> None:
    (data,) = [name for name in zipfile.ZipFile(wheel).namelist() if ".data/" in name]
    assert data.partition(".data/")[2] == "data/share/man/man1/nfsanalyze.1"


def test_the_wheel_says_its_licence_and_its_command(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        by_name = {name.partition(".dist-info/")[2]: name for name in archive.namelist() if ".dist-info/" in name}
        metadata = archive.read(by_name["METADATA"]).decode()
        assert "License-Expression: Apache-2.0" in metadata
        assert "nfsanalyze = nfsanalyze.cli:main" in archive.read(by_name["entry_points.txt"]).decode()
        assert "Apache License" in archive.read(by_name["licenses/LICENSE"]).decode()


def test_the_source_distribution_can_make_the_same_wheel(built: Path) -> None:
    (source,) = built.glob("*.tar.gz")
    with tarfile.open(source) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {f"rules/{rule}" for rule in RULES} <= names
    assert {"pyproject.toml", "README.md", "LICENSE", "dissect/nfs4/__init__.py"} <= names
    assert "dissect/__init__.py" not in names


def test_installed_beside_others_it_reads_its_own_rules(installed: Path, tmp_path: Path) -> None:
    code = "from nfsanalyze.engine.loader import load_rules, shipped_folder as f; print(f()); print(len(load_rules()))"
    folder, count = run(installed, code, tmp_path).splitlines()
    assert Path(folder) == installed / "nfsanalyze" / "_rules"
    assert int(count) == len(RULES)


def test_neighbours_stay_importable(installed: Path, tmp_path: Path) -> None:
    code = "import dissect.nfs4, dissect.cstruct, rules; print(dissect.nfs4.__file__, dissect.cstruct.mine, rules.mine)"
    file, *mine = run(installed, code, tmp_path).split()
    assert Path(file).is_relative_to(installed)
    assert mine == ["True", "True"]


def test_a_portion_elsewhere_on_the_path_joins_ours(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "dissect" / "target").mkdir(parents=True)
    (tmp_path / "dissect" / "target" / "__init__.py").write_text("mine = True\n")
    code = f"import sys; sys.path.append({str(tmp_path)!r})\nimport dissect.nfs4, dissect.target as t; print(t.mine)"
    assert run(installed, code, tmp_path) == "True"


def test_this_run_tests_the_checkout() -> None:
    import dissect.nfs4
    import nfsanalyze
    from nfsanalyze.engine.loader import shipped_folder

    for package in (nfsanalyze, dissect.nfs4):
        assert Path(package.__file__ or "").is_relative_to(ROOT)
    assert shipped_folder() == ROOT / "rules"
