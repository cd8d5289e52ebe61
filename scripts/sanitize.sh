#!/bin/bash
# sanitize.sh PRESET...: builds the unit tests with a preset's sanitizer (asan, tsan) and runs them. Ends with one line of counts.
# clang compiles them: it takes half the time that GCC takes for the same.
set -euo pipefail
cd "$(dirname "$0")/.."

# Programs that check the tree's text, not the code, gain nothing from a sanitizer: unit_*, conformance and store_contract
# are what is run. The engine and the tokens know no threads; the hub's own tests have one, and client_and_hub runs it with several. The
# command line is run under asan only: what of it runs in several threads is the clients'.
tests() {
    local with_threads="unit_client unit_net unit_store store_contract unit_http unit_server client_and_hub"
    case $1 in
    tsan) echo "$with_threads" ;;
    *) echo "unit_amqp conformance unit_auth unit_hub unit_cli $with_threads" ;;
    esac
}

# An older symbolizer cannot read what this clang writes, and suppressions go by name.
symbolizer=$(command -v llvm-symbolizer-19 || command -v llvm-symbolizer || true)
export ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1:external_symbolizer_path=$symbolizer
export UBSAN_OPTIONS=print_stacktrace=1:external_symbolizer_path=$symbolizer
export TSAN_OPTIONS="suppressions=$PWD/scripts/tsan.suppressions second_deadlock_stack=1 external_symbolizer_path=$symbolizer"

# The thread sanitizer cannot place its memory where the kernel scatters addresses widely: run without, where that is allowed.
fixed_addresses=()
setarch -R true 2>/dev/null && fixed_addresses=(setarch -R)

scripts/install-dependencies.sh build clang
for preset in "$@"; do
    read -ra programs < <(tests "$preset")
    scripts/quietly.sh cmake --preset "$preset"
    scripts/quietly.sh cmake --build "build/$preset" --parallel "${JOBS:-$(nproc)}" --target "${programs[@]}"
    pattern="^($(IFS='|' && echo "${programs[*]}"))\$"
    "${fixed_addresses[@]}" scripts/test.py --build "build/$preset" --tests "$pattern" --jobs "${JOBS:-$(nproc)}"
done
