#!/usr/bin/env python3
"""plan and run --analytic from end to end.

usage: plan.py PROGRAM ROOT [brief]
"""
import csv
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import time

SMALL = """# Small enough to try everything
name: small
costs: COSTS
machine: {cores: 2}
server: {model: event_loop}
handler:
  - cpu: exp(4ms)
  - use: db
    for: lognormal(mean=40ms, cv=0.5)
resources: {db: {capacity: 4}}
load: {client: open, rate: 120/s, duration: 12s}
run: {seed: 1, replications: auto}
plan:
  p99: 300ms
  vary:
    server.model: [event_loop, threadpool]
    server.workers: 1..2
    server.threads: [2, 8, 32]
    resources.db.capacity: [3, 8]
  cost: [server.workers, resources.db.capacity, server.threads]
"""
KEYS = ["server.model", "server.workers", "server.threads", "resources.db.capacity"]
LIMIT, ZONE = 0.3, 0.05


def run(program, *words, code=0):
    done = subprocess.run([program, *words], capture_output=True, text=True, timeout=250, check=False)
    assert done.returncode == code, f"{words}: exit {done.returncode}, not {code}: {done.stderr}{done.stdout}"
    return done


def plan(program, path, *words, code=0):
    return json.loads(run(program, "plan", path, "--format", "json", *words, code=code).stdout)


def p99_of(program, path, setting, rate):
    """p99 of a plain run, None where it has no steady value or too much was lost."""
    words = [w for k, v in setting.items() for w in ("--set", f"{k}={v}")]
    result = json.loads(run(program, "run", path, "--reps", "10", "--set", f"load.rate={rate}/s", *words,
                            "--format", "json").stdout)["cases"][0]
    return result["latency_s"]["p99"]["mean"] if result["status"] == "ok" else None


def cost_of(row):
    threads = 0 if row["server.model"] == "event_loop" else int(row["server.threads"])
    return int(row["server.workers"]), int(row["resources.db.capacity"]), threads


def check_brute_force(program, path, rate, any_meets):
    """The same answer as trying everything, and nothing discarded by bounds that would have done."""
    rows = list(csv.DictReader(io.StringIO(
        run(program, "plan", path, "--set", f"load.rate={rate}/s", "--format", "csv",
            code=0 if any_meets else 1).stdout)))
    assert len(rows) == 24
    assert [cost_of(r) for r in rows] == sorted(cost_of(r) for r in rows)
    tried = {}
    for row in rows:
        if row["verdict"] == "same":
            continue
        p99 = p99_of(program, path, {k: row[k] for k in KEYS}, rate)
        tried[int(row["rank"])] = p99
        if row["verdict"] == "impossible":
            assert p99 is None or p99 > LIMIT, f"discarded though it does: {row}, p99 {p99}"
        if row["verdict"] == "meets":
            assert p99 is not None and p99 <= LIMIT * (1 + ZONE), f"accepted though it does not: {row}, p99 {p99}"
        if row["verdict"] == "fails":
            assert p99 is None or p99 > LIMIT * (1 - ZONE), f"rejected though it does: {row}, p99 {p99}"
    surely = [r for r, p99 in tried.items() if p99 is not None and p99 <= LIMIT * (1 - ZONE)]
    chosen = [int(r["rank"]) for r in rows if r["verdict"] == "meets"]
    assert bool(chosen) == any_meets
    if chosen:
        assert chosen[0] <= min(surely), f"a cheaper one would have done: {surely} against {chosen}"
    return sum(r["verdict"] == "impossible" for r in rows)


def check_answer(program, path):
    """What the document holds, and that the answer does not depend on seed or threads."""
    result = plan(program, path, "--jobs", "2")
    assert result["schema_version"] == 1
    found = result["plan"]
    best, other, load = found["best"], found["runner_up"], found["load"]
    assert best["verdict"] == "meets" and best["sure"] and best["figures"]["p99"]["mean"] <= LIMIT
    assert other["verdict"] in ("fails", "impossible")
    assert [c["name"] for c in result["cases"]] == ["best", "runner-up"]
    assert 120 <= load["carries_per_s"] < load["breaks_per_s"] <= 1.021 * load["carries_per_s"]
    assert found["candidates"]["all"] == 24 and found["complete"]
    assert found["limits"] and found["limits"][0]["full_at_per_s"] >= load["carries_per_s"] * 0.9
    assert any("uvicorn" in s for s in best["settings"])
    assert json.dumps(plan(program, path, "--jobs", "1")) == json.dumps(result)
    for seed in "23":
        assert plan(program, path, "--seed", seed)["plan"]["best"]["set"] == best["set"]
    return load["carries_per_s"]


def check_most(program, path):
    fixed = ["--set", "server.workers=2", "--set", "resources.db.capacity=8"]
    load = plan(program, path, "--max-rate", *fixed)["plan"]["load"]
    setting = {"server.workers": 2, "resources.db.capacity": 8}
    rows = list(csv.DictReader(io.StringIO(run(program, "plan", path, "--max-rate", "--format", "csv", *fixed).stdout)))
    assert len(rows) == 1 and float(rows[0]["carries"]) == load["carries_per_s"], rows
    assert float(rows[0]["breaks"]) == load["breaks_per_s"] and rows[0]["figure"] == "p99", rows
    assert p99_of(program, path, setting, 0.94 * load["carries_per_s"]) <= LIMIT
    beyond = p99_of(program, path, setting, 1.08 * load["breaks_per_s"])
    assert beyond is None or beyond > LIMIT


def check_no(program, path, folder):
    done = run(program, "plan", path, "--set", "plan.p99=20ms", code=1)
    assert "none of them meets the objective" in done.stdout and "nearest" in done.stdout
    nearest = done.stdout[done.stdout.index("nearest"):]
    assert "above its limit" in nearest or "at most" in nearest, nearest
    assert "not standard input" in run(program, "plan", "-", code=2).stderr
    run(program, "plan", path, "--max-rate", "--set", "plan.p99=20ms", code=1)
    bare = os.path.join(folder, "bare.yaml")
    with open(bare, "w", encoding="utf-8") as f:
        f.write("server: {model: event_loop}\nhandler: [{cpu: 1ms}]\n")
    with open(bare, "a", encoding="utf-8") as f:
        f.write("load: {client: wrk, concurrency: 4, duration: 2s}\n")
    thin = "plan={p99: 1s, vary: {server.workers: [1]}}"
    for words in (("--max-rate",), ()):
        assert "requests a replication are too few" in run(program, "plan", bare, "--set", thin, "--set",
            "handler.0.cpu=40ms", *words, code=2).stderr
    assert "more load.requests" in run(program, "plan", bare, "--set", thin, "--set", "load.requests=2000", "--set",
                                       "load.concurrency=3000", code=2).stderr
    assert "has no `plan` block" in run(program, "plan", bare, code=2).stderr
    closed = os.path.join(folder, "closed.yaml")
    with open(closed, "w", encoding="utf-8") as f:
        f.write("server: {model: event_loop}\nhandler: [{cpu: 1ms}]\nload: {client: wrk}\nplan: {rate: 5/s, p99: 1s}\n")
    assert "plan.rate needs an open load" in run(program, "plan", closed, code=2).stderr
    assert "plan: server.workers" in run(program, "plan", path, "--set", "plan.vary={server.workers: [0]}",
                                         code=2).stderr
    fixed = run(program, "plan", path, "--set", "server.model=threadpool")
    assert "--set fixes server.model" in fixed.stderr and "server.model=" not in fixed.stdout


def check_stop(program, path):
    with subprocess.Popen([program, "plan", path, "--set", "load.duration=2000s", "--set", "plan.p99=270ms"],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as p:
        time.sleep(1)
        p.send_signal(signal.SIGINT)
        out, err = p.communicate(timeout=120)
    assert p.returncode == 130, f"exit {p.returncode}: {err}"
    assert "candidates  24" in out and "stopped" in err


def check_many(program, root):
    """More than a thousand candidates: the same answer with three seeds."""
    path = os.path.join(root, "configs", "plan-api.yaml")
    begun, answers = time.monotonic(), []
    for seed in "123":
        found = plan(program, path, "--seed", seed, "--set", "load.duration=8s")["plan"]
        assert found["candidates"]["all"] >= 1000
        answers.append((found["best"]["set"], found["runner_up"]["set"]))
    assert answers[0] == answers[1] == answers[2], answers
    print(f"three plans of {found['candidates']['all']} candidates: {time.monotonic() - begun:.1f} s")


def check_analytic(program, root):
    for name in ("mm1", "db-pool", "example"):
        done = run(program, "run", os.path.join(root, "configs", name + ".yaml"), "--analytic", "--reps", "3",
                   "--format", "json")
        for case in json.loads(done.stdout)["cases"]:
            a = case["analytic"]
            assert case["throughput_per_s"]["mean"] <= a["bounds"]["throughput_per_s"] * 1.02
            if name == "mm1":
                assert a["exact"]["queue"] == "M/M/1" and abs(a["exact"]["mean_s"] - 0.005) < 1e-9
    text = run(program, "run", os.path.join(root, "configs", "mm1.yaml"), "--analytic", "--reps", "3").stdout
    assert "M/M/1" in text and "carries at most" in text


def main():
    program, root = sys.argv[1:3]
    brief = len(sys.argv) > 3
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "small.yaml")
        with open(path, "w", encoding="utf-8") as f:
            f.write(SMALL.replace("COSTS", os.path.join(root, "configs", "costs", "i9-13900k.yaml")))
        check_no(program, path, folder)
        check_stop(program, path)
        if not brief:
            check_answer(program, path)
            discarded = [check_brute_force(program, path, *load) for load in ((120, True), (230, True), (900, False))]
            assert discarded[2] > discarded[1] > 0, f"the bounds were not put to the test: {discarded}"
            check_most(program, path)
            check_many(program, root)
            check_analytic(program, root)


main()
