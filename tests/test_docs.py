"""What the docs show is run: Python blocks, commands, scenario blocks; generated pages are not stale; links lead somewhere."""

import re
import shlex
import shutil
from pathlib import Path

import pytest

from flywheel_sim.cli import main
from flywheel_sim.scenario import read_scenario

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")])
GENERATED = {"growth.md": "growth", "bass.md": "bass", "marketplace.md": "marketplace"}


def blocks(page, language):
    return re.findall(rf"```{language}\n(.*?)```", page.read_text("utf-8"), re.DOTALL)


def names(pages):
    return [page.name for page in pages]


@pytest.fixture
def workplace(tmp_path, monkeypatch):
    """A folder that looks like the checkout, in which commands may leave files."""
    shutil.copytree(ROOT / "scenarios", tmp_path / "scenarios")
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
