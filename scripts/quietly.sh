#!/bin/bash
# quietly.sh COMMAND...: says what ninja is at on one line of a terminal, and shows all of the output when the command fails.
set -uo pipefail

log=$(mktemp)
trap 'rm -f "$log"' EXIT
if [ -t 1 ]; then
    columns=$(($(tput cols 2>/dev/null || echo 80) - 1))
    "$@" </dev/null 2>&1 | tee "$log" | while IFS= read -r line; do
        [[ $line == \[* ]] && printf '\r\033[K%.*s' "$columns" "$line"
    done
    status=${PIPESTATUS[0]}
    printf '\r\033[K'
else
    "$@" </dev/null >"$log" 2>&1
    status=$?
fi
if [ "$status" -ne 0 ]; then
    grep -v -E '^\[[0-9]+/[0-9]+\] (Building|Linking|Re-?running|Creating)' "$log" >&2
    echo "failed: $*" >&2
fi
exit "$status"
