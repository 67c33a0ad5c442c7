# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# How much is copied for a small write: as much as is set, or what suits the disk;
# never twice, never beyond the end, and no more than is written when the storage is
# short of room.
#
# disks: 16M 8M
# timeout: 300

. /test/lib.sh
# shellcheck source=../guest/snapshot.sh
. /test/snapshot.sh

KIB=1024

# set_unit KIB: of the snapshots to come
set_unit() { echo "$1" >/sys/module/blksnap/parameters/copy_kib; }

# write_at BLOCK [COUNT]
write_at() {
	dd if=/dev/urandom of="$origin" bs=$((4096 * ${2:-1})) count=1 iflag=fullblock \
		seek=$(($1 * 4096)) oflag=direct,seek_bytes conv=notrunc status=none
}

# copied WHAT KIB: by the snapshot so far
copied() { same "$1" "$(status 'members[0].copied')" $(($2 * KIB)); }

# begin KIB: a snapshot that copies so
begin() {
	set_unit "$1"
	before=$(digest "$origin")
	create /dev/vdb - - "$origin"
}

# end: its image is right, and so was all that was read of it
end() {
	same "the image" "$(digest /dev/blksnap0)" "$before"
	release
}

# A last block that is short, in a unit that is, too
load_module
modprobe dm-mod
dd if=/dev/urandom of=/dev/vda bs=1M count=16 oflag=direct status=none
dmsetup create origin --table "0 $((3968 * 8 + 3)) linear /dev/vda 0"
origin=/dev/mapper/origin

say "as much as is set"
begin 512
write_at 200
copied "a unit" 512
write_at 129
write_at 255
copied "nothing twice" 512
write_at 127
copied "the unit before" 1024
write_at 384 128
copied "what is written" 1536
write_at 510 4
copied "no more than is written of two units" 1544
write_at 600 70
copied "more than half a unit" $((1544 + 70 * 4))
write_at 590
copied "both sides, up to what has been copied" $((1544 + 70 * 4 + 86 * 4))
end

say "what others have copied is left alone"
begin 128
write_at 40
write_at 33
copied "a unit" 128
write_at 64 4
copied "the next one" 256
write_at 100 10
copied "what is around a few blocks" 384
end

say "up to the end"
begin 512
dd if=/dev/urandom of=$origin bs=512 seek=$((3968 * 8 + 1)) count=1 oflag=direct \
	status=none
copied "the last unit" 4
write_at 3967
copied "the one before" 516
end

say "4 KiB"
begin 4
for block in 1 3 5 900 901; do
	write_at $block
done
copied "what is written" 20
end

say "what cannot be set is measured"
begin 12
write_at 17
copied "what is written" 4
end

say "the first half of the storage"
begin 512
for ((block = 0; block < 3968; block += 128)); do
	write_at $block
done
size=$(($(status storage_used) / KIB))
is_between "stored" $((4 * KIB)) $size $((5 * KIB))
is_taken
end

say "a disk that is slow"
dmsetup create slow --table "0 32768 delay /dev/vda 0 12"
origin=/dev/mapper/slow
begin 0
for ((block = 0; block < 64 * 20; block += 20)); do
	write_at $block
done
size=$(($(status 'members[0].copied') / KIB))
is_between "copied" $((2 * KIB)) $size $((3 * KIB))
end
dmsetup remove slow
dmsetup remove origin
unload_module
