"""What is promised to whoever uses the package from outside: errors and their exit codes, limits, what is loaded, what is installed."""

import ast
import inspect
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import flywheel_sim as fw
from flywheel_sim import errors
from flywheel_sim.cli import main
from flywheel_sim.files import write_files
from flywheel_sim.library import Bass

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
HEAD = 'title = "T"\nmodel = "bass"\nmonths = 6\n'
TREE = [kind for kind in vars(errors).values() if inspect.isclass(kind) and issubclass(kind, Exception)]
HEAVY = {"numpy", "scipy", "pandas", "xarray", "matplotlib", "pydantic", "llvmlite", "numba", "asyncio"}


# Errors


def test_the_tree_of_errors_is_the_one_drawn():
    drawn, above = {}, {}
    for line in errors.__doc__.splitlines():
        match = re.match(r"( {4}[│ ├└─]*)([A-Z]\w+) ", line)
        if match:
            depth = (len(match[1]) - 4) // 4
            above[depth] = match[2]
            drawn[match[2]] = above[depth - 1] if depth else "Exception"
    assert drawn == {kind.__name__: kind.__base__.__name__ for kind in TREE}
    assert all(getattr(fw, kind.__name__) is kind for kind in TREE)


def raised(kind):
    """An error of a kind."""
    match kind:
        case errors.ScenarioError:
            return kind("error: it went wrong", ["it went wrong"])
        case errors.StateError:
            return kind("it went wrong", month=3, name="x")
        case errors.Interrupted:
            return kind("it went wrong", done=1, total=2, place="here", fix="do better")
        case _:
            return kind("it went wrong", place="here", fix="do better")


@pytest.mark.parametrize("kind", TREE, ids=lambda kind: kind.__name__)
def test_every_error_has_its_exit_code_and_is_told_in_one_way(kind, monkeypatch, capsys):
    def fail(*_, **__):
        raise raised(kind)

    monkeypatch.setattr("flywheel_sim.scenario.load_scenario", fail)
    before_running = issubclass(kind, fw.UsageError | fw.ModelError)
    stopped = issubclass(kind, fw.Interrupted)
    assert main(["check", "x.toml"]) == (2 if before_running else 130 if stopped else 1)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error: it went wrong\n")
    if "here" in str(raised(kind)):
        assert err == "error: it went wrong\n  --> here\n  help: do better\n"


@pytest.mark.parametrize(
    ("name", "fix"),
    [
        ("flywhel", "did you mean 'flywheel'?"),
        ("Fly Wheel", "did you mean 'fly_wheel'?"),
        ("natral", "did you mean 'Natural'?"),
        ("x" * 5000, "they are flywheel, Natural, fly_wheel"),
        ("", "they are flywheel, Natural, fly_wheel"),
    ],
)
def test_the_nearest_name(name, fix):
    assert errors.nearest(name, ["flywheel", "Natural", "fly_wheel"], "they are") == fix
    assert errors.nearest(name, [], "they are") == ""
    assert errors.nearest("?", [f"a{number}" for number in range(30)], "they are").endswith("a11, ... (30 in all)")


# What there is not is refused, and not passed over


@pytest.mark.parametrize("run", [lambda **how: fw.simulate(Bass, until=2, **how), lambda **how: study().run(**how)])
@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"draws": 0}, "draws=0 is none that can be meant"),
        ({"engine": "odd"}, "there is no engine 'odd'"),
    ],
)
def test_what_there_is_not_is_refused_by_name(run, how, words):
    with pytest.raises(fw.UsageError, match=words) as caught:
        run(**how)
    assert caught.value.fix


def study():
    return fw.Study(*fw.study.study.load_scenario(ROOT / "scenarios" / "saas.toml"))


def test_the_front_door_takes_the_arguments_it_promised():
    assert list(inspect.signature(fw.simulate).parameters)[:9] == [
        "model",
        "values",
        "off",
        "until",
        "dt",
        "method",
        "every",
        "engine",
        "draws",
    ]
    assert list(inspect.signature(fw.Study.run).parameters)[1:4] == ["draws", "seed", "engine"]
    defaults = {name: one.default for name, one in inspect.signature(fw.simulate).parameters.items()}
    assert (defaults["until"], defaults["dt"], defaults["method"], defaults["every"], defaults["seed"]) == (60, None, "rk4", 1.0, 0)


# Limits


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (HEAD.replace("6", "601") + "[strategies.a]\n", "write a whole number from 1 to 600"),
        (HEAD + "".join(f"[strategies.s{number}]\n" for number in range(21)), "there are 21 strategies, more than 20"),
        (HEAD + "#" * (1 << 20) + "\n[strategies.a]\n", "is larger than 1 MiB"),
    ],
)
def test_what_is_capped_says_so(text, words, tmp_path, capsys):
    (tmp_path / "x.toml").write_text(text, "utf-8")
    assert main(["check", str(tmp_path / "x.toml")]) == 2
    assert words in capsys.readouterr().err


def test_the_most_that_is_allowed_runs(tmp_path, capsys):
    (tmp_path / "x.toml").write_text(HEAD.replace("6", "600") + "".join(f"[strategies.s{number}]\n" for number in range(20)), "utf-8")
    assert main(["run", str(tmp_path / "x.toml")]) == 0
    assert "s19" in capsys.readouterr().out


# What is loaded, and what is installed


@pytest.mark.parametrize("arguments", [["--help"], ["check", "scenarios/saas.toml"], ["run", "scenarios/saas.toml", "--json"], ["models"]])
def test_no_simple_command_loads_anything_heavy(arguments):
    script = (
        "import sys; from flywheel_sim.cli import main; "
        f"code = main({arguments!r}); print(*sorted({HEAVY!r} & set(sys.modules)), file=sys.stderr); sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, encoding="utf-8", check=True, timeout=60)
    assert done.stderr.splitlines()[-1].strip() == ""


INSTALLED_WITH = {"pydantic_core": "pydantic", "dask": "distributed"}


def imported(folder):
    """The packages of others that the files of a folder import."""
    modules = set()
    for path in (ROOT / folder).rglob("*.py"):
        found = set()
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.partition(".")[0])
            elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "needed":
                found.add(ast.literal_eval(node.args[0]))
        beside = {other.stem for other in path.parent.glob("*.py")} if folder == "benchmarks" else set()  # what a script is run with
        modules |= found - beside
    own = {"flywheel_sim", *(path.stem for path in (ROOT / folder).glob("*.py"))}
    return {INSTALLED_WITH.get(module, module) for module in modules - own - set(sys.stdlib_module_names)}


def named(requirements):
    return {re.match(r"[\w-]+", one)[0] for one in requirements}


def test_what_is_installed_is_what_is_imported():
    extras = PROJECT["optional-dependencies"]
    asked_for = named(extras["cluster"]) - {"cryptography"}  # distributed itself makes certificates with it
    assert imported("flywheel_sim") == named(PROJECT["dependencies"]) | named(extras["tables"]) | asked_for
    for folder in ("tests", "benchmarks"):
        assert imported(folder) <= named([*PROJECT["dependencies"], *extras["tables"], *extras["cluster"], *extras["test"]])


def test_every_dependency_is_explained():
    page = (ROOT / "docs" / "dependencies.md").read_text("utf-8")
    for name in named(
        [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["tables"], *PROJECT["optional-dependencies"]["cluster"]]
    ):
        assert re.search(rf"^\|[^|]*\b{name}\b[^|]*\|", page, re.MULTILINE), name


# Files, whole or not at all


def test_all_files_or_none(tmp_path):
    (tmp_path / "a").write_text("old")
    write_files({tmp_path / "a": b"new", tmp_path / "b": b"more"})
    assert {one.name: one.read_bytes() for one in tmp_path.iterdir()} == {"a": b"new", "b": b"more"}
    with pytest.raises(FileNotFoundError):
        write_files({tmp_path / "a": b"newer", tmp_path / "nowhere" / "b": b""})
    assert {one.name: one.read_bytes() for one in tmp_path.iterdir()} == {"a": b"new", "b": b"more"}


def test_a_device_is_not_put_out_of_its_place(tmp_path):
    """A pipe stands for /dev/null, which a test that fails would take from the whole machine."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="pipe is there and is no file"):
        write_files({tmp_path / "pipe": b"x"})
    assert (tmp_path / "pipe").is_fifo()
