"""Runs a command and says what it took: its standard output, then one line of JSON with wall and processor seconds
and the largest resident set in MiB, its children included."""
import json
import resource
import subprocess
import sys
import time

start = time.perf_counter()
done = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE, check=False)
wall = time.perf_counter() - start
used = resource.getrusage(resource.RUSAGE_CHILDREN)
first = done.stdout.decode(errors="replace").strip().split("\n")[0]
print(json.dumps({"first": first, "wall": wall, "cpu": used.ru_utime + used.ru_stime, "mib": used.ru_maxrss / 1024}))
sys.exit(done.returncode)
