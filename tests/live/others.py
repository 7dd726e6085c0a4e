#!/usr/bin/env python3
"""Both command lines of README's "Your server in five minutes" on servers that are not Python: `calibrate --url` takes
the costs of a running one, `validate` then starts its own as configs/NAME-local.yaml says. What is measured is not this
test's business, only that both ends speak of the same server.

usage: others.py PROGRAM node|nginx     exit 77: not installed
"""
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

LIVE = os.path.dirname(os.path.abspath(__file__))
CONFIGS = os.path.join(LIVE, "..", "..", "configs")
PATHS = os.environ["PATH"] + os.pathsep + "/usr/sbin"  # where Debian has nginx
# How it is started, what the stack is taken for, further words of `calibrate`, a case of its scenario.
SERVERS = {
    "node": (["node", LIVE + "/node/server.js"], "node", ("--pace", "/pace"), "1ms-c16"),
    "nginx": (["sh", LIVE + "/nginx/serve.sh"], "other", (), "c16"),
}


def call(program, *words, codes):
    done = subprocess.run([program, *words], capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode in codes, f"{words}: exit {done.returncode}: {done.stdout} {done.stderr}"
    return json.loads(done.stdout)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def answer(url):
    for _ in range(200):
        try:
            with urllib.request.urlopen(url, timeout=1) as page:
                return page.read()
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"{url} does not answer")


def calibrate(program, name, profile):
    command, stack, words, _ = SERVERS[name]
    port = free_port()
    with subprocess.Popen([*command, str(port)]) as server:
        try:
            url = f"http://127.0.0.1:{port}"
            assert answer(url + "/") == b"hello"
            found = call(program, "calibrate", "--quick", "--url", url, "--pid", str(server.pid), "--noop", "/",
                         "-o", profile, "--format", "json", *words, codes={0, 4})  # 4: too noisy just now
        finally:
            server.send_signal(signal.SIGTERM)
    assert found["server"]["stack"] == stack, found["server"]
    rows = {r["cost"]: r for r in found["costs"]}
    path = sum(rows[f"server.{stage}.cpu"]["value"] for stage in ("accept", "read", "call", "write", "close"))
    assert path > 1e-6, rows.keys()
    assert "server.hand_off.cpu" not in rows  # it has no pool
    assert ("pace" in rows) == bool(words), rows.keys()
    return path


def validate(program, name, profile, path):
    case = SERVERS[name][3]
    told = call(program, "validate", os.path.join(CONFIGS, f"{name}-local.yaml"), "--set", f"costs={profile}", "--case",
                case, "--set", "load.requests=500", "--reps", "2", "--rounds", "2", "--format", "json",
                codes={0, 1, 4})  # 1: beyond its tolerance; 4: too noisy
    rows = {r["quantity"]: r for r in told["validation"]}
    assert told["complete"] and {"throughput", "p99", "cpu"} <= rows.keys(), rows.keys()
    for row in rows.values():
        assert row["measured"]["rounds"] == 2, row
    for key in ("throughput", "p50", "cpu"):
        assert rows[key]["predicted"] > 0 and rows[key]["measured"]["median"] > 0, rows[key]
    if name == "node":  # by /pace its 1 ms of work is done on both sides: far more than the path, at any speed of a core
        cpu = rows["cpu"]
        assert min(cpu["predicted"], cpu["measured"]["median"]) > 3 * path, (cpu, path)
        assert 1 / 3 < cpu["predicted"] / cpu["measured"]["median"] < 3, cpu


def main():
    program, name = os.path.abspath(sys.argv[1]), sys.argv[2]
    if not shutil.which(name, path=PATHS):
        print(f"skipped: {name} is not installed")
        return 77
    with tempfile.TemporaryDirectory() as folder:
        profile = os.path.join(folder, "profile.yaml")
        path = calibrate(program, name, profile)
        validate(program, name, profile, path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
