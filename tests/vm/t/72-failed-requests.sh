# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Some of the requests to a device fail, by chance, whatever they are for: to that
# of the storage, to the origin, and to both while snapshots are taken. Writers of
# the origin see no more of it than without a snapshot, and an image is right, or
# its snapshot has failed.
#
# kernels: 7.3-debug
# disks: 32M 48M
# timeout: 300

. /test/lib.sh
# shellcheck source=../guest/snapshot.sh
. /test/snapshot.sh

faults=/sys/kernel/debug/fail_make_request

# fail_requests PERCENT DEVICE...: and those of no other device
fail_requests() {
	local device
	for device in vda vdb; do
		case " ${*:2} " in
		*" $device "*) echo 1 >"/sys/block/$device/make-it-fail" ;;
		*) echo 0 >"/sys/block/$device/make-it-fail" ;;
		esac
	done
	echo "$1" >$faults/probability
}

# ends: the snapshot $id, which was right or has failed, and counts it
ends() {
	if has_error EIO; then
		failed=$((failed + 1))
	else
		is_taken
		same "image" "$(sum /dev/blksnap0)" "$1"
		right=$((right + 1))
	fi
	blksnapctl release "$id"
	wait_for 20 rawctl slist:0:0
}

counted() {
	say "$right images were right, $failed snapshots failed"
	[ "$right" -gt 0 ] || fail "$1: no image was right"
	[ "$failed" -gt 0 ] || fail "$1: no snapshot has failed"
	right=0 failed=0
}

echo 0 >$faults/verbose
echo -1 >$faults/times
right=0 failed=0
load_module
random 32 /dev/vda

say "the storage"
for ((n = 0; n < 16; n++)); do
	create /dev/vdb - - /dev/vda
	first=$(sum /dev/vda)
	fail_requests 2 vdb
	random 8 /dev/vda
	fail_requests 0
	ends "$first"
done
counted storage

say "the origin"
for ((n = 0; n < 16; n++)); do
	create /dev/vdb - - /dev/vda
	first=$(sum /dev/vda)
	fail_requests 2 vda
	scribble /dev/vda 2 65536 || true
	fail_requests 0
	ends "$first"
done
counted origin

say "both, while snapshots are taken"
taken=0
for ((n = 0; n < 16; n++)); do
	fail_requests 20 vda vdb
	if create /dev/vdb - - /dev/vda 2>/tmp/said; then
		fail_requests 0
		taken=$((taken + 1))
		release
	else
		fail_requests 0
		grep -q 'Input/output error' /tmp/said || fail "$(cat /tmp/said)"
	fi
	rawctl slist:0:0
done
echo "$taken of 16 snapshots taken"

unload_module
