"""The documentation as a site: it builds without a warning, its links lead somewhere, nothing comes from outside."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("house")
    shutil.copy(ROOT / "zensical.toml", folder)
    shutil.copytree(ROOT / "docs", folder / "docs")
    program = str(Path(sys.executable).with_name("zensical"))
    done = subprocess.run([program, "build", "--strict", "--clean"], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "site"


def test_every_page_is_in_it(site: Path) -> None:
    wanted = {path.relative_to(ROOT / "docs").with_suffix(".html") for path in (ROOT / "docs").rglob("*.md")}
    wanted = {path.with_name("index.html") if path.name == "README.html" else path for path in wanted}
    assert {path for path in wanted if not (site / path).exists()} == set()


def test_every_page_of_docs_is_in_the_menu() -> None:
    menu = tomllib.loads((ROOT / "zensical.toml").read_text())["project"]["nav"]
    assert {path for entry in menu for path in entry.values() if "/" not in path} == {
        path.name for path in (ROOT / "docs").glob("*.md")
    }


def has_anchor(file: Path, name: str) -> bool:
    return file.suffix != ".html" or f'id="{name}"' in file.read_text(encoding="utf-8")


def test_links_lead_somewhere(site: Path) -> None:
    dead = []
    for page in site.rglob("*.html"):
        if page.name == "404.html":
            continue
        for target in re.findall(r'(?:href|src)="([^"]*)"', page.read_text(encoding="utf-8")):
            path, _, anchor = target.partition("#")
            if re.match(r"[a-z]+:", target):
                continue
            file = (page.parent / unquote(path)).resolve() if path else page
            if not file.exists() or (anchor and not has_anchor(file, anchor)):
                dead.append((page.name, target))
    assert dead == []


def test_nothing_is_loaded_from_outside(site: Path) -> None:
    loading = r'<(?:script|img|iframe|link)\b[^>]*?(?:src|href)="(https?:)?//[^"]*"'
    assert [page.name for page in site.rglob("*.html") if re.search(loading, page.read_text(encoding="utf-8"))] == []
