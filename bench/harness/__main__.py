"""Runs rows and writes the page: see ``bench/run.py``."""

import argparse
import json
import subprocess
import sys
import time
import traceback
from pathlib import Path

from harness import machine, page
from harness.candidate import BENCH
from harness.rows import Bench
from harness.rows.all import ROWS

REPOSITORY = BENCH.parent
PAGE = REPOSITORY / "docs/benchmarks.md"


def git(*words: str) -> str:
    return subprocess.run(["git", *words], cwd=REPOSITORY, check=True, capture_output=True, text=True).stdout.strip()


def source() -> str:
    """Identifies what is measured: the tree of the crates, so that changes to the documentation do not count."""
    dirty = "+" if git("status", "--porcelain", "crates", "Cargo.lock") else ""
    return git("rev-parse", "HEAD:crates")[:12] + dirty


def build() -> Path:
    """Builds the programs; returns their folder."""
    command = ["cargo", "build", "--release", "--locked", "--package", "duotone-bench", "--package", "duotone-cli",
               "--message-format", "json-render-diagnostics"]
    built = subprocess.run(command, cwd=REPOSITORY, check=True, stdout=subprocess.PIPE, text=True).stdout
    for message in map(json.loads, built.splitlines()):
        if message.get("executable") and message["target"]["name"] == "candidate":
            return Path(message["executable"]).parent
    raise RuntimeError("cargo built no candidate")


def measure(row, bench: Bench, folder: Path, about: dict) -> bool:
    """Runs a row and stores its result, or why it failed; returns whether it succeeded."""
    print(f"{row.name} …", end=" ", flush=True, file=sys.stderr)
    watch = machine.Watch()
    found = {"row": row.name, "date": time.strftime("%Y-%m-%d %H:%M", time.gmtime()), **about}
    try:
        found |= row.run(bench).json()
    except Exception as error:
        traceback.print_exc()
        found["failed"] = f"{type(error).__name__}: {error}"
    found["machine"] = others = watch.others()
    temporary = folder / f"{row.name}.part"
    temporary.write_text(json.dumps(found, indent=1) + "\n")
    temporary.rename(folder / f"{row.name}.json")
    print(f"{found.get('failed', 'done')} in {others['seconds']:.0f} s", file=sys.stderr)
    if not others["idle"]:
        taken = f"other processes used {others['others_cores']:.2f} cores, the host {others['steal_cores']:.2f}"
        print(f"    NOT IDLE, does not count: {taken}", file=sys.stderr)
    for line in found.get("lines", []):
        print("    " + page.plain(line), file=sys.stderr)
    return "failed" not in found


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench/run.py")
    parser.add_argument("--only", metavar="ROWS",
                        help="only rows whose names start with one of these (comma-separated), even if measured")
    parser.add_argument("--again", action="store_true", help="also what has already been measured for this commit")
    parser.add_argument("--quick", action="store_true", help="shortest runs, into bench/results/quick, no page")
    parser.add_argument("--page", action="store_true", help="only write the page, from the stored results")
    parser.add_argument("--list", action="store_true", help="list the names of the rows")
    args = parser.parse_args()
    if args.list:
        print("\n".join(row.name for row in ROWS))
        return 0
    folder = BENCH / "results" / ("quick" if args.quick else "")
    folder.mkdir(parents=True, exist_ok=True)
    about = {"source": source(), "processor": machine.processor(), "cores": machine.cores()}
    failed = False
    if not args.page:
        chosen = [r for r in ROWS if not args.only or any(r.name.startswith(x) for x in args.only.split(","))]
        if not chosen:
            parser.error("no such rows; --list names them")
        cache = BENCH / ".cache"
        cache.mkdir(exist_ok=True)
        bench = Bench(build(), cache, args.quick)
        about["versions"] = machine.versions()
        for row in chosen:
            if args.only or args.again or not page.counts(folder / f"{row.name}.json", about):
                failed |= not measure(row, bench, folder, about)
    target = folder / "benchmarks.md" if args.quick else PAGE
    target.write_text(page.render(folder, [row.name for row in ROWS], about))
    print(f"Written: {target}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
