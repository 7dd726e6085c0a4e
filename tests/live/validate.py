#!/usr/bin/env python3
"""measure and validate from end to end, on a scenario small enough for seconds. What comes out must have the contract's
form and be the same run; how well prediction and measurement agree is not this test's business.

usage: validate.py PROGRAM
"""
import json
import os
import signal
import subprocess
import sys
import tempfile
import time

SCENARIO = """# Does it work?
name: small
costs: none
machine: {cores: 2}
server: {model: event_loop}
handler: [{cpu: 0.1ms}]
load: {client: ab, concurrency: 4, requests: 600}
run: {replications: 2}
cases:
  - name: loop
  - name: pool
    set: {server.model: threadpool, server.threads: 4}
"""
QUANTITIES = {"throughput", "mean", "p50", "p95", "p99", "cpu", "voluntary", "involuntary"}
VERDICTS = {"agrees", "model misses", "too noisy", ""}


def run(program, *words, codes):
    done = subprocess.run([program, *words], capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode in codes, f"{words}: exit {done.returncode}: {done.stderr}"
    return json.loads(done.stdout)


def check_measure(program, path):
    result = run(program, "measure", path, "--rounds", "3", "--format", "json", codes={0, 4})
    assert result["schema_version"] == 1
    assert [c["name"] for c in result["cases"]] == ["loop", "pool"]
    for case in result["cases"]:
        assert case["replications"] == 3
        assert case["requests"]["done"] == 600
        assert case["latency_s"]["mean"]["mean"] >= 100e-6 * 0.99  # the handler's work was done


def check_validate(program, path):
    result = run(program, "validate", path, "--rounds", "4", "--format", "json", codes={0, 1, 4})
    rows = result["validation"]
    assert {r["case"] for r in rows} == {"loop", "pool"}
    assert {r["quantity"] for r in rows} == QUANTITIES
    for r in rows:
        assert r["verdict"] in VERDICTS
        if r["measured"]["rounds"]:
            assert r["measured"]["min"] <= r["measured"]["median"] <= r["measured"]["max"]
    assert result["summary"]["throughput"]["cases"] == 2
    assert len(result["cases"]) == 2  # the predictions themselves


ENDPOINTS = """# And with several endpoints?
name: several
server: {model: threadpool, threads: 4}
endpoints: [{name: list, weight: 3, handler: [cpu: 0.1ms]}, {name: report, handler: [cpu: 0.5ms]}]
load: {client: wrk, concurrency: 4, requests: 2400}
run: {replications: 2}
cases:
  - name: one
    quick: on
  - name: other
"""

IDLE = """# And without work?
server: {model: event_loop}
load: {client: ab, concurrency: 4, requests: 600}
"""


def write(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    return path


def check_endpoints(program, path):
    """--quick takes the marked case alone; each endpoint has rows of its own, beside those of all requests."""
    result = run(program, "validate", path, "--quick", "--rounds", "2", "--format", "json", codes={0, 1, 4})
    rows = [r for r in result["validation"] if r["quantity"] == "throughput"]
    assert [(r["case"], r.get("endpoint")) for r in rows] == [("one", None), ("one", "list"), ("one", "report")]
    whole, *parts = [r["measured"]["median"] for r in rows]
    assert abs(sum(parts) / whole - 1) < 0.1
    assert 2 < parts[0] / parts[1] < 4


def refused(program, *words):
    done = subprocess.run([program, *words], capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 2 and not done.stdout, done
    return done.stderr


def check_refusals(program, small, idle):
    assert "small has no case for --quick" in refused(program, "measure", small, "--quick")
    assert "nothing to predict" in refused(program, "validate", idle)


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
        return [int(p) for p in f.read().split()]


def interrupted(program, path, *words, wait_s, act):
    """Starts a measurement that lasts too long, does something to it, and says how it ended."""
    p = subprocess.Popen([program, "measure", path, "--rounds", "500", *words], stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, text=True)
    time.sleep(wait_s)
    while not (workers := children(p.pid)):
        time.sleep(0.001)
    act(p, workers)
    out, err = p.communicate(timeout=60)
    for worker in workers:
        assert not os.path.exists(f"/proc/{worker}"), "a worker was left behind"
    return p.returncode, out, err


def check_faults(program, path):
    code, out, err = interrupted(program, path, "--format", "json", wait_s=2,
                                 act=lambda p, _: p.send_signal(signal.SIGINT))
    assert code == 130 and "rounds that were complete" in err, (code, err)
    assert all(0 < c["replications"] < 500 for c in json.loads(out)["cases"])
    code, out, err = interrupted(program, path, "--set", "load.requests=20000", wait_s=0.7,
                                 act=lambda _, w: os.kill(w[0], signal.SIGKILL))
    assert code == 3 and not out and "was ended by signal 9" in err, (code, err)


def main():
    with tempfile.TemporaryDirectory() as folder:
        several = write(folder, "several.yaml", ENDPOINTS)
        small = write(folder, "small.yaml", SCENARIO)
        check_endpoints(sys.argv[1], several)
        check_refusals(sys.argv[1], small, write(folder, "idle.yaml", IDLE))
        check_faults(sys.argv[1], small)
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as f:
        f.write(SCENARIO)
        f.flush()
        check_measure(sys.argv[1], f.name)
        check_validate(sys.argv[1], f.name)


if __name__ == "__main__":
    main()
