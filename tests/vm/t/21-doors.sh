# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# A disk and its partitions are doors to the same sectors: writers use all of
# them at once, whatever of it the snapshots are of.
#
# disks: 8M 192M
# timeout: 600

. /test/lib.sh
# shellcheck source=../guest/layers.sh
. /test/layers.sh

load_module
# Not by a partition table, which writers to the disk would overwrite. The
# second one is of an odd number of sectors and not aligned to blocks.
addpart /dev/vda 1 1024 7168
addpart /dev/vda 2 8195 6001
writers_start 0:/dev/vda 0:/dev/vda1:1024 0:/dev/vda2:8195

round /dev/vda 0:@0
round /dev/vda1 0:@0:1024
round /dev/vda2 0:@0:8195

say "requests of 4 KiB"
limit=$(cat /sys/block/vda/queue/max_sectors_kb)
echo 4 >/sys/block/vda/queue/max_sectors_kb
round "/dev/vda /dev/vda2" 0:@0 0:@1:8195
round "/dev/vda2 /dev/vda1" 0:@0:8195 0:@1:1024
echo "$limit" >/sys/block/vda/queue/max_sectors_kb

say "a disk and a partition in two snapshots, which overlap in time"
mkfs_mount ext4 /dev/vdb /mnt/s
STORAGE=(--storage /mnt/s --reserve 16M --limit 32M)
take /dev/vda
first=$id first_begin=$BEGIN first_end=$END first_image=${IMAGES[0]}
round /dev/vda2 0:@0:8195
id=$first BEGIN=$first_begin END=$first_end IMAGES=("$first_image")
check 0:@0
release

writers_end
rawctl clean
umount /mnt/s
unload_module
