# tests/bench/peers.py — the benchmark programs beside C and Lua: builds them, gives everybody turns, prints ratios and their geomean.
# Room: tests. In: tests/bench/programs, what is installed. Out: a table; an exit with 1 where two print different things.
"""What a program costs is the time that its process had of a processor, which a busy machine changes less than the time on the wall."""

import math
import os
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

PROGRAMS = Path(__file__).resolve().parent / "programs"


def names(wanted):
    known = sorted(path.stem for path in PROGRAMS.glob("*.stark"))
    for name in wanted:
        if name not in known:
            sys.exit(f"`{name}` is no benchmark program; there are: {', '.join(known)}")
    return wanted or known


def compiler():
    return next((found for found in map(shutil.which, ("clang-19", "clang", "cc")) if found), None)


def commands(name, binaries, work, cc):
    """Peer to command. Ours is the first."""
    source = PROGRAMS / name
    bundle = work / f"{name}.skbc"
    subprocess.run([binaries / "starkc", "build", source.with_suffix(".stark"), "-o", bundle], check=True)
    found = {"stark": [binaries / "starkvm", bundle]}
    if cc:
        subprocess.run([cc, "-O2", "-D_GNU_SOURCE", source.with_suffix(".c"), "-o", work / name, "-lm"], check=True)
        found["C"] = [work / name]
    lua, luajit = shutil.which("lua5.4"), shutil.which("luajit")
    if lua:
        found["lua5.4"] = [lua, source.with_suffix(".lua")]
    if luajit:
        older = source.with_suffix(".luajit")
        found["luajit"] = [luajit, "-joff", older if older.exists() else source.with_suffix(".lua")]
    return found


def run(command):
    """Seconds of a processor, and what was printed."""
    child = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE)
    printed = child.stdout.read()
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        sys.exit(f"{' '.join(str(word) for word in command)} ended with {child.returncode}")
    return used.ru_utime + used.ru_stime, printed


def measure(all_commands, turns):
    """(Program, peer) to median seconds; everybody gets a turn, then everybody again."""
    seconds = {}
    for _ in range(turns):
        for name, contestants in all_commands.items():
            wanted = None
            for peer, command in contestants.items():
                time, printed = run(command)
                seconds.setdefault((name, peer), []).append(time)
                wanted = printed if wanted is None else wanted
                if printed != wanted:
                    sys.exit(f"{name}: {peer} prints {printed!r}, stark {wanted!r}")
    return {key: statistics.median(values) for key, values in seconds.items()}


def geomean(values):
    return math.exp(sum(map(math.log, values)) / len(values))


def bench_programs(binaries, work, wanted, turns):
    cc = compiler()
    for peer, there in (("a C compiler", cc), ("lua5.4", shutil.which("lua5.4")), ("luajit", shutil.which("luajit"))):
        if not there:
            print(f"  skipped: {peer} is not installed")
    all_commands = {name: commands(name, binaries, work, cc) for name in names(wanted)}
    medians = measure(all_commands, turns)
    peers = [peer for peer in next(iter(all_commands.values())) if peer != "stark"]
    told = ", ".join(f"{Path(cc).name} -O2" if p == "C" else "luajit -joff" if p == "luajit" else p for p in peers)
    print(f"programs (ms of a processor, median of {turns} turns; beside {told})")
    heads = "".join(f"{peer:>10}" for peer in peers)
    ratios = "".join(f"{'stark / C' if peer == 'C' else peer + ' / stark':>16}" for peer in peers)
    print(f"  {'':<14}{'stark':>10}{heads}{ratios}")
    found = {peer: [] for peer in peers}
    for name in all_commands:
        ours = medians[name, "stark"]
        line = f"  {name:<14}{ours * 1e3:>10.0f}" + "".join(f"{medians[name, peer] * 1e3:>10.0f}" for peer in peers)
        for peer in peers:
            theirs = max(medians[name, peer], 1e-4)
            found[peer].append(ours / theirs if peer == "C" else theirs / ours)
            line += f"{found[peer][-1]:>16.2f}"
        print(line)
    print(f"  {'geomean':<14}{'':>{10 * (len(peers) + 1)}}" + "".join(f"{geomean(found[peer]):>16.2f}" for peer in peers))
