"""Notebooks run from start to end, and are committed with the pictures they show."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

FOLDER = Path(__file__).resolve().parent.parent / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def pictures(notebook):
    """The numbers of the cells that show a picture."""
    return [
        number
        for number, cell in enumerate(notebook.cells)
        if any("image/png" in output.get("data", {}) for output in cell.get("outputs", []))
    ]


def printed(notebook):
    return ["".join(output.text for output in cell.get("outputs", []) if output.output_type == "stream") for cell in notebook.cells]


@pytest.mark.parametrize("file", NOTEBOOKS, ids=[file.stem for file in NOTEBOOKS])
@pytest.mark.filterwarnings("ignore")  # of the messaging between the kernel and us
def test_it_runs_and_shows_what_is_committed(file):
    committed = nbformat.read(file, as_version=4)
    assert pictures(committed)
    again = nbformat.read(file, as_version=4)
    NotebookClient(again, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(FOLDER)}}).execute()
    assert pictures(again) == pictures(committed)
    assert printed(again) == printed(committed)


def test_there_is_one():
    assert NOTEBOOKS
