"""Runs a process and writes its seconds, processor seconds and peak KiB to a file as JSON.

Started on its own and without libraries, because the peak memory of a process starts from its parent's size.
"""

import json
import os
import sys
import time

target, *command = sys.argv[1:]
start = time.perf_counter()
process = os.posix_spawnp(command[0], command, os.environ)
_, status, usage = os.wait4(process, 0)
seconds = time.perf_counter() - start
with open(target, "w") as file:
    json.dump([seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss], file)
sys.exit(os.waitstatus_to_exitcode(status))
