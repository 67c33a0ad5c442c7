# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Each command of the module up to the snapshot, with one thing after the other failing
# in the kernel while it is at work. It has to succeed or to tell of that error, what is
# there has to be usable, and nothing may be left.
#
# kernels: 7.3-debug
# disks: 32M 32M 32M
# timeout: 1200
# expect-log: Call Trace:

. /test/lib.sh
# shellcheck source=../guest/faults.sh
. /test/faults.sh

# The kernel's own loading warns if it fails: let only what the module itself does
grep -A 1 ' do_init_module$' /proc/kallsyms >/tmp/init
fail_below "0x$(sed -n '1s/ .*//p' /tmp/init)" "0x$(sed -n '2s/ .*//p' /tmp/init)"
each nth:load:/test/blksnap.ko unload
fail_below 0 0xffffffffffffffff
load_module
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

umount /mnt/s
unload_module
