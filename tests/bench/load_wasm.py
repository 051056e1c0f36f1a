# tests/bench/load_wasm.py — proves a WebAssembly module with wasmtime: milliseconds, a line for each round.
# In: a module, how many rounds. Needs the package `wasmtime`.
import sys
import time
from pathlib import Path

import wasmtime

module = Path(sys.argv[1]).read_bytes()
engine = wasmtime.Engine()
for _ in range(int(sys.argv[2])):
    start = time.perf_counter()
    wasmtime.Module.validate(engine, module)
    print((time.perf_counter() - start) * 1e3)
