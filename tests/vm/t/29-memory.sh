# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# No memory left: a swap partition and a file system are on a disk that has a
# snapshot, and without both there is none to be had. Everybody goes on, and the
# image is right.
#
# disks: 1G 1536M
# memory: 512M
# timeout: 600

. /test/lib.sh
# shellcheck source=../guest/layers.sh
. /test/layers.sh

# hog MIB: needs that much memory, and writes to all of it again and again
hog() {
	local module
	module=$(stat -c %s /test/blksnap.ko)
	mkdir /mnt/hog
	mount -t tmpfs -o size=2G hog /mnt/hog
	while [ ! -e /tmp/stop ]; do
		for ((i = 0; i * module < $1 << 20; i++)); do
			cat /test/blksnap.ko >/mnt/hog/$i
		done
	done &
	HOG=$!
}

swapped() {
	awk '$1 == "pswpout" { print $2 }' /proc/vmstat
}

swapped_more() { [ "$(swapped)" -gt $((before + 1000)) ]; }

swapping() { [ "$(swapped)" -gt 0 ]; }

load_module

printf 'label: gpt\nsize=768M\nsize=64M\n' | sfdisk -q /dev/vda
wait_for 10 test -b /dev/vda2
mkswap -q /dev/vda1
swapon /dev/vda1
mkfs_mount ext4 /dev/vda2 /mnt/a
fallocate -l 4M /mnt/a/file
DOORS=direct,buffered,mmap
writers_start 0:/mnt/a/file
free=$(awk '/MemAvailable/ { print int($2 / 1024) }' /proc/meminfo)
hog $((free + 120))
wait_for 120 swapping
take /dev/vda
before=$(swapped)
say "swapped out: $before pages"
# Dirty pages can only be written back through the disk, too
dd if=/dev/zero of=/mnt/a/big bs=1M count=40 status=none
mkdir -p /mnt/i
mount -o ro,noload "${IMAGES[0]}p2" /mnt/i
check 0:/mnt/i/file
say "swapped out: $(swapped) pages"
wait_for 120 swapped_more
touch /tmp/stop
wait $HOG
umount /mnt/hog
umount /mnt/i
release
writers_end
swapoff /dev/vda1
umount /mnt/a
e2fsck -fn /dev/vda2 >/dev/null
rawctl clean
unload_module
