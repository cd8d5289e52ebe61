#!/bin/bash
# run.sh PROGRAM [flags of `capstan serve`...]: runs the hub with its data in $DATA, on HTTPS port 443 where that is possible.
set -euo pipefail

program=$1
shift
data=${DATA:-run}
flags=()

is_given() { # is_given FLAG ARGUMENT...
    local flag=$1 argument
    shift
    for argument in "$@"; do
        [[ $argument == "$flag" || $argument == "$flag="* ]] && return 0
    done
    return 1
}

may_use() { # may_use PORT: whether this user may listen there
    [ "$(id -u)" -eq 0 ] || [ "$1" -ge "$(cat /proc/sys/net/ipv4/ip_unprivileged_port_start 2>/dev/null || echo 1024)" ]
}

is_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

is_given --data "$@" || is_given --config "$@" || flags+=(--data "$data")
if ! is_given --https-port "$@" && ! is_given --config "$@" && [ -z "${CAPSTAN_LISTEN__HTTPS_PORT:-}" ]; then
    if ! may_use 443; then
        echo "Port 443 is for root only here: HTTPS is on 8443 instead. Clients that always go to 443 cannot reach it there." >&2
        flags+=(--https-port 8443)
    elif is_taken 443; then
        echo "Port 443 is taken by another program: HTTPS is on 8443 instead. Clients that always go to 443 cannot reach it there." >&2
        flags+=(--https-port 8443)
    fi
fi
exec "$program" serve "${flags[@]}" "$@"
