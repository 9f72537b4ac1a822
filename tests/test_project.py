"""The project as a whole: what it exports, how fast it starts, and that it speaks of itself alone."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import flywheel_sim as fw

ROOT = Path(__file__).resolve().parent.parent
MODULES = sorted((ROOT / "flywheel_sim").rglob("*.py"))


def test_every_exported_name_is_there():
    for name in fw.__all__:
        assert getattr(fw, name) is not None
    assert set(fw.HOME_OF) | {"__version__"} == set(fw.__all__)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = fw.nonsense


def test_the_contract_of_imports():
    source = (
        "from flywheel_sim import Model, stock, flow, aux, param, share, factor, constant, loop, friction, lever, split, metric, claim, "
        "dimension, group, staff, outside, total, table, ratio, exp, log, sqrt, minimum, maximum, where, time\n"
        "from flywheel_sim.measures import so_far, trailing, lifetime, survival, passage, gain, marginal, into, out_of\n"
        "from flywheel_sim.library import Growth, Bass\n"
    )
    namespace = {}
    exec(source, namespace)  # noqa: S102  names only
    assert namespace["Growth"].__name__ == "Growth"


@pytest.mark.parametrize("module", MODULES, ids=[str(module.relative_to(ROOT)) for module in MODULES])
def test_what_a_module_exports_exists_and_is_explained(module):
    tree = ast.parse(module.read_text("utf-8"))
    assert ast.get_docstring(tree), "a module says what it is for"
    name = ".".join(module.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    if name.endswith("__main__"):
        return
    loaded = importlib.import_module(name)
    for exported in getattr(loaded, "__all__", ()):
        found = getattr(loaded, exported)
        if callable(found) and getattr(found, "__module__", "").startswith("flywheel_sim"):
            assert found.__doc__, f"{name}.{exported} has no docstring"


@pytest.mark.parametrize(
    "module",
    ["numpy", "scipy", "pandas", "xarray", "matplotlib", "pydantic", "llvmlite", "numba", "simpy"],
    ids=lambda module: f"no {module}",
)
def test_a_plain_run_loads_nothing_heavy(module):
    script = (
        "import sys; from flywheel_sim.cli import main; "
        f"code = main(['run', {str(ROOT / 'scenarios' / 'saas.toml')!r}]); "
        f"sys.exit(code or ('{module}' in sys.modules) * 7)"
    )
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, check=False).returncode == 0


def test_no_text_of_a_file_is_ever_executed():
    for module in MODULES:
        for node in ast.walk(ast.parse(module.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in {"eval", "exec", "__import__"}, f"{module}:{node.lineno}"


def test_source_files_stay_readable():
    long = {str(module.relative_to(ROOT)): count for module in MODULES if (count := len(module.read_text("utf-8").splitlines())) > 450}
    assert long == {}
