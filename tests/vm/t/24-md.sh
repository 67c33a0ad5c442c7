# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# RAID arrays: raid1, and raid0 and linear, which forward the same bio to a
# member. The array, the members, the array and one member.
#
# disks: 4M 4M 128M
# timeout: 600

. /test/lib.sh
# shellcheck source=../guest/layers.sh
. /test/layers.sh

STORAGE=(--storage /dev/vdc)

# array LEVEL [OPTION...]: of all of vda and vdb, without metadata
array() {
	say "md $1"
	mdadm --build /dev/md0 --level="$1" "${@:2}" --raid-devices=2 \
		/dev/vda /dev/vdb
}

stop() {
	wait_for 10 mdadm --stop /dev/md0
}

ALL_DOORS=$DOORS
load_module
modprobe -a raid0 raid1 dm-mod dm-delay

array 1 --assume-clean
# Members of a raid1 differ, and who reads gets the one or the other, where writes
# overlap in time (md/serialize_policy should mind that, but crashes Linux 7.3), and
# where a page is changed while it is being written, see md(4) on mismatches. None
# of these writers does so.
DOORS=direct,buffered,mmap
writers_start 0:/dev/md0
round /dev/md0 0:@0
round "/dev/vda /dev/vdb" 0:@0 0:@1
round "/dev/vdb /dev/md0" 0:@0 0:@1
writers_end
stop

say "one partition of an array, while another one is written"
dmsetup create slow --table "0 8192 delay /dev/vdb 0 0 /dev/vdb 0 50"
mdadm --build /dev/md0 --level=1 --assume-clean --raid-devices=2 /dev/vda \
	/dev/mapper/slow
printf '1M,1M\n2M,1M\n' | sfdisk -q /dev/md0
wait_for 10 test -b /dev/md0p2
scribble /dev/md0p2 600 65536 4 &
writer=$!
for _ in 1 2; do
	take /dev/md0p1
	release
done
kill $writer
wait $writer || true
# Nobody shall find these partitions later
dd if=/dev/zero of=/dev/md0 bs=64k count=16 status=none
stop
dmsetup remove slow

DOORS=$ALL_DOORS
array 0 --chunk=64
writers_start 0:/dev/md0
round /dev/md0 0:@0
for origins in "/dev/vda /dev/vdb" "/dev/vdb /dev/md0 /dev/vda"; do
	say "snapshot of $origins"
	# shellcheck disable=SC2086
	take $origins
	[ "$origins" = "/dev/vda /dev/vdb" ] ||
		IMAGES=("${IMAGES[2]}" "${IMAGES[0]}" "${IMAGES[1]}")
	# As the array is laid out
	dmsetup create view --readonly --table "0 16384 striped 2 128 \
${IMAGES[0]} 0 ${IMAGES[1]} 0"
	if [ -n "${IMAGES[2]:-}" ]; then
		check 0:/dev/mapper/view 0:@2
	else
		check 0:/dev/mapper/view
	fi
	dmsetup remove view
	release
done
# Of the pieces of 64 KiB, the first member has every other one
say "snapshot of the array and one member"
take /dev/md0 /dev/vda
check 0:@0
table=$(for ((i = 0; i < 64; i++)); do
	echo "$((i * 128)) 128 linear ${IMAGES[0]} $((i * 256))"
done)
dmsetup create view --readonly --table "$table"
cmp /dev/mapper/view "${IMAGES[1]}"
dmsetup remove view
release
writers_end
stop

# Debian's 7.3 has no such module
if modprobe -q linear; then
	array linear
	writers_start 0:/dev/md0
	round /dev/md0 0:@0
	round "/dev/vda /dev/vdb" 0:@0 0:@1:8192
	round "/dev/md0 /dev/vdb" 0:@0 0:@1:8192
	writers_end
	stop
fi

rawctl clean
unload_module
