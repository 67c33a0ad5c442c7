# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Measures, for tests/vm/bench, which says what by BLKSNAP_BENCH:
# PROFILE/ROUNDS/WORKLOAD,.../CONTENDER,...
#
# disks: random:2G random:3G
# memory: 1G
# timeout: 7200

. /test/lib.sh
# shellcheck source=../guest/snapshot.sh
. /test/snapshot.sh

IFS=/ read -r PROFILE rounds workloads contenders <<<"$BLKSNAP_BENCH"
load_module
modprobe -a dm-mod dm-snapshot dm-thin-pool
case $PROFILE in
A | B | C) part=workloads ;;
*) part=bench_$PROFILE ;;
esac
# shellcheck source=/dev/null
. "/test/$part.sh"
bench "$rounds" "${workloads//,/ }" "${contenders//,/ }"
unload_module
