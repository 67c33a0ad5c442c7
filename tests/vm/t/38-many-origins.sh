# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# 64 disks in one snapshot, of one instant, also while writers go round them as
# fast as they can.
#
# disks: 96M
# memory: 1536M
# timeout: 600

. /test/lib.sh
. /test/snapshot.sh

count=64
modprobe null_blk nr_devices=0
devices=()
for ((n = 0; n < count; n++)); do
	null_disk "many$n" size=4
	devices+=("/dev/many$n")
done
load_module
mkfs_mount ext4 /dev/vda /mnt/s

say "$count disks"
# Each is of its own, so that images could not be mixed up
for ((n = 0; n < count; n++)); do
	lines "disk $n" 128K | dd of="/dev/many$n" bs=64k seek=1 \
		iflag=fullblock oflag=direct status=none
done
# Once for all: each takes grace periods
begin=$SECONDS
blksnapctl attach "${devices[@]}"
say "attached in $((SECONDS - begin)) s"
turns write /tmp/stop "${devices[@]}" &
writer=$!
for round in 1 2 3; do
	create /mnt/s 32M 32M "${devices[@]}"
	say "pause $(($(status pause_ns) / 1000)) us, gates $(($(status gate_ns) / 1000)) us"
	same "origins" "$(status 'members | length')" $count
	images >/tmp/images
	mapfile -t images </tmp/images
	got=$(turns check "${images[@]}")
	say "round $round: $got"
	sleep 0.3
	same "again" "$(turns check "${images[@]}")" "$got"
	is_taken
	if [ $round = 3 ]; then
		for ((n = 0; n < count; n++)); do
			dd if=/dev/zero of="/dev/many$n" bs=64k seek=1 count=2 \
				oflag=direct status=none
			lines "disk $n" 128K >/tmp/old
			dd if="${images[n]}" bs=64k skip=1 count=2 iflag=direct \
				status=none | cmp - /tmp/old
		done
		is_taken
	fi
	release
done
touch /tmp/stop
wait $writer || fail "a write failed"
rawctl tlist:300:$count

say "one of them twice"
check_fails 'named twice' blksnapctl create --storage /mnt/s --reserve 8M \
	"${devices[@]}" /dev/many0
say "detached in another order, and half of them attached by the snapshot"
for ((n = 0; n < count; n += 2)); do list+=("/dev/many$n"); done
blksnapctl detach "${list[@]}"
rawctl tlist:300:$((count / 2))
create /mnt/s 8M 8M "${devices[@]}"
rawctl tlist:300:$count
release
rawctl tlist:300:$((count / 2))
list=()
for ((n = count - 1; n > 0; n -= 2)); do list+=("/dev/many$n"); done
blksnapctl detach "${list[@]}"
rawctl clean

umount /mnt/s
for ((n = 0; n < count; n++)); do rmdir /sys/kernel/config/nullb/many$n; done
unload_module
