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

# power cut|on. A file system on it would be told first, and write out and flush,
# as if somebody switched the machine off: this it cannot do any more.
power() {
	local on=0
	[ "$1" = cut ] || on=1
	! mountpoint -q /mnt/a || xfs_io -x -c shutdown /mnt/a
	echo $on >/sys/kernel/config/nullb/disk/power
}

load_module
null_disk disk queue_mode=2 size=32 cache_size=32 discard=1
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
	umount /mnt/a
	wait_for 20 blksnapctl release "$id"
	power on
	mount /dev/disk /mnt/a
	oracle verify -j $JOURNAL "0:$1"
}

# forget FILE: what is on the disk of it. null_blk loses what is in its cache only
# where the disk itself has nothing.
forget() {
	local first blocks size
	size=$(stat -fc %S "$1")
	filefrag -e "$1" | tr -d .: | awk '$1 ~ /^[0-9]+$/ { print $4, $6 }' |
		while read -r first blocks; do
			blkdiscard -f -o $((first * size)) -l $((blocks * size)) \
				/dev/disk
		done
}

# cut_held: the power goes after writes were held. Not all that was written since
# is to be found, but all of /tmp/new at the beginning of $1
cut_held() {
	local held
	power cut
	[ "$1" = /dev/disk ] || umount /mnt/a
	held=$(blksnapctl status --json "$id" | jq '.snapshots[0].members[0].held')
	[ "$held" -ge 256 ] || fail "only $held writes were held"
	wait_for 20 blksnapctl release "$id"
	power on
	[ "$1" = /dev/disk ] || mount /dev/disk /mnt/a
	cmp -n 4M /tmp/new "$1"
}

head -c 4M /dev/urandom >/tmp/new

# Who overwrites a file has nothing to wait for but the write itself, if the disk
# knows FUA: no flush comes after it
say "held writes with FUA"
mkfs_mount ext4 /dev/disk /mnt/a -b 4096
head -c 8M /dev/urandom >/mnt/a/file
sync -f /mnt/a
forget /mnt/a/file
take /dev/disk
dd if=/tmp/new of=/mnt/a/file bs=16k oflag=direct,dsync conv=notrunc status=none
cut_held /mnt/a/file
umount /mnt/a

say "held writes, and a flush"
blkdiscard -f /dev/disk
take /dev/disk
dd if=/tmp/new of=/dev/disk bs=16k oflag=direct conv=fsync status=none
cut_held /dev/disk

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
