# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What all host side scripts of the virtual machine tests share: where things
# are, which kernels there are, messages. To be sourced, by bash.

# Some names are only used by those who source this
# shellcheck disable=SC2034

set -euo pipefail

VM=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
TOP=$(cd "$VM/../.." && pwd)
CACHE=${BLKSNAP_CACHE:-/var/cache/blksnap}
BUILD=${BLKSNAP_BUILD:-$CACHE/build} # below $CACHE
LOGS=${BLKSNAP_LOGS:-$CACHE/logs}
TRIXIE=$CACHE/trixie
export LC_ALL=C.UTF-8

say() { echo "${0##*/}: $*"; }
die() { echo "${0##*/}: $*" >&2; exit 1; }

# What may be told by the environment
PASSED_ON=BLKSNAP_CACHE,BLKSNAP_BUILD,BLKSNAP_LOGS,BLKSNAP_SLOW,BLKSNAP_SEED
PASSED_ON+=,BLKSNAP_MINUTES,MODULE,K,TESTS

# The cache has roots of other Debian releases: making and using them needs
# root. Scripts are started again by sudo where they were not.
as_root() {
	[ "$(id -u)" != 0 ] || return 0
	exec sudo --preserve-env="$PASSED_ON" "$0" "$@"
}

# The kernels of the file "kernels" that are packages, or those asked for by $K
kernels() {
	local name config _
	while read -r name _ _ config; do
		case $name in '' | '#'*) continue ;; esac
		[ -z "$config" ] || [ -n "${K:-}" ] || continue
		case " ${K:-$name} " in *" $name "*) echo "$name" ;; esac
	done <"$VM/kernels"
}

# kernel_field NAME N: a field of the kernel's line, counted from 1
kernel_field() {
	awk -v name="$1" -v n="$2" '$1 == name { print $n }' "$VM/kernels"
}

check_kernel() {
	[ -n "$(kernel_field "$1" 1)" ] ||
		die "no such kernel: $1 (there are: $(sed '/^#/d' "$VM/kernels" |
			cut -f 1 | xargs))"
}

# Was it built here? Such a kernel looks for bugs, and is slow
is_built() { [ -n "$(kernel_field "$1" 4)" ]; }

# has_option KERNEL OPTION: of those that were asked for
has_option() {
	is_built "$1" && grep -q "^CONFIG_$2=y" "$VM/config/$(kernel_field "$1" 4)"
}

# The checksum of files and words: what something was made from
key_of() {
	local arg
	for arg; do
		if [ -f "$arg" ]; then cat "$arg"; else echo "$arg"; fi
	done | sha256sum | cut -c1-16
}

# Is $CACHE/NAME there, and was it made from KEY?
is_made() {
	[ -e "$CACHE/$1" ] && [ "$(cat "$CACHE/$1.key" 2>/dev/null)" = "$2" ]
}

# make_once NAME KEY COMMAND...: COMMAND makes $CACHE/NAME, whose temporary
# name it gets as its last argument. Done only if there is none made from KEY,
# and never left half done.
make_once() {
	local name=$1 key=$2 new=$CACHE/$1.new log=$LOGS/prepare-$1.log start=$SECONDS
	shift 2
	is_made "$name" "$key" && return
	say "making $name"
	rm -rf --one-file-system "$new"
	# In the background, as a condition would switch "set -e" off
	("$@" "$new") >"$log" 2>&1 </dev/null &
	if ! wait $!; then
		tail -n 30 "$log" >&2
		die "cannot make $name, see $log"
	fi
	rm -f "$CACHE/$name.key"
	rm -rf --one-file-system "${CACHE:?}/$name"
	mv "$new" "$CACHE/$name"
	echo "$key" >"$CACHE/$name.key"
	say "made $name in $((SECONDS - start)) s"
}

# Values of the header lines "# NAME: VALUE" of a test
header() {
	sed -n '/^[^#]/q; s/^# '"$2"': *//p' "$1"
}
