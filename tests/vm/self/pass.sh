# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Nothing is wrong.
#
# timeout: 180
# reason: none

. /test/lib.sh

say "well"
