#!/usr/bin/env bash
#
# with-postgres.sh CMD [ARG...]
#
# Runs CMD beside a private PostgreSQL server and exits with CMD's status. CMD finds the server through
# PARLEY_TEST_POSTGRES, a URL for pgx whose user may create databases. The server listens on a unix socket
# in a new folder, never on a network address, and is gone when this script ends, whatever the reason.
#
#   PARLEY_TEST_PG_FSYNC=on   make commits durable, as in production (default off: faster, lost on power failure)
#   PARLEY_TEST_PG_DIR=DIR    put the server's folder below DIR (default /tmp); DIR must be open to other users when
#                             this runs as root
#
# PostgreSQL 14 or newer is looked for in PATH and where distributions put it. Where there is none, it is
# installed with apt-get. A server that cannot be had is an error: the tests are never skipped.

set -euo pipefail

readonly min_major=14
# sockaddr_un holds 104 bytes on the BSDs and 108 on Linux, and its end is the file name below.
readonly max_socket_path=99
readonly port=5432
readonly socket_name=".s.PGSQL.$port"

say() { printf 'with-postgres: %s\n' "$*" >&2; }
die() {
	say "$*"
	exit 1
}

[ $# -gt 0 ] || die "usage: with-postgres.sh CMD [ARG...]"

case "${PARLEY_TEST_PG_FSYNC:-off}" in
on | off) readonly fsync="${PARLEY_TEST_PG_FSYNC:-off}" ;;
*) die "PARLEY_TEST_PG_FSYNC must be on or off, not '$PARLEY_TEST_PG_FSYNC'" ;;
esac

# The caller's client settings must reach neither the server (PGPORT moves its socket) nor the tests.
for name in ${!PG@}; do unset "$name"; done

# PostgreSQL refuses to run as root, so root hands every server command to another user.
if [ "$(id -u)" -eq 0 ]; then
	if id -u postgres >/dev/null 2>&1; then owner=postgres; else owner=nobody; fi
else
	owner=
fi

# as_owner runs a server command as the user who owns the server, in a folder which that user may enter.
as_owner() (
	cd /
	if [ -z "$owner" ]; then
		"$@"
	elif command -v setpriv >/dev/null; then
		setpriv --reuid="$owner" --regid="$(id -g "$owner")" --clear-groups -- "$@"
	elif command -v runuser >/dev/null; then
		runuser -u "$owner" -- "$@"
	else
		# shellcheck disable=SC2016 # expanded by the inner shell
		su -s /bin/sh "$owner" -c 'exec "$0" "$@"' -- "$@"
	fi
)

# find_server prints the folder of the newest suitable PostgreSQL programs; it fails when there is none.
find_server() {
	local dir initdb major best='' best_major=0
	for initdb in "$(command -v initdb || true)" \
		/usr/lib/postgresql/*/bin/initdb /usr/pgsql-*/bin/initdb \
		/usr/local/pgsql/bin/initdb /opt/homebrew/opt/postgresql@*/bin/initdb; do
		[ -x "$initdb" ] || continue
		# A link in PATH may stand apart from its siblings.
		dir=$(dirname "$(readlink -f "$initdb")")
		[ -x "$dir/pg_ctl" ] && [ -x "$dir/postgres" ] || continue
		major=$("$dir/initdb" --version | sed -nE 's/^[^0-9]*([0-9]+).*/\1/p')
		if [ "${major:-0}" -ge "$min_major" ] && [ "$major" -gt "$best_major" ]; then
			best=$dir
			best_major=$major
		fi
	done
	[ -n "$best" ] && printf '%s\n' "$best"
}

# install_server brings PostgreSQL onto a Debian-like machine without the cluster that Debian would start with it.
install_server() {
	local sudo=()
	command -v apt-get >/dev/null || die "no PostgreSQL $min_major or newer found, and no apt-get to install it with: install PostgreSQL and put initdb into PATH"
	if [ "$(id -u)" -ne 0 ]; then
		command -v sudo >/dev/null || die "no PostgreSQL $min_major or newer found: install the package postgresql (this needs root)"
		sudo=(sudo)
	fi
	say "no PostgreSQL $min_major or newer found: installing it with apt-get"
	local apt=("${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Acquire::Retries=3)
	# postgresql-common owns the setting that keeps the server package from creating and starting a cluster.
	"${apt[@]}" update >&2 &&
		"${apt[@]}" install --no-install-recommends postgresql-common >&2 &&
		"${sudo[@]}" sed -i -E '/^#? *create_main_cluster/d; $a create_main_cluster = false' /etc/postgresql-common/createcluster.conf &&
		"${apt[@]}" install --no-install-recommends postgresql >&2 ||
		die "apt-get could not install PostgreSQL"
}

if ! bin=$(find_server); then
	install_server
	bin=$(find_server) || die "PostgreSQL was installed, but no initdb of version $min_major or newer is to be found"
	# The package brings the user postgres along.
	if [ -n "$owner" ] && id -u postgres >/dev/null 2>&1; then owner=postgres; fi
fi

dir=
child=
cleanup() {
	# A second signal must not cut this short.
	trap '' INT TERM HUP
	[ -n "$dir" ] || return 0
	if [ -s "$dir/data/postmaster.pid" ]; then
		as_owner "$bin/pg_ctl" stop -D "$dir/data" -m immediate -w -t 30 >/dev/null ||
			say "the server in $dir did not stop"
	fi
	rm -rf "$dir"
}
# interrupted ends CMD before the EXIT trap takes the server from under it. A second signal ends the wait.
interrupted() {
	local signal=$1 status=$2
	# shellcheck disable=SC2064 # the status is the first signal's
	trap "exit $status" INT TERM HUP
	if [ -n "$child" ] && kill -s "$signal" "$child" 2>/dev/null; then wait "$child" 2>/dev/null || true; fi
	exit "$status"
}
trap cleanup EXIT
trap 'interrupted HUP 129' HUP
trap 'interrupted INT 130' INT
trap 'interrupted TERM 143' TERM

parent=${PARLEY_TEST_PG_DIR:-/tmp}
dir=$(mktemp -d "${parent%/}/parley-pg.XXXXXX") || die "no folder can be made in $parent"
socket_path="$dir/$socket_name"
[ "${#socket_path}" -le "$max_socket_path" ] ||
	die "$socket_path is longer than $max_socket_path characters: set PARLEY_TEST_PG_DIR to a shorter folder"
[ -z "$owner" ] || chown "$owner" "$dir"

# Trust is safe here: the folder's mode (0700) keeps everybody but its owner and root from the socket.
initdb_args=(-D "$dir/data" -U postgres -E UTF8 --locale=C.UTF-8 --auth-local=trust --auth-host=reject)
[ "$fsync" = on ] || initdb_args+=(--no-sync)
as_owner "$bin/initdb" "${initdb_args[@]}" >"$dir/initdb.log" 2>&1 || {
	cat "$dir/initdb.log" >&2
	die "$bin/initdb failed"
}
as_owner tee -a "$dir/data/postgresql.conf" >/dev/null <<CONF
listen_addresses = ''
unix_socket_directories = '$dir'
port = $port
max_connections = 200
shared_buffers = 64MB
fsync = $fsync
full_page_writes = $fsync
synchronous_commit = $fsync
CONF
as_owner "$bin/pg_ctl" start -D "$dir/data" -l "$dir/data/server.log" -w -t 60 >"$dir/start.log" 2>&1 || {
	cat "$dir/start.log" "$dir/data/server.log" >&2 || true
	die "the server in $dir did not start"
}

export PARLEY_TEST_POSTGRES="postgres://postgres@/postgres?host=$dir&port=$port&sslmode=disable"

# In the background and waited for, so that a signal sent to this script alone is acted upon at once. A shell lets
# background commands ignore INT, and lends them no standard input: both are given back.
(
	trap - INT QUIT
	exec "$@"
) <&0 &
child=$!
status=0
wait "$child" || status=$?
child=
exit "$status"
