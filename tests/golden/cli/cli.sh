#!/bin/sh
# usage: cli.sh PROGRAM CONFIGS [--update] FILE
# FILE holds commands, each followed by what it must print:
#   $ a line for the shell, run in an empty folder in which `dispatchsim` is PROGRAM and configs is CONFIGS
#   > a line of its standard output
#   ! a line of its standard error
#   = its exit code
# Other lines are comments. One folder serves the whole file. With --update FILE is rewritten to what was printed.
set -eu
program=$(realpath "$1")
configs=$(realpath "$2")
shift 2
update=false
[ "$1" != --update ] || { update=true && shift; }
file=$(realpath "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mkdir "$work/bin" "$work/here"
ln -s "$program" "$work/bin/dispatchsim"
ln -s "$configs" "$work/here/configs"
cd "$work/here"
PATH=$work/bin:$PATH
LC_ALL=C
TERM=dumb
export PATH LC_ALL TERM
unset NO_COLOR || true

# mark PREFIX FILE: its lines with the prefix, no blank at the end of an empty one.
mark() { sed "s/^\$/$1/; t; s/^/$1 /" "$2"; }

# Prints the file it reads anew, with what the commands print now.
replay() {
    while IFS= read -r line; do
        case $line in
        '$ '*)
            printf '%s\n' "$line"
            code=0
            sh -c "${line#'$ '}" >"$work/out" 2>"$work/err" </dev/null || code=$?
            mark '>' "$work/out"
            mark '!' "$work/err"
            echo "= $code"
            ;;
        '>'* | '!'* | '= '*) ;;
        *) printf '%s\n' "$line" ;;
        esac
    done
}

# What compares must be able to differ.
printf '$ echo a; exit 3\n> b\n= 3\n' | replay >"$work/self"
printf '$ echo a; exit 3\n> a\n= 3\n' | cmp -s - "$work/self" || { echo "cli.sh: its own check failed" && exit 1; }

replay <"$file" >"$work/now"
if $update; then
    cp "$work/now" "$file"
else
    diff -u "$file" "$work/now"
fi
