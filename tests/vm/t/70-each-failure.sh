# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Each command of the module, with one thing after the other failing in the kernel
# while it is at work: every request for memory, every copy of its arguments. It
# has to succeed or to tell of that error, what is there has to be usable, and
# nothing may be left.
#
# kernels: 7.3-debug
# disks: 32M 32M 32M
# timeout: 1200

. /test/lib.sh

# each STEP...: of rawctl, one of them as nth:STEP
each() {
	say "$*"
	rawctl "$@"
}

# Also what may sleep, and single pages; and do not tell of each
for kind in failslab fail_page_alloc fail_usercopy; do
	cd /sys/kernel/debug/$kind || fail "the kernel has no $kind"
	echo 0 >verbose
	[ ! -e ignore-gfp-wait ] || echo N >ignore-gfp-wait
	[ ! -e min-order ] || echo 0 >min-order
done
cd /

# fail_below FROM TO: only what is called from these addresses
fail_below() {
	for kind in failslab fail_page_alloc fail_usercopy; do
		echo "$1" >/sys/kernel/debug/$kind/require-start
		echo "$2" >/sys/kernel/debug/$kind/require-end
		echo 32 >/sys/kernel/debug/$kind/stacktrace-depth
	done
}

# The kernel's own loading warns if it fails: let only what the module itself does
grep -A 1 ' do_init_module$' /proc/kallsyms >/tmp/init
fail_below "0x$(sed -n '1s/ .*//p' /tmp/init)" "0x$(sed -n '2s/ .*//p' /tmp/init)"
each nth:load:/test/blksnap.ko unload
fail_below 0 0xffffffffffffffff
load_module
mkfs_mount ext4 /dev/vda /mnt/a
mkfs_mount ext4 /dev/vdb /mnt/s

each nth:version
each nth:tlist:300:0
each nth:slist:300:0
each nth:attach:/dev/vda "detach:/dev/vda=?" clean
each attach:/dev/vda nth:tinfo:/dev/vda detach:/dev/vda clean
each attach:/dev/vda nth:tlist:300:1 detach:/dev/vda clean
each attach:/dev/vda nth:detach:/dev/vda "detach:/dev/vda=?" clean
each nth:create "destroy=?" clean
each create nth:add:/dev/vda destroy clean
each create add:/dev/vda nth:append:/mnt/s:4M:8M destroy clean
each create add:/dev/vda nth:append:/dev/vdc:0:0 destroy clean
each create add:/dev/vda append:/mnt/s:4M:8M nth:take destroy clean
taken=(create add:/dev/vda append:/mnt/s:4M:8M take)
each "${taken[@]}" nth:info:300:1 destroy clean
each "${taken[@]}" nth:slist:300:1 destroy clean
each "${taken[@]}" nth:hold:1 destroy clean
each "${taken[@]}" nth:append:/dev/vdc:0:0 destroy clean
each "${taken[@]}" nth:destroy "destroy=?" clean
each "${taken[@]}" nth:close clean

umount /mnt/a /mnt/s
unload_module
