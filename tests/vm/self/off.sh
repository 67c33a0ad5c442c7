# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The machine goes down before the test has ended.
#
# timeout: 180
# reason: went down before

. /test/lib.sh

reboot -f || echo b >/proc/sysrq-trigger
