#!/usr/bin/env python3
"""calibrate --url from end to end: on the micro-server, and on Uvicorn where it is installed. The profile must load, say
where each value comes from, and make the simulator spend about what the server spent; speed is not this test's business.

usage: attach.py PROGRAM
"""
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

APP = """
async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    if scope["path"] == "/sync":
        import asyncio
        await asyncio.get_running_loop().run_in_executor(None, int)
    status = 200 if scope["path"] in ("/async", "/sync") else 404
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})
"""
SERVER = "server: {model: event_loop, gil: none}\nhandler: [{cpu: 20us}]\nload: {client: ab, concurrency: 1, requests: 1}\n"
SCENARIO = """name: fitted
costs: %s
machine: {cores: 2}
server: {model: %s, %s}
handler: [{cpu: 0us}]
load: {client: %s, concurrency: 24, requests: 2000}
run: {replications: 3}
"""


def call(program, *words, codes):
    done = subprocess.run([program, *words], capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode in codes, f"{words}: exit {done.returncode}: {done.stdout} {done.stderr}"
    return done


def wait_for(url):
    for _ in range(200):
        try:
            urllib.request.urlopen(url, timeout=1).read()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"{url} does not answer")


def end(server):
    server.send_signal(signal.SIGTERM)
    try:
        server.wait(10)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def attach(program, folder, url, pid, *words):
    profile = os.path.join(folder, "profile.yaml")
    found = call(program, "calibrate", "--quick", "--url", url, "--pid", str(pid), "-o", profile, "--format", "json",
                 *words, codes={0, 4})
    return profile, json.loads(found.stdout)


def rows_of(result):
    return {r["cost"]: r for r in result["costs"]}


def loop_cpu(program, folder, profile, model, server, client):
    """Loop's CPU per request, s, as the simulator has it."""
    path = os.path.join(folder, "scenario.yaml")
    with open(path, "w", encoding="utf-8") as f:
        f.write(SCENARIO % (profile, model, server, client))
    case = json.loads(call(program, "run", path, "--set", "server.gc=off", "--format", "json", codes={0}).stdout)["cases"][0]
    return case["utilisation"]["loop"] / case["throughput_per_s"]["mean"]


def check_fit(program, folder, profile, rows, server):
    """The simulator spends under a load that fitted what was measured: within its interval, or a third."""
    for key, client in (("new_24.loop", "ab"), ("kept_24.loop", "wrk")):
        seen = rows[key]
        said = loop_cpu(program, folder, profile, "event_loop", server, client)
        low, high = min(seen["ci95"][0], seen["value"] / 1.33), max(seen["ci95"][1], seen["value"] * 1.33)
        assert low <= said <= high, f"{key}: measured {seen}, simulated {said}"


def check_rows(result, stack, pool):
    rows = rows_of(result)
    assert result["server"]["stack"] == stack, result["server"]
    assert result["server"]["workers"] == 1
    for key in ("server.read.cpu", "server.call.cpu", "server.accept.cpu", "client.request", "machine.cold.1.cost"):
        r = rows[key]
        assert r["in_profile"] and r["from"] == "fit" and r["source"], r
        assert r["ci95"][0] <= r["value"] <= r["ci95"][1], r
    assert (rows["server.hand_off.cpu"]["from"] == "fit") if pool else ("server.hand_off.cpu" not in rows)
    assert rows["machine.switch"]["from"] == "probe"
    assert rows["exchange_speed"]["value"] > 0
    return rows


def check_micro_server(program, folder):
    path = os.path.join(folder, "server.yaml")
    with open(path, "w", encoding="utf-8") as f:
        f.write(SERVER)
    server = subprocess.Popen([program, "serve", path, "--for", "100s"], stdout=subprocess.PIPE, text=True)
    try:
        url = server.stdout.readline().strip().rstrip("/")
        assert url.startswith("http://127.0.0.1:"), url
        wait_for(url + "/")
        check_refusals(program, folder, url, server.pid)
        profile, result = attach(program, folder, url, server.pid, "--noop", "/")
        rows = check_rows(result, "other", pool=False)
        assert rows["server.call.cpu"]["value"] + rows["server.read.cpu"]["value"] > 5e-6  # its 20 us are somewhere
        check_fit(program, folder, profile, rows, "gil: none, accept: one")
    finally:
        end(server)


def check_refusals(program, folder, url, pid):
    out = ("-o", os.path.join(folder, "none.yaml"), "--quick")
    for words, text in (
        (("--url", url, "--noop", "/"), "needs --url, --pid and --noop-async"),
        (("--url", url, "--pid", "x", "--noop", "/"), "--pid must be the number of a process"),
        (("--url", url, "--pid", "4194304", "--noop", "/"), "there is no process 4194304"),
        (("--url", url, "--pid", str(pid), "--noop", "none"), "must be a path that begins with /"),
        (("--url", url, "--pid", str(pid), "--noop", "/", "--stack", "asynico"), "did you mean asyncio?"),
        (("--url", url, "--pid", str(pid), "--noop", "/nowhere"), "status other than 2xx"),
    ):
        done = call(program, "calibrate", *out, *words, codes={2})
        assert text in done.stderr, done.stderr
    assert not os.path.exists(out[1])


def check_stranger(program, folder, url):
    """A process that has nothing to do with the URL is found out."""
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        done = call(program, "calibrate", "--quick", "-o", os.path.join(folder, "none.yaml"), "--url", url, "--pid",
                    str(stranger.pid), "--noop", "/async", codes={2})
        assert "used 0.0 us of CPU" in done.stderr, done.stderr
    finally:
        end(stranger)


def check_uvicorn(program, folder):
    python = "/usr/bin/python3"
    if subprocess.run([python, "-c", "import uvicorn, uvloop, httptools"], capture_output=True, check=False).returncode:
        print("left out: Uvicorn with uvloop and httptools is not installed")
        return
    with open(os.path.join(folder, "app.py"), "w", encoding="utf-8") as f:
        f.write(APP)
    port = 20000 + os.getpid() % 20000
    server = subprocess.Popen([python, "-m", "uvicorn", "app:app", "--port", str(port), "--no-access-log", "--log-level",
                               "warning"], cwd=folder)
    try:
        url = f"http://127.0.0.1:{port}"
        wait_for(url + "/async")
        check_stranger(program, folder, url)
        profile, result = attach(program, folder, url, server.pid, "--noop-async", "/async", "--noop-sync", "/sync")
        rows = check_rows(result, "uvloop", pool=True)
        assert rows["server.batch_flush"]["value"] == 1 and rows["server.hop_polls"]["value"] == 2
        check_fit(program, folder, profile, rows, "gil: {switch_interval: 5ms}, accept: drain")
    finally:
        end(server)


def main():
    with tempfile.TemporaryDirectory() as folder:
        check_micro_server(sys.argv[1], folder)
        check_uvicorn(sys.argv[1], folder)


if __name__ == "__main__":
    main()
