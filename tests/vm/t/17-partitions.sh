# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# A whole disk and its partitions: a write is seen whichever way it comes.
#
# disks: 96M 256M
# timeout: 600

. /test/lib.sh

create() {
	id=$(blksnapctl create --storage /mnt/s --reserve 16M --limit 32M "$@" |
		head -n 1)
}

# image_of DEVICE: its image in the snapshot $id
image_of() {
	blksnapctl status --json "$id" |
		jq -r ".snapshots[0].members[] | select(.origin == \"$1\").image"
}

# write DEVICE SECTOR SECTORS: something new
write() {
	head -c $(($3 * 512)) /dev/urandom | dd of="$1" bs=$(($3 * 512)) \
		iflag=fullblock oflag=direct,seek_bytes seek=$(($2 * 512)) \
		conv=notrunc status=none
}

# What is copied is counted
load_module copy_kib=4
mkfs_mount ext4 /dev/vdb /mnt/s
# The second one is of an odd number of sectors, and not aligned to blocks
printf 'label: gpt\nstart=2048,size=49152\nstart=51203,size=50001\nstart=102400\n' |
	sfdisk -q /dev/vda
wait_for 10 test -b /dev/vda3
start2=51203 size2=50001
mkfs_mount ext4 /dev/vda1 /mnt/a
head -c 4M /dev/urandom >/mnt/a/file
sync
was=$(md5sum </mnt/a/file)
write /dev/vda2 0 200
write /dev/vda2 $((size2 - 100)) 100

say "a whole disk, written through its partitions"
create /dev/vda
same "image" "$(image_of /dev/vda)" /dev/blksnap0
first=$(md5sum </dev/blksnap0)
blksnapctl status --json "$id" | jq -e \
	'.snapshots[0].members[0] | .whole_disk and .frozen'
head -c 4M /dev/urandom | dd of=/mnt/a/file bs=1M conv=notrunc,fsync status=none
write /dev/vda2 0 1
write /dev/vda2 3 5
write /dev/vda2 $((size2 - 1)) 1
drop_caches
same "image" "$(md5sum </dev/blksnap0)" "$first"
for n in 1 2 3; do [ -b /dev/blksnap0p$n ] || fail "no partition $n"; done
same "size" "$(blockdev --getsz /dev/blksnap0p2)" $size2
mkdir -p /mnt/i
mount -o ro,noload /dev/blksnap0p1 /mnt/i
same "file in the image" "$(md5sum </mnt/i/file)" "$was"
check_fails '/dev/blksnap0 is mounted on /mnt/i' blksnapctl release "$id"
rawctl "openid:$id" destroy=EBUSY
umount /mnt/i
blksnapctl release "$id"
rawctl clean
[ ! -e /dev/blksnap0p1 ] || fail "a partition of the image is left"

say "a partition, written through the disk"
was=$(md5sum </mnt/a/file)
create /dev/vda2
first=$(md5sum </dev/blksnap0)
same "size" "$(blockdev --getsz /dev/blksnap0)" $size2
# Not of it: before and behind
write /dev/vda $((start2 - 8)) 8
write /dev/vda $((start2 + size2)) 8
write /dev/vda1 0 1
same "copied" "$(blksnapctl status --json "$id" |
	jq '.snapshots[0].members[0].copied')" 0
# Across its beginning, inside, across its end
write /dev/vda $((start2 - 3)) 4
write /dev/vda $((start2 + 5000)) 64
write /dev/vda $((start2 + size2 - 1)) 3
same "image" "$(md5sum </dev/blksnap0)" "$first"
# One block at the beginning, one at the end, and 64 sectors in between
same "copied" "$(blksnapctl status --json "$id" |
	jq '.snapshots[0].members[0].copied')" $((4096 + 4096 + 32768))
rawctl "openid:$id" state:TAKEN
scribble /dev/vda 2 8192 2
drop_caches
same "image" "$(md5sum </dev/blksnap0)" "$first"
blksnapctl release "$id"
rawctl clean

say "a disk and a partition of it in one snapshot"
umount /mnt/a
mkfs_mount ext4 /dev/vda1 /mnt/a
head -c 4M /dev/urandom >/mnt/a/file
sync
create /dev/vda /dev/vda1
disk=$(image_of /dev/vda) part=$(image_of /dev/vda1)
first=$(md5sum <"$disk") first_part=$(md5sum <"$part")
same "both" "$(dd if="$disk" bs=1M skip=1 count=24 status=none | md5sum)" \
	"$first_part"
head -c 4M /dev/urandom | dd of=/mnt/a/file bs=1M conv=notrunc,fsync status=none
write /dev/vda 101300 64
write /dev/vda2 300 64
write /dev/vda3 300 64
drop_caches
same "image of the disk" "$(md5sum <"$disk")" "$first"
same "image of the partition" "$(md5sum <"$part")" "$first_part"
blksnapctl status "$id"
blksnapctl release "$id"
rawctl clean

say "a disk and a partition of it, said to lie on two levels"
write /dev/vda1 40000 64
rawctl create add:/dev/vda2:1 add:/dev/vda:0 append:/mnt/s:4M:4M take destroy \
	clean

say "a disk and a partition of it in two snapshots"
rawctl attach:/dev/vda1
create /dev/vda1
one=$id
create /dev/vda
two=$id
same "images" "$(cd /dev && echo blksnap?)" "blksnap0 blksnap1"
first_part=$(md5sum </dev/blksnap0) first=$(md5sum </dev/blksnap1)
head -c 4M /dev/urandom | dd of=/mnt/a/file bs=1M conv=notrunc,fsync status=none
write /dev/vda2 300 64
drop_caches
same "image of the partition" "$(md5sum </dev/blksnap0)" "$first_part"
same "image of the disk" "$(md5sum </dev/blksnap1)" "$first"
blksnapctl release "$one"
write /dev/vda1 40000 64
same "image of the disk" "$(md5sum </dev/blksnap1)" "$first"
blksnapctl release "$two"
rawctl slist:0:0 tlist:0:1 detach:/dev/vda1 clean
umount /mnt/a
e2fsck -fn /dev/vda1 >/dev/null

say "storage on another partition of the disk"
mkfs_mount ext4 /dev/vda3 /mnt/p
id=$(blksnapctl create --storage /mnt/p --reserve 4M --limit 4M /dev/vda2 |
	head -n 1)
first=$(md5sum </dev/blksnap0)
write /dev/vda2 500 1024
same "image" "$(md5sum </dev/blksnap0)" "$first"
blksnapctl release "$id"
# And on the disk itself, as a file system on a partition of it
id=$(blksnapctl create --storage /mnt/p --reserve 4M --limit 4M /dev/vda |
	head -n 1)
first=$(md5sum </dev/blksnap0)
write /dev/vda2 500 1024
same "image" "$(md5sum </dev/blksnap0)" "$first"
blksnapctl release "$id"
rawctl clean
umount /mnt/p
e2fsck -fn /dev/vda3 >/dev/null

umount /mnt/s
unload_module
