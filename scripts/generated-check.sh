#!/usr/bin/env bash
#
# generated-check.sh
#
# Runs `go generate` and fails when that changes any file. It compares checksums instead of asking git, so it also
# tells the truth in a tree with uncommitted work.

set -euo pipefail
cd "$(dirname "$0")/.."

checksums() {
	find . \( -path ./.git -o -path ./.tools -o -path ./bin -o -path ./parley-data -o -name node_modules -o -path ./web/build \) -prune \
		-o -type f -print0 | LC_ALL=C sort -z | xargs -0 cksum
}

before=$(checksums)
"${GO:-go}" generate ./...
if ! difference=$(diff <(echo "$before") <(checksums)); then
	echo "generated files were not current; they are now (checksum, size, file):" >&2
	echo "$difference" >&2
	exit 1
fi
