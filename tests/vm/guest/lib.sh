# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What tests share. A test begins with ". /test/lib.sh"; from there on the
# first command that fails ends it, and makes it fail.

set -euo pipefail

trap 'echo "failed at $0:$LINENO: $BASH_COMMAND (status $?)"' ERR
set -o errtrace

# say WORDS: a line in the test's output and in the kernel's log
say() {
	echo "$(cut -d' ' -f1 /proc/uptime) $*"
	echo "blksnap-vm: $*" >/dev/kmsg
}

# fail WORDS: ends the test
fail() {
	say "FAIL: $*"
	exit 1
}

# check_fails REGEX COMMAND...: COMMAND must fail, saying what REGEX matches
check_fails() {
	local regex=$1 output
	shift
	if output=$("$@" 2>&1); then
		fail "should have failed: $*"
	fi
	grep -qE -- "$regex" <<<"$output" ||
		fail "$* did not say \"$regex\", but: $output"
}

# same WHAT A B: two words must be equal
same() {
	[ "$2" = "$3" ] || fail "$1: $2, and not $3"
}

# slow SECONDS: a limit, on a machine that may be said to be slow
slow() { echo $(($1 * ${BLKSNAP_SLOW:-1})); }

# wait_for SECONDS COMMAND...: until COMMAND succeeds
wait_for() {
	local deadline=$((SECONDS + $(slow "$1")))
	shift
	until "$@"; do
		[ "$SECONDS" -lt "$deadline" ] || fail "waited in vain for: $*"
		sleep 0.1
	done
}

load_module() { insmod /test/blksnap.ko "$@"; }
unload_module() { rmmod blksnap; }

# mkfs_mount TYPE DEVICE DIR [MKFS OPTIONS...]: all of it made at once, so that
# later the kernel writes nothing that the test does not know of
mkfs_mount() {
	local type=$1 device=$2 dir=$3
	shift 3
	case $type in
	ext*)
		mkfs."$type" -q -F -E lazy_itable_init=0,lazy_journal_init=0 \
			"$@" "$device"
		;;
	xfs) mkfs.xfs -q -f "$@" "$device" ;;
	btrfs) mkfs.btrfs -q -f "$@" "$device" ;;
	f2fs) mkfs.f2fs -q -f "$@" "$device" ;;
	vfat) mkfs.vfat "$@" "$device" >/dev/null ;;
	*) fail "cannot make a file system of type $type" ;;
	esac
	mkdir -p "$dir"
	mount -t "$type" "$device" "$dir"
}

# by_serial NAME: the virtio disk with that serial number: disk0, disk1, ...,
# or payload
by_serial() {
	local file
	for file in /sys/block/*/serial; do
		if [ "$(cat "$file")" = "$1" ]; then
			file=${file%/serial}
			echo "/dev/${file##*/}"
			return
		fi
	done
	fail "no disk has the serial number $1"
}

# mount_payload DIR: the disk of "# payload: yes", many files of a Debian system
mount_payload() {
	mkdir -p "$1"
	mount -o ro,noload "$(by_serial payload)" "$1"
}

drop_caches() {
	sync
	echo 3 >/proc/sys/vm/drop_caches
}

kernel_at_least() {
	printf '%s\n' "$1" "$(uname -r)" | sort -CV
}
