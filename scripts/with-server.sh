#!/usr/bin/env bash
#
# with-server.sh CMD [ARG...]
#
# Runs CMD beside bin/parley on a database of its own, with one empty account, and exits with CMD's status. CMD finds
# the server through PARLEY_TEST_URL and may do everything in the account with PARLEY_TEST_TOKEN. The server listens on
# a free port of the loopback address; it and its data are gone when this script ends, whatever the reason.

set -euo pipefail

die() {
	printf 'with-server: %s\n' "$*" >&2
	exit 1
}

[ $# -gt 0 ] || die "usage: with-server.sh CMD [ARG...]"
parley=$(dirname "$0")/../bin/parley
[ -x "$parley" ] || die "bin/parley is missing: run make build"

# The caller's own settings must not lead to another server or database.
for name in ${!PARLEY_@}; do unset "$name"; done

data=$(mktemp -d "${TMPDIR:-/tmp}/parley-XXXXXX")
server=
stop() {
	if [ -n "$server" ]; then
		kill -TERM "$server" 2>/dev/null || true
		wait "$server" || true
	fi
	rm -rf "$data"
}
trap stop EXIT
trap 'exit 1' INT TERM
export PARLEY_DATA_DIR=$data/parley

# member NAME prints a member of the JSON object on the standard input, whose values hold no quotes.
member() { sed -n "s/.*\"$1\":\"\{0,1\}\([^\",}]*\).*/\1/p"; }

account=$("$parley" account create --name Test | member account_id)
token=$("$parley" token create --account "$account" --name test | member token)
"$parley" serve --addr 127.0.0.1:0 --admin-addr off --log-format json 2>"$data/log" &
server=$!
address=
for _ in {1..300}; do
	address=$(grep '"msg":"serving"' "$data/log" | member addr || true)
	[ -z "$address" ] || break
	kill -0 "$server" 2>/dev/null || break
	sleep 0.1
done
[ -n "$address" ] || {
	cat "$data/log" >&2
	die "the server does not come up"
}

status=0
PARLEY_TEST_URL=http://$address PARLEY_TEST_TOKEN=$token "$@" || status=$?
[ "$status" -eq 0 ] || cat "$data/log" >&2
exit "$status"
