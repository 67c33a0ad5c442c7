# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# A storage that runs full: the events, what the image reads then, and that the
# origin's writes are not touched by it. And how events are waited for.
#
# disks: 128M 256M 64M
# timeout: 600
# expect-log: Buffer I/O error on dev blksnap

. /test/lib.sh

load_module
mkfs_mount ext4 /dev/vdb /mnt/s

# take LIMIT: a snapshot of /dev/vda that stays, its id in $id
take() {
	id=$(rawctl create add:/dev/vda "append:/mnt/s:1M:$1" take hold:1 id)
}

# overwrite MIB: with something new, and see that it is there
overwrite() {
	head -c "$1M" /dev/urandom >/tmp/new
	dd if=/tmp/new of=/dev/vda bs=64k oflag=direct status=none
	cmp -n $(($1 << 20)) /tmp/new /dev/vda
	dd if=/dev/vda bs=1M count="$1" iflag=direct status=none | cmp - /tmp/new
}

reserved_more_than() {
	[ "$(blksnapctl status --json "$id" |
		jq '.snapshots[0].storage_reserved')" -gt "$1" ]
}

# fill LIMIT: use the storage up, in requests that are small beside what is left
# when space is low; and after it has grown, which nobody waits for
fill() {
	dd if=/dev/zero of=/dev/vda bs=16k count=40 oflag=direct status=none
	[ "$1" = 1M ] || wait_for 20 reserved_more_than $((1 << 20))
	dd if=/dev/zero of=/dev/vda bs=16k count=128 oflag=direct status=none
}

say "overflow"
for limit in 1M 2M; do
	take $limit
	blksnapctl wait --json "$id" >/tmp/events 2>/tmp/said &
	waiter=$!
	md5sum /dev/blksnap0 >/dev/null
	fill $limit
	overwrite 8
	status=0
	wait $waiter || status=$?
	same "exit code of wait" $status 1
	grep -q 'the snapshot failed: the storage is full' /tmp/said
	same "events" "$(jq -r .event /tmp/events | xargs)" "low-space overflow"
	[ "$(jq -s '.[0].value' /tmp/events)" -le $((512 << 10)) ] ||
		fail "low space: too early"
	same "errno" "$(jq -s '.[1].errno' /tmp/events)" 28
	rawctl "openid:$id" state:FAILED error:ENOSPC nonblock read=EAGAIN
	blksnapctl status "$id" | grep -q 'the storage is full'
	check_fails 'Input/output error' \
		dd if=/dev/blksnap0 of=/dev/null iflag=direct bs=4k count=1
	check_fails 'Input/output error' dd if=/dev/blksnap0 of=/dev/null \
		iflag=direct bs=4k count=1 skip=20000
	scribble /dev/vda 1 65536
	blksnapctl release "$id"
	rawctl clean
done

say "run: a snapshot that failed is not a success"
check_fails 'the snapshot failed: the storage is full' \
	blksnapctl run --storage /mnt/s --reserve 1M --limit 1M /dev/vda -- \
	dd if=/dev/zero of=/dev/vda bs=1M count=8 oflag=direct
rawctl clean

say "events one by one"
rawctl create poll:0:0 readn:63=EINVAL nonblock readn:0=EINVAL readn:63=EINVAL \
	readn:64=EAGAIN readn:80=EAGAIN read=EAGAIN poll:100:0 \
	add:/dev/vda append:/mnt/s:1M:1M take poll:0:0 stop >/tmp/ready &
owner=$!
wait_for 20 grep -q ready /tmp/ready
id=$(blksnapctl list --json | jq -r '.snapshots[0].id')
(sleep 2; dd if=/dev/zero of=/dev/vda bs=64k count=32 oflag=direct status=none) &
rawctl "openid:$id" poll:20000:ANY sleep:3000 poll:0:IN,ERR readn:64 \
	poll:0:IN,ERR readn:100 poll:0:ERR readn:8=EINVAL nonblock \
	readn:64=EAGAIN >/tmp/events
wait %2 2>/dev/null || true
same "events" "$(cut -d' ' -f1,2 /tmp/events | xargs)" "LOW_SPACE 0 OVERFLOW ENOSPC"
rawctl "openid:$id" destroy poll:0:IN,ERR,HUP readn:64 read nonblock readn:64
kill -KILL $owner
wait $owner || true
wait_for 20 rawctl clean

say "after a release without a failure"
rawctl create add:/dev/vda append:/mnt/s:1M:1M take destroy \
	poll:0:IN,HUP read readn:63=EINVAL
take 2M
blksnapctl wait "$id" &
waiter=$!
sleep 1
blksnapctl release "$id"
wait $waiter || fail "wait: the snapshot was released, and had not failed"
rawctl clean

say "wait: a time"
take 2M
check_fails 'it is still there' blksnapctl wait --timeout 1 "$id"

say "several readers: each event is read by one of them"
for n in 1 2 3 4; do
	rawctl "openid:$id" readall >/tmp/reader$n &
	readers[n]=$!
done
sleep 1
fill 2M
overwrite 8
sleep 1
blksnapctl release "$id"
wait "${readers[@]}"
same "events" "$(sort /tmp/reader? | cut -d' ' -f1 | xargs)" "LOW_SPACE OVERFLOW"
rawctl clean

say "a reader is killed, and interrupted"
take 2M
rawctl "openid:$id" readall &
readers=($!)
rawctl "openid:$id" poll:-1:0 &
readers+=($!)
sleep 1
kill -TERM "${readers[@]}"
for pid in "${readers[@]}"; do
	wait "$pid" || same "reader" $? 143
done
blksnapctl release "$id"
rawctl clean

say "more room for a snapshot that runs full"
take 1M
dd if=/dev/zero of=/dev/vda bs=64k count=15 oflag=direct status=none
wait_for 10 rawctl "openid:$id" read
rawctl "openid:$id" append:/dev/vdc:0:16M state:TAKEN
first=$(md5sum </dev/blksnap0)
overwrite 8
same "image" "$(md5sum </dev/blksnap0)" "$first"
rawctl "openid:$id" state:TAKEN
check_fails 'in use|busy' mkfs.ext4 -F -q /dev/vdc
blksnapctl release "$id"
rawctl clean

umount /mnt/s
e2fsck -fn /dev/vdb >/dev/null
unload_module
