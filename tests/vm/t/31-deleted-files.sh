# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Storage on the file system that is the origin: what is deleted after the cut
# stays in the image, whoever gets its blocks. A file system that is nearly full,
# for its storage and for its users.
#
# disks: 320M 40M
# timeout: 600

. /test/lib.sh
. /test/snapshot.sh

load_module

# deleted TYPE OPTIONS
deleted() {
	local large small before left
	say "$1, $2: what is deleted after the cut"
	mkfs_mount "$1" /dev/vda /mnt/a
	mount -o "remount,$2" /mnt/a
	head -c 12M /dev/urandom >/mnt/a/large
	for n in $(seq 20); do head -c 20k /dev/urandom >"/mnt/a/small$n"; done
	sync -f /mnt/a
	large=$(md5sum </mnt/a/large)
	small=$(cat /mnt/a/small* | md5sum)
	before=$(available /mnt/a)
	create /mnt/a 8M 32M /dev/vda
	rm /mnt/a/large /mnt/a/small*
	sync -f /mnt/a
	fstrim /mnt/a
	# Now a segment that is added could get the file's blocks
	raw append:/mnt/a:8M:8M=EBUSY
	# All that is free is used, and so are the file's blocks, but no more
	# of it is written than the storage has room for
	left=$(available /mnt/a)
	fallocate -l $((left - 20))M /mnt/a/elsewhere
	head -c 18M /dev/urandom |
		dd of=/mnt/a/new bs=1M iflag=fullblock conv=fsync status=none
	drop_caches
	is_taken
	say "$(($(status 'members[0].copied') >> 20)) MiB were copied"
	mount_image "$1" /dev/blksnap0 /mnt/i
	same "deleted file" "$(md5sum </mnt/i/large)" "$large"
	same "small files" "$(cat /mnt/i/small* | md5sum)" "$small"
	umount /mnt/i
	release
	rm /mnt/a/new /mnt/a/elsewhere
	sync -f /mnt/a
	# The space of what was deleted is free as well
	wait_available /mnt/a $((before + 11))
	umount /mnt/a
	check_fs "$1" /dev/vda
}

# no_growth TYPE
no_growth() {
	local before first
	say "$1: the storage cannot grow, and then is full"
	mkfs_mount "$1" /dev/vda /mnt/s
	before=$(available /mnt/s)
	fallocate -l $((before - 52))M /mnt/s/most
	create /mnt/s 16M 160M /dev/vdb
	first=$(digest /dev/blksnap0)
	random 12 /dev/vdb
	# A little less than 32 MiB with blocks smaller than a page
	wait_reserved 31
	same "image" "$(digest /dev/blksnap0)" "$first"
	head -c 24M /dev/urandom >/tmp/new
	dd if=/tmp/new of=/dev/vdb bs=1M seek=12 oflag=direct status=none
	dd if=/dev/vdb bs=1M skip=12 count=24 iflag=direct status=none |
		cmp - /tmp/new
	failed overflow ENOSPC
	# It was told that the file system was full, before the storage was
	same "why" "$(jq -r 'select(.event == "low-space").errno' /tmp/events |
		sort -nu | tail -n 1)" 28
	rm /mnt/s/most /tmp/new
	sync -f /mnt/s
	wait_available /mnt/s "$before"
	umount /mnt/s
	check_fs "$1" /dev/vda
}

# filled TYPE
filled() {
	local before was left
	say "$1: users fill the file system that storage and origin are on"
	mkfs_mount "$1" /dev/vda /mnt/a
	head -c 4M /dev/urandom >/mnt/a/file
	sync -f /mnt/a
	was=$(md5sum </mnt/a/file)
	before=$(available /mnt/a)
	create /mnt/a 48M 48M /dev/vda
	left=$(available /mnt/a)
	fallocate -l $((left - 12))M /mnt/a/most
	check_fails 'No space left' \
		dd if=/dev/zero of=/mnt/a/rest bs=1M count=100 conv=fsync
	head -c 4M /dev/urandom | dd of=/mnt/a/file bs=1M iflag=fullblock \
		conv=notrunc,fsync status=none
	drop_caches
	is_taken
	mount_image "$1" /dev/blksnap0 /mnt/i
	same "file" "$(md5sum </mnt/i/file)" "$was"
	umount /mnt/i
	release
	rm /mnt/a/most /mnt/a/rest
	sync -f /mnt/a
	wait_available /mnt/a "$before"
	umount /mnt/a
	check_fs "$1" /dev/vda
}

deleted ext4 defaults
deleted xfs discard
no_growth ext4
no_growth xfs
filled ext4
filled xfs

rawctl clean
unload_module
