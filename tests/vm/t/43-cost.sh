# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What a snapshot costs the disks, by their own counters: each block that is written
# for the first time is read once and stored once, nothing else is read or written,
# and the storage gets large writes and no flushes. And that a writer does not wait for
# the storage, nor for ordinary grace periods of RCU while its file system freezes.
#
# disks: 32M 64M
# memory: 1G
# timeout: 400

. /test/lib.sh
# shellcheck source=../guest/snapshot.sh
. /test/snapshot.sh
# shellcheck source=../guest/bench.sh
. /test/bench.sh

trace=/sys/kernel/tracing
# Used by what is sourced
# shellcheck disable=SC2034
PROFILE=A CONTENDER=blksnap ROUND=1 TARGET=/dev/vda

# begin KIB [STORAGE]: a snapshot that copies so much for a small write
begin() {
	echo "$1" >/sys/module/blksnap/parameters/copy_kib
	create "${2:-$STORE}" - - "$ORIGIN"
}

# cost WORKLOAD OPTIONS...: a writer's, as $costs
cost() {
	costs=$(measure "$1" $TARGET write "${@:2}")
	echo "$costs"
}

# of NAME: one of them
of() { sed -n "s/.* $1=\([0-9]*\).*/\1/p" <<<"$costs"; }

# costs_at_most PERCENT MIB: so much was read and stored, for MIB that were written
costs_at_most() {
	local least=$(($2 * 2048)) most=$(($2 * 2048 * $1 / 100))
	is_between "sectors read" $least "$(of origin_read_sectors)" $most
	is_between "sectors stored" $least "$(of store_written_sectors)" $most
	same "sectors written" "$(of origin_written_sectors)" $least
	same "flushes of the storage" "$(of store_flushes)" 0
	same "reads of the storage" "$(of store_reads)" 0
}

small=(--rw=randwrite --bs=4k --iodepth=16 --size=32m --io_size=8m)
load_module
modprobe dm-mod

say "small writes at random"
begin 4
cost first "${small[@]}"
costs_at_most 100 8

say "the same once more"
cost again "${small[@]}"
same "sectors read" "$(of origin_read_sectors)" 0
same "sectors stored" "$(of store_written_sectors)" 0
release

# issued: writes to the origin, o, and to the storage, s, and each time that the log
# was looked at for what is to be stored, w
issued() {
	sed -n -e "s/.*block_rq_issue: $(numbers "$ORIGIN") W.*/o/p" \
		-e "s/.*block_rq_issue: $(numbers "$STORE") W.*/s/p" \
		-e "s/.*workqueue_execute_start: .* bs_log_work .*/w/p" $trace/trace
}

say "one at a time"
begin 4
echo 1 >$trace/events/block/block_rq_issue/enable
echo 1 >$trace/events/workqueue/workqueue_execute_start/enable
# On one processor, so that nothing but their order tells who is next
taskset -c 0 dd if=/dev/urandom of=$TARGET bs=4k count=20 oflag=direct status=none
wait_for 60 settled
echo 0 >$trace/events/enable
issued >/tmp/issued
same "writes" "$(grep -c o /tmp/issued)" 20
# If the worker of the log is stopped, it meets the next request, too
is_between "writes to the storage" 16 "$(grep -c s /tmp/issued)" 20
is_between "writes that had to let the storage go first" 0 \
	"$(awk '/o/ { n-- } /s/ && ++n > 0 { late++ } END { print late + 0 }' /tmp/issued)" 4
is_between "times that the log was looked at" 1 "$(grep -c w /tmp/issued)" 24
release

# By default as well
say "large writes one after the other"
begin 0
cost large --rw=write --bs=1m --iodepth=4 --size=16m
costs_at_most 105 16
is_between "reads" 16 "$(of origin_reads)" 48
is_between "writes to the storage" 16 "$(of store_writes)" 48
release

say "middle ones at random"
begin 0
cost middle --rw=randwrite --bs=64k --iodepth=8 --size=16m
costs_at_most 105 16
release

say "a storage that cannot follow"
dmsetup create slow --table "0 131072 delay $STORE 0 0 $STORE 0 $(slow 300)"
begin 4 /dev/mapper/slow
cost slow "${small[@]}"
costs_at_most 100 8
is_between "sectors in a write to the storage" 256 \
	$(($(of store_written_sectors) / $(of store_writes))) 2048
release
dmsetup remove slow

# pause NORMAL: the shortest of five cuts' pauses in ns, as what else the machine does
# only makes them longer; 1: grace periods are not to be expedited
pause() {
	local n
	echo "$1" >/sys/kernel/rcu_normal
	for n in 1 2 3 4 5; do
		begin 0
		status pause_ns
		release
	done | sort -n | head -n 1
	echo 0 >/sys/kernel/rcu_normal
}

say "a file system that freezes"
mkfs_mount ext4 "$ORIGIN" /mnt/o
hurried=$(pause 0) ordinary=$(pause 1)
echo "pauses: $((hurried / 1000)) us, and $((ordinary / 1000)) with ordinary grace periods"
is_between "pause" 1 "$hurried" $((ordinary * 2 / 3))
umount /mnt/o
unload_module
