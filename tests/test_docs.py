"""What the docs show is run: Python blocks, commands, scenario blocks; generated pages are not stale; links lead somewhere."""

import re
import shlex
import shutil
from pathlib import Path

import pytest

import flywheel_sim as fw
from flywheel_sim import charts
from flywheel_sim.cli import main
from flywheel_sim.library.growth import Growth
from flywheel_sim.model import declaration
from flywheel_sim.model.show import sections
from flywheel_sim.model.symbols import Flow, Stock
from flywheel_sim.scenario import read_scenario

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")])
GENERATED = {"growth.md": "growth", "bass.md": "bass", "marketplace.md": "marketplace"}


def blocks(page, language):
    return re.findall(rf"```{language}\n(.*?)```", page.read_text("utf-8"), re.DOTALL)


def names(pages):
    return [page.name for page in pages]


# A scenario that a page shows whole and names just above, as in "Save this as `hire.toml`:".
FILES_SHOWN = [
    found for page in PAGES for found in re.findall(r"`([\w-]+\.toml)`:\n\n```toml\n(title.*?)```", page.read_text("utf-8"), re.DOTALL)
]


@pytest.fixture
def workplace(tmp_path, monkeypatch):
    """A folder that looks like the checkout, in which commands may leave files."""
    shutil.copytree(ROOT / "scenarios", tmp_path / "scenarios")
    for name, text in FILES_SHOWN:
        (tmp_path / name).write_text(text, "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("workplace")
@pytest.mark.parametrize("page", PAGES, ids=names(PAGES))
def test_python_blocks_run_in_the_order_of_the_page(page, capsys):
    namespace = {}
    for number, block in enumerate(blocks(page, "python")):
        exec(compile(block, f"{page.name}[{number}]", "exec"), namespace)  # noqa: S102  our own docs
    if "print(" in "".join(blocks(page, "python")):
        assert capsys.readouterr().out


COMMANDS = [
    pytest.param(line.removeprefix("$ "), id=f"{page.name}: {line.removeprefix('$ ')}")
    for page in PAGES
    for block in blocks(page, "console")
    for line in block.splitlines()
    if line.startswith("$ flywheel")
]


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_run(command, workplace, capsys):
    shutil.copy(workplace / "scenarios" / "saas.toml", workplace / "mine.toml")
    if " new " in command:
        (workplace / "mine.toml").unlink()
    assert main(shlex.split(command)[1:]) == 0, capsys.readouterr().err


def test_commands_are_shown_somewhere():
    assert any(command.id.startswith("README.md") for command in COMMANDS)


@pytest.mark.parametrize("block", [block for page in PAGES for block in blocks(page, "toml") if block.startswith("title")])
def test_whole_scenarios_in_the_docs_are_sound(block):
    scenario, _ = read_scenario(block)
    assert scenario.strategies
    assert scenario.warnings == ()


@pytest.mark.parametrize(("page", "model"), GENERATED.items())
def test_generated_pages_are_not_stale(page, model, capsys):
    assert main(["models", model, "--markdown"]) == 0
    assert (ROOT / "docs" / page).read_text("utf-8") == capsys.readouterr().out, f"run: flywheel models {model} --markdown > docs/{page}"


@pytest.mark.parametrize("page", PAGES, ids=names(PAGES))
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)", page.read_text("utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_answer_in_the_readme_is_the_answer(workplace, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["run", str(workplace / "scenarios" / "saas.toml")]) == 0
    printed = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    shown = blocks(ROOT / "README.md", "text")[0].splitlines()
    assert shown == printed


def test_the_claims_in_the_docs_are_what_is_found(workplace, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    assert main(["claims", str(workplace / "scenarios" / "saas.toml")]) == 0
    printed = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert blocks(ROOT / "docs" / "claims.md", "text")[0].splitlines() == printed


def test_the_fault_in_the_readme_is_the_fault(workplace, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    text = (workplace / "scenarios" / "saas.toml").read_text("utf-8")
    text = text.replace("sellers = 0.50", "sellers = 0.55", 1).replace("[strategies.natural]\n", "[strategies.natural]\nbudgett = 1\n", 1)
    monkeypatch.chdir(workplace)
    Path("mine.toml").write_text(text, "utf-8")
    assert main(["check", "mine.toml"]) == 2
    shown = blocks(ROOT / "README.md", "text")[1]
    assert shown.strip() == capsys.readouterr().err.strip()


# The book, the tutorial and the page of metrics say what the model says, and show what is printed.

TOLD = [ROOT / "docs" / name for name in ("book.md", "tutorial.md", "metrics.md", "uncertainty.md", "luck.md")]


@pytest.mark.usefixtures("workplace")
@pytest.mark.parametrize("page", TOLD, ids=names(TOLD))
def test_what_is_shown_beneath_code_is_what_it_prints(page, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    shutil.copy("scenarios/saas.toml", "mine.toml")
    namespace, printed, compared = {}, "", 0
    shown = re.findall(r"```(\w+)\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    for (language, block), (following, _) in zip(shown, [*shown[1:], ("", "")], strict=True):
        if language == "text":
            assert block.strip("\n") in "\n".join(line.rstrip() for line in printed.splitlines())
            compared += 1
        elif language == "python":
            exec(compile(block, page.name, "exec"), namespace)  # noqa: S102  our own docs
        elif language == "console" and following == "text":
            assert main(shlex.split(block.strip().removeprefix("$ "))[1:]) == 0
        printed = capsys.readouterr().out
    assert compared


def test_the_equations_in_the_book_are_those_of_the_model():
    model = declaration(Growth)
    shown = {section.title: section for section in sections(model)}
    column = {"Stocks": "at the start", "Flows": "how fast", "Equations": "equation", "Staff": "places"}
    declared = {
        row[0].split("[")[0]: row[section.columns.index(column[title])]
        for title, section in shown.items()
        if title in column
        for row in section.rows
    }
    text = (ROOT / "docs" / "book.md").read_text("utf-8")
    quoted = dict(
        equation.split(" = ", 1)
        for line in re.findall(r"^- (?:Equation|At the start): (.*)$", text, re.MULTILINE)
        for equation in re.findall(r"`([^`]+)`", line)
    )
    assert {name: declared.get(name) for name in quoted} == quoted
    assert set(model.of_kind(Flow)) <= set(quoted), "a flow that the book does not quote"
    assert [name for name in model.of_kind(Stock) if f"**`{name}`**" not in text] == []


def test_the_book_counts_the_assumptions():
    parameters = [one for one in declaration(Growth).parameters.values() if one.role == "parameter"]
    assumed = sum(one.source.startswith("assumption") for one in parameters)
    text = (ROOT / "docs" / "book.md").read_text("utf-8")
    assert f"Of the {len(parameters)} parameters of the model, {assumed} are plain assumptions" in text


def test_every_metric_is_explained_once():
    found = re.findall(r"^\| `(\w+)` \|", (ROOT / "docs" / "metrics.md").read_text("utf-8"), re.MULTILINE)
    assert sorted(found) == sorted({*declaration(Growth).metrics, "customers"})


@pytest.mark.usefixtures("workplace")
@pytest.mark.parametrize("page", TOLD, ids=names(TOLD))
def test_every_picture_stands_above_the_command_that_made_it(page):
    text = page.read_text("utf-8")
    found = re.findall(r"!\[([^\]]*)\]\([^)]*\)\s+```console\n\$ flywheel run (\S+) --out \S+\n```", text)
    assert len(found) == text.count("](pictures/")
    for words, scenario in found:
        study = fw.load(scenario)
        result = study.run()
        assert words in (charts.overlay(result).title, charts.panel(result, charts.declared_panel(study, result)).title)
