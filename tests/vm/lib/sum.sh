# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Runs the parts of a check one after the other, and sums up: "N passed, N failed".

passed=0 failed=0
kept=$(mktemp -d)
output=$kept/output
trap 'rm -rf "$kept"' EXIT

# Adds the numbers of a part that ends with "N passed, N failed", or else those
# of cmocka. The part's own sum is not shown: there is one at the very end.
count() {
	local status=$1 good bad sum
	sum=$(grep -aE '^[0-9]+ passed, [0-9]+ failed$' "$output" | tail -n 1 || true)
	if [ -n "$sum" ]; then
		good=${sum%% *}
		bad=${sum#*, }
		bad=${bad% failed}
	else
		good=$(sum_of PASSED)
		bad=$(sum_of FAILED)
	fi
	[ "$status" = 0 ] || [ "$bad" != 0 ] || bad=1
	[ "$good" != 0 ] || [ "$bad" != 0 ] || bad=1
	passed=$((passed + good))
	failed=$((failed + bad))
}

sum_of() {
	sed -n -E 's/^\[ *'"$1"' *\] ([0-9]+) test\(s\).*/\1/p' "$output" |
		awk '{ sum += $1 } END { print sum + 0 }'
}

# part NAME COMMAND...: runs a part and goes on, whatever comes of it
part() {
	local name=$1 status=0 start=$SECONDS
	shift
	echo "== $name"
	{ "$@" 2>&1 || echo $? >"$output.status"; } | tee "$output" |
		sed -u -E '/^[0-9]+ passed, [0-9]+ failed$/d'
	[ ! -e "$output.status" ] || status=$(cat "$output.status")
	rm -f "$output.status"
	count "$status"
	echo "== $name took $((SECONDS - start)) s"
}

# beside NAME COMMAND...: runs one that is a part later on, by "part ... shown NAME"
beside() {
	local name=$1 status=0
	shift
	nice "$@" >"$kept/$name" 2>&1 || status=$?
	echo $status >"$kept/$name.status"
}

shown() {
	cat "$kept/$1"
	return "$(cat "$kept/$1.status")"
}

# The exit status is all there is to know
silent_part() {
	if "$@"; then echo "1 passed, 0 failed"; else echo "0 passed, 1 failed"; fi
}

# sum_up: the last line, and the exit status
sum_up() {
	echo "$passed passed, $failed failed"
	[ "$failed" = 0 ]
}
