#!/bin/bash
# install-dependencies.sh [build] [test] [lint] [bench] [count] [clang] [docs]: installs the Debian packages that are missing for
# these purposes. Does nothing, quickly and without asking for rights, when all are there.
set -euo pipefail

build=(g++ cmake ninja-build ccache libboost1.81-dev libboost-json1.81-dev libboost-url1.81-dev libssl-dev librocksdb-dev liblmdb-dev
       libisal-dev libfmt-dev libspdlog-dev libcurl4-openssl-dev libcli11-dev libtomlplusplus-dev libgtest-dev libgmock-dev)
test=(pkg-config python3 python3-uamqp python3-qpid-proton libsasl2-modules tinyproxy-bin openssl ca-certificates doxygen zsh fish)
lint=(clang-19 clang-format-19 clang-tidy-19)
bench=(libbenchmark-dev libqpid-proton11-dev rabbitmq-server python3 python3-matplotlib openssl)
count=(python3 valgrind)
clang=(clang-19 libclang-rt-19-dev llvm-19) # with its sanitizers, and what names the places that they report
docs=(doxygen)

node_is_there() { # 18 or newer, from wherever it came
    command -v npm >/dev/null && node --eval 'process.exit(parseInt(process.versions.node) >= 18 ? 0 : 1)' 2>/dev/null
}

wanted=()
for purpose in "$@"; do
    case $purpose in
    build) wanted+=("${build[@]}") ;;
    test)
        wanted+=("${test[@]}")
        node_is_there || wanted+=(nodejs npm)
        ;;
    lint) wanted+=("${lint[@]}") ;;
    bench) wanted+=("${bench[@]}") ;;
    count) wanted+=("${count[@]}") ;;
    clang) wanted+=("${clang[@]}") ;;
    docs) wanted+=("${docs[@]}") ;;
    *)
        echo "install-dependencies.sh: unknown purpose '$purpose'; there are build, test, lint, bench, count, clang and docs" >&2
        exit 2
        ;;
    esac
done
[ ${#wanted[@]} -gt 0 ] || exit 0

if ! command -v dpkg-query >/dev/null; then
    echo "install-dependencies.sh: this is no Debian; see to it that these are installed: ${wanted[*]}" >&2
    exit 0
fi

# What dpkg does not know at all it reports on stderr, and as an exit status: both are expected here.
known=$(dpkg-query --show --showformat='${db:Status-Abbrev}${Package}\n' "${wanted[@]}" 2>/dev/null || true)
missing=()
for package in "${wanted[@]}"; do
    grep -qxF "ii $package" <<<"$known" || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "install-dependencies.sh: these Debian packages are missing; install them as root: apt-get install ${missing[*]}" >&2
        exit 1
    fi
    as_root=(sudo)
fi

# RabbitMQ is wanted as a program that `make bench` runs by itself, not as a service of this machine.
no_services() { # mask before the installing; unmask and disable behind it
    [[ " ${missing[*]} " == *" rabbitmq-server "* ]] && [ -d /run/systemd/system ] || return 0
    for verb in "$@"; do
        "${as_root[@]}" systemctl --quiet "$verb" rabbitmq-server.service epmd.service epmd.socket >>"$log" 2>&1 || true
    done
}

echo "Installing Debian packages: ${missing[*]}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 "$@" </dev/null >>"$log" 2>&1; }
apt update || echo "install-dependencies.sh: apt-get update failed; going on with the package lists that are there" >&2
no_services mask
if ! apt install -y --no-install-recommends "${missing[@]}"; then
    cat "$log" >&2
    echo "install-dependencies.sh: apt-get could not install them; see above" >&2
    exit 1
fi
no_services unmask disable
