"""Records what SANA-FE makes of the small networks: ``python benchmarks/sanafe_record.py [FILE]``.

The tests compare spikemesh with the file, so that they need no SANA-FE. It is installed from its dependency group
into an environment of its own. Its detailed times (``detailed_s``) can differ a little from record to record: the order
of a neuron's messages there depends on where cores lie in memory. Everything else is the same in every record.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from pathlib import Path

from environments import ROOT, interpreter, peer_environment
from sanafe_networks import CHIP, networks

RECORD = ROOT / "tests" / "peers" / "sanafe.json"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", nargs="?", type=Path, default=RECORD)
    given = parser.parse_args()
    cases = {"chip": CHIP, "networks": networks()}
    with tempfile.TemporaryDirectory() as folder:
        asked, answered = Path(folder) / "cases.json", Path(folder) / "results.json"
        asked.write_text(json.dumps(cases))
        command = [str(interpreter("sanafe")), str(ROOT / "benchmarks" / "peers" / "sanafe_peer.py")]
        subprocess.run(
            [*command, str(asked), str(answered)],
            check=True,
            env=peer_environment(),
            stdout=subprocess.DEVNULL,
        )
        found = json.loads(answered.read_text())
    record = {
        "simulator": f"SANA-FE {found['version']}",
        "command": "python benchmarks/sanafe_record.py",
        **cases,
        "results": found["results"],
    }
    given.file.write_text(_text(record))


def _text(record: dict) -> str:
    """Return JSON with a line for each network and result."""
    parts = []
    for key, value in record.items():
        if key in ("networks", "results"):
            lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(entry)}" for name, entry in value.items())
            parts.append(f'"{key}": {{\n{lines}\n}}')
        else:
            parts.append(f"{json.dumps(key)}: {json.dumps(value)}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


if __name__ == "__main__":
    main()
