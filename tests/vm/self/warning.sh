# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The kernel complains, and the test does not notice.
#
# timeout: 180
# reason: kernel: .*WARNING: made up

. /test/lib.sh

echo "WARNING: made up" >/dev/kmsg
