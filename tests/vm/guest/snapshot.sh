# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What tests that make many snapshots share. To be sourced after lib.sh.

# The snapshot that create or take_raw made last
id=''

mib() { echo $(($1 << 20)); }
available() { df --output=avail -B 1M "$1" | tail -n 1; }

has_available() { [ "$(available "$1")" -ge "$2" ]; }
has_reserved() { [ "$(status storage_reserved)" -ge "$(mib "$1")" ]; }

# wait_available DIR MIB: until so much is free again
wait_available() { wait_for 30 has_available "$1" "$2"; }

# used DIR: MiB. What is available on btrfs depends on its chunks, too
used() { df --output=used -B 1M "$1" | tail -n 1; }

has_used() {
	sync -f "$1"
	[ "$(used "$1")" -le "$2" ]
}

# wait_used DIR MIB: until no more is used
wait_used() { wait_for 30 has_used "$1" "$2"; }

# wait_reserved MIB: until the storage has grown so far
wait_reserved() { wait_for 20 has_reserved "$1"; }

# create STORAGE RESERVE LIMIT DEVICE...: the snapshot's id is $id then. Of a
# block device all is used: RESERVE and LIMIT are "-"
create() {
	local storage=$1 sizes=(--reserve "$2" --limit "$3")
	[ "$2" != - ] || sizes=()
	shift 3
	blksnapctl create --storage "$storage" "${sizes[@]}" "$@" >/tmp/created
	id=$(head -n 1 /tmp/created)
}

# use ID: as the snapshot $id
use() { id=$1; }

# release: the snapshot $id, and nothing is left of it
release() {
	blksnapctl release "$id"
	wait_for 20 rawctl slist:0:0
}

# status FIELD: of the snapshot $id
status() { blksnapctl status --json "$id" | jq -r ".snapshots[0].$1"; }

# images: of the snapshot that create made last, in the order of its devices
images() { awk 'NR > 1 { print $2 }' /tmp/created; }

# raw STEP...: of rawctl, with the snapshot $id
raw() { rawctl "openid:$id" "$@"; }

# is_taken: the snapshot $id has not failed
is_taken() { raw state:TAKEN; }

# has_error ERRNO...: the snapshot $id has failed with one of these
has_error() {
	local error
	for error; do
		! raw state:FAILED "error:$error" 2>/dev/null || return 0
	done
	return 1
}

# failed EVENT ERRNO: the snapshot $id has failed with that, or with one of
# several separated by "|"; its image cannot be read, and it can be released
failed() {
	local event
	if blksnapctl wait --timeout 20 --json "$id" >/tmp/events 2>/tmp/said; then
		fail "wait: no failure"
	fi
	event=$(jq -r .event /tmp/events | tail -n 1)
	grep -qEx "$1" <<<"$event" || fail "last event: $event, and not $1"
	# shellcheck disable=SC2086
	has_error ${2//|/ } || fail "its error is not $2"
	check_fails 'Input/output error' \
		dd if=/dev/blksnap0 of=/dev/null iflag=direct bs=4k count=1
	release
}

# is_between WHAT LOW VALUE HIGH
is_between() {
	if [ "$3" -lt "$2" ] || [ "$3" -gt "$4" ]; then
		fail "$1: $3, and not from $2 to $4"
	fi
}

# random MIB FILE: something new, by way of the device or file itself
random() {
	dd if=/dev/urandom of="$2" bs=1M count="$1" iflag=fullblock \
		oflag=direct conv=notrunc status=none
}

# lines WORDS BYTES: these words again and again
lines() { yes "$1" | head -c "$2" || true; }

# swap_table DM TABLE: from now on, the device is this
swap_table() {
	dmsetup suspend --noflush --nolockfs "$1"
	dmsetup load "$1" --table "$2"
	dmsetup resume "$1"
}

# check_fs TYPE DEVICE: not mounted, and clean
check_fs() {
	local output
	case $1 in
	ext4) output=$(e2fsck -fn "$2" 2>&1) ;;
	xfs) output=$(xfs_repair -n "$2" 2>&1) ;;
	btrfs) output=$(btrfs check "$2" 2>&1) ;;
	esac || fail "$1 on $2 is not clean: $output"
}

# mount_image TYPE IMAGE DIR: what can be mounted without writing to it
mount_image() {
	mkdir -p "$3"
	case $1 in
	ext4) mount -o ro,noload "$2" "$3" ;;
	xfs) mount -o ro,nouuid,norecovery "$2" "$3" ;;
	*) fail "an image of $1 cannot be mounted" ;;
	esac
}

# seed: of this run's random choices; BLKSNAP_SEED repeats one
seed() {
	BLKSNAP_SEED=${BLKSNAP_SEED:-$(od -An -N2 -tu2 /dev/urandom | tr -d ' ')}
	RANDOM=$BLKSNAP_SEED
	say "BLKSNAP_SEED=$BLKSNAP_SEED"
}

# configfs: for null_blk
configfs() {
	mountpoint -q /sys/kernel/config ||
		mount -t configfs configfs /sys/kernel/config
}

# null_disk NAME ATTRIBUTE=VALUE...: a disk of null_blk in memory, /dev/NAME
null_disk() {
	local name=$1 dir=/sys/kernel/config/nullb/$1 word
	shift
	configfs
	mkdir "$dir"
	for word in memory_backed=1 "$@" power=1; do
		echo "${word#*=}" >"$dir/${word%%=*}"
	done
	wait_for 10 test -b "/dev/$name"
}
