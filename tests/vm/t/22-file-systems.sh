# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# A whole disk with an ext4, an XFS and a btrfs, which are all in use. Its image
# has partitions of its own, with the file systems as they were at the instant.
#
# disks: 600M 256M
# timeout: 600

. /test/lib.sh
# shellcheck source=../guest/layers.sh
. /test/layers.sh

load_module
modprobe -a xfs btrfs
printf 'label: gpt\nsize=64M\nsize=320M\nsize=128M\n' | sfdisk -q /dev/vda
wait_for 10 test -b /dev/vda3
mkfs_mount ext4 /dev/vda1 /mnt/ext4
mkfs_mount xfs /dev/vda2 /mnt/xfs
mkfs_mount btrfs /dev/vda3 /mnt/btrfs
volumes=() churns=()
for type in ext4 xfs btrfs; do
	fallocate -l 4M /mnt/$type/file
	volumes+=("${#volumes[@]}:/mnt/$type/file")
	mkdir /mnt/$type/churn
done
fill "${volumes[@]}"
writers 0:/mnt/ext4/file 1:/mnt/xfs/file
# Where direct and other writers meet in a file, btrfs may not be able to drop
# pages, which is an I/O error to somebody
DOORS=buffered,mmap writers 2:/mnt/btrfs/file
for type in ext4 xfs btrfs; do
	churn run /mnt/$type/churn /tmp/churn.$type &
	churns+=($!)
done
sleep 1

# mount_image TYPE OPTIONS NUMBER
mount_image() {
	mkdir -p "/mnt/i/$1"
	mount -t "$1" -o "ro,$2" "${IMAGES[0]}p$3" "/mnt/i/$1"
	churn check "/mnt/i/$1/churn" "/tmp/churn.$1" "$(jq .taken_ns /tmp/snapshot)"
}

take /dev/vda
jq -e '.members[0] | .frozen and .whole_disk' /tmp/snapshot
# Nothing is replayed from their logs: they were frozen
mount_image ext4 noload 1
mount_image xfs norecovery,nouuid 2
check 0:/mnt/i/ext4/file 1:/mnt/i/xfs/file
e2fsck -fn "${IMAGES[0]}p1" >/dev/null 2>&1

say "the image of btrfs, when the original is no longer mounted"
for pid in "${churns[@]}"; do
	kill "$pid"
	wait "$pid"
done
writers_end
umount /mnt/btrfs
btrfs check /dev/vda3 >/dev/null 2>&1
# It has the same UUID, so the original has to be forgotten
blkdiscard -z /dev/vda3
btrfs device scan --forget
mount_image btrfs rescue=nologreplay 3
check 0:/mnt/i/ext4/file 1:/mnt/i/xfs/file 2:/mnt/i/btrfs/file
umount /mnt/i/ext4 /mnt/i/xfs /mnt/i/btrfs
release

rawctl clean
umount /mnt/ext4 /mnt/xfs
e2fsck -fn /dev/vda1 >/dev/null
xfs_repair -n /dev/vda2 >/dev/null 2>&1
unload_module
