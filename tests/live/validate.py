#!/usr/bin/env python3
"""measure and validate from end to end, on a scenario small enough for seconds. What comes out must have the contract's
form and be the same run; how well prediction and measurement agree is not this test's business.

usage: validate.py PROGRAM
"""
import json
import subprocess
import sys
import tempfile

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


def main():
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as f:
        f.write(SCENARIO)
        f.flush()
        check_measure(sys.argv[1], f.name)
        check_validate(sys.argv[1], f.name)


if __name__ == "__main__":
    main()
