# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The demonstration with less to copy: 3000 small files of a Debian system. See
# guest/demo.sh.
#
# disks: 900M 400M
# payload: yes
# timeout: 300

. /test/lib.sh
. /test/demo.sh

mount_payload /mnt/payload
demo_disk 400
load_module
demo ext4 /dev/vda1 96M share
demo xfs /dev/vda2 96M share
unload_module
