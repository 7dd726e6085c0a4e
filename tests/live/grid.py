#!/usr/bin/env python3
"""The standing grid, configs/validation.yaml, is what it says: it loads, every pair of settings stands in some case, and
--quick takes a dozen cases in which every setting stands. Measures nothing.

usage: grid.py PROGRAM FILE
"""
import itertools
import re
import subprocess
import sys

MODELS = {"event_loop": "loop", "threadpool": "pool", "thread_per_request": "threads", "prefork": "prefork"}
HANDLERS = {
    None: "noop",
    "[cpu: 1ms]": "1ms",
    "[cpu: 5ms]": "5ms",
    "[cpu: 0.2ms, sleep: 10ms]": "sleep",
    "[cpu: 0.2ms, {use: db, for: 10ms}]": "res",
}
LOADS = {f"{client}{n}" for client in ("ab", "wrk") for n in (1, 8, 64, 256)} | {"open50", "open80"}
LEVELS = [set(MODELS.values()), {"lock", "free"}, {"w1", "w2"}, set(HANDLERS.values()), LOADS]


def parts_of(text):
    """A flow mapping of one level, split at the commas that are in no bracket."""
    depth, parts = 0, [""]
    for c in text:
        depth += (c in "[{") - (c in "]}")
        if c == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += c
    return dict(p.strip().split(": ", 1) for p in parts)


def settings_of(name, keys):
    """What a case sets. The share of an open load's capacity only its name can tell."""
    client = keys.get("load.client", "ab")
    load = name.rsplit("-", 1)[1] if client == "open" else client + keys["load.concurrency"]
    assert client != "open" or ("load.rate" in keys and "load.duration" in keys), name
    assert client == "open" or "load.requests" in keys, name
    return (
        MODELS[keys.get("server.model", "event_loop")],
        "free" if keys.get("server.gil") == "none" else "lock",
        "w" + keys.get("server.workers", "1"),
        HANDLERS[keys.get("handler")],
        load,
    )


def read_cases(path):
    with open(path, encoding="utf-8") as f:
        text = f.read()
    found = re.findall(r"  - name: (\S+)\n(    quick: on\n)?    set: \{(.*)\}\n", text)
    assert len(found) == text.count("- name:"), "a case is not written as the others are"
    cases = {}
    for name, quick, keys in found:
        settings = settings_of(name, parts_of(keys))
        assert name == "-".join(settings), f"{name} sets {settings}"
        cases[settings] = bool(quick)
    assert len(cases) == len(found), "two cases are the same"
    return cases


def starves(a, b):
    """A process of prefork serves one kept connection at a time; with more of them the others would wait for ever."""
    return {"prefork"} < {a, b} and any(re.fullmatch("wrk(8|64|256)", x) for x in (a, b))


def check_pairs(cases):
    for i, j in itertools.combinations(range(len(LEVELS)), 2):
        for a, b in itertools.product(LEVELS[i], LEVELS[j]):
            if not starves(a, b):
                assert any(s[i] == a and s[j] == b for s in cases), f"no case has {a} and {b}"


def main():
    program, path = sys.argv[1:]
    done = subprocess.run([program, "check", path], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    cases = read_cases(path)
    assert 50 <= len(cases) <= 70, f"{len(cases)} cases"
    check_pairs(cases)
    quick = [s for s, marked in cases.items() if marked]
    assert 10 <= len(quick) <= 14, f"{len(quick)} cases for --quick"
    for i, levels in enumerate(LEVELS):
        assert {s[i] for s in quick} == levels, f"--quick lacks {levels - {s[i] for s in quick}}"
    # The hard corner: two locked workers on two cores, with more threads to run than cores.
    assert any(s[:3] == ("pool", "lock", "w2") and s[3] in ("1ms", "5ms") for s in quick)


if __name__ == "__main__":
    main()
