# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Writes of all sizes and kinds to devices without a file system, whose image is
# compared with what was there.
#
# disks: 48M 48M 512M
# timeout: 600

. /test/lib.sh

create() {
	id=$(blksnapctl create --storage /mnt/s --reserve 160M --limit 160M "$@" |
		head -n 1)
}

copied() {
	blksnapctl status --json "$id" | jq '.snapshots[0].members[0].copied'
}

# What is copied is counted
load_module copy_kib=4
mkfs_mount ext4 /dev/vdc /mnt/s
head -c 48M /dev/urandom >/tmp/old
dd if=/tmp/old of=/dev/vda bs=1M oflag=direct status=none
dd if=/tmp/old of=/dev/vdb bs=1M oflag=direct status=none

say "small and unaligned"
create /dev/vda
for sector in 0 7 8 1001 98303; do
	dd if=/dev/zero of=/dev/vda bs=512 count=1 seek=$sector oflag=direct \
		status=none
done
# Of the same blocks again
dd if=/dev/zero of=/dev/vda bs=512 count=16 oflag=direct status=none
same "copied" "$(copied)" $((4 * 4096))
cmp /tmp/old /dev/blksnap0
dd if=/dev/blksnap0 bs=512 skip=7 count=2 iflag=direct status=none |
	cmp -n 1024 -i 0:$((7 * 512)) - /tmp/old

say "large"
dd if=/dev/zero of=/dev/vda bs=4M count=4 seek=1 oflag=direct status=none
dd if=/dev/zero of=/dev/vda bs=12M count=1 seek=2 oflag=direct status=none
blkdiscard -z -o 37748736 -l 8388608 /dev/vda
cmp /tmp/old /dev/blksnap0
dd if=/dev/vda bs=4M skip=1 count=4 iflag=direct status=none |
	cmp -n $((16 << 20)) - /dev/zero
dd if=/dev/vda bs=4M skip=9 count=2 iflag=direct status=none |
	cmp -n $((8 << 20)) - /dev/zero
rawctl "openid:$id" state:TAKEN
blksnapctl release "$id"
rawctl clean

say "all of the device at once, over what is partly preserved"
dd if=/tmp/old of=/dev/vda bs=1M oflag=direct status=none
create /dev/vda
scribble /dev/vda 1 4096 2
blkdiscard -z /dev/vda
cmp /tmp/old /dev/blksnap0
same "copied" "$(copied)" $((48 << 20))
cmp -n $((48 << 20)) /dev/vda /dev/zero
blksnapctl release "$id"
rawctl clean

say "two disks at one instant"
dd if=/tmp/old of=/dev/vda bs=1M oflag=direct status=none
# Of two writers in turn, the second disk is never ahead of the first
(
	n=1
	while [ ! -e /tmp/stop ]; do
		for disk in vda vdb; do
			printf '%512d' $n | dd of=/dev/$disk bs=512 count=1 \
				seek=100 oflag=direct status=none iflag=fullblock
		done
		n=$((n + 1))
	done
) &
counter=$!
sleep 1
for round in 1 2 3; do
	create /dev/vda /dev/vdb
	a=$(dd if=/dev/blksnap0 bs=512 skip=100 count=1 status=none)
	b=$(dd if=/dev/blksnap1 bs=512 skip=100 count=1 status=none)
	say "round $round: $((a)) and $((b))"
	if [ $((a)) -lt $((b)) ] || [ $((a)) -gt $((b + 1)) ]; then
		fail "not one instant: $((a)) and $((b))"
	fi
	sleep 0.5
	same "again" "$(dd if=/dev/blksnap0 bs=512 skip=100 count=1 iflag=direct \
		status=none)" "$a"
	blksnapctl release "$id"
	rawctl clean
done
touch /tmp/stop
wait $counter

say "read while it is written"
dd if=/tmp/old of=/dev/vda bs=1M oflag=direct status=none
dd if=/tmp/old of=/dev/vdb bs=1M oflag=direct status=none
create /dev/vda /dev/vdb
scribble /dev/vda 8 65536 3 &
writers=($!)
scribble /dev/vdb 8 1048576 1 &
writers+=($!)
for n in 0 1 0; do cmp /tmp/old /dev/blksnap$n; done
wait "${writers[@]}"
blockdev --flushbufs /dev/blksnap0
for n in 0 1; do cmp /tmp/old /dev/blksnap$n; done
rawctl "openid:$id" state:TAKEN
blksnapctl status "$id"
blksnapctl release "$id"
rawctl clean

say "not of whole blocks"
printf 'label: dos\nstart=63,size=65537\n' | sfdisk -q /dev/vda
wait_for 10 test -b /dev/vda1
head -c $((65537 * 512)) /tmp/old >/tmp/odd
dd if=/tmp/odd of=/dev/vda1 bs=1M oflag=direct conv=fsync status=none
create /dev/vda1
same "size" "$(blockdev --getsz /dev/blksnap0)" 65537
scribble /dev/vda1 2 16384 2
dd if=/dev/zero of=/dev/vda1 bs=512 seek=65536 oflag=direct count=1 status=none
cmp /tmp/odd /dev/blksnap0
blkdiscard -z /dev/vda1
cmp -n $((65537 * 512)) /dev/vda1 /dev/zero
cmp /tmp/odd /dev/blksnap0
dd if=/dev/blksnap0 bs=512 skip=65536 iflag=direct count=1 status=none |
	cmp -n 512 -i 0:$((65536 * 512)) - /tmp/old
blksnapctl release "$id"
rawctl clean

umount /mnt/s
unload_module
