# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The demonstration with less to copy, a few files of a Debian system, and one file
# system on each kernel. See guest/demo.sh. Takes a kernel that looks for bugs too long.
#
# kernels: 6.1 7.3
# disks: 500M 310M
# payload: yes
# timeout: 600

. /test/lib.sh
. /test/demo.sh

mount_payload /mnt/payload
demo_disk 190 310
load_module
if kernel_at_least 7; then
	demo xfs /dev/vda2 64M sbin
else
	demo ext4 /dev/vda1 64M sbin
fi
unload_module
