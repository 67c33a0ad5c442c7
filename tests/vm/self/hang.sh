# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The test does not end.
#
# timeout: 30
# reason: out of time

. /test/lib.sh

sleep 1000
