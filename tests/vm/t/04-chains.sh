# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Chains of bios: one large discard or zeroing is sent as many, each of which
# completes its successor. They must come to their end, and not by recursion,
# also when the first one is held.
#
# disks: 1G 256M
# timeout: 600

. /test/lib.sh

load_module
modprobe null_blk nr_devices=0
mountpoint -q /sys/kernel/config ||
	mount -t configfs configfs /sys/kernel/config
mkdir /sys/kernel/config/nullb/chain
echo 1024 >/sys/kernel/config/nullb/chain/size # MiB
echo 1 >/sys/kernel/config/nullb/chain/discard
# Bio-based, where the kernel still has that
echo 0 >/sys/kernel/config/nullb/chain/queue_mode
echo 1 >/sys/kernel/config/nullb/chain/memory_backed
echo 1 >/sys/kernel/config/nullb/chain/power
disk=/dev/chain
for device in "$disk" /dev/vda; do
	# Small requests make long chains
	echo 65536 >"/sys/block/${device#/dev/}/queue/discard_max_bytes"
done

for device in "$disk" /dev/vda; do
	say "$device: attached, no snapshot"
	blksnapctl attach "$device"
	blkdiscard -f "$device"
	blkdiscard -z -l 64M "$device"
	head -c 8M /dev/urandom | dd of="$device" bs=1M oflag=direct status=none
	before=$(digest "$device" 64)
	say "$device: with a snapshot"
	id=$(blksnapctl create --storage /dev/vdb "$device" | head -n 1)
	image=/dev/blksnap0
	blkdiscard -f "$device"
	blkdiscard -z -l 64M "$device"
	cmp -n 64M "$device" /dev/zero || fail "the zeroed range is not zero"
	same "the image" "$(digest "$image" 64)" "$before"
	blksnapctl status "$id"
	blksnapctl release "$id"
	blksnapctl detach "$device"
done

say "a chain of 10240, of which each request is held"
# Zeroing is sent in requests of 4 KiB, which are not dropped as discards are
modprobe sd_mod
modprobe scsi_debug dev_size_mb=48 lbpws=1 write_same_length=8 delay=0
wait_for 10 test -b /dev/sda
same "limit" "$(cat /sys/block/sda/queue/write_zeroes_max_bytes)" 4096
head -c 40M /dev/urandom | dd of=/dev/sda bs=1M iflag=fullblock oflag=direct \
	status=none
before=$(md5sum </dev/sda)
id=$(blksnapctl create --storage /dev/vdb /dev/sda | head -n 1)
blkdiscard -z -l 40M /dev/sda
writes=$(blksnapctl list --trackers --json |
	jq '.trackers[] | select(.device == "/dev/sda").writes')
[ "$writes" -ge 10240 ] || fail "$writes requests only"
cmp -n 40M /dev/sda /dev/zero || fail "the zeroed range is not zero"
same "the image" "$(md5sum </dev/blksnap0)" "$before"
rawctl "openid:$id" state:TAKEN
blksnapctl status "$id"
blksnapctl release "$id"
unload_module
