# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Origins that fail, shrink, grow and are pulled out while a snapshot is held:
# their users see what they would without a snapshot, the snapshot fails with the
# cause, and everything can be released.
#
# disks: 64M 96M 32M
# timeout: 600
# expect-log: I/O error|Buffer I/O|EXT4-fs|JBD2|Aborting journal|[Ss]ynchroniz

. /test/lib.sh
. /test/snapshot.sh

# no_disk NAME: its node has gone
no_disk() { [ ! -e "/sys/class/block/$1" ]; }

# gone [EVENT ERRNO]: the snapshot notices within seconds
gone() {
	local begin=$SECONDS
	failed "${1:-device-gone}" "${2:-ENODEV}"
	[ $((SECONDS - begin)) -le "$(slow 20)" ] || fail "noticed late"
	rawctl clean
}

load_module
modprobe -a dm-mod dm-flakey scsi_debug sd_mod
mkfs_mount ext4 /dev/vdb /mnt/s
sectors=$(blockdev --getsz /dev/vda)

say "reads of a file system's disk fail, and its writes go on"
linear="0 $sectors linear /dev/vda 0"
dmsetup create origin --table "$linear"
mkfs_mount ext4 /dev/mapper/origin /mnt/a -b 4096
head -c 6M /dev/urandom >/mnt/a/file
sync -f /mnt/a
create /mnt/s 8M 24M /dev/mapper/origin
first=$(digest /dev/blksnap0)
head -c 1M /dev/urandom | dd of=/mnt/a/file bs=64k iflag=fullblock \
	oflag=direct conv=notrunc status=none
same "image" "$(digest /dev/blksnap0)" "$first"
head -c 4M /dev/urandom >/tmp/new
# Where the file is, there is nothing to read any more; it can be written
block=$(filefrag -e /mnt/a/file | awk '$1 == "0:" { sub(/\.\.$/, "", $4); print $4 }')
bs=$(stat -fc %S /mnt/a)
start=$((block * bs / 512 + 6144))
if kernel_at_least 6.5; then
	# Good for 0 s, bad for 1000 s: reads only
	swap_table origin "0 $start linear /dev/vda 0
$start 4096 flakey /dev/vda $start 0 1000 1 error_reads
$((start + 4096)) $((sectors - start - 4096)) linear /dev/vda $((start + 4096))"
	dd if=/tmp/new of=/mnt/a/file bs=64k seek=48 count=16 oflag=direct \
		conv=notrunc status=none
	swap_table origin "$linear"
	dd if=/mnt/a/file bs=64k skip=48 count=16 iflag=direct status=none |
		cmp -n $((1 << 20)) - /tmp/new
	failed read-error EIO
else
	# All fails there, and the user is told of that
	swap_table origin "0 $start linear /dev/vda 0
$start 4096 error
$((start + 4096)) $((sectors - start - 4096)) linear /dev/vda $((start + 4096))"
	check_fails 'Input/output error' dd if=/tmp/new of=/mnt/a/file bs=64k \
		seek=48 count=16 oflag=direct conv=notrunc
	swap_table origin "$linear"
	failed read-error EIO
fi
# Elsewhere, and there again, all is well
dd if=/tmp/new of=/mnt/a/file bs=64k oflag=direct conv=notrunc status=none
cmp -n $((4 << 20)) /tmp/new /mnt/a/file
umount /mnt/a
check_fs ext4 /dev/mapper/origin

say "an image's read of the origin fails, and only that"
create /mnt/s 8M 24M /dev/mapper/origin
first=$(digest /dev/blksnap0)
swap_table origin "0 2048 linear /dev/vda 0
2048 2048 error
4096 $((sectors - 4096)) linear /dev/vda 4096"
check_fails 'Input/output error' \
	dd if=/dev/blksnap0 bs=1M skip=1 count=1 iflag=direct of=/dev/null
dd if=/dev/blksnap0 bs=1M skip=2 count=1 iflag=direct of=/dev/null status=none
is_taken
swap_table origin "$linear"
same "image" "$(digest /dev/blksnap0)" "$first"
is_taken

say "an origin grows"
dmsetup create more --table "0 65536 linear /dev/vdc 0"
swap_table origin "$linear
$sectors 65536 linear /dev/mapper/more 0"
random 1 /dev/mapper/origin
gone
say "an origin shrinks"
create /mnt/s 8M 24M /dev/mapper/origin
swap_table origin "$linear"
random 1 /dev/mapper/origin
gone
# Its new size is what the next snapshot has
create /mnt/s 8M 24M /dev/mapper/origin
same "size" "$(blockdev --getsz /dev/blksnap0)" "$sectors"
random 1 /dev/mapper/origin
is_taken
release
dmsetup remove origin
dmsetup remove more

# pulled DISK COMMAND...: with an open and read image and writers, COMMAND takes
# the disk away
pulled() {
	local disk=$1 first
	shift
	random 2 "/dev/$disk"
	create /mnt/s 8M 24M "/dev/$disk"
	first=$(digest /dev/blksnap0)
	random 1 "/dev/$disk"
	same "image" "$(digest /dev/blksnap0)" "$first"
	scribble "/dev/$disk" 3 65536 2 $((4 << 20)) >/tmp/writer 2>&1 &
	(while dd if=/dev/blksnap0 of=/dev/null bs=64k iflag=direct \
		status=none 2>/tmp/reader; do :; done) &
	sleep 1
	"$@"
	# Both come to an end
	wait
	cat /tmp/writer
	# Whoever is first: the one who looks after it, or a copy of old data
	gone 'device-gone|read-error' 'ENODEV|EIO'
	wait_for 20 no_disk "$disk"
}

pull_scsi() { echo 1 >/sys/block/sda/device/delete; }
pull_virtio() {
	local name
	name=$(basename "$(readlink -f /sys/block/vdc/device)")
	echo "$name" >/sys/bus/virtio/drivers/virtio_blk/unbind
}

say "a SCSI disk is deleted"
wait_for 20 test -b /dev/sda
pulled sda pull_scsi

say "a virtio disk is unbound"
pulled vdc pull_virtio

say "a disk that is attached only"
echo 1 >/sys/bus/pseudo/drivers/scsi_debug/add_host
wait_for 20 test -b /dev/sda
blksnapctl attach /dev/sda
pull_scsi
wait_for 20 no_disk sda
# It cannot be named any more: the module lets it go by itself
rawctl tlist:0:0 clean

umount /mnt/s
check_fs ext4 /dev/vdb
unload_module
rmmod scsi_debug
