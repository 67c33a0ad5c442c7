# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The test exits with an error, at a command that fails.
#
# timeout: 180
# reason: exit status 1

. /test/lib.sh

false
say "not reached"
