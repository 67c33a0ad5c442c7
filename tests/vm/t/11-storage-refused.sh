# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Directories that storage cannot be in, and one that it can be in on btrfs.
#
# disks: 64M 256M 320M
# timeout: 600

. /test/lib.sh

# refused DIR ERRNO WORDS
refused() {
	say "$1: $2"
	rawctl create add:/dev/vda "append:$1:4M:4M=$2" info:0:1 state:NEW \
		take=ENOSTR
	check_fails "$1: .*$3" blksnapctl create --storage "$1" --reserve 4M \
		--limit 4M /dev/vda
	rawctl clean
}

available() { df --output=avail -B 4096 "$1" | tail -n 1; }

load_module
mkdir -p /mnt/t
mount -t tmpfs tmpfs /mnt/t
refused /mnt/t EOPNOTSUPP 'file system is tmpfs'
refused /proc/self EOPNOTSUPP 'file system is proc'
refused /sys EOPNOTSUPP 'file system is sysfs'

for type in vfat f2fs; do
	mkfs_mount $type /dev/vdb /mnt/b
	refused /mnt/b EOPNOTSUPP "file system is $type"
	umount /mnt/b
	wipefs -qa /dev/vdb
done

for type in ext4 xfs; do
	mkfs_mount $type /dev/vdc /mnt/c
	mount -o remount,ro /mnt/c
	refused /mnt/c EROFS 'read-only'
	mount -o remount,rw /mnt/c
	# Read-only for one of its mounts only: the file system could be written
	mkdir -p /mnt/bind
	mount --bind /mnt/c /mnt/bind
	mount -o remount,ro,bind /mnt/bind
	refused /mnt/bind EROFS 'read-only'
	umount /mnt/bind

	mkdir /mnt/c/removed
	cd /mnt/c/removed || exit
	rmdir /mnt/c/removed
	refused . ENOENT 'has been removed'
	cd /root || exit

	say "full $type"
	free=$(available /mnt/c)
	# It keeps 16 MiB free, or a 64th
	fallocate -l $(((free * 4096 >> 20) - 18))M /mnt/c/most
	refused /mnt/c ENOSPC 'cannot be reserved'
	rm /mnt/c/most
	sync -f /mnt/c
	wait_for 20 test "$(available /mnt/c)" -ge "$((free - 16))"
	rawctl create add:/dev/vda append:/mnt/c:4M:4M take destroy
	rawctl clean
	umount /mnt/c
	wipefs -qa /dev/vdc
done

say "btrfs"
mkfs_mount btrfs /dev/vdb /mnt/b
refused /mnt/b EOPNOTSUPP 'copy-on-write.*chattr \+C'
mkdir /mnt/b/nocow
chattr +C /mnt/b/nocow
sync -f /mnt/b
free=$(available /mnt/b)
head -c 4M /dev/urandom >/tmp/old
dd if=/tmp/old of=/dev/vda bs=1M oflag=direct status=none
before=$(md5sum </dev/vda)
id=$(blksnapctl create --storage /mnt/b/nocow --reserve 16M --limit 16M \
	/dev/vda | head -n 1)
head -c 4M /dev/urandom | dd of=/dev/vda bs=1M iflag=fullblock oflag=direct \
	status=none
same "image" "$(md5sum </dev/blksnap0)" "$before"
blksnapctl status --json "$id" | jq -e \
	'.snapshots[0] | .storage_used == 4194304 and .storage_reserved == 16777216'
blksnapctl release "$id"
rawctl clean
sync -f /mnt/b
wait_for 20 test "$(available /mnt/b)" -ge "$((free - 64))"
umount /mnt/b
btrfs check /dev/vdb >/dev/null 2>&1
unload_module
