#!/bin/sh
# usage: determinism.sh SOURCE PROGRAM (an absolute path)
# The same scenario and seed give the same bytes whatever compiled the program (gcc -O0, gcc -O3, clang -O2, and
# PROGRAM, the build under test), however many threads run it, and whichever of libm's variants the processor gets.
# Exit 77 (skipped) where all is equal but clang is not installed to be compared.
set -eu
cd -- "$1"
program=$2
scenarios='configs/example.yaml configs/fastapi-seed.yaml'
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

# build NAME CC FLAGS: the program of its own build tree, $work/NAME/dispatchsim.
build() {
    if ! { cmake -S . -B "$work/$1" -G Ninja -DCMAKE_C_COMPILER="$2" -DCMAKE_BUILD_TYPE=None \
        -DCMAKE_C_FLAGS="$3" && cmake --build "$work/$1" --target dispatchsim; } >"$work/$1.log" 2>&1; then
        cat "$work/$1.log"
        exit 1
    fi
}

# simulate PROGRAM OPTIONS...: the result as JSON.
simulate() {
    simulator=$1
    shift
    # shellcheck disable=SC2086 # a list of names
    "$simulator" run $scenarios --format json --quiet "$@"
}

# The same as if on a processor without fused multiply-add, for which libm's log, exp and pow give other last bits.
simulate_without_fma() (
    export GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX2,-FMA,-FMA4
    simulate "$@"
)

# same NAME COMMAND...: the command prints what the reference printed.
same() {
    name=$1
    shift
    "$@" >"$work/$name.json"
    if cmp -s "$work/reference.json" "$work/$name.json"; then
        echo "same: $name"
    else
        echo "differs from the build under test with --jobs 1: $name"
        diff "$work/reference.json" "$work/$name.json" | head -n 10
        failures=$((failures + 1))
    fi
}

# What is compared must be able to differ: a result with requests in it, and another one for another seed.
simulate "$program" --jobs 1 >"$work/reference.json"
grep -q '"throughput_per_s"' "$work/reference.json"
simulate "$program" --jobs 1 --seed 4711 >"$work/other.json"
if cmp -s "$work/reference.json" "$work/other.json"; then
    echo "another seed gave the same result"
    exit 1
fi

same jobs-2 simulate "$program" --jobs 2
same no-fma simulate_without_fma "$program" --jobs 1
build gcc-O0 gcc -O0
same gcc-O0 simulate "$work/gcc-O0/dispatchsim" --jobs 2
build gcc-O3 gcc '-O3 -march=native'
same gcc-O3 simulate "$work/gcc-O3/dispatchsim" --jobs 2
[ $failures -eq 0 ]
command -v clang >/dev/null 2>&1 || { echo "no clang: not compared" && exit 77; }
build clang-O2 clang -O2
same clang-O2 simulate "$work/clang-O2/dispatchsim" --jobs 2
[ $failures -eq 0 ]
