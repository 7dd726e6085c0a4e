#!/bin/sh
# Checks docs.py on small documents of its own: a true one passes, each kind of wrong one fails, --update mends.
set -eu
docs=$(cd -- "$(dirname -- "$0")" && pwd)/docs.py
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

# expect CODE TEXT [OPTION]: docs.py on $work/x.md exits with CODE and says TEXT.
expect() {
    code=0
    said=$(python3 "$docs" ${3:+"$3"} --program printf "$work/x.md" 2>&1) || code=$?
    if [ $code -ne "$1" ] || ! printf '%s' "$said" | grep -qF -- "$2"; then
        printf 'wanted exit %s and "%s"; got %s:\n%s\n' "$1" "$2" "$code" "$said"
        failures=$((failures + 1))
    fi
}

# block MARK TEXT: a document of one marked block.
# shellcheck disable=SC2016 # the backticks are Markdown's
block() { printf '%s\n\n```text\n%s\n```\n' "$1" "$2" >"$work/x.md"; }

block '<!-- run: build/dispatchsim "one\ntwo\n" -->' "$(printf 'one\ntwo')"
expect 0 '1 commands, 0 wrong'
block '<!-- run: build/dispatchsim "one\ntwo\n" -->' "$(printf 'one\ntwa')"
expect 1 'says    twa'
expect 0 '0 wrong' --update
expect 0 '0 wrong'
grep -qx two "$work/x.md" || failures=$((failures + 1))
block '<!-- run: build/dispatchsim "one\n" -->' "$(printf 'one\ntwo')"
expect 1 'prints  (nothing more)'
block '<!-- run: exit 3 -->' 'x'
expect 1 'exit code 3, wanted 0'
block '<!-- run=3: echo x && exit 3 -->' 'x'
expect 0 '0 wrong'
block '<!-- run-free: build/dispatchsim x -->' 'y'
expect 0 '1 commands, 0 wrong'
block '<!-- run-free: false -->' 'y'
expect 1 'exit code 1, wanted 0'
echo '<!-- run: build/dispatchsim x -->' >"$work/x.md"
expect 1 'no block follows'
printf '<!-- run: build/dispatchsim "a\\nb" -->\na\nb\n<!-- end -->\n' >"$work/x.md"
expect 0 '0 wrong'
printf '<!-- run: build/dispatchsim "a\\nb" -->\na\nc\n<!-- end -->\n' >"$work/x.md"
expect 1 'says    c'
printf '<!-- run: build/dispatchsim x -->\n```\nx\n' >"$work/x.md"
expect 1 'it is not closed'
echo 'no mark' >"$work/x.md"
expect 1 '0 commands'
block '<!-- run: build/dispatchsim one -->' one
echo '[a](x.md#b) [b](https://example.org/x) [c](nowhere.md)' >>"$work/x.md"
expect 1 'the link nowhere.md leads nowhere'

[ $failures -eq 0 ]
