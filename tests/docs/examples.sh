#!/bin/sh
# Prints a Markdown table of the scenarios in configs/ with the question in each one's first line.
set -eu
cd -- "$(dirname -- "$0")/../../configs"
echo '| file | question |'
echo '|---|---|'
for file in *.yaml; do
    [ -e "$file" ] || continue
    question=$(sed -n '1s/^# *//p' "$file")
    [ -n "$question" ] || { echo "$file: its first line is not a question" >&2 && exit 1; }
    echo "| \`$file\` | $question |"
done
