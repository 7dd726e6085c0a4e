#!/bin/sh
# Plants one breach of each house rule in a small tree of its own and checks that house.sh finds each, and that it
# finds nothing in the tree without them.
set -eu
house=$(cd -- "$(dirname -- "$0")" && pwd)/house.sh
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
failures=0

# The sound tree: an arrow down, one within a room, the models over the parts, main over the list.
reset() {
    rm -rf "${tree:?}"/*
    mkdir -p "$tree/sim/base" "$tree/sim/engine" "$tree/sim/stats" "$tree/sim/scenario" "$tree/sim/study" \
        "$tree/sim/cli" "$tree/models/parts" "$tree/configs" "$tree/plots" "$tree/tests/unit"
    plant sim/base/err.h '#pragma once'
    plant sim/base/require.c 'void require_failed(void) {' '    abort();' '}'
    plant sim/engine/timer.h '#include "base/err.h"'
    plant sim/stats/hist.c '#include "hist.h"' '// printf("no")' 'static const char *x = "printf(stdout)";'
    plant sim/stats/hist.h '#include "base/err.h"' '#include <stdio.h>'
    plant sim/scenario/costs.h '#include "engine/timer.h"' '#include "stats/hist.h"'
    plant models/model.h '#include "scenario/costs.h"'
    plant models/parts/cpu.h '#include "models/model.h"'
    plant models/loop.c '#include "models/parts/cpu.h"'
    plant sim/study/run.h '#include "models/model.h"'
    plant sim/cli/args.c '#include "study/run.h"' 'void args_help(void) {' '    printf("x");' '}'
    plant sim/main.c '#include "cli/args.h"' '#include "models/models.def"'
    plant configs/README.md '# Keys' '<!-- run: build/dispatchsim keys -->' "$(seq 100)" '<!-- end -->'
}

plant() {
    file=$tree/$1
    shift
    printf '%s\n' "$@" >"$file"
}

# finds TEXT: what was planted is found, by a line that contains TEXT, and nothing else is.
finds() {
    if found=$(sh "$house" "$tree"); then
        echo "not found: $1"
        failures=$((failures + 1))
    elif [ "$(printf '%s\n' "$found" | grep -cF -- "$1")" -ne 1 ] ||
        [ "$(printf '%s\n' "$found" | grep -vc '^above:')" -ne 1 ]; then
        printf 'wanted once, alone: %s\nfound: %s\n' "$1" "$found"
        failures=$((failures + 1))
    fi
    reset
}

# body N: a function of N lines in all.
body() {
    echo 'static int long_one(int a,'
    echo '                    int b) {'
    seq $(($1 - 3)) | sed 's/.*/    b += a;/'
    echo '}'
}

# bodies M N: M functions of N lines.
bodies() { for _ in $(seq "$1"); do body "$2"; done; }

reset
if ! found=$(sh "$house" "$tree"); then
    echo "found in a sound tree: $found"
    failures=$((failures + 1))
fi

plant sim/base/err.h '' '#include "stats/hist.h"'
finds 'sim/base/err.h:2: sim/base includes sim/stats, which is above it'
plant sim/stats/hist.h '#include "engine/timer.h"'
finds 'sim/stats includes its neighbour sim/engine'
plant models/parts/cpu.h '#include "models/loop.h"'
finds 'models/parts includes models, which is above it'
plant sim/study/run.h '#include "models/models.def"'
finds 'only sim/main.c sees the list of models'
plant sim/study/run.h '#include "../cli/args.h"'
finds '"../cli/args.h" names no room'
plant sim/study/run.h '#  include "cli/args.h"'
finds 'sim/study includes sim/cli, which is above it'
plant sim/attic.c '#include "base/err.h"' && mkdir "$tree/sim/new" && mv "$tree/sim/attic.c" "$tree/sim/new/"
finds 'sim/new/attic.c:1: this folder has no floor'
plant sim/study/run.c 'void run_it(void) {' '    /* exit(1); */ exit(1);' '}'
finds 'sim/study/run.c:2: a room below the command line prints or exits'
plant models/loop.c 'void loop_it(void) {' '    fprintf(stderr, "x");' '}'
finds 'models/loop.c:2: a room below the command line uses stdout or stderr'
plant tests/unit/a.c "$(body 60)"
plant tests/unit/b.c '#include "x.h"' '' "$(body 61)"
finds 'tests/unit/b.c:3: a function of 61 lines'
plant sim/base/a.c "$(seq 399 | sed 's/^/\/\/ /')"
plant sim/base/b.c "$(seq 400 | sed 's/^/\/\/ /')"
finds 'sim/base/b.c:400: the file has 400 lines or more'
plant sim/base/a.c "$(bodies 13 14)" # and two of 3 lines in the sound tree: 15 below the limit
plant sim/base/b.c "$(bodies 16 15)"
finds 'the median function has 15 lines or more'
plant plots/README.md "$(seq 41)"
finds 'plots/README.md: 41 lines'
plant configs/a.yaml "costs: /ho""me/somebody/costs.yaml"
finds 'configs/a.yaml:1:'

[ $failures -eq 0 ]
