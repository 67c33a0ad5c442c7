# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# 200 snapshots of a busy file system, one after the other: nothing is lost of
# memory or disk, and the last ones stop writers no longer than the first ones.
#
# disks: 96M
# timeout: 600
# bootargs: slab_nomerge

. /test/lib.sh
. /test/snapshot.sh

cycles=200

# pauses FIRST LAST: the middle one of these, in us
middle() { sed -n "$1,$2p" /tmp/pauses | sort -n | sed -n 5p; }

# objects CACHE: in use. Those of CPUs' lists count as well
objects() { awk -v name="$1" '$1 == name { print $2 }' /proc/slabinfo; }

# kib NAME: a line of /proc/meminfo
kib() { awk -v name="$1:" '$1 == name { print $2 }' /proc/meminfo; }

# measure: what must not grow
measure() {
	sync -f /mnt/a
	echo 3 >/proc/sys/vm/drop_caches
	# Makes processors give up the free pages that they keep to themselves
	echo 1 >/proc/sys/vm/compact_memory
	sleep 1
	slab=$(kib SUnreclaim) percpu=$(kib Percpu) vmalloc=$(kib VmallocUsed)
	free=$(($(kib MemFree) + $(kib Buffers) + $(kib Cached)))
	threads=$(pgrep -c '^blksnap' || true)
	say "slab $slab KiB, percpu $percpu KiB, vmalloc $vmalloc KiB," \
		"free $free KiB, threads of ours $threads"
}

# settled: has no more than before. A leak of as little as 16 KiB a cycle would be
# 3 MiB of slab. What is free goes up and down by 15 MiB on Linux 6.1 under this
# load, also without the module.
settled() {
	measure
	[ "$threads" -le "$was_threads" ] && [ "$slab" -le $((was_slab + 1536)) ] &&
		[ "$percpu" -le $((was_percpu + 256)) ] &&
		[ "$vmalloc" -le $((was_vmalloc + 512)) ] &&
		[ "$free" -ge $((was_free - 24576)) ]
}

files() {
	local i=0
	while [ ! -e /tmp/stop ]; do
		dd if=/dev/zero of=/mnt/a/busy$((i % 8)) bs=16k count=8 \
			conv=fsync,notrunc status=none || exit 1
		i=$((i + 1))
	done
	echo "files: $i"
}

# cycle COUNT: so many times created and released, and then one that is read
cycle() {
	local n steps=()
	for ((n = 0; n < $1; n++)); do
		steps+=(create add:/dev/vda append:/mnt/a/s:4M:4M take pause
			state:TAKEN destroy close)
	done
	rawctl "${steps[@]}" >>/tmp/pauses
	create /mnt/a/s 4M 4M /dev/vda
	dd if=/dev/blksnap0 of=/dev/null bs=64k count=8 status=none
	release
}

load_module
mkfs_mount ext4 /dev/vda /mnt/a
mkdir /mnt/a/s
files &
writer=$!
sleep 1
# Attached, as an agent has it: a cycle without grace periods
blksnapctl attach /dev/vda
cycle 12
rm /tmp/pauses
measure
space=$(available /mnt/a)
was_slab=$slab was_percpu=$percpu was_vmalloc=$vmalloc was_free=$free was_threads=$threads
caches=$(awk '/^(bs_|blksnap)/ { print $1 }' /proc/slabinfo | xargs)
say "caches: $caches"
[ -n "$caches" ] || fail "the module's caches cannot be seen"
begin=$SECONDS
for _ in $(seq $((cycles / 10))); do cycle 10; done
say "$cycles cycles in $((SECONDS - begin)) s"
# What the kernel frees late is no leak, which stays. One that looks for leaks itself
# needs ever more memory for that.
[ -e /sys/kernel/debug/kmemleak ] || wait_for 30 settled
for _ in $(seq 5); do
	blksnapctl detach /dev/vda
	create /mnt/a/s 4M 4M /dev/vda
	release
	blksnapctl attach /dev/vda
done
touch /tmp/stop
wait $writer || fail "a write failed"

say "pauses in us: $(head -n 10 /tmp/pauses | xargs) ... $(tail -n 10 /tmp/pauses | xargs)"
first=$(middle 1 10) last=$(middle $((cycles - 9)) $cycles)
[ "$last" -le $((first * 3 + 20000)) ] || fail "pauses grew from $first to $last us"
blksnapctl detach /dev/vda
sleep 1
for cache in $caches; do
	say "$cache: $(objects "$cache")"
	# KASAN keeps what is free for a while
	[ -e /sys/kernel/debug/kmemleak ] ||
		is_between "objects of $cache" 0 "$(objects "$cache")" 400
done
same "references to the module" "$(lsmod | awk '$1 == "blksnap" { print $3 }')" 0
rm -f /mnt/a/busy*
sync -f /mnt/a
wait_available /mnt/a "$space"
umount /mnt/a
check_fs ext4 /dev/vda
rawctl clean
# Caches with objects left would be told of here
unload_module
