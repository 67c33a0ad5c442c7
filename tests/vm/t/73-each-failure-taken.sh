# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Taking a snapshot, and each command for one that is taken, with one thing after the
# other failing in the kernel while it is at work. It has to succeed or to tell of that
# error, what is there has to be usable, and nothing may be left.
#
# kernels: 7.3-debug
# disks: 32M 32M 32M
# timeout: 1200
# expect-log: Call Trace:

. /test/lib.sh
# shellcheck source=../guest/faults.sh
. /test/faults.sh

load_module
mkfs_mount ext4 /dev/vda /mnt/a
mkfs_mount ext4 /dev/vdb /mnt/s

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
