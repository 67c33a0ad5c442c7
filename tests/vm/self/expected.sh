# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The kernel complains, as was expected.
#
# timeout: 180
# reason: none
# expect-log: this is known
. /test/lib.sh

echo "WARNING: this is known" >/dev/kmsg
