# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Loop devices, several levels of them: a file on an ext4 on a disk is a disk
# with an ext4 in turn, where a file is the third disk. Writers at each level,
# and snapshots of levels at one instant. The image of a lower level has all
# upper levels in it.
#
# disks: 64M 192M
# timeout: 600

. /test/lib.sh
# shellcheck source=../guest/layers.sh
. /test/layers.sh

load_module
modprobe loop
mkfs_mount ext4 /dev/vda /mnt/a
fallocate -l 2M /mnt/a/file
fallocate -l 24M /mnt/a/disk
losetup /dev/loop0 /mnt/a/disk
mkfs_mount ext4 /dev/loop0 /mnt/b
fallocate -l 2M /mnt/b/file
fallocate -l 4M /mnt/b/disk
losetup /dev/loop1 /mnt/b/disk
writers_start 0:/mnt/a/file 1:/mnt/b/file 2:/dev/loop1
# A snapshot of the disk alone does not freeze what is in the file: nothing of
# its metadata shall be in its journal only
fsfreeze -f /mnt/b
fsfreeze -u /mnt/b

inside() {
	mkdir -p "$2"
	mount -o ro,noload "$1" "$2"
}

for origins in /dev/vda "/dev/loop1 /dev/loop0 /dev/vda" "/dev/vda /dev/loop1" \
	"/dev/loop1 /dev/loop0"; do
	say "snapshot of $origins"
	# shellcheck disable=SC2086
	take $origins
	volumes=() n=0
	for origin in $origins; do
		image=${IMAGES[n]} n=$((n + 1))
		case $origin in
		/dev/loop1)
			volumes+=("2:$image")
			continue
			;;
		/dev/vda)
			inside "$image" /mnt/i
			volumes+=(0:/mnt/i/file)
			losetup -r /dev/loop2 /mnt/i/disk
			image=/dev/loop2
			;;
		esac
		inside "$image" "/mnt/i$n"
		volumes+=("1:/mnt/i$n/file")
		# What loop1 has written may be in the page cache of /mnt/b, if
		# that is not frozen
		case $origins in
		*/dev/loop0*) volumes+=("2:/mnt/i$n/disk") ;;
		esac
	done
	check "${volumes[@]}"
	for dir in /mnt/i[0-9]; do umount -q "$dir" || true; done
	losetup -d /dev/loop2 2>/dev/null || true
	umount -q /mnt/i || true
	release
done
writers_end

# Such a loop device of Linux 6.1 writes to a frozen file system, at which that
# warns. So what is parked may go on only after the thaw below it.
say "a loop device that writes to its file directly"
losetup -d /dev/loop1
losetup --direct-io=on /dev/loop1 /mnt/b/disk
DOORS=direct
writers_start 0:/dev/loop1
for _ in {1..4}; do
	take /dev/loop0 /dev/loop1
	check "0:${IMAGES[1]}"
	release
done
say "its agents are killed"
for n in {1..6}; do
	rawctl create add:/dev/loop0:1 add:/dev/loop1:2 append:/dev/vdb:0:0 take \
		stop >/dev/null &
	sleep "$(printf '0.%02d' $((n * 15)))"
	kill -9 $!
	wait $! || true
	wait_for 20 rawctl clean
done
writers_end

losetup -d /dev/loop1
umount /mnt/b
e2fsck -fn /dev/loop0 >/dev/null
losetup -d /dev/loop0
umount /mnt/a
e2fsck -fn /dev/vda >/dev/null
rawctl clean
unload_module
