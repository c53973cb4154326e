#!/usr/bin/env bash
#
# fuzz.sh
#
# Runs every fuzz target of the module for FUZZTIME (default 10s), one after the other: `go test -fuzz` takes one
# target at a time. A failing input is left below the target's testdata/fuzz folder, to be committed with its fix.

set -euo pipefail
cd "$(dirname "$0")/.."

targets=$({ grep -roE --include='*_test.go' '^func Fuzz[A-Za-z0-9_]*' . || true; } | sed -E 's,/[^/]*:func , ,' | sort)
if [ -z "$targets" ]; then
	echo "no fuzz targets"
	exit 0
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT

# only_ran_out_of_time tells whether the log shows a run that failed for no other reason than its end: now and then
# Go's fuzzer reports the end of -fuzztime as the failure "context deadline exceeded", with no failing input.
only_ran_out_of_time() {
	grep -qx ' *context deadline exceeded' "$log" &&
		! grep -q 'Failing input' "$log" &&
		[ "$(grep -c -- '--- FAIL' "$log")" -eq 1 ]
}

while read -r package name; do
	echo "== $name in $package"
	if ! "${GO:-go}" test "$package" -run '^$' -fuzz "^$name\$" -fuzztime "${FUZZTIME:-10s}" 2>&1 | tee "$log"; then
		only_ran_out_of_time || exit 1
		echo "no failing input: the fuzzer was interrupted by the end of its time"
	fi
done <<<"$targets"
