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
# shellcheck source=../guest/bench.sh
. /test/bench.sh

# shellcheck disable=SC2034
IFS=/ read -r PROFILE rounds workloads contenders <<<"$BLKSNAP_BENCH"
sizes
load_module
modprobe -a dm-mod dm-snapshot
for ((n = 1; n <= rounds; n++)); do
	for contender in ${contenders//,/ }; do
		say "$contender, round $n"
		round "$contender" "$n" "${workloads//,/ }"
	done
done
unload_module
