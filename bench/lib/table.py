"""What a row gives, and the table that people read."""
import dataclasses
import json
import shutil
import textwrap


@dataclasses.dataclass
class Result:
    """One line of the table. `met` is None where nothing was promised."""

    what: str
    goal: str
    measured: str
    met: bool = None
    baseline: str = ""


def verdict(met):
    return {True: "met", False: "NOT MET", None: "-"}[met]


def render(results):
    width = max(100, min(170, shutil.get_terminal_size((150, 40)).columns))
    columns = [int(width * 0.36), int(width * 0.18), int(width * 0.34), 8]
    lines = []

    def row(cells):
        wrapped = [textwrap.wrap(cell, size) or [""] for cell, size in zip(cells, columns)]
        for index in range(max(map(len, wrapped))):
            parts = [(cell[index] if index < len(cell) else "").ljust(size) for cell, size in zip(wrapped, columns)]
            lines.append("  ".join(parts).rstrip())

    row(["what", "goal", "measured: median (least to most)", "verdict"])
    lines.append("  ".join("-" * size for size in columns))
    for one in results:
        measured = one.measured + (f"; baseline {one.baseline}" if one.baseline else "")
        row([one.what, one.goal, measured, verdict(one.met)])
    return "\n".join(lines)


def save(folder, name, data):
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    path.write_text(json.dumps(data, indent=1, default=lambda one: dataclasses.asdict(one)) + "\n")
    return path
