# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The machine itself: disks of the size asked for, and file systems on them.
#
# disks: 512M 512M
# payload: yes
# timeout: 180

. /test/lib.sh

same "size of disk0" "$(blockdev --getsize64 "$(by_serial disk0)")" $((512 << 20))
same "first disk" "$(by_serial disk0)" /dev/vda
same "second disk" "$(by_serial disk1)" /dev/vdb

for type in ext4 xfs; do
	say "$type"
	mkfs_mount $type /dev/vda /mnt/a
	cp /usr/bin/bash /mnt/a
	umount /mnt/a
	mount /dev/vda /mnt/a
	cmp /usr/bin/bash /mnt/a/bash
	umount /mnt/a
done

say "payload"
mount_payload /mnt/payload
[ "$(find /mnt/payload -type f | wc -l)" -gt 1000 ] || fail "few files"
say "module tools"
modprobe -a dm-mod loop null_blk
dmsetup create two --table "0 2048 linear /dev/vdb 0"
blkdiscard -f /dev/mapper/two
dmsetup remove two
