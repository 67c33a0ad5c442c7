# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What has been flushed is on the disk, also while a snapshot holds writes: the
# disk has a cache that loses its content when the power goes. That happens
# under load, with file systems and without, and nothing is missing of what was
# said to be safe.
#
# disks: 256M
# timeout: 600
# expect-log: I/O error|Buffer I/O|EXT4-fs|JBD2|Aborting journal|XFS

. /test/lib.sh
# shellcheck source=../guest/layers.sh
. /test/layers.sh

STORAGE=(--storage /dev/vda)
# Each of their writes is safe when it has ended
DOORS=buffered

# power cut|on
power() {
	local on=0
	[ "$1" = cut ] || on=1
	echo $on >/sys/kernel/config/nullb/disk/power
}

load_module
null_disk disk queue_mode=2 size=32 cache_size=32
same "cache" "$(cat /sys/block/disk/queue/write_cache)" "write back"

say "it does lose what is not flushed"
head -c 1M /dev/urandom >/tmp/new
dd if=/tmp/new of=/dev/disk bs=64k oflag=direct status=none
power cut
power on
check_fails differ cmp -n 1M /tmp/new /dev/disk

# lose PATH: cuts the power while PATH is being written and the snapshot holds
# writes; afterwards the disk has all that is safe
lose() {
	local status=0
	WRITE=(-n 4)
	writers_start "0:$1"
	take /dev/disk
	sleep $((RANDOM % 2)).$((RANDOM % 10))
	rawctl "openid:$id" state:TAKEN
	power cut
	wait "${WRITERS[@]}" || status=$?
	WRITERS=()
	same "status of the writers" $status 1
	[ "$1" = /dev/disk ] || umount /mnt/a
	wait_for 20 blksnapctl release "$id"
	power on
	[ "$1" = /dev/disk ] || mount /dev/disk /mnt/a
	oracle verify -j $JOURNAL "0:$1"
}

for _ in 1 2; do
	say "raw"
	lose /dev/disk
done
for _ in 1 2 3; do
	say "ext4"
	mkfs_mount ext4 /dev/disk /mnt/a
	fallocate -l 8M /mnt/a/file
	lose /mnt/a/file
	umount /mnt/a
	e2fsck -fn /dev/disk >/dev/null
done

rawctl clean
power cut
unload_module
