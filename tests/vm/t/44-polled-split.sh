# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Devices are attached and detached while polled writes to them are split by device
# mapper, which keeps a list in what is left of them.
#
# disks: 64M
# timeout: 300

. /test/lib.sh
# shellcheck source=../guest/snapshot.sh
. /test/snapshot.sh

load_module
modprobe null_blk nr_devices=0
modprobe dm-mod
null_disk polled memory_backed=0 queue_mode=2 poll_queues=2 hw_queue_depth=256 size=64
dmsetup create striped --table "0 65536 striped 2 8 /dev/polled 0 /dev/polled 65536"
dmsetup mknodes
same "polling" "$(cat /sys/block/dm-0/queue/io_poll)" 1
fio --name=polled --filename=/dev/mapper/striped --ioengine=io_uring --hipri=1 \
	--direct=1 --rw=randwrite --bs=32k --iodepth=2 --time_based --runtime=15 \
	--numjobs=2 --group_reporting --eta=never --output=/tmp/fio &
writer=$!
sleep 2
rounds=0
while kill -0 $writer 2>/dev/null; do
	blksnapctl attach /dev/mapper/striped
	blksnapctl detach /dev/mapper/striped
	rounds=$((rounds + 1))
done
wait $writer || { cat /tmp/fio; fail "a write failed"; }
cat /tmp/fio
say "$rounds times attached"
[ $rounds -ge 3 ] || fail "that was too seldom"
dmsetup remove striped
rmdir /sys/kernel/config/nullb/polled
rawctl clean
unload_module
