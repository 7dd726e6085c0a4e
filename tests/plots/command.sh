#!/bin/sh
# usage: command.sh PROGRAM FOLDER: `plot` as a user has it, on the results in FOLDER and on a small sweep.
set -eu
program=$(realpath "$1")
folder=$(realpath "$2")
command -v gnuplot >/dev/null || { echo "no gnuplot" && exit 77; }
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
cd "$work"
bad=0
complain() {
    echo "$*"
    bad=1
}

# expect CODE WORDS...: what `dispatchsim plot WORDS` returns, prints (out) and says (said).
expect() {
    wanted=$1 code=0
    shift
    "$program" plot "$@" >out 2>said || code=$?
    [ "$code" = "$wanted" ] || complain "plot $*: exit $code, not $wanted: $(cat said)"
}
says() { grep -qF -- "$1" said || complain "it does not say '$1' but: $(cat said)"; }
prints() { grep -qF -- "$1" out || complain "it does not print '$1' but: $(cat out)"; }

cp "$folder/run.json" .
cat >tiny.yaml <<'YAML'
# A sweep of seconds.
name: tiny
costs: none
machine: {cores: 2}
server: {model: threadpool, threads: 4}
handler: [{cpu: exp(1ms)}]
load: {client: wrk, concurrency: 4, requests: 500}
run: {seed: 1, replications: 2}
cases:
  - name: pool
  - name: loop
    set: {server.model: event_loop}
YAML

# Results as JSON: the pictures they support, named on stdout, the others named on stderr with the reason.
expect 0 run.json
prints run-plots/blame.svg
prints run-plots/validation.png
says "left out curve, stations, scaling, heatmap, cdf, spectrum: needs a sweep"
while read -r file; do [ -s "$file" ] || complain "$file is empty"; done <out
[ -e run-plots/curve.dat ] && complain "data of a picture that is not drawn"

# The scripts are copies of one source; a changed one stays and is used.
echo 'print "mine"' >>run-plots/blame.gp
expect 0 run.json --picture blame --term svg
says "run-plots/blame.gp is not this program's"
says mine
expect 0 run.json --picture blame --term png -o else --quiet
[ -s said ] && complain "--quiet says: $(cat said)"
prints else/blame.png
[ -e else/blame.svg ] && complain "--term png draws SVG"

# In the terminal; nothing is left behind.
mkdir temporary
TMPDIR=$work/temporary
export TMPDIR
expect 0 run.json --picture utilisation --term dumb
prints "How busy each station is: fastapi-seed"
[ -z "$(ls temporary)" ] || complain "left behind: $(ls -R temporary)"

# A sweep, from another folder; its pictures lie in it.
if "$program" sweep --help >/dev/null 2>&1; then
    "$program" sweep tiny.yaml --vary load.concurrency=1..16*2 --vary server.workers=1..4 -o results --quiet >/dev/null
    (cd / && "$program" plot "$work/results" --quiet >/dev/null) || complain "a sweep cannot be drawn"
    for name in curve stations scaling heatmap cdf spectrum utilisation blame; do
        [ -s "results/plots/$name.svg" ] && [ -s "results/plots/$name.png" ] || complain "no $name of a sweep"
    done
    expect 0 results --where server.workers=2 --case loop --picture curve --term dumb
    prints "load.concurrency"
    grep -q pool out && complain "--case draws another case"
    expect 2 results --where server.workers=3x
    says "it was 1, 2, 3, 4"
    # The numbers are those of the sweep.
    "$program" sweep tiny.yaml --vary load.concurrency=8 -o one --format json --quiet >one.json
    expect 0 one --picture utilisation -o one-plots
    [ "$(wc -l <out)" = 2 ] || complain "one picture in two formats: $(cat out)"
fi

# The help names every picture.
expect 0 --help
for script in "$folder"/../../plots/*.gp; do
    name=$(basename "$script" .gp)
    [ "$name" = style ] || grep -q "^Pictures: .*$name[,.]" out || complain "plot --help does not name $name"
done

# Wrong ways.
expect 2 run.json --picture curve
says "no curve of run.json: it needs a sweep"
expect 2 run.json --picture blam
says "did you mean blame?"
expect 2 run.json --case none
says "no case 'none'"
expect 2 run.json --where server.threads=1
says "--where is for sweeps"
expect 2 tiny.yaml
says "tiny.yaml:1:1:"
expect 2 .
says "holds no sweep"
expect 3 none.json
says "cannot read none.json"
expect 3 run.json -o none/plots
says "cannot make the folder none/plots"
PATH=$work/none expect 3 run.json -o without
says "gnuplot is not installed (on Debian: apt-get install gnuplot-nox; data and scripts are in without)"
[ -s without/validation.dat ] && [ -s without/validation.gp ] || complain "without gnuplot there is nothing to draw elsewhere"
exit "$bad"
