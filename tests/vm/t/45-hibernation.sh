# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Hibernation is begun, and given up when all tasks are frozen: the snapshot has failed,
# which its events tell, and the origin can be written.
#
# kernels: 6.1 7.3
# disks: 32M 64M
# timeout: 120

. /test/lib.sh
. /test/snapshot.sh

load_module
create /dev/vdb - - /dev/vda
random 4 /dev/vda
is_taken
echo freezer >/sys/power/pm_test
echo disk >/sys/power/state
random 4 /dev/vda
failed hibernation ESTALE
create /dev/vdb - - /dev/vda
is_taken
release
unload_module
