# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# File systems that cannot be frozen at the cut: one that somebody else has
# frozen, one whose disk fails, one whose disk does not answer. The snapshot is
# not made, and writers on the others hardly notice.
#
# disks: 32M 32M 64M
# timeout: 600
# expect-log: I/O error|Buffer I/O|EXT4-fs|JBD2|Aborting journal

. /test/lib.sh
. /test/snapshot.sh

# The writer of /mnt/b, which is never in trouble: its longest write in ms
writer_start() {
	rm -f /tmp/stop /tmp/longest
	(
		longest=0
		while [ ! -e /tmp/stop ]; do
			begin=$(date +%s%N)
			dd if=/dev/zero of=/mnt/b/busy bs=4k count=1 \
				oflag=direct conv=notrunc status=none || exit 1
			now=$((($(date +%s%N) - begin) / 1000000))
			[ "$now" -le "$longest" ] || longest=$now
		done
		echo $longest >/tmp/longest
	) &
	writer=$!
}

# writer_end MS: that is the most that one write took
writer_end() {
	touch /tmp/stop
	wait $writer || fail "a write failed"
	say "the longest write took $(cat /tmp/longest) ms"
	[ "$(cat /tmp/longest)" -le "$1" ] || fail "a write took too long"
}

# can_write DIR: it is not frozen
can_write() {
	timeout 20 dd if=/dev/zero of="$1/touched" bs=4k count=1 conv=fsync \
		status=none || fail "$1 is frozen"
}

steps=(add:/dev/mapper/lower add:/dev/vdb append:/mnt/s:4M:4M)
load_module
modprobe -a dm-mod dm-flakey
mkfs_mount ext4 /dev/vdc /mnt/s
mkfs_mount ext4 /dev/vdb /mnt/b
size=$(blockdev --getsz /dev/vda)
dmsetup create lower --table "0 $size linear /dev/vda 0"
mkfs_mount ext4 /dev/mapper/lower /mnt/a

say "frozen by the admin"
fsfreeze -f /mnt/a
writer_start
if kernel_at_least 6.8; then
	# Such a kernel counts who freezes
	rawctl create "${steps[@]}" take state:TAKEN destroy
	create /mnt/s 4M 4M /dev/mapper/lower /dev/vdb
	release
else
	rawctl create "${steps[@]}" take=EBUSY state:NEW take=EBUSY destroy
	check_fails 'frozen by somebody else' blksnapctl create --storage /mnt/s \
		--reserve 4M --limit 4M /dev/vdb /dev/mapper/lower
fi
writer_end "$(slow 10000)"
rawctl clean
can_write /mnt/b
# It still is as the admin wants it
touch /mnt/a/thawed &
sleep 1
[ ! -e /mnt/a/thawed ] || fail "the admin's freeze has been undone"
fsfreeze -u /mnt/a
wait
[ -e /mnt/a/thawed ]
create /mnt/s 4M 4M /dev/mapper/lower /dev/vdb
release
rawctl clean

say "its disk fails"
head -c 1M /dev/urandom >/mnt/a/file
writer_start
swap_table lower "0 $size error"
rawctl create "${steps[@]}" take=EIO state:NEW destroy >/tmp/out 2>&1 || {
	# Told or not: writing out does not tell of errors since 6.6, and a file
	# system that has shut down need not fail to freeze
	cat /tmp/out
	kernel_at_least 6.6
}
writer_end "$(slow 10000)"
wait_for 20 rawctl clean
swap_table lower "0 $size linear /dev/vda 0"
can_write /mnt/b
umount /mnt/a || true
mkfs_mount ext4 /dev/mapper/lower /mnt/a

# given_up: TAKE ends at its deadline, and the other file system can be written at
# once. What was begun then ends when the disk answers again: until then the
# module stays, and so does the snapshot, since it watches the disk.
given_up() {
	local begin=$SECONDS taker
	rm -f /tmp/ready
	dmsetup suspend --noflush --nolockfs lower
	writer_start
	rawctl create "${steps[@]}" take:2000=ETIMEDOUT state:NEW stop >/tmp/ready &
	taker=$!
	wait_for 30 grep -q ready /tmp/ready
	is_between "seconds" 2 $((SECONDS - begin)) "$(slow 15)"
	can_write /mnt/b
	writer_end "$(slow 6000)"
	check_fails 'in use' unload_module
	kill -KILL $taker
	sleep 1
	dmsetup resume lower
	wait $taker 2>/dev/null || true
	# What was frozen late thaws itself
	can_write /mnt/a
	wait_for 20 rawctl clean
}

say "its disk does not answer: writing out does not end"
head -c 1M /dev/urandom >/mnt/a/file
given_up
create /mnt/s 4M 4M /dev/mapper/lower /dev/vdb
release

say "the freeze itself does not end"
# Nothing is left to be written but what the freeze writes
umount /mnt/a
mount -o nobarrier,noatime /dev/mapper/lower /mnt/a
for _ in 1 2; do
	sync -f /mnt/a
	given_up
done
create /mnt/s 4M 4M /dev/mapper/lower /dev/vdb
image=$(images | head -n 1)
first=$(digest "$image")
can_write /mnt/a
same "image" "$(digest "$image")" "$first"
release

# The last: some kernels count that file system as frozen from then on
say "thawed by somebody else before the cut"
other=$(rawctl create append:/mnt/b:1M:1M hold:1 id)
sync -f /mnt/a
dmsetup suspend --noflush --nolockfs lower
blksnapctl create --timeout 60 --storage /mnt/s --reserve 4M --limit 4M \
	/dev/mapper/lower /dev/vdb >/tmp/created &
taker=$!
wait_for 20 fsfreeze -u /mnt/b 2>/dev/null
# Storage of others comes and goes meanwhile
begin=$SECONDS
rawctl create append:/mnt/s:1M:1M destroy
is_between "seconds" 0 $((SECONDS - begin)) "$(slow 5)"
# But what the cut has recorded stays until then
rawctl "openid:$other" destroy
dmsetup resume lower
wait $taker || fail "not taken"
use "$(head -n 1 /tmp/created)"
same "frozen" "$(status 'members | map(.frozen | tostring) | join(" ")')" "true false"
release

umount /mnt/a /mnt/b /mnt/s
for device in /dev/mapper/lower /dev/vdb /dev/vdc; do check_fs ext4 $device; done
dmsetup remove lower
# The late workers have gone as well
wait_for 20 unload_module
