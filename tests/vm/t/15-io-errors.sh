# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Old data that cannot be read or stored, a device that goes away, somebody else
# writing into the storage: the snapshot fails with the cause, and the writes go
# through.
#
# disks: 128M 128M 320M
# timeout: 600
# expect-log: I/O error|Buffer I/O|EXT4-fs|JBD2|Aborting journal

. /test/lib.sh

# swap_table DM TABLE: from now on, the device is this
swap_table() {
	dmsetup suspend --noflush --nolockfs "$1"
	dmsetup load "$1" --table "$2"
	dmsetup resume "$1"
}

# failed EVENT ERRNO: the snapshot $id has failed with it, and can be released
failed() {
	blksnapctl wait --timeout 20 --json "$id" >/tmp/events 2>/tmp/said &&
		fail "wait: no failure"
	same "events" "$(jq -r .event /tmp/events | xargs)" "$1"
	rawctl "openid:$id" state:FAILED "error:$2"
	[ ! -b /dev/blksnap0 ] ||
		check_fails 'Input/output error' dd if=/dev/blksnap0 \
			of=/dev/null iflag=direct bs=4k count=1
	blksnapctl release "$id"
	rawctl clean
}

create() {
	id=$(blksnapctl create --storage /mnt/s --reserve 8M --limit 8M "$1" |
		head -n 1)
}

write_at() {
	dd if=/tmp/new of="$1" bs=4k count=1 seek="$2" oflag=direct \
		conv=notrunc status=none
}

load_module
modprobe -a dm-mod loop
mkfs_mount ext4 /dev/vdb /mnt/s
head -c 4k /dev/urandom >/tmp/new

say "an origin that cannot be read at one place"
bad="0 2048 linear /dev/vda 0
2048 2048 error
4096 258048 linear /dev/vda 4096"
dmsetup create origin --table "$bad"
create /dev/mapper/origin
write_at /dev/mapper/origin 0
rawctl "openid:$id" state:TAKEN
status=0
write_at /dev/mapper/origin 300 2>/dev/null || status=$?
same "a write where the disk fails" $status 1
failed read-error EIO

say "an origin that cannot be read beside what is written"
echo 512 >/sys/module/blksnap/parameters/copy_kib
dmsetup create beside --table "0 2304 linear /dev/vda 0
2304 1792 error
4096 258048 linear /dev/vda 4096"
create /dev/mapper/beside
before=$(dd if=/dev/blksnap0 bs=4k skip=240 count=40 iflag=direct status=none | md5sum)
write_at /dev/mapper/beside 260
write_at /dev/mapper/beside 250
rawctl "openid:$id" state:TAKEN
same "copied: no more than what is written from then on" \
	"$(blksnapctl status --json "$id" | jq '.snapshots[0].members[0].copied')" 8192
same "the image" \
	"$(dd if=/dev/blksnap0 bs=4k skip=240 count=40 iflag=direct status=none | md5sum)" \
	"$before"
write_at /dev/mapper/beside 300 2>/dev/null || true
failed read-error EIO
dmsetup remove beside
echo 0 >/sys/module/blksnap/parameters/copy_kib

say "reads fail, writes do not"
if modprobe dm-flakey && kernel_at_least 6.5; then
	# Good for 0 s, bad for 1000 s
	swap_table origin \
		"0 262144 flakey /dev/vda 0 0 1000 1 error_reads"
	id=$(rawctl create add:/dev/mapper/origin append:/mnt/s:8M:8M take \
		hold:1 id)
	write_at /dev/mapper/origin 100
	dd if=/dev/vda bs=4k skip=100 count=1 iflag=direct status=none |
		cmp - /tmp/new
	failed read-error EIO
fi
dmsetup remove origin

say "a storage that cannot be written"
size=$(blockdev --getsz /dev/vdc)
dmsetup create store --table "0 $size linear /dev/vdc 0"
id=$(blksnapctl create --storage /dev/mapper/store /dev/vda | head -n 1)
before=$(md5sum </dev/blksnap0)
write_at /dev/vda 10
same "image" "$(md5sum </dev/blksnap0)" "$before"
echo 1 >/sys/kernel/tracing/events/blksnap/blksnap_fail/enable
swap_table store "0 $size error"
head -c 2M /dev/urandom >/tmp/much
dd if=/tmp/much of=/dev/vda bs=256k oflag=direct status=none
dd if=/dev/vda bs=1M count=2 iflag=direct status=none | cmp - /tmp/much
failed store-error EIO
same "traces of it" "$(grep -c 'blksnap_fail: .* error -5' /sys/kernel/tracing/trace)" 1
echo 0 >/sys/kernel/tracing/events/blksnap/blksnap_fail/enable
dmsetup remove store

say "a storage that cannot be read"
dmsetup create store --table "0 $size linear /dev/vdc 0"
id=$(blksnapctl create --storage /dev/mapper/store /dev/vda | head -n 1)
write_at /dev/vda 10
sync
swap_table store "0 $size error"
check_fails 'Input/output error' dd if=/dev/blksnap0 of=/dev/null \
	iflag=direct bs=4k count=1 skip=10
dd if=/dev/blksnap0 of=/dev/null iflag=direct bs=4k count=1 skip=11 status=none
blksnapctl release "$id"
dmsetup remove store
rawctl clean

say "somebody writes into the storage: a device"
printf 'label: dos\nsize=64M\nsize=64M\n' | sfdisk -q /dev/vdc
wait_for 10 test -b /dev/vdc2
id=$(blksnapctl create --storage /dev/vdc2 /dev/vda | head -n 1)
start=$(cat /sys/class/block/vdc2/start)
dd if=/tmp/new of=/dev/vdc bs=512 seek=$((start - 8)) oflag=direct \
	conv=notrunc status=none
dd if=/tmp/new of=/dev/vdc1 bs=4k seek=10 oflag=direct conv=notrunc status=none
write_at /dev/vda 20
sleep 0.5
rawctl "openid:$id" state:TAKEN
dd if=/tmp/new of=/dev/vdc bs=512 seek=$((start + 1000)) oflag=direct count=8 \
	conv=notrunc status=none
dd if=/dev/vdc bs=512 skip=$((start + 1000)) iflag=direct count=8 status=none |
	cmp - /tmp/new
failed storage-written EIO
wipefs -qa /dev/vdc
blockdev --rereadpt /dev/vdc

say "somebody writes into the storage: a file"
create /dev/vda
# Where a storage is, nobody is told; of the free blocks of an otherwise empty
# file system it has some, and a write to all of them must be noticed.
head -c 1M /dev/zero | dd of=/dev/vda bs=1M oflag=direct status=none
dd if=/dev/vdb of=/tmp/vdb bs=1M iflag=direct status=none
dd if=/tmp/vdb of=/dev/vdb bs=1M oflag=direct status=none
failed storage-written EIO
rm /tmp/vdb

say "an origin goes away"
modprobe null_blk nr_devices=0
dir=/sys/kernel/config/nullb/gone
mount -t configfs configfs /sys/kernel/config 2>/dev/null || true
mkdir $dir
echo 64 >$dir/size
echo 1 >$dir/memory_backed
echo 1 >$dir/power
device=/dev/${dir##*/}
create "$device"
write_at "$device" 5
rawctl "openid:$id" state:TAKEN nonblock read=EAGAIN
begin=$SECONDS
rmdir $dir
failed device-gone ENODEV
[ $((SECONDS - begin)) -le "$(slow 10)" ] || fail "noticed late"

say "an origin changes its size"
truncate -s 16M /tmp/loop
losetup /dev/loop0 /tmp/loop
create /dev/loop0
truncate -s 32M /tmp/loop
losetup -c /dev/loop0
failed device-gone ENODEV
losetup -d /dev/loop0

say "an origin goes away before it is taken"
truncate -s 16M /tmp/loop
losetup /dev/loop0 /tmp/loop
rm -f /tmp/id
rawctl create add:/dev/loop0 append:/mnt/s:1M:1M id sleep:5000 take=ENODEV \
	state:NEW destroy >/tmp/id &
agent=$!
wait_for 60 test -s /tmp/id
truncate -s 32M /tmp/loop
losetup -c /dev/loop0
wait $agent
losetup -d /dev/loop0
rawctl clean

say "somebody writes into the storage before it is taken"
rm -f /tmp/id
rawctl create add:/dev/vda append:/dev/vdc:0:0 id sleep:5000 take=EIO \
	state:FAILED destroy >/tmp/id &
agent=$!
wait_for 60 test -s /tmp/id
write_at /dev/vdc 10
wait $agent
rawctl clean

umount /mnt/s
unload_module
