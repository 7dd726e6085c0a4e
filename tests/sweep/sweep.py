#!/usr/bin/env python3
"""Whole sweeps through the command line. However a sweep was interrupted, divided or spread, its export is the same bytes.

usage: sweep.py PROGRAM NAME [ROUNDS]      NAME: a function below without `check_`
Exit 77: this machine cannot show it (no MPI, not allowed to mount).
"""
import json
import os
import pathlib
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

SKIP = 77
SCENARIO = """# Does it hold together?
name: small
costs: {costs}
machine: {{cores: 2}}
server: {{model: threadpool, threads: 10}}
handler: [{{cpu: exp(200us)}}]
load: {{client: wrk, concurrency: 10, requests: {requests}}}
run: {{seed: 7, replications: {replications}}}
sweep: {{server.threads: [1, 2], load.concurrency: 2..16*2}}
cases:
  - name: loop
    set: {{server.model: event_loop}}
  - name: pool
    against: loop
"""
GRID_200 = ["--vary", "server.threads=1..10", "--vary", "load.concurrency=2..40+2", "--case", "pool"]


class Lab:
    """A folder, a scenario in it, and the program."""

    def __init__(self, program, folder):
        self.program, self.folder, self.mpi = program, pathlib.Path(folder), False
        self.scenario()

    def scenario(self, requests=300, replications="5"):
        profile = pathlib.Path(__file__).parents[2] / "configs/costs/i9-13900k.yaml"
        self.file = self.folder / "small.yaml"
        self.file.write_text(SCENARIO.format(costs=profile, requests=requests, replications=replications))

    def at(self, name):
        return str(self.folder / name)

    def run(self, *words, code=0, env=None, before=()):
        done = subprocess.run([*before, self.program, *words], capture_output=True, text=True, timeout=100, check=False,
                              env={**os.environ, **(env or {})})
        assert done.returncode == code, f"{words}: exit {done.returncode}, not {code}: {done.stderr}"
        return done

    def sweep(self, out, *words, **options):
        return self.run("sweep", str(self.file), "-o", self.at(out), *words, **options)

    def start(self, out, *words):
        return subprocess.Popen([self.program, "sweep", str(self.file), "-o", self.at(out), *words],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def export(self, out, form="csv"):
        text = self.run("export", self.at(out), "--format", form, "--quiet").stdout
        assert len(text.splitlines()) > 8, text
        return text

    def refused(self, *words, code, says, **options):
        done = self.run(*words, code=code, **options)
        assert says in done.stderr, f"{words}: '{says}' is not in: {done.stderr}"


def replications(lab, out):
    """Stored; 0 where the process was killed before the tables were there."""
    base = sqlite3.connect(lab.at(out) + "/results.sqlite")
    tables = base.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    n = base.execute("SELECT count(*) FROM replication").fetchone()[0] if tables else 0
    base.close()
    return n


def check_same_as_run(lab):
    """A point is what `run --set` prints, figure by figure; so with replications that stop by themselves."""
    lab.scenario(replications="auto, precision: 3%")
    points = json.loads(lab.sweep("a", "--format", "json").stdout)
    assert len(points) == 8 and points == json.loads(lab.export("a", "json"))
    assert len({c["replications"] for p in points for c in p["cases"]}) > 1
    for point in points:
        words = [w for key, value in point.pop("set").items() for w in ("--set", f"{key}={value}")]
        alone = json.loads(lab.run("run", str(lab.file), "--format", "json", *words).stdout)
        assert point == alone, words


def check_parallel(lab):
    lab.sweep("one", "--jobs", "1")
    lab.sweep("two", "--jobs", "2")
    lab.sweep("seed", "--seed", "8")
    assert lab.export("one") == lab.export("two")
    assert lab.export("one") != lab.export("seed")


def check_shards(lab):
    lab.sweep("whole")
    for i in (1, 2):
        lab.sweep(f"part{i}", "--shard", f"{i}/3")
    lab.refused("merge", lab.at("all"), lab.at("part1"), lab.at("part2"), code=2, says="4 of 16 results are missing")
    slurm = {"SLURM_ARRAY_TASK_ID": "14", "SLURM_ARRAY_TASK_COUNT": "3", "SLURM_ARRAY_TASK_MIN": "10",
             "SLURM_ARRAY_TASK_STEP": "2"}
    assert "shard 3/3" in lab.sweep("part3", env=slurm).stderr
    parts = [lab.at(f"part{i}") for i in (3, 1, 2)]
    lab.run("merge", lab.at("all"), *parts, parts[0])
    for form in ("csv", "json", "md", "openmetrics"):
        assert lab.export("all", form) == lab.export("whole", form)
    lab.refused("merge", lab.at("all"), *parts, code=2, says="holds a sweep already")
    lab.sweep("other", "--shard", "2/3", "--seed", "8")
    lab.refused("merge", lab.at("new"), parts[1], lab.at("other"), code=2, says="not of the same sweep")
    lab.sweep("older", "--shard", "2/3")
    change(lab, "older", "UPDATE sweep SET value = '0.1.0+0' WHERE property = 'version'")
    lab.refused("merge", lab.at("new"), parts[1], lab.at("older"), code=2, says="was simulated by version 0.1.0+0")
    lab.refused("sweep", str(lab.file), "-o", lab.at("older"), "--resume", "--shard", "2/3", code=2,
                says="was begun by version 0.1.0+0")
    change(lab, "part2", "UPDATE replication SET observation = (SELECT observation FROM replication WHERE point = 4 "
                         "AND case_ = 0 AND replication = 1) WHERE point = 4 AND case_ = 0 AND replication = 0")
    lab.sweep("part2again", "--shard", "2/3")
    lab.refused("merge", lab.at("new"), lab.at("part2again"), parts[2], code=2, says="point 5, case 1")
    assert not os.path.exists(lab.at("new") + "/results.sqlite")


def change(lab, out, sql):
    base = sqlite3.connect(lab.at(out) + "/results.sqlite")
    assert base.execute(sql).rowcount == 1
    base.commit()
    base.close()


def check_resume(lab):
    """Half of a sweep, then the rest; nothing of the first half is simulated again."""
    lab.sweep("whole")
    lab.sweep("half")
    base = sqlite3.connect(lab.at("half") + "/results.sqlite")
    base.execute("DELETE FROM outcome WHERE point > 3")
    base.execute("DELETE FROM replication WHERE point > 3 AND replication <> 2")
    base.execute("UPDATE replication SET span_s = 4711 WHERE point = 5 AND replication = 2")
    base.commit()
    base.close()
    assert replications(lab, "half") == 4 * 2 * 5 + 4 * 2
    lab.run("export", lab.at("half"))
    lab.sweep("half", "--resume")
    assert replications(lab, "half") == 8 * 2 * 5
    assert lab.export("half") == lab.export("whole")
    base = sqlite3.connect(lab.at("half") + "/results.sqlite")
    kept = base.execute("SELECT count(*) FROM replication WHERE span_s = 4711").fetchone()[0]
    base.close()
    assert kept == 2
    lab.sweep("begun", "--resume")  # where there is nothing to resume, it begins
    assert lab.export("begun") == lab.export("whole")


def size(lab, out):
    return sum(f.stat().st_size for f in pathlib.Path(lab.at(out)).glob("results.sqlite*"))


def wait_for(process, lab, out, rows):
    """Until some more replications are stored."""
    enough, end = size(lab, out) + rows * 2000, time.monotonic() + 60
    while size(lab, out) < enough:
        time.sleep(0.01)
        assert process.poll() is None and time.monotonic() < end, "it ended before it could be interrupted"


def check_signals(lab):
    lab.scenario(requests=2500, replications="20")
    lab.sweep("whole")
    for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
        process = lab.start("cut", "--resume")
        wait_for(process, lab, "cut", 30)
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
        assert process.returncode == code, (process.returncode, err)
        assert "--resume goes on" in err and out.startswith("small: Does it hold together?"), (out, err)
    assert 0 < replications(lab, "cut") < 8 * 2 * 20
    lab.sweep("cut", "--resume")
    assert lab.export("cut") == lab.export("whole")


def kill_once(lab, longest, chance):
    """Starts or goes on with a sweep and kills it within `longest` s. Returns how long it lived, None where it had ended."""
    process = lab.start("cut", *GRID_200, "--resume")
    life = chance.uniform(0, longest)
    time.sleep(life)
    ended = process.poll() is not None
    process.kill()
    process.communicate(timeout=60)
    return None if ended else life


def check_killed(lab, rounds=3):
    """SIGKILL at random moments, from the first millisecond on; the resumption of every other one is killed too."""
    lab.scenario(requests=200 if rounds < 10 else 600, replications="4")
    before = time.monotonic()
    lab.sweep("whole", *GRID_200)
    took, whole, early, between = time.monotonic() - before, lab.export("whole"), 0, 0
    chance = random.Random(4711)
    for i in range(rounds):
        while kill_once(lab, took, chance) is None:
            took *= 0.9  # others used the machine while it was timed
            shutil.rmtree(lab.at("cut"))
        stored = replications(lab, "cut") if os.path.exists(lab.at("cut") + "/results.sqlite") else 0
        early += stored == 0
        between += 0 < stored < 200 * 4
        if i % 2:
            kill_once(lab, took / 4, chance)
        lab.sweep("cut", *GRID_200, "--resume")
        assert lab.export("cut") == whole, f"round {i}"
        assert not os.path.exists(lab.at("cut") + "/results.sqlite-wal")
        shutil.rmtree(lab.at("cut"))
    print(f"{rounds} rounds of {took:.1f} s; killed before anything was stored: {early}, amid the points: {between}")
    assert between > 0


def check_folders(lab):
    nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []
    os.chmod(lab.folder, 0o755)
    os.mkdir(lab.at("closed"), 0o555)
    lab.refused("sweep", str(lab.file), "-o", lab.at("closed"), code=3, says="cannot write into", before=nobody)
    lab.refused("sweep", str(lab.file), "-o", lab.at("closed/inner"), code=3, says="cannot make the folder",
                before=nobody)
    lab.refused("sweep", str(lab.file), "-o", str(lab.file), code=2, says="is not a folder")
    lab.sweep("done")
    first = lab.export("done")
    os.chmod(lab.at("done"), 0o555)
    os.chmod(lab.at("done") + "/results.sqlite", 0o444)
    assert lab.run("export", lab.at("done"), "--quiet", before=nobody).stdout == first
    lab.refused("sweep", str(lab.file), "-o", lab.at("done"), "--resume", code=3, says="cannot write into",
                before=nobody)
    os.chmod(lab.at("done"), 0o755)


def check_disk_full(lab):
    place = lab.at("small-disk")
    os.mkdir(place)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "none", place], capture_output=True,
                      check=False).returncode:
        print("no tmpfs can be mounted here")
        sys.exit(SKIP)
    try:
        lab.scenario(requests=2000)
        lab.sweep("whole")
        lab.refused("sweep", str(lab.file), "-o", place, code=3, says="no space left on the disk")
        lab.refused("sweep", str(lab.file), "-o", place, "--resume", code=3, says="no space left on the disk")
        subprocess.run(["mount", "-o", "remount,size=8m", place], check=True)
        assert 0 < replications(lab, "small-disk") < 80
        lab.sweep("small-disk", "--resume")
        assert lab.export("small-disk") == lab.export("whole")
    finally:
        subprocess.run(["umount", place], check=True)


def check_exports(lab):
    lab.sweep("a", "--case", "pool")
    rows = lab.export("a").splitlines()
    assert rows[0].startswith("scenario,server.threads,load.concurrency,case,") and len(rows) == 9
    assert [r.split(",")[1:4] for r in rows[1:]] == [[t, c, "pool"] for t in "12" for c in ("2", "4", "8", "16")]
    metrics = lab.export("a", "openmetrics")
    assert metrics.endswith("# EOF\n")
    assert metrics.count("dispatchsim_throughput_per_second{") == 3 * 8
    lab.run("export", lab.at("a"), "--format", "hgrm", "-o", lab.at("percentiles"))
    files = sorted(os.listdir(lab.at("percentiles")))
    assert len(files) == 8 and files[0] == "0001-pool-server.threads=1,load.concurrency=2.hgrm"
    lines = pathlib.Path(lab.at("percentiles"), files[0]).read_text().splitlines()
    assert lines[0].split() == ["Value", "Percentile", "TotalCount", "1/(1-Percentile)"]
    levels = [[float(x) for x in line.split()] for line in lines[2:-3]]
    assert levels[0][1] == 0 and levels[-1][1] == 1 and levels[-1][2] == 5 * 300
    assert all(a[0] <= b[0] and a[1] < b[1] and a[2] <= b[2] for a, b in zip(levels, levels[1:]))
    assert all(row[2] >= row[1] * 5 * 300 for row in levels)
    lab.refused("export", lab.at("a"), "--format", "hgrm", code=2, says="-o FOLDER")
    lab.refused("export", lab.at("none"), code=3, says="cannot read")
    lab.refused("export", str(lab.folder), code=2, says="holds no sweep")
    pathlib.Path(lab.at("percentiles"), "results.sqlite").write_text("no database, but long enough" * 100)
    lab.refused("export", lab.at("percentiles"), code=3, says="damaged")


def check_refused(lab):
    lab.sweep("a")
    first = lab.export("a")
    again = ["sweep", str(lab.file), "-o", lab.at("a")]
    lab.refused(*again, code=2, says="holds a sweep already")
    lab.refused(*again, "--resume", "--seed", "8", code=2, says="the scenario is not the one")
    lab.refused(*again, "--resume", "--set", "load.requests=301", code=2, says="first at point 1 of 8")
    lab.refused(*again, "--resume", "--vary", "server.threads=1,2", code=2, says="varies other keys")
    lab.refused(*again, "--resume", "--case", "loop", code=2, says="other cases")
    lab.refused(*again, "--resume", "--shard", "1/2", code=2, says="not 1/2")
    lab.file.write_text(lab.file.read_text().replace("200us", "201us"))
    lab.refused(*again, "--resume", code=2, says="the scenario is not the one")
    assert lab.export("a") == first
    new = ["sweep", str(lab.file), "-o", lab.at("b")]
    lab.refused(*new, "--vary", "server.threads=2,0", code=2, says="at server.threads=0")
    lab.refused(*new, "--vary", "server.thread=2", code=2, says='did you mean "server.threads"')
    lab.refused(*new, "--vary", "server.threads", code=2, says="--vary needs KEY=LIST")
    lab.refused(*new, "--set", "server.threads=2", code=2, says="cannot both vary and be set")
    lab.refused(*new, "--vary", "load.concurrency=1..9000", "--vary", "server.threads=1..9000", code=2, says="too many")
    lab.refused(*new, "--shard", "0/3", code=2, says="--shard must be I/N")
    lab.refused("sweep", str(lab.file), code=2, says="-o DIR")
    assert not os.path.exists(lab.at("b"))


MPI = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}


def mpirun(lab, ranks):
    """The words to start the program with; skips where there is no MPI, or the program is built without it."""
    if not shutil.which("mpirun"):
        print("no mpirun")
        sys.exit(SKIP)
    words = ["mpirun", "--oversubscribe", "-n", str(ranks)]
    if lab.mpi:
        return words
    probe = subprocess.run([*words[:-1], "2", lab.program, "sweep", "none.yaml", "-o", lab.at("none")],
                           capture_output=True, text=True, env={**os.environ, **MPI}, timeout=60, check=False)
    if "built without MPI" in probe.stderr:
        print("built without MPI")
        sys.exit(SKIP)
    assert probe.stderr.count("none.yaml") == 1, probe.stderr  # the first process speaks for all
    lab.mpi = True
    return words


def check_ranks(lab):
    lab.scenario(replications="auto, precision: 3%")
    lab.sweep("alone")
    for ranks in (1, 2, 4):
        lab.sweep(f"ranks{ranks}", before=mpirun(lab, ranks), env=MPI)
        assert lab.export(f"ranks{ranks}") == lab.export("alone"), ranks
    lab.sweep("threads", "--jobs", "2", before=mpirun(lab, 2), env=MPI)
    assert lab.export("threads") == lab.export("alone")


def check_killed_rank(lab):
    lab.scenario(requests=2500, replications="20")
    lab.sweep("alone")
    process = subprocess.Popen([*mpirun(lab, 3), lab.program, "sweep", str(lab.file), "-o", lab.at("cut")],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **MPI})
    wait_for(process, lab, "cut", 30)
    tasks = pathlib.Path(f"/proc/{process.pid}/task").glob("*/children")
    ranks = sorted(int(pid) for task in tasks for pid in task.read_text().split())
    assert len(ranks) == 3
    os.kill(ranks[-1], signal.SIGKILL)
    process.communicate(timeout=60)
    assert process.returncode != 0
    assert 0 < replications(lab, "cut") < 8 * 2 * 20
    lab.sweep("cut", "--resume")
    assert lab.export("cut") == lab.export("alone")


def main():
    program, name, *rounds = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        globals()["check_" + name](Lab(os.path.abspath(program), folder), *map(int, rounds))


main()
