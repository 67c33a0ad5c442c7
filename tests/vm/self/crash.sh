# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The kernel crashes.
#
# timeout: 180
# reason: kernel: .*sysrq: Trigger a crash|kernel: .*(Kernel panic|BUG:)

. /test/lib.sh

echo c >/proc/sysrq-trigger
