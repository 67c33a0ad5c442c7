# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the storage takes of a file system: more and more elsewhere, all of it at
# once on an origin. And discards, which cost nothing.
#
# disks: 256M 512M 96M
# timeout: 600

. /test/lib.sh

mib() { echo $(($1 << 20)); }
available() { df --output=avail -B 1M "$1" | tail -n 1; }
status() { blksnapctl status --json "$id" | jq ".snapshots[0].$1"; }

# is_between WHAT LOW VALUE HIGH
is_between() {
	if [ "$3" -lt "$2" ] || [ "$3" -gt "$4" ]; then
		fail "$1: $3, and not from $2 to $4"
	fi
}

# What is copied is counted
load_module copy_kib=4

say "growth on another disk"
mkfs_mount ext4 /dev/vdb /mnt/s
free=$(available /mnt/s)
head -c 4M /dev/urandom >/tmp/old
for n in 0 17 40 78; do
	dd if=/tmp/old of=/dev/vdc bs=1M seek=$n oflag=direct status=none
done
id=$(blksnapctl create --storage /mnt/s --reserve 16M --limit 96M /dev/vdc |
	head -n 1)
first=$(md5sum </dev/blksnap0)
same "reserved" "$(status storage_reserved)" "$(mib 16)"
same "limit" "$(status storage_limit)" "$(mib 96)"
is_between "space taken" 16 $((free - $(available /mnt/s))) 17
for n in 0 1 2 3 4; do
	dd if=/dev/zero of=/dev/vdc bs=1M count=16 seek=$((n * 16)) oflag=direct \
		status=none
	# A copy in flight is stored at once; growth takes its time
	sleep 1
	is_between "used" "$(mib $((n * 16 + 16)))" "$(status storage_used)" \
		"$(mib $((n * 16 + 20)))"
	[ "$(status storage_used)" -le "$(status storage_reserved)" ]
	rawctl "openid:$id" state:TAKEN
done
reserved=$(status storage_reserved)
is_between "reserved" "$(mib 80)" "$reserved" "$(mib 96)"
is_between "space taken" $((reserved >> 20)) $((free - $(available /mnt/s))) 98
same "image" "$(md5sum </dev/blksnap0)" "$first"
blksnapctl release "$id"
wait_for 20 [ "$(available /mnt/s)" -ge "$free" ]

say "no room to grow"
fallocate -l $((free - 60))M /mnt/s/most
id=$(blksnapctl create --storage /mnt/s --reserve 16M --limit 96M /dev/vda |
	head -n 1)
dd if=/dev/zero of=/dev/vda bs=1M count=12 oflag=direct status=none
wait_for 20 [ "$(status storage_reserved)" = "$(mib 32)" ]
dd if=/dev/zero of=/dev/vda bs=1M count=40 seek=12 oflag=direct status=none
rawctl "openid:$id" state:FAILED error:ENOSPC read >/tmp/events
# Told that the file system was full, before the storage was
same "events" "$(cut -d' ' -f1,2 /tmp/events | sort -u | xargs)" \
	"LOW_SPACE ENOSPC OVERFLOW ENOSPC"
[ "$(available /mnt/s)" -ge 16 ] || fail "the last space was taken"
blksnapctl release "$id"
rm /mnt/s/most
sync -f /mnt/s
rawctl clean

say "the whole limit on an origin"
mkfs_mount ext4 /dev/vda /mnt/a
free=$(available /mnt/a)
id=$(blksnapctl create --storage /mnt/a --reserve 16M --limit 96M /dev/vda |
	head -n 1)
# A little less may be given with blocks smaller than a page
is_between "limit" $(($(mib 96) - 131072)) "$(status storage_limit)" "$(mib 96)"
same "reserved" "$(status storage_reserved)" "$(status storage_limit)"
is_between "space taken" 96 $((free - $(available /mnt/a))) 98
rawctl "openid:$id" append:/mnt/a:8M:8M=EBUSY
blksnapctl release "$id"
wait_for 20 [ "$(available /mnt/a)" -ge "$free" ]

say "no room for the whole limit on an origin"
before=$(available /mnt/a)
rawctl create add:/dev/vda append:/mnt/a:16M:300M take=ENOSPC state:NEW \
	info:1:1 take=ENOSPC destroy
check_fails 'cannot be reserved whole' blksnapctl create --storage /mnt/a \
	--reserve 16M --limit 300M /dev/vda
rawctl clean
wait_for 20 [ "$(available /mnt/a)" -ge "$before" ]
# Writers are not stopped any more
dd if=/dev/zero of=/mnt/a/file bs=1M count=1 conv=fsync status=none
umount /mnt/a

say "discards cost nothing"
for n in 0 3 50; do
	dd if=/tmp/old of=/dev/vdc bs=1M seek=$n oflag=direct status=none
done
id=$(blksnapctl create --storage /mnt/s --reserve 8M --limit 8M /dev/vdc |
	head -n 1)
first=$(md5sum </dev/blksnap0)
blkdiscard -f /dev/vdc
same "image" "$(md5sum </dev/blksnap0)" "$first"
same "used" "$(status storage_used)" 0
[ "$(status 'members[0].discards')" -gt 0 ] || fail "no discard was counted"
# The same blocks, written, still are copied
dd if=/dev/zero of=/dev/vdc bs=1M count=4 oflag=direct status=none
drop_caches
same "image" "$(md5sum </dev/blksnap0)" "$first"
rawctl "openid:$id" state:TAKEN
same "copied" "$(status 'members[0].copied')" "$(mib 4)"
say "write zeroes is no discard"
blkdiscard -z -o "$(mib 4)" -l "$(mib 2)" /dev/vdc
dd if=/dev/vdc bs=1M skip=4 count=2 iflag=direct status=none |
	cmp -n $((2 << 20)) - /dev/zero
same "copied" "$(status 'members[0].copied')" "$(mib 6)"
same "image" "$(md5sum </dev/blksnap0)" "$first"
blksnapctl release "$id"
rawctl clean

say "fstrim"
for options in defaults discard; do
	# All of it now, and not by a thread of the kernel while we count
	mkfs_mount ext4 /dev/vdc /mnt/c
	mount -o remount,$options /mnt/c
	head -c 8M /dev/urandom >/mnt/c/file
	head -c 8M /dev/urandom >/mnt/c/gone
	sync
	id=$(blksnapctl create --storage /mnt/s --reserve 8M --limit 16M \
		/dev/vdc | head -n 1)
	first=$(md5sum </dev/blksnap0)
	rm /mnt/c/gone
	sync
	fstrim /mnt/c
	drop_caches
	same "image" "$(md5sum </dev/blksnap0)" "$first"
	is_between "used" 1 "$(status storage_used)" "$(mib 2)"
	[ "$(status 'members[0].discards')" -gt 0 ] || fail "no discard was counted"
	mkdir -p /mnt/i
	mount -o ro,noload /dev/blksnap0 /mnt/i
	same "size of a file in the image" "$(stat -c %s /mnt/i/gone)" "$(mib 8)"
	umount /mnt/i
	blksnapctl release "$id"
	rawctl clean
	umount /mnt/c
	e2fsck -fn /dev/vdc >/dev/null
done

umount /mnt/s
unload_module
