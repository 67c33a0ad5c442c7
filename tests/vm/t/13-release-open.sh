# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Release while an image is open, read, or mounted: refused, unless forced; then
# readers get an I/O error, and the disk goes with the last of them.
#
# disks: 128M 128M
# timeout: 600
# expect-log: Buffer I/O error|I/O error, dev blksnap|EXT4-fs error .*blksnap|XFS .*blksnap

. /test/lib.sh

create() {
	blksnapctl create --storage /mnt/s --reserve 8M --limit 32M "$@" |
		head -n 1
}

# The image is gone for those who had it not open
check_gone() {
	rawctl slist:0:0 tlist:0:0
	check_fails 'No such|cannot open' dd if=/dev/blksnap0 of=/dev/null count=1
}

load_module
mkfs_mount ext4 /dev/vdb /mnt/s
sync
before=$(df --output=avail /mnt/s | tail -n 1)

say "open"
id=$(create /dev/vda)
exec 7</dev/blksnap0
rawctl "openid:$id" destroy=EBUSY state:TAKEN
check_fails 'image /dev/blksnap0 is open in .* \(pid ' blksnapctl release "$id"
dd bs=4k count=1 status=none <&7 >/dev/null
check_fails 'image /dev/blksnap0 is open' blksnapctl release --all
# By another name, and by a disk on top of it
dmsetup create top --readonly --table "0 2048 linear /dev/blksnap0 0"
exec 7<&-
check_fails 'image /dev/blksnap0 is part of dm-0' blksnapctl release "$id"
dmsetup remove top
blksnapctl release "$id"
wait_for 20 rawctl clean

say "open, forced"
id=$(create /dev/vda)
exec 7</dev/blksnap0
blksnapctl release --force "$id"
check_gone
# An end of file would be taken for a backup that is complete
check_fails 'Input/output error' \
	dd iflag=direct bs=4k count=1 of=/dev/null <&7
check_fails 'Input/output error' dd bs=1M of=/dev/null <&7
exec 7<&-
wait_for 20 rawctl clean

say "being read, forced"
id=$(create /dev/vda)
for n in 1 2 3; do
	(while dd if=/dev/blksnap0 of=/dev/null bs=64k iflag=direct \
		2>>/tmp/dd$n; do :; done) &
	readers[n]=$!
done
scribble /dev/vda 4 4096 2 &
writer=$!
sleep 2
check_fails 'is open' blksnapctl release "$id"
blksnapctl release --force "$id"
wait "${readers[1]}" "${readers[2]}" "${readers[3]}" || true
grep -qE 'Input/output error' /tmp/dd1 || fail "the reader saw no error"
wait $writer || fail "a write failed"
wait_for 20 rawctl clean

say "mounted, forced by the release"
mkfs_mount ext4 /dev/vda /mnt/a
head -c 20M /dev/urandom >/mnt/a/file
sync
mkdir -p /mnt/i
id=$(create /dev/vda)
mount -o ro,noload /dev/blksnap0 /mnt/i
check_fails 'image /dev/blksnap0 is mounted on /mnt/i' \
	blksnapctl release "$id"
head -c 4k /mnt/i/file >/dev/null
blksnapctl release --force "$id"
check_gone
drop_caches
check_fails 'Input/output error' md5sum /mnt/i/file
umount /mnt/i
wait_for 20 rawctl clean
umount /mnt/a

say "the last descriptor of the owner, while mounted"
mount /dev/vda /mnt/a
rawctl create add:/dev/vda append:/mnt/s:8M:32M take stop >/tmp/ready &
owner=$!
wait_for 20 grep -q ready /tmp/ready
mount -o ro,noload /dev/blksnap0 /mnt/i
kill -KILL $owner
wait $owner || true
wait_for 20 rawctl slist:0:0
drop_caches
check_fails 'Input/output error' md5sum /mnt/i/file
umount /mnt/i
wait_for 20 rawctl clean
umount /mnt/a

say "two images, one open: none goes"
truncate -s 16M /tmp/loop
modprobe loop
losetup /dev/loop0 /tmp/loop
id=$(create /dev/vda /dev/loop0)
exec 7</dev/blksnap1
rawctl "openid:$id" destroy=EBUSY
md5sum /dev/blksnap0 >/dev/null
exec 7<&-
exec 7</dev/blksnap0
rawctl "openid:$id" destroy=EBUSY
md5sum /dev/blksnap1 >/dev/null
exec 7<&-
rawctl "openid:$id" destroy
wait_for 20 rawctl clean

wait_for 20 [ "$(df --output=avail /mnt/s | tail -n 1)" = "$before" ]
umount /mnt/s
unload_module
