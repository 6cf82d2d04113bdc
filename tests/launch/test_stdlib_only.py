"""The launcher runs before anything is installed."""

import ast
import sys
from pathlib import Path

import pytest

import enablement.launch

MODULES = sorted(Path(enablement.launch.__file__).parent.glob("*.py"))
#: Imported by a function that runs after the bootstrap.
AFTER_BOOTSTRAP = {"cli.py": {"django", "environs"}}


def imported_roots(module: Path) -> set[str]:
    roots = set()
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            roots |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.module is not None
            ours = node.module == "enablement.launch" or node.module.startswith("enablement.launch.")
            roots |= set() if ours else {node.module.split(".")[0]}
    return roots


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_imports_nothing_but_the_standard_library(module: Path) -> None:
    foreign = imported_roots(module) - set(sys.stdlib_module_names)

    assert foreign == AFTER_BOOTSTRAP.get(module.name, set())


def test_there_is_something_to_look_at() -> None:
    assert "bootstrap.py" in [module.name for module in MODULES]
