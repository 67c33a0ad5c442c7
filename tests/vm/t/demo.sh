# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The demonstration: snapshots of an ext4 and of an XFS file system with a few
# hundred MiB of a Debian system, that are in full use. Prints what it does, and
# what it finds, for people to read. See guest/demo.sh.
#
# disks: 1600M 760M
# payload: yes
# memory: 1500M
# timeout: 2400

. /test/lib.sh
. /test/demo.sh

mount_payload /mnt/payload
demo_disk 760 760
load_module
echo "Linux $(uname -r)"
blksnapctl version
for type in ext4 xfs; do
	echo
	echo "== $type"
	device=/dev/vda$([ $type = ext4 ] && echo 1 || echo 2)
	demo $type "$device" 240M bin lib share
done
echo
unload_module
echo "The module is unloaded. All of the above was as it should be."
