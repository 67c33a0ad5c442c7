# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Do the tests find a wrong image? Modules with a planted bug, each of which
# takes one protection away (see planted/*.patch), must be found by the same
# steps that the right module passes. (Setting a limit has a kernel with lockdep
# complain of itself, before a module is loaded.)
#
# disks: 32M 256M 128M
# planted: yes
# memory: 1G
# timeout: 900
# expect-log: possible circular locking dependency detected|Call Trace:

. /test/lib.sh

SEED=${SEED:-$RANDOM}
say "seed $SEED"
JOURNAL=/tmp/journal

# fill PATH: what the oracle will look for
fill() { oracle fill -j $JOURNAL -s "$SEED" "0:$1"; }

# take ORIGIN: a snapshot; when it began and ended
take() {
	begin=$(oracle now)
	id=$(blksnapctl create --storage /mnt/s --reserve 64M "$1" | head -n 1)
	end=$(oracle now)
}

check() { oracle check -j $JOURNAL -b "$begin" -e "$end" -p "$1" 0:/dev/blksnap0; }

# Each of these fails if the image is wrong. They are conditions, in which
# "set -e" is off: what has to succeed is tied to the end by "&&".

find_copy() {
	fill /dev/vda && take /dev/vda &&
		oracle write -j $JOURNAL -t 2 -d direct,aio -s "$SEED" 0:/dev/vda &&
		check 1
}

find_nested() {
	fill /dev/vda && take /dev/vda &&
		oracle write -j $JOURNAL -t 2 -d direct -s "$SEED" 0:/dev/mapper/top &&
		check 1
}

# image_is_read: has anybody begun to?
image_is_read() {
	blksnapctl status --json "$id" |
		jq -e '.snapshots[0].members[0].image_read > 0' >/dev/null
}

# The reader is throttled and comes first, so that writers overtake what it has
# asked for
find_recheck() {
	local status=0 reader
	fill /dev/vda && take /dev/vda
	(echo $BASHPID >$CGROUP/cgroup.procs && check 1) &
	reader=$!
	wait_for 20 image_is_read
	oracle write -j $JOURNAL -t 6 -d aio,uring -n 2 -q 32 -m 4096 -M 4096 \
		-s "$SEED" 0:/dev/vda || fail "a write failed"
	wait $reader || status=1
	return $status
}

# Writes land four seconds after they were submitted, all at once, so that the
# first look at the image comes between. All are counted, as none is older than
# the attach.
find_drain() {
	local writer first last
	fill /dev/vda && blksnapctl attach /dev/mapper/slow
	oracle write -j $JOURNAL -t 6 -d aio -n 1 -q 32 -s "$SEED" \
		0:/dev/mapper/slow &
	writer=$!
	sleep 0.2
	take /dev/mapper/slow
	first=$(digest /dev/blksnap0)
	wait $writer || fail "a write failed"
	last=$(digest /dev/blksnap0)
	check 1 || last=wrong
	[ "$first" = "$last" ] || echo "image WRONG: it changed"
	blksnapctl release --all && blksnapctl detach /dev/mapper/slow
	[ "$first" = "$last" ]
}

find_discard() {
	fill /dev/vda && take /dev/vda &&
		blkdiscard -f -o 1048576 -l 4194304 /dev/vda && check 1
}

# Files in threes: one stays, one is deleted after the cut, one left room before
find_grow() {
	local n status=0
	mkfs_mount ext4 /dev/vdb /mnt/o
	for n in $(seq 70); do
		for kind in stays goes room; do
			head -c 1M /dev/urandom >"/mnt/o/$kind$n"
		done
	done
	sync -f /mnt/o
	rm /mnt/o/room*
	sync -f /mnt/o
	(cd /mnt/o && md5sum goes*) >/tmp/sums
	id=$(rawctl create add:/dev/vdb append:/mnt/o:4M:40M take hold:1 id)
	rm /mnt/o/goes*
	sync -f /mnt/o
	for n in $(seq 30); do
		dd if=/dev/zero of="/mnt/o/stays$n" bs=256k count=4 conv=notrunc \
			oflag=direct status=none
	done
	mkdir -p /mnt/i
	mount -o ro,noload /dev/blksnap0 /mnt/i
	(cd /mnt/i && md5sum --quiet -c /tmp/sums) || status=1
	umount /mnt/i
	rawctl "openid:$id" state:TAKEN
	umount /mnt/o
	return $status
}

CGROUP=/sys/fs/cgroup/slow
mount -t cgroup2 cgroup /sys/fs/cgroup
echo +io >/sys/fs/cgroup/cgroup.subtree_control
mkdir $CGROUP
echo "$(cat /sys/block/vda/dev) rbps=$((4 << 20))" >$CGROUP/io.max
modprobe -a dm-mod dm-delay
mkfs_mount ext4 /dev/vdc /mnt/s
sectors=$(blockdev --getsz /dev/vda)
dmsetup create top --table "0 $sectors linear /dev/vda 0"
dmsetup create slow --table "0 $sectors delay /dev/vda 0 0 /dev/vda 0 4000"
dmsetup mknodes

# try_module FILE BUG: sets $status and $output
try_module() {
	insmod "$1"
	status=0
	output=$("find_$2" 2>&1) || status=$?
	echo "$output"
	blksnapctl release --all
	wait_for 20 rawctl clean
	unload_module
}

for name in copy nested recheck drain discard grow; do
	say "the right module: $name"
	try_module /test/blksnap.ko $name
	[ $status = 0 ] || fail "the image is wrong, or the steps are"

	say "planted: $name"
	try_module /test/planted/$name.ko $name
	[ $status != 0 ] || fail "not found: $name"
	grep -qE 'image WRONG|: FAILED' <<<"$output" ||
		fail "not found, but the steps failed: $name"
done
dmsetup remove top
dmsetup remove slow
umount /mnt/s
