# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Writers in cgroups that may write little only, on the same file system as
# others: who is held for a snapshot does not make others wait for the slow
# ones. By limits (io.max), and by weights (iocost).
#
# Setting limits has a kernel with lockdep complain of itself, and lockdep end: that
# comes before the module is loaded.
#
# disks: 96M 256M
# timeout: 600
# expect-log: possible circular locking dependency detected|Call Trace:

. /test/lib.sh
# shellcheck source=../guest/layers.sh
. /test/layers.sh

# writers_in CGROUP VOLUME: writers to it in a cgroup
writers_in() {
	echo $$ >"/sys/fs/cgroup/$1/cgroup.procs"
	writers "$2"
	echo $$ >/sys/fs/cgroup/cgroup.procs
}

# syncs SECONDS: small files are written and synced in /mnt/a/sync; prints how
# long the longest took, in ms
syncs() {
	local end=$((SECONDS + $1)) begin took longest=0
	while [ $SECONDS -lt $end ]; do
		begin=$(oracle now)
		echo $SECONDS >/mnt/a/sync/file.$((RANDOM % 16))
		sync -d /mnt/a/sync/file.*
		took=$((($(oracle now) - begin) / 1000000))
		[ $took -le $longest ] || longest=$took
	done
	echo $longest
}

# bounded: a snapshot while the slow ones are at work
bounded() {
	local longest cgroup
	fill 0:/mnt/a/fast 1:/mnt/a/slow
	writers 0:/mnt/a/fast
	for cgroup in slow slower; do
		DOORS=direct,uring,buffered writers_in $cgroup 1:/mnt/a/slow
	done
	sleep 1
	say "longest sync without a snapshot: $(syncs 2) ms"
	take /dev/vda
	longest=$(syncs 4)
	say "longest sync with it: $longest ms"
	[ "$longest" -lt 5000 ] || fail "a sync took $longest ms"
	mount -o ro,noload "${IMAGES[0]}" /mnt/i
	check 0:/mnt/i/fast 1:/mnt/i/slow
	umount /mnt/i
	release
	writers_end
}

mount -t cgroup2 cgroup2 /sys/fs/cgroup
echo +io +memory >/sys/fs/cgroup/cgroup.subtree_control
mkdir /sys/fs/cgroup/slow /sys/fs/cgroup/slower
mkfs_mount ext4 /dev/vda /mnt/a
mkdir -p /mnt/i /mnt/a/sync
for file in fast slow; do fallocate -l 4M /mnt/a/$file; done
number=$(mountpoint -x /dev/vda)

say "limits"
echo "$number wbps=1048576" >/sys/fs/cgroup/slow/io.max
echo "$number wiops=20" >/sys/fs/cgroup/slower/io.max
load_module
bounded
echo "$number wbps=max wiops=max" >/sys/fs/cgroup/slow/io.max
echo "$number wbps=max wiops=max" >/sys/fs/cgroup/slower/io.max

say "weights"
echo 1 >/sys/fs/cgroup/slow/io.weight
echo 1 >/sys/fs/cgroup/slower/io.weight
# As if the disk could do no more than this
echo "$number ctrl=user model=linear rbps=20000000 rseqiops=500 rrandiops=500 \
wbps=20000000 wseqiops=500 wrandiops=500" >/sys/fs/cgroup/io.cost.model
echo "$number enable=1 ctrl=user min=100 max=100" >/sys/fs/cgroup/io.cost.qos
bounded

umount /mnt/a
e2fsck -fn /dev/vda >/dev/null
rawctl clean
unload_module
