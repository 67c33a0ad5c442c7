# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What is refused, with which errno and which words, and that nothing of it is
# left behind.
#
# disks: 256M 256M 64M
# timeout: 600

. /test/lib.sh

unknown=01234567-89ab-4cde-8f01-23456789abcd

load_module
mkfs_mount ext4 /dev/vdb /mnt/s
free=$(df --output=avail /mnt/s | tail -n 1)

say "bad arguments of each command"
badargs /dev/vda /mnt/s
rawctl clean

say "the same as a 32 bit process"
rawctl compat version create add:/dev/vda add:/dev/vda=EEXIST \
	append:/mnt/s:0:0=EINVAL append:/mnt/s:8M:8M take take=EISCONN \
	info:1:1 state:TAKEN slist:4:1 tlist:4:1 hold:2=EINVAL destroy \
	info:0:0=ESHUTDOWN
rawctl clean
rawctl32 /dev/vda /mnt/s
rawctl clean

say "not a block device, twice, somebody else's, unknown"
rawctl attach:/dev/null=ENOTBLK attach:/etc/passwd=ENOTBLK \
	attach:/dev/vda attach:/dev/vda=EALREADY tinfo:/dev/vda \
	detach:/dev/vda detach:/dev/vda=ENOENT tinfo:/dev/vda=ENOENT \
	"openid:$unknown=ENOENT"
rawctl create add:/dev/vda add:/dev/vda=EEXIST create add:/dev/vda=EBUSY \
	detach:/dev/vda=EBUSY add:/dev/vdc close use:0 add:/dev/vdc
rawctl clean

say "what is said of it"
check_fails '/etc/passwd: it is not a block device' \
	blksnapctl create --storage /mnt/s /etc/passwd
check_fails '/dev/nothing: .*No such file' \
	blksnapctl create --storage /mnt/s /dev/nothing
check_fails '/dev/vda: it was named twice' \
	blksnapctl create --storage /mnt/s --reserve 8M /dev/vda /dev/vda
check_fails "$unknown: no snapshot has this id" blksnapctl release $unknown
check_fails "$unknown: no snapshot has this id" blksnapctl status $unknown
check_fails "$unknown: no snapshot has this id" blksnapctl wait $unknown
check_fails 'storage' blksnapctl create /dev/vda
check_fails 'limit' \
	blksnapctl create --storage /mnt/s --reserve 8M --limit 4M /dev/vda
check_fails 'reserve' blksnapctl create --storage /mnt/s --reserve 0 /dev/vda
check_fails 'reserve' blksnapctl create --storage /mnt/s --reserve x /dev/vda
check_fails 'reserve' blksnapctl create --storage /mnt/s --reserve 99999E /dev/vda
check_fails '100.0 GiB cannot be reserved' \
	blksnapctl create --storage /mnt/s --reserve 100G /dev/vda
check_fails '/mnt/nothing: it does not exist' \
	blksnapctl create --storage /mnt/nothing /dev/vda
check_fails '/etc/passwd: it is neither' \
	blksnapctl create --storage /etc/passwd /dev/vda
check_fails 'the device is in use' \
	blksnapctl create --storage /dev/vdb /dev/vda
rawctl clean

id=$(blksnapctl create --storage /mnt/s --reserve 8M /dev/vda | head -n 1)
check_fails '/dev/vda: another snapshot has it' \
	blksnapctl create --storage /mnt/s --reserve 8M /dev/vda
check_fails '/dev/vda: .*snapshot' blksnapctl detach /dev/vda
blksnapctl release "$id"
same "list" "$(blksnapctl list | wc -l)" 1
same "list of trackers" "$(blksnapctl list --trackers | wc -l)" 1
rawctl clean

say "out of turn"
rawctl create take=ENODEV add:/dev/vda take=ENOSTR append:/mnt/s:8M:8M \
	take take=EISCONN add:/dev/vdc=EISCONN state:TAKEN info:0:1 info:4:1 \
	destroy info:0:0=ESHUTDOWN add:/dev/vdc=ESHUTDOWN \
	append:/mnt/s:8M:8M=ESHUTDOWN take=ESHUTDOWN hold:1=ESHUTDOWN \
	destroy=ESHUTDOWN destroy:force=ESHUTDOWN
rawctl clean

say "arrays with less room than entries"
rawctl attach:/dev/vda attach:/dev/vdc create create create \
	tlist:0:2 tlist:1:2 tlist:2:2 tlist:3:2 \
	slist:0:3 slist:1:3 slist:2:3 slist:3:3 slist:4:3 \
	add:/dev/vda add:/dev/vdc info:0:2 info:1:2 info:2:2 info:300:2 \
	close use:1 close use:0 close detach:/dev/vda detach:/dev/vdc
rawctl clean

say "without CAP_SYS_ADMIN"
rawctl create add:/dev/vda append:/mnt/s:8M:8M drop \
	version=EPERM attach:/dev/vdc=EPERM detach:/dev/vda=EPERM \
	tinfo:/dev/vda=EPERM tlist:0:0=EPERM slist:0:0=EPERM create=EPERM \
	"openid:$unknown=EPERM" add:/dev/vdc=EPERM append:/mnt/s:8M:8M=EPERM \
	take=EPERM info:0:0=EPERM hold:1=EPERM destroy=EPERM
chmod 666 /dev/blksnap-control
check_fails 'not permitted' setpriv --bounding-set -sys_admin \
	--inh-caps -sys_admin blksnapctl list
check_fails 'not permitted' setpriv --reuid 1 --clear-groups blksnapctl list
rawctl clean

wait_for 20 [ "$(df --output=avail /mnt/s | tail -n 1)" = "$free" ]
umount /mnt/s
e2fsck -fn /dev/vdb >/dev/null
unload_module
