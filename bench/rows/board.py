"""The board: how soon a command moves a line."""
import json
import pathlib
import subprocess
import tempfile

from lib.measure import percentile
from lib.programs import DAEMON, ROOT
from lib.table import Result
from rows.response import kernel_at_hand

WHAT = "gpio line set from command arrival, p50 / p99"
GOAL = "p99 <= 3 ms"


def gpio():
    """A line of a simulated chip in the kernel bench, against a command that is answered from memory, while the pattern is encoded."""
    if not kernel_at_hand():
        return [Result(WHAT, GOAL, "not measured: tests/kernel/kernel.sh brings the kernel for it")], {}
    with tempfile.TemporaryDirectory() as folder:
        boot = [ROOT / "tests/kernel/boot.sh", "-o", folder, "env", f"ARTC_EDGE={DAEMON}", "/usr/bin/python3", "-B", ROOT / "bench/gpio.py"]
        done = subprocess.run(boot, timeout=180, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        found = pathlib.Path(folder) / "gpio.json"
        if not found.exists():
            return [Result(WHAT, GOAL, f"not measured: {done.stdout[-300:]}", False)], {"log": done.stdout}
        raw = json.loads(found.read_text())
    p50, p99 = percentile(raw["line"], 0.5), percentile(raw["line"], 0.99)
    baseline = f"{percentile(raw['bare'], 0.5):.2f} / {percentile(raw['bare'], 0.99):.2f} ms for a command without a line"
    measured = f"{p50:.2f} / {p99:.2f} ms over {len(raw['line'])}, inside user-mode Linux"
    return [Result(WHAT, GOAL, measured, p99 <= 3, baseline)], raw
