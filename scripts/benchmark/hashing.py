"""SHA-256 by the processor's instructions and without, beside what the system brings. Turns, as elsewhere."""

import os
import shutil
import subprocess
import time
from statistics import median

from report import table

MIB = 1024 * 1024
SIZE = 256 * MIB
TARGETS = {"stepvisor, by instructions": 1000, "stepvisor, without": 250}


def program(toolbox, path):
    return toolbox.hashing()


def ours(command):
    """MB/s by way."""
    found = {}
    for line in subprocess.run([command, str(SIZE)], capture_output=True, text=True, check=True).stdout.splitlines():
        way, rate, _ = line.split()
        found["stepvisor, by instructions" if way == "instructions" else "stepvisor, without"] = float(rate)
    return found


def timed(command):
    start = time.monotonic()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    return SIZE / (time.monotonic() - start) / 1e6


def measure(meter, command, root, scratch, rounds, say):
    path = os.path.join(scratch, "data")
    with open(path, "wb") as file:
        for _ in range(SIZE // MIB):
            file.write(os.urandom(MIB))
    others = {"sha256sum": ["sha256sum", path], "openssl dgst": ["openssl", "dgst", "-sha256", path]}
    others = {name: words for name, words in others.items() if shutil.which(words[0])}
    found = {}
    for number in range(rounds):
        say(f"hashing: round {number + 1} of {rounds}")
        for way, rate in ours(command).items():
            found.setdefault(way, []).append(rate)
        for name, words in others.items():
            found.setdefault(name, []).append(timed(words))
    columns = [("SHA-256", "---"), ("MB/s", "--:"), ("slowest", "--:"), ("fastest", "--:"), ("at least", "--:"), ("reached", "---")]
    rows = []
    for way, rates in sorted(found.items(), key=lambda item: -median(item[1])):
        least = TARGETS.get(way)
        reached = "" if least is None else "yes" if median(rates) >= least else "**no**"
        rows.append([way, f"{median(rates):.0f}", f"{min(rates):.0f}", f"{max(rates):.0f}", str(least or ""), reached])
    return ["## Hashing", "", f"{SIZE // MIB} MiB; the two programs read a file in RAM and start for it.", "",
            *table(columns, rows), ""]
