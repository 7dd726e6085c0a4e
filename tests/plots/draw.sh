#!/bin/sh
# usage: draw.sh PLOTS EXPECTED: gnuplot draws every picture in EXPECTED/*/*.dat with the scripts of PLOTS, as SVG, PNG and
# characters: without a word on standard error, the SVG well-formed and saying its title, the PNG a picture of 800 columns,
# the characters with a title. Each script has data among those.
set -eu
plots=$(realpath "$1")
expected=$(realpath "$2")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v gnuplot >/dev/null || { echo "no gnuplot" && exit 77; }
LC_ALL=C.UTF-8
export LC_ALL
cd "$work"
bad=0

complain() {
    echo "$1: $2"
    bad=1
}

# draw PICTURE TERM...: into out, complaining of any word.
draw() {
    gnuplot -d -c "$1.gp" "$2" 100 40 >out 2>said || complain "$input/$1" "gnuplot fails for $2"
    [ ! -s said ] || complain "$input/$1" "for $2 gnuplot says: $(cat said)"
}

check_svg() {
    python3 -c 'import sys, xml.etree.ElementTree as t; t.parse(sys.argv[1])' "$1.svg" || complain "$input/$1" "bad SVG"
    grep -q "$2" "$1.svg" || complain "$input/$1" "the SVG does not say $2"
}

# Its first 24 bytes: signature, length and name of the header, width.
check_png() {
    [ "$(od -An -tx1 -j16 -N4 "$1.png" | tr -d ' ')" = 00000320 ] || complain "$input/$1" "the PNG is not 800 wide"
}

cp "$plots"/*.gp .
for folder in "$expected"/*/; do
    input=$(basename "$folder")
    for data in "$folder"*.dat; do
        name=$(basename "$data" .dat)
        cp "$data" .
        title=$(sed -n '/^ "/{s/^ "\([^"]*\)".*/\1/p;q}' "$data")
        draw "$name" svg
        check_svg "$name" "$title"
        draw "$name" png
        check_png "$name"
        draw "$name" dumb
        grep -q "$title" out || complain "$input/$name" "the characters do not say $title"
        touch "drawn-$name"
    done
done

for script in *.gp; do
    name=$(basename "$script" .gp)
    [ "$name" = style ] || [ -e "drawn-$name" ] || complain "$name" "no data among those stored"
done

# What complains must be able to: a script that is wrong, and one that warns.
before=$bad
input=self
for planted in 'plot nonsense' 'plot [1:2] "none.dat"'; do
    bad=0
    echo "$planted" >planted.gp
    draw planted svg >planted.out
    [ "$bad" = 1 ] || { echo "draw.sh: its own check failed" && exit 1; }
done
exit "$before"
