#!/usr/bin/env python3
"""measure and validate drive a server of the user's own: started by server.command or found at server.url. A small
server written here plays its part, and Uvicorn with tests/live/fastapi/app.py where it is installed.

usage: external.py PROGRAM
"""
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

FASTAPI = pathlib.Path(__file__).resolve().parent / "fastapi"

# Answers /a and /b, counts in the file `log` what it is asked, takes 1000 "iterations" for 1 ms. With `child` a child
# process does the work, 3 ms of CPU a request; with `stubborn` it does not listen to SIGTERM.
SERVER = '''
import collections, http.server, os, signal, sys, time
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        path, _, query = self.path.partition("?")
        log.write(self.path + "\\n")
        log.flush()
        if "child" in sys.argv:
            until = time.process_time() + 0.003
            while time.process_time() < until:
                pass
        body = {"/a": b"a", "/b": b"b", "/": b"root", "/pace": b"1000.5\\n", "/words": b"fast"}.get(path)
        self.send_response(200 if body else 404)
        self.send_header("Content-Length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")
    def log_message(self, *words):
        pass
class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True
log = open("log", "a")
log.write("start\\n")
log.flush()
if "stubborn" in sys.argv:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
server = Server(("127.0.0.1", int(sys.argv[1])), Handler)
if "child" in sys.argv and os.fork():
    os.wait()
    sys.exit()
server.serve_forever()
'''

HEAD = """# Does it reach the server?
name: own
costs: none
machine: {cores: 2}
server: {model: event_loop, %s}
handler: [{cpu: 1.5ms}]
load: {client: ab, concurrency: 4, requests: 500}
run: {replications: 2}
"""
COMMAND = "command: 'exec python3 server.py {port} %s'"


class Place:
    """A folder with the server and one scenario."""

    def __init__(self, program, folder):
        self.program, self.folder = program, pathlib.Path(folder)
        (self.folder / "server.py").write_text(SERVER)

    def start(self, *words):
        """Runs the program from elsewhere: the command is run in the scenario's folder all the same."""
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen([self.program, *words], text=True, cwd="/", **pipes)

    def run(self, command, server, cases="", rounds=1, codes=(0,)):
        (self.folder / "log").write_text("")
        scenario = self.folder / "own.yaml"
        scenario.write_text(HEAD % server + cases)
        begin = time.monotonic()
        done = self.start(command, str(scenario), "--rounds", str(rounds), "--format", "json")
        out, err = done.communicate(timeout=60)
        assert done.returncode in codes, f"{server}: exit {done.returncode}: {err}"
        self.took = time.monotonic() - begin
        left = subprocess.run(["pgrep", "-f", "server.py [0-9]+"], capture_output=True, text=True, check=False)
        mine = [p for p in left.stdout.split() if cwd_of(p) == str(self.folder)]
        assert not mine or "url:" in server, f"{server}: processes left: {mine}"
        return json.loads(out) if out else None, err

    def asked(self):
        return (self.folder / "log").read_text().split()


def cwd_of(pid):
    try:
        return os.readlink(f"/proc/{pid}/cwd")
    except OSError:
        return None


def shared_between_cases(place):
    """Two cases, two rounds, one start; the second case's command differs in {threads} and has a server of its own."""
    cases = "cases: [{name: a}, {name: b, set: {load.concurrency: 2}}, {name: c, set: {server.threads: 7}}]\n"
    result, _ = place.run("measure", "path: /a, " + COMMAND % "{threads}", cases, rounds=2)
    asked = place.asked()
    assert asked.count("start") == 2, asked.count("start")
    assert asked.count("/a") == 3 * 2 * (500 + 1)  # each run asks once beforehand
    assert [c["requests"]["done"] for c in result["cases"]] == [500] * 3


def work_by_pace(place):
    """{cpu} is the handler's time in the server's own iterations: 1.5 ms of 1000.5 a millisecond."""
    place.run("measure", "path: '/a?n={cpu}&m=1', pace: /pace, " + COMMAND % "")
    asked = place.asked()
    assert asked.count("/pace") == 3  # for the path, and on either side of the load
    assert asked.count("/a?n=1501&m=1") == 501, set(asked)


def endpoints_by_weight(place):
    cases = """cases:
  - name: both
    set: {server.model: threadpool, endpoints: [{name: x, weight: 3, dispatch: loop, path: /a},
          {name: y, dispatch: pool, path: '/b?ms={sleep}', handler: [{sleep: 2.5ms}]}]}
"""
    place.run("measure", COMMAND % "", cases)
    asked = place.asked()
    a, b = asked.count("/a"), asked.count("/b?ms=2.5")
    assert a + b == 502, set(asked)
    assert 320 < a < 430, a  # 3 of 4; 6 standard deviations either way


def cpu_of_the_children(place):
    result, _ = place.run("validate", "path: /a, " + COMMAND % "child", codes=(0, 1, 4))
    cpu = [r["measured"]["median"] for r in result["validation"] if r["quantity"] == "cpu"]
    assert cpu[0] >= 0.003, cpu


def troubles(place):
    def refused(server, *wanted, code=3):
        _, err = place.run("measure", server, codes=(code,))
        assert all(w in err for w in wanted), err

    refused("path: /c, " + COMMAND % "", "the server answers /c with status 404")
    refused("path: '/a?n={cpu}', pace: /words, " + COMMAND % "", '/words with status 200 and "fast"')
    refused("command: 'exec python3 nowhere.py {port}'", "ended with exit code 2", "nowhere.py")
    refused("command: 'kill -SEGV $$ {port}'", "ended with signal 11")
    refused("url: 'http://127.0.0.1:1'", "nobody listens at http://127.0.0.1:1")
    refused("url: 'http://10.0.0.1:80'", "must run on this machine", code=2)


def dies_under_load(place):
    """A server that ends while it is measured: its own words say why, whatever the client saw."""
    begin = "log.flush()\n        "
    died = SERVER.replace(begin, begin + "if log.tell() > 600: os.write(2, b'out of luck\\n'); os._exit(9)\n        ")
    assert died != SERVER
    (place.folder / "server.py").write_text(died)
    _, err = place.run("measure", "path: /a, " + COMMAND % "", codes=(3,))
    (place.folder / "server.py").write_text(SERVER)
    assert "ended with exit code 9; its last words: out of luck" in err, err


def errors_are_told(place):
    """Half of the answers are errors, from the second request on: the first, which looks whether all is well, is not."""
    begin = 'body = {"/a"'
    moody = SERVER.replace(begin, 'path = "/c" if log.tell() % 2 and log.tell() > 60 else path\n        ' + begin)
    assert moody != SERVER
    (place.folder / "server.py").write_text(moody)
    _, err = place.run("measure", "path: '/a?x', " + COMMAND % "")
    (place.folder / "server.py").write_text(SERVER)
    assert " responses were errors" in err, err


def stubborn(place):
    place.run("measure", "path: /a, " + COMMAND % "stubborn")
    assert place.took > 5  # it was given its time


def interrupted(place):
    """Ctrl-C while the server is starting: at once, and nothing is left of it."""
    scenario = place.folder / "own.yaml"
    scenario.write_text(HEAD % "command: 'exec python3 -c \"import time; time.sleep(50)\" server.py {port}'")
    p = place.start("measure", str(scenario))
    time.sleep(1)
    p.send_signal(signal.SIGINT)
    _, err = p.communicate(timeout=20)
    assert p.returncode == 130, (p.returncode, err)


def found_running(place):
    """A server that runs already is measured with its CPU where its process id is told, and is left running."""
    own = subprocess.Popen([sys.executable, "server.py", "0"], cwd=place.folder)
    try:
        port = port_of(own.pid)
        url = f"path: /a, url: 'http://127.0.0.1:{port}'"
        for pid, rounds in ((f", pid: {own.pid}", 1), ("", 0)):
            result, _ = place.run("validate", url + pid, codes=(0, 1, 4))
            rows = {r["quantity"]: r["measured"]["rounds"] for r in result["validation"]}
            assert rows["throughput"] == 1 and rows["cpu"] == rounds, rows
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/a", timeout=5) as answer:
            assert answer.read() == b"a"
    finally:
        own.kill()
        own.wait()


def port_of(pid):
    """The port on which a process listens, from /proc."""
    for _ in range(200):
        inodes = {os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")}
        for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]:
            field = line.split()
            if field[3] == "0A" and f"socket:[{field[9]}]" in inodes:
                return int(field[1].split(":")[1], 16)
        time.sleep(0.05)
    raise AssertionError("it does not listen")


def uvicorn(place):
    """The twin application: each path does what its handler says. Its speed is nobody's business here."""
    # Debian's packages belong to Debian's Python, which need not be the first on the path.
    python = next((p for p in (sys.executable, "/usr/bin/python3") if has_uvicorn(p)), None)
    if not python:
        print("without Uvicorn: no python3 has uvicorn, fastapi, uvloop and httptools")
        return
    server = (f"command: 'exec {python} -m uvicorn --app-dir {FASTAPI} app:app --host 127.0.0.1 --port {{port}} "
              "--workers {workers} --no-access-log', pace: /pace, path: /async")
    cases = """cases:
  - {name: cpu, set: {server.path: '/sync/cpu?n={cpu}', handler: [{cpu: 2ms}], server.model: threadpool}}
  - {name: sleep, set: {server.path: '/async/sleep?ms={sleep}', handler: [{sleep: 20ms}]}}
  - {name: mix, set: {server.path: '/async/mix?n={cpu}&ms={sleep}', handler: [{cpu: 0.5ms}, {sleep: 5ms}]}}
  - {name: two, set: {server.workers: 2, server.path: /sync, server.model: threadpool}}
"""
    result, _ = place.run("validate", server, cases, codes=(0, 1, 4))
    seen = {(r["case"], r["quantity"]): r["measured"]["median"] for r in result["validation"]}
    assert seen["cpu", "cpu"] > 0.001  # the pace may change by a factor of two meanwhile, not by more
    assert seen["sleep", "p50"] >= 0.02 and seen["sleep", "cpu"] < 0.02
    assert seen["mix", "p50"] >= 0.005
    assert seen["two", "throughput"] > 0


def has_uvicorn(python):
    words = [python, "-c", "import fastapi, httptools, uvicorn, uvloop"]
    return os.path.exists(python) and subprocess.run(words, capture_output=True, check=False).returncode == 0


def main():
    with tempfile.TemporaryDirectory() as folder:
        place = Place(os.path.abspath(sys.argv[1]), os.path.realpath(folder))
        for check in (shared_between_cases, work_by_pace, endpoints_by_weight, cpu_of_the_children, troubles,
                      dies_under_load, errors_are_told, stubborn, interrupted, found_running, uvicorn):
            begin = time.monotonic()
            check(place)
            print(f"{check.__name__}: {time.monotonic() - begin:.1f} s", flush=True)


if __name__ == "__main__":
    main()
