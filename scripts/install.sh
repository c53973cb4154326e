#!/usr/bin/env bash
#
# install.sh PACKAGE...
#
# Installs Debian packages that the tests need and the machine lacks.

set -euo pipefail

[ $# -gt 0 ] || {
	printf 'usage: install.sh PACKAGE...\n' >&2
	exit 1
}
sudo=()
if [ "$(id -u)" -ne 0 ]; then sudo=(sudo); fi
if ! command -v apt-get >/dev/null || { [ ${#sudo[@]} -gt 0 ] && ! command -v sudo >/dev/null; }; then
	printf 'install.sh: the tests need %s: install it (this needs root)\n' "$*" >&2
	exit 1
fi
printf 'install.sh: installing %s with apt-get\n' "$*" >&2
apt=("${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Acquire::Retries=3)
"${apt[@]}" update >&2
"${apt[@]}" install --no-install-recommends "$@" >&2
