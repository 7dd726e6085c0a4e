#!/usr/bin/env python3
"""What goes wrong, as the user of the program sees it: each fault has its message and exit code, and a server that
survives it has as many file descriptors open afterwards as before. The table is in README.md.

usage: faults.py PROGRAM [FAULT...]
"""
import json
import os
import re
import resource
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

MODELS = ("event_loop", "threadpool", "thread_per_request", "prefork")
GET = b"GET / HTTP/1.0\r\n\r\n"
KEPT = b"GET / HTTP/1.1\r\n\r\n"
PATIENCE = 30


class Skip(Exception):
    """Why a fault cannot be brought about here."""


class Place:
    """The program, and a folder for scenarios."""

    def __init__(self, program, folder):
        self.program, self.folder = os.path.abspath(program), folder

    def scenario(self, server, handler="[cpu: 10us]", load="{client: ab, concurrency: 4, requests: 200}"):
        path = os.path.join(self.folder, "fault.yaml")
        with open(path, "w", encoding="utf-8") as f:
            f.write(f"# A fault?\nname: fault\ncosts: none\nserver: {server}\nhandler: {handler}\nload: {load}\n")
        return path

    def run(self, *words, code, under=()):
        """Standard output and error of a command that must end with that code."""
        done = subprocess.run([*under, self.program, *words], capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == code, f"{words}: exit {done.returncode}: {done.stdout} {done.stderr}"
        return done.stdout, done.stderr

    def refused(self, *words, code, say, under=()):
        out, err = self.run(*words, code=code, under=under)
        assert say in err and not out, (say, err, out)


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
        return [int(p) for p in f.read().split()]


class Server:
    """`dispatchsim serve`, its workers and their files."""

    def __init__(self, place, server, handler="[cpu: 10us]", under=(), limits=None, usual=200):
        self.process = subprocess.Popen([*under, place.program, "serve", place.scenario(server, handler)],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=limits)
        url = self.process.stdout.readline()
        assert url, self.process.stderr.read()
        self.url, self.port = url.strip(), int(re.search(r":(\d+)/", url)[1])
        self.workers = children(self.process.pid)
        self.usual = usual  # the status of a plain request

    def __enter__(self):
        assert self.get() == self.usual  # what is opened once and for all is open now
        self.before = self.settled()
        return self

    def __exit__(self, kind, *_):
        if kind:
            self.process.kill()
        self.process.wait(timeout=60)

    def files(self):
        return sum(len(os.listdir(f"/proc/{w}/fd")) for w in self.workers)

    def settled(self):
        """Their number when it no longer changes."""
        seen = [self.files()]
        while len(seen) < 4 or len(set(seen[-4:])) > 1:
            time.sleep(0.02)
            seen.append(self.files())
        return seen[-1]

    def connect(self, **options):
        s = socket.socket()
        s.settimeout(PATIENCE)
        for name, value in options.items():
            s.setsockopt(socket.SOL_SOCKET, getattr(socket, name), value)
        s.connect(("127.0.0.1", self.port))
        return s

    def get(self):
        with self.connect() as s:
            s.sendall(GET)
            return status(s)

    def bears_it(self):
        """It serves on, and nothing stays open."""
        assert self.get() == self.usual
        until = time.monotonic() + PATIENCE
        while self.files() != self.before:
            assert time.monotonic() < until, f"{self.before} files were open, now {self.files()}"
            time.sleep(0.01)

    def end(self, say=""):
        """Ends it as a user would: 143, a summary that says `say`, nothing on standard error."""
        self.process.send_signal(signal.SIGTERM)
        out, err = self.process.communicate(timeout=60)
        assert self.process.returncode == 143 and not err, (self.process.returncode, err)
        assert re.search(say, out), (say, out)
        return out


def status(s):
    """Of the next response, read byte by byte; 0 where the server closed instead."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        try:
            byte = s.recv(1)
        except ConnectionResetError:
            byte = b""
        if not byte:
            return 0
        head += byte
    left = int(re.search(rb"Content-Length: (\d+)", head)[1])
    while left:
        left -= len(s.recv(left))
    return int(head.split()[1])


def closes(s):
    try:
        return s.recv(1) == b""
    except ConnectionResetError:
        return True


def reset(s):
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    s.close()


def spec(model, more=""):
    return f"{{model: {model}, threads: 4, keep_alive: on{more}}}"


def each_model(fault):
    """A fault that every model bears."""
    def all_models(place):
        for model in MODELS:
            fault(place, model)
    all_models.__name__ = fault.__name__
    return all_models


# ---- the port


def port_in_use(place):
    with Server(place, spec("event_loop")) as v:
        place.refused("serve", place.scenario(spec("event_loop")), "--port", str(v.port), code=3,
                      say=f"cannot listen on 127.0.0.1:{v.port}: Address already in use (port 0 takes any that is free)")
        v.bears_it()
        v.end()


def nobody(place):
    """setpriv's words for a user without privileges that runs no other process and may execute the program."""
    user = 64321
    words = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"]
    if os.geteuid() != 0:
        raise Skip("not root: cannot become another user")
    try:
        done = subprocess.run([*words, place.program, "--version"], capture_output=True, check=False)
    except FileNotFoundError:
        raise Skip("no setpriv") from None
    if done.returncode:
        raise Skip("another user may not execute the program")
    os.chmod(place.folder, 0o755)
    return words


def privileged_port(place):
    with open("/proc/sys/net/ipv4/ip_unprivileged_port_start", encoding="ascii") as f:
        if int(f.read()) < 2:
            raise Skip("every port is free for all here")
    under = nobody(place) if os.geteuid() == 0 else []
    place.refused("serve", place.scenario(spec("event_loop")), "--port", "1", code=3, under=under,
                  say="cannot listen on 127.0.0.1:1: Permission denied (ports below 1024 need a privilege; port 0 takes "
                      "any that is free)")


# ---- what the machine lacks


def files_few():
    resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))


@each_model
def files_run_out(place, model):
    """Sixty connections where some twenty fit. Prefork holds one at a time: the others wait unaccepted."""
    with Server(place, spec(model), handler="[sleep: 5ms]", limits=files_few) as v:
        peers = [v.connect() for _ in range(60)]
        for s in peers:
            s.sendall(GET)
        seen = [status(s) for s in peers]
        for s in peers:
            s.close()
        assert set(seen) <= {0, 200} and seen.count(200) >= 10, seen
        v.bears_it()
        assert (0 in seen) == (model != "prefork"), (model, seen.count(0))
        v.end("" if model == "prefork" else f", {seen.count(0)} refused")


def files_run_out_of_load(place):
    with Server(place, spec("event_loop")) as v:
        place.refused("load", v.url, "--concurrency", "100", "--requests", "100", code=3, under=["prlimit", "--nofile=40"],
                      say="100 connections, but the process may open only")
        v.bears_it()
        v.end()


def threads_refused(place):
    """The kernel counts a user's threads: six are a parent, a worker, and room for a few more."""
    under = [*nobody(place), "prlimit", "--nproc=6"]
    crew = place.scenario("{model: thread_per_request, threads: 40}")
    place.refused("serve", crew, code=3, under=under, say=" of 40: Resource temporarily unavailable")
    many = place.scenario("{model: event_loop, workers: 40}")
    place.refused("serve", many, code=3, under=under, say=": Resource temporarily unavailable")
    with Server(place, "{model: threadpool, threads: 40}", handler="[sleep: 5ms]", under=under) as v:
        peers = [v.connect() for _ in range(20)]
        for s in peers:
            s.sendall(GET)
        assert [status(s) for s in peers] == [200] * 20  # by fewer threads
        for s in peers:
            s.close()
        v.bears_it()
        started = int(re.search(r"(\d+) threads started", v.end())[1])
        assert 1 <= started < 20, started
    alone = [*nobody(place), "prlimit", "--nproc=2"]
    with Server(place, "{model: threadpool}", under=alone, usual=503) as v:
        v.bears_it()
        v.end("served 0 requests(.|\n)*, 2 refused")


def backlog_full(place):
    """One process that sleeps and a backlog of two: the kernel drops what does not fit, and says nothing."""
    with Server(place, "{model: prefork, backlog: 2}", handler="[sleep: 300ms]") as v:
        out, err = place.run("load", v.url, "--client", "wrk", "--concurrency", "8", "--requests", "8", "--timeout",
                             "250ms", code=4)
        assert "8 timed out, 0 refused" in out and "no request was answered" in err, (out, err)
        out, err = place.run("load", v.url, "--concurrency", "8", "--requests", "8", "--format", "json", code=0)
        result = json.loads(out)["cases"][0]
        assert result["requests"]["done"] == 8 and result["requests"]["refused"] == 0, result
        assert result["latency_s"]["max"]["mean"] > 1, result  # TCP asks again after a second
        v.bears_it()
        v.end(r", \d+ attempts to connect dropped by a full backlog")


# ---- clients


@each_model
def reset_midway(place, model):
    """In the midst of a request, and of its execution."""
    with Server(place, spec(model), handler="[sleep: 20ms]") as v:
        for text in (b"", b"GET / HT", GET, GET + b"GET"):
            s = v.connect()
            s.sendall(text)
            time.sleep(0.01)
            reset(s)
            v.bears_it()
        v.end(", [123] aborted by the client")


@each_model
def half_close(place, model):
    with Server(place, spec(model), handler="[sleep: 20ms]") as v:
        with v.connect() as s:
            s.sendall(KEPT)
            s.shutdown(socket.SHUT_WR)
            assert status(s) == 200 and closes(s)
        with v.connect() as s:  # and in the midst of a request
            s.sendall(b"GET / HT")
            s.shutdown(socket.SHUT_WR)
            assert closes(s)
        v.bears_it()
        v.end(", 1 aborted by the client")


@each_model
def single_bytes(place, model):
    with Server(place, spec(model)) as v:
        with v.connect(SO_SNDBUF=1) as s:
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc":
                s.sendall(bytes([byte]))
                time.sleep(0.0005)
            assert status(s) == 200
        v.bears_it()
        v.end()


BAD = {
    b"\x16\x03\x01 what is this\r\n\r\n": 400,
    b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n": 400,
    b"GET / HTTP/9.9\r\n\r\n": 505,
    b"POST / HTTP/1.1\r\nContent-Length: 5000000\r\n\r\n": 413,
    b"GET /" + b"y" * 20000 + b" HTTP/1.1\r\n\r\n": 414,
    b"GET / HTTP/1.1\r\nx: " + b"y" * 20000 + b"\r\n\r\n": 431,
}


@each_model
def garbled_and_oversized(place, model):
    with Server(place, spec(model)) as v:
        for text, wanted in BAD.items():
            with v.connect() as s:
                s.sendall(text)
                assert (got := status(s)) == wanted, (text[:40], got)
                assert closes(s)
        v.bears_it()
        v.end(f", {len(BAD)} malformed")


@each_model
def slow_to_send(place, model):
    """Clients that hold half a request for a second; another is served meanwhile where there is somebody left to do it."""
    with Server(place, spec(model)) as v:
        slow = [v.connect() for _ in range(1 if model == "prefork" else 3)]
        for s in slow:
            s.sendall(b"GET / HT")
        time.sleep(0.5)
        if model != "prefork":
            assert v.get() == 200
        time.sleep(0.5)
        for s in slow:
            s.sendall(b"TP/1.0\r\n\r\n")
            assert status(s) == 200
            s.close()
        v.bears_it()
        v.end()


def push(s, text):
    """Sends until the server takes no more for a quarter of a second; returns how much it took."""
    sent, s_timeout = 0, s.gettimeout()
    s.settimeout(0.25)
    try:
        while sent < len(text):
            sent += s.send(text[sent:sent + 65536])
    except TimeoutError:
        pass
    s.settimeout(s_timeout)
    return sent


@each_model
def slow_to_read(place, model):
    """A client that sends requests and reads no answers: the server stops reading, and goes on where the client does."""
    with Server(place, spec(model)) as v:
        text = KEPT * ((16 << 20) // len(KEPT))
        with v.connect(SO_RCVBUF=4096) as s:
            sent = push(s, text)
            assert sent < len(text), "the server kept everything"
            if model != "prefork":
                assert v.get() == 200
            for _ in range(200):
                assert status(s) == 200
        v.bears_it()
        v.end()


# ---- measurements that are cut short

LONG = "{client: wrk, concurrency: 4, duration: 100s}"


def begun(place, *words, wait_s=1.0):
    p = subprocess.Popen([place.program, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    time.sleep(wait_s)
    assert p.poll() is None, p.communicate()
    return p


def ended(p, code):
    out, err = p.communicate(timeout=60)
    assert p.returncode == code, (p.returncode, out, err)
    return out, err


def killed_while_measured(place):
    path = place.scenario(spec("event_loop"), load=LONG)
    for command in ("measure", "validate"):
        p = begun(place, command, path)
        while not (workers := children(p.pid)):
            time.sleep(0.01)
        os.kill(workers[0], signal.SIGKILL)
        out, err = ended(p, 3)
        assert not out and re.search(r"worker 0 \(process \d+\) was ended by signal 9 \(Killed\)", err), (out, err)


def killed_under_load(place):
    for client in ("ab", "wrk", "open"):
        with Server(place, spec("event_loop")) as v:
            rate = ["--rate", "500/s"] if client == "open" else ["--concurrency", "4"]
            p = begun(place, "load", v.url, "--client", client, "--duration", "2s", *rate)
            os.kill(v.workers[0], signal.SIGKILL)
            out, err = ended(p, 4)
            assert "refused or broken off" in out and "the server has ended" in err, (out, err)
            out, err = v.process.communicate(timeout=60)
            assert v.process.returncode == 3 and "was ended by signal 9 (Killed)" in err, err


def killed_from_elsewhere(place):
    """A server that the program did not start and cannot watch."""
    with Server(place, spec("event_loop")) as v:
        path = place.scenario(f"{{model: event_loop, url: '{v.url[:-1]}'}}", load="{client: wrk, concurrency: 4, duration: 2s}")
        p = begun(place, "measure", path, "--rounds", "1")
        os.kill(v.workers[0], signal.SIGKILL)
        out, err = ended(p, 3)
        assert not out and f"the server has ended: nobody listens on port {v.port} any more" in err, (out, err)
        v.process.communicate(timeout=60)


def interrupted(place):
    """SIGINT: what is complete is printed, 130. A calibration has no complete part: no profile."""
    path = place.scenario(spec("event_loop"))
    for command, key in (("measure", "cases"), ("validate", "validation")):
        p = begun(place, command, path, "--rounds", "4000", "--format", "json", wait_s=2)
        p.send_signal(signal.SIGINT)
        out, err = ended(p, 130)
        assert json.loads(out)[key] and "stopped; the result holds the rounds that were complete" in err, (out, err)
    with Server(place, spec("event_loop")) as v:
        p = begun(place, "load", v.url, "--duration", "100s", "--format", "json")
        p.send_signal(signal.SIGINT)
        out, err = ended(p, 130)
        case = json.loads(out)["cases"][0]
        assert case["requests"]["done"] > 0 and case["complete"] is False, case
        assert "stopped; the result holds what was complete" in err, err
        v.bears_it()
        v.end()
    profile = os.path.join(place.folder, "profile.yaml")
    p = begun(place, "calibrate", "--quick", "-o", profile)
    p.send_signal(signal.SIGINT)
    out, err = ended(p, 130)
    assert not out and "stopped; no profile was written" in err and not os.path.exists(profile), (out, err)


FAULTS = (port_in_use, privileged_port, files_run_out, files_run_out_of_load, threads_refused, backlog_full, reset_midway,
          half_close, single_bytes, garbled_and_oversized, slow_to_send, slow_to_read, killed_while_measured,
          killed_under_load, killed_from_elsewhere, interrupted)


def main():
    known = [f.__name__ for f in FAULTS]
    named = sys.argv[2:] or known
    if not set(named) <= set(known):
        sys.exit(f"no such fault among {named}; there are {known}")
    with tempfile.TemporaryDirectory() as folder:
        place = Place(sys.argv[1], folder)
        for fault in FAULTS:
            if fault.__name__ not in named:
                continue
            begin = time.monotonic()
            try:
                fault(place)
                outcome = f"ok, {time.monotonic() - begin:.1f} s"
            except Skip as why:
                outcome = f"skipped: {why}"
            print(f"{fault.__name__}: {outcome}", flush=True)


if __name__ == "__main__":
    main()
