"""A model as Graphviz DOT text: no Graphviz is needed to write it, only to draw it (``dot -Tsvg``)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flywheel_sim.expressions import Expression, Gate, Outside
from flywheel_sim.model.kind import ModelKind, declaration
from flywheel_sim.model.nodes import descend
from flywheel_sim.model.symbols import Cell, Flow, Friction, Group, Loop, Stock

if TYPE_CHECKING:
    from flywheel_sim.model.declaration import Declaration

__all__ = ["dot_text"]

CAUSING, OTHER = "#B84F00", "#4A4F55"


def dot_text(model: ModelKind | Declaration) -> str:
    """The stocks, flows, groups and loops of a model, for Graphviz to place.

    A stock is a box, a flow an arrow with its name and the loops and frictions on it, the outside a point, a group a
    frame, and a dashed arrow says whose members cause a flow. The same model gives the same text.

    Args:
        model: the class, or its declaration.

    Raises:
        ModelError: if it is no declared model.
    """
    return Dot(declaration(model) if isinstance(model, ModelKind) else model).text()


class Dot:
    """The text, while it is written."""

    def __init__(self, model: Declaration) -> None:
        self.model = model
        self.flows = model.of_kind(Flow)
        self.points: list[str] = []
        self.edges: list[str] = []

    def text(self) -> str:
        for name, flow in self.flows.items():
            self.draw(name, flow)
        title = f"{self.model.name}: {self.model.note}".rstrip(": ")
        lines = [
            f"digraph {quoted(self.model.name)} {{",
            f"  graph [rankdir=LR, fontname=Helvetica, labelloc=t, newrank=true, label={quoted(title)}];",
            '  node [shape=box, fontname=Helvetica, color="#0072B2", style=filled, fillcolor="#E8F1F8"];',
            '  edge [fontname=Helvetica, fontsize=10, color="#4A4F55"];',
            *self.nodes(),
            *self.points,
            *self.edges,
            *self.legend(),
            "}",
        ]
        return "\n".join(lines) + "\n"

    def nodes(self) -> list[str]:
        """Stocks, those of a group in its frame; a stock of several groups in the first."""
        lines: list[str] = []
        placed: set[str] = set()
        for name, group in self.model.of_kind(Group).items():
            members = [one for one in self.stocks_of(group) if one not in placed]
            placed.update(members)
            lines += [f"  subgraph {quoted(f'cluster {name}')} {{", f"    label={quoted(name)}; style=rounded;"]
            lines += [f"    {self.node(one)}" for one in members]
            lines += ["  }"]
        return [*(f"  {self.node(name)}" for name in self.model.of_kind(Stock) if name not in placed), *lines]

    def node(self, name: str) -> str:
        stock, shape = self.model.of_kind(Stock)[name], self.model.shapes[name]
        labels = (f"[{', '.join(shape.labels)}]",) if shape else ()
        label = "\n".join((name, *labels, str(stock.unit)))
        return f"{quoted(name)} [label={quoted(label)}, tooltip={quoted(stock.note)}];"

    def draw(self, name: str, flow: Flow) -> None:
        """A flow: one arrow from each stock it leaves, and a dashed one from whoever else causes it."""
        ends = self.end(flow.destination, f"{name} to outside")
        label = f"{name} {' '.join(self.tags(flow))}".rstrip()
        for source in self.end(flow.source, f"{name} from outside"):
            for destination in ends:
                self.edges.append(f"  {quoted(source)} -> {quoted(destination)} [label={quoted(label)}, tooltip={quoted(flow.note)}];")
        if flow.by is not None and flow.by is not flow.source:
            look = f'style=dashed, color="{CAUSING}", fontcolor="{CAUSING}", constraint=false'
            self.edges += [
                f"  {quoted(cause)} -> {quoted(ends[0])} [label={quoted(f'causes {name}')}, {look}];" for cause in self.stocks_of(flow.by)
            ]

    def end(self, end: Expression | Outside, point: str) -> list[str]:
        """The nodes at one end of a flow; a point of its own for outside."""
        if not isinstance(end, Outside):
            return self.stocks_of(end)
        self.points.append(f'  {quoted(point)} [shape=point, label="", color="{OTHER}", fillcolor="{OTHER}"];')
        return [point]

    def stocks_of(self, node: Expression) -> list[str]:
        """The stocks that an end of a flow, or whoever causes it, stands for."""
        found = self.model.transfers.cells_of(node)
        if not found:  # an equation, such as total(x): the stocks in it
            named = set(self.model.of_kind(Stock).values())
            stocks = [one for one in descend(node, named) if isinstance(one, Stock)]
            return list(dict.fromkeys(self.model.names[stock] for stock in stocks))
        return list(dict.fromkeys(self.model.names[cell.stock] for cell in found if isinstance(cell, Cell)))

    def tags(self, flow: Flow) -> list[str]:
        """The loops and frictions that act on a flow by equations alone, not by way of a stock."""
        gates = {node.switch for node in descend(flow) if isinstance(node, Gate)} | {flow.friction}
        return sorted(switch.label for switch in self.model.symbols.values() if isinstance(switch, Loop | Friction) and switch in gates)

    def legend(self) -> list[str]:
        """What the loops and frictions are, in a box of its own."""
        rows = [
            f"{switch.label} {name}: {switch.note}".rstrip(": ")
            for name, switch in self.model.symbols.items()
            if isinstance(switch, Loop | Friction)
        ]
        if not rows:
            return []
        text = "".join(f"{escaped(row)}\\l" for row in rows)  # \l ends a line and sets it to the left
        return [f'  "loops and frictions" [shape=plaintext, style="", fontsize=10, label="{text}"];']


def quoted(text: str) -> str:
    """Text as a DOT string."""
    return f'"{escaped(text)}"'


def escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\r", "").replace("\n", "\\n")
