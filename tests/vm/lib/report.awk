# SPDX-License-Identifier: GPL-2.0-only
#
# Makes doc/performance.md of lines "RESULT PROFILE CONTENDER ROUND WORKLOAD
# NAME=VALUE ...", in files that are named bench-KERNEL-PROFILE.txt. For the plot,
# the ratios go to the file DATA.

FNR == 1 {
	kernel = FILENAME
	sub(/.*bench-/, "", kernel)
	sub(/-[^-]*\.txt$/, "", kernel)
	add(kernels, kernel)
}

$1 == "RESULT" {
	add(seen, $2 " " kernel)
	add(contenders, $3)
	if (rounds[kernel, $2] < $4)
		rounds[kernel, $2] = $4
	for (i = 6; i <= NF; i++) {
		split($i, pair, "=")
		if (pair[1] == "blksnap") {
			measured(kernel SUBSEP $2, pair[2])
			continue
		}
		key = kernel SUBSEP $2 SUBSEP $3 SUBSEP $5 SUBSEP pair[1]
		lists[key] = lists[key] " " pair[2]
		key = key SUBSEP $4
		sums[key] += pair[2]
		counts[key]++
	}
}

# An array is 1..list[0], in order of appearance
function add(list, word) {
	if (!((word, "is") in list)) {
		list[word, "is"] = 1
		list[++list[0]] = word
	}
}

# Which commits the figures of a profile are of
function measured(profile, commit) {
	if ((profile, commit) in commits)
		return
	commits[profile, commit] = 1
	versions[profile] = versions[profile] " " commit
}

function how(k, p) {
	return "Rounds: " rounds[k, p] "; medians; blksnap" versions[k, p] ".\n"
}

function has(k, p, c, w, name) { return (k, p, c, w, name) in lists }

# The value at PART (0 to 1) of a list, smallest first
function nth(list, part, n, v, i, j, t) {
	n = split(list, v, " ")
	if (!n)
		return 0
	for (i = 2; i <= n; i++)
		for (j = i; j > 1 && v[j - 1] + 0 > v[j] + 0; j--) {
			t = v[j]
			v[j] = v[j - 1]
			v[j - 1] = t
		}
	return v[1 + int((n - 1) * part)]
}

function median(k, p, c, w, name) { return nth(lists[k, p, c, w, name], .5) }

# In one round
function mean(k, p, c, w, round, key) {
	key = k SUBSEP p SUBSEP c SUBSEP w SUBSEP "bytes_per_s" SUBSEP round
	return key in counts ? sums[key] / counts[key] : 0
}

# Of the ratios of each round, that at PART. W2 is as fast as W1 without a snapshot; the
# reader of W6 is told in MB/s
function ratio(k, p, c, w, part, r, raw, list) {
	for (r = 1; r <= rounds[k, p]; r++) {
		raw = mean(k, p, "raw", w == "W2" ? "W1" : w, r)
		if (raw && mean(k, p, c, w, r))
			list = list " " mean(k, p, c, w, r) / raw
	}
	return nth(list, part)
}

function row(first, cells, n, i, line) {
	line = "| " first " |"
	for (i = 1; i <= n; i++)
		line = line " " cells[i] " |"
	print line
}

# NAMES has underscores for spaces
function head(first, names, i, n, cells, line) {
	n = split(names, cells, " ")
	for (i = 1; i <= n; i++)
		gsub("_", " ", cells[i])
	row(first, cells, n)
	line = "|---|"
	for (i = 1; i <= n; i++)
		line = line "---|"
	print line
	return n
}

function short(x) { return sprintf(x < 9.995 ? "%.2f" : "%.0f", x) }

# What contenders reach of raw
function ratios(k, p, names, n, i, j, c, w, cells, any) {
	n = split(names, w, " ")
	if (!has(k, p, "blksnap", w[1], "bytes_per_s"))
		return
	head("of raw", names)
	for (j = 1; j <= contenders[0]; j++) {
		c = contenders[j]
		any = 0
		if (c == "raw")
			continue
		for (i = 1; i <= n; i++) {
			cells[i] = has(k, p, c, w[i], "bytes_per_s") ? \
				short(ratio(k, p, c, w[i], .5)) : ""
			any = any || cells[i] != ""
		}
		if (any)
			row(c, cells, n)
	}
	for (i = 1; i <= n; i++)
		cells[i] = has(k, p, "blksnap", w[i], "bytes_per_s") ? \
			short(ratio(k, p, "blksnap", w[i], 0)) "–" \
			short(ratio(k, p, "blksnap", w[i], 1)) : ""
	row("blksnap, slowest and fastest", cells, n)
	print ""
}

# What was measured of a workload: NR 1 to 5, see absolute()
function figure(k, p, c, w, nr) {
	if (!has(k, p, c, w, "iops"))
		return ""
	if (nr == 1)
		return median(k, p, c, w, "iops")
	if (nr == 2)
		return sprintf("%.1f", median(k, p, c, w, "bytes_per_s") / 1e6)
	if (nr == 3)
		return median(k, p, c, w, "mean_us") " / " median(k, p, c, w, "p99_us")
	if (nr == 4)
		return median(k, p, c, w, "submit_us")
	return sprintf("%.0f", 1000 * median(k, p, c, w, "cpu_ms") / \
		(median(k, p, c, w, "ios") + 1e-9))
}

function absolute(k, p, names, n, i, j, nr, c, w, cells, label) {
	n = split(names, w, " ")
	split("I/Os per s;MB/s;mean / p99, µs;to submit one, µs;processor per I/O, µs", \
		label, ";")
	head("", names)
	for (nr = 1; nr <= 5; nr++)
		for (j = 1; j <= 2; j++) {
			c = j == 1 ? "raw" : "blksnap"
			for (i = 1; i <= n; i++)
				cells[i] = figure(k, p, c, w[i], nr)
			row(label[nr] ": " c, cells, n)
		}
	print ""
}

# What a snapshot costs the disks, by their own counters
function costs(k, p, c, names, n, i, w, cells, nr, label) {
	n = split(names, w, " ")
	split("read from the origin, of what was written;stored, of what was written;" \
		"reads of the origin;a write to the storage, KiB;flushes of the storage", \
		label, ";")
	if (!has(k, p, c, w[1], "iops"))
		return
	head(c, names)
	for (nr = 1; nr <= 5; nr++) {
		for (i = 1; i <= n; i++)
			cells[i] = has(k, p, c, w[i], "iops") ? \
				cost(k, p, c, w[i], nr) : ""
		row(label[nr], cells, n)
	}
	print ""
}

function cost(k, p, c, w, nr, written, writes) {
	written = median(k, p, c, w, "origin_written_sectors") + 1e-9
	writes = median(k, p, c, w, "store_writes") + 1e-9
	if (nr == 1)
		return short(median(k, p, c, w, "origin_read_sectors") / written)
	if (nr == 2)
		return short(median(k, p, c, w, "store_written_sectors") / written)
	if (nr == 3)
		return median(k, p, c, w, "origin_reads")
	if (nr == 4)
		return sprintf("%.0f", median(k, p, c, w, \
			"store_written_sectors") / 2 / writes)
	return median(k, p, c, w, "store_flushes")
}

function profile(k, p, title) {
	if (!((p " " k, "is") in seen))
		return
	printf "## Linux %s, profile %s: %s\n\n", k, p, title
	print how(k, p)
	ratios(k, p, "W1 W1p W2 W3 W4 W5 W6 W6r")
	ratios(k, p, "Q1 M1 F1 R1 R4 P1 P4 D1")
	absolute(k, p, "W1 W1p W3 W4 W5 W6 W6r Q1 Q1r F1")
	costs(k, p, "blksnap", "W1 W1p W2 W3 W4")
	costs(k, p, "blksnap4", "W1 W1p W2 W3 W4")
	data(k, p, "W1 W1p W2 W3 W4 W5 W6")
}

# For the plot: blksnap, and the best of the others
function data(k, p, names, n, w, i, j, c, best, r) {
	n = split(names, w, " ")
	printf "\"Linux %s, %s\"\n", k, p >DATA
	for (i = 1; i <= n; i++) {
		best = 0
		for (j = 1; j <= contenders[0]; j++) {
			c = contenders[j]
			r = ratio(k, p, c, w[i], .5)
			if (c ~ /^(dm|thin)/ && r > best)
				best = r
		}
		printf "%s %.3f %.3f %.3f\n", w[i], ratio(k, p, "blksnap", w[i], .5), \
			best, ratio(k, p, "dmP4", w[i], .5) >DATA
	}
	printf "\n\n" >DATA
}

function idle(k, i, j, c, w, cells) {
	if (!(("idle " k, "is") in seen))
		return
	printf "## Linux %s: what others pay\n\n", k
	print "Of the speed with no device tracked. The machine's own changes by more than that"
	print "from one run to the next; what it is exactly, see the instructions of a write."
	print how(k, "idle")
	head("", "null-blk,_one_at_a_time virtio,_one_at_a_time virtio,_16_at_a_time")
	split("N1 V1 V16", w, " ")
	for (j = 1; j <= 2; j++) {
		c = j == 1 ? "loaded" : "attached"
		for (i = 1; i <= 3; i++)
			cells[i] = short(ratio(k, "idle", c, w[i], .5))
		row(j == 1 ? "another device is tracked" : "this one is, without a snapshot", \
			cells, 3)
	}
	print ""
}

function take(k, i, j, d, w, cells, c) {
	if (!(("take " k, "is") in seen))
		return
	printf "## Linux %s: taking a snapshot\n\n", k
	print "The slowest write plus the slowest fdatasync() on ext4, in ms; the freeze of"
	print "writers and the gate within it; how long the command took."
	print how(k, "take")
	head("devices", "no_snapshot snapshot frozen gate command 200_MiB_to_write frozen gate command")
	split("1 8 64", d, " ")
	for (i = 1; i <= 3; i++) {
		c = "devices" d[i]
		cells[1] = ms(k, c, "dirty-1", "worst_us")
		for (j = 0; j < 2; j++) {
			w = j ? "dirty200" : "dirty0"
			cells[2 + 4 * j] = ms(k, c, w, "worst_us")
			cells[3 + 4 * j] = ms(k, c, w, "pause_us")
			cells[4 + 4 * j] = ms(k, c, w, "gate_us")
			cells[5 + 4 * j] = ms(k, c, w, "take_us")
		}
		row(d[i], cells, 9)
	}
	print ""
}

function ms(k, c, w, name) {
	return sprintf("%.1f", median(k, "take", c, w, name) / 1000)
}

function curves(k, i, b, d, cells) {
	if (!(("curves " k, "is") in seen))
		return
	printf "## Linux %s: does it grow?\n\n", k
	print "A copy unit of 4 KiB, disks of null_blk. A write of 4 KiB to a preserved block in"
	print "µs."
	print how(k, "curves")
	split("1000 10000 100000 1000000", b, " ")
	head("preserved blocks", "1000 10000 100000 1000000")
	for (i = 1; i <= 4; i++)
		cells[i] = median(k, "curves", "sequential", "blocks" b[i], "mean_us")
	row("µs", cells, 4)
	for (i = 1; i <= 4; i++)
		cells[i] = memory(k, "sequential", b[i])
	row("memory, of the data, written in sequence", cells, 4)
	for (i = 1; i <= 4; i++)
		cells[i] = memory(k, "random", b[i])
	row("memory, of the data, at random", cells, 4)
	print ""
	split("1 16 64 256", d, " ")
	head("tracked devices", "1 16 64 256")
	for (i = 1; i <= 4; i++)
		cells[i] = median(k, "curves", "tracked", "devices" d[i], "mean_us")
	row("µs", cells, 4)
	print ""
}

function instructions(k, i, j, c, w, cells, n) {
	if (!(("instructions " k, "is") in seen))
		return
	printf "## Linux %s: instructions of a write\n\n", k
	print "Exact: counted in a machine of one processor whose clock is their number, fio's own"
	print "among them; null_blk, 4 KiB at random, a copy unit of 4 KiB."
	print how(k, "instructions")
	n = split("write again single", w, " ")
	head("", "for_the_first_time,_16_at_a_time again again,_one_at_a_time")
	for (j = 1; j <= contenders[0]; j++) {
		c = contenders[j]
		if (!has(k, "instructions", c, "write", "instructions"))
			continue
		for (i = 1; i <= n; i++)
			cells[i] = median(k, "instructions", c, w[i], "instructions")
		row(c, cells, n)
	}
	print ""
}

function steps(k, i, j, w, v, cells) {
	if (!(("steps " k, "is") in seen))
		return
	printf "## Linux %s: where the time of a first touch goes\n\n", k
	print "One at a time (Q1) with the disks of profile B, by the trace of the kernel, in µs."
	print how(k, "steps")
	head("", "before_the_read read before_the_write write in_all")
	split("before-read read before-write write all", w, " ")
	split("mean median p99", v, " ")
	for (j = 1; j <= 3; j++) {
		for (i = 1; i <= 5; i++)
			cells[i] = median(k, "steps", "blksnap", w[i], v[j] "_us")
		row(v[j], cells, 5)
	}
	print ""
}

# Below 40 MiB of data, what else happens to memory counts for more
function memory(k, c, blocks, copied) {
	copied = median(k, "curves", c, "memory" blocks, "copied_kib")
	if (copied < 40000)
		return ""
	return sprintf("%.2f %%", 100 * median(k, "curves", c, "memory" blocks, \
		"memory_kib") / copied)
}

END {
	for (n = 1; n <= kernels[0]; n++) {
		k = kernels[n]
		profile(k, "A", "as fast as the processor allows")
		profile(k, "B", "each disk 200 MiB/s and 5000 I/Os per second")
		profile(k, "C", "each disk 100 MiB/s and 200 I/Os per second")
		idle(k)
		take(k)
		curves(k)
		instructions(k)
		steps(k)
	}
}
