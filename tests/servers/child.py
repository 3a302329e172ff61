# SPDX-License-Identifier: MIT
"""A player's process: it does what it is told, a line of Python at a time.

Each line of input is a JSON string, the code; each line of output is what came
of it: how long it took, and its value or its error.
"""

import json
import sys
import time

import peal

# A library of a server's may print: what it prints is no answer of ours.
answers = sys.stdout
sys.stdout = sys.stderr
names = {"peal": peal, "time": time}

for line in sys.stdin:
    code = json.loads(line)
    value = failure = None
    started = time.monotonic()
    try:
        try:
            value = eval(compile(code, "<code>", "eval"), names)
        except SyntaxError:
            exec(compile(code, "<code>", "exec"), names)
    except Exception as error:
        failure = [getattr(error, "errno", None), f"{type(error).__name__}: {error}"]
    took = time.monotonic() - started
    print(json.dumps([took, value, failure], default=repr), file=answers, flush=True)
