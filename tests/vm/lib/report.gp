# SPDX-License-Identifier: GPL-2.0-only
#
# Plots what a snapshot leaves of a disk's speed: one panel for each kernel and
# profile, from DATA (see report.awk), to OUT.

# Each panel's lines begin with its title
panels = int(system(sprintf("grep -c '^\"' %s", data)))
set terminal svg size 900, 260 * panels font "sans,12" background "white"
set output out
set multiplot layout panels, 1
set style data histograms
set style histogram clustered gap 1
set style fill solid 0.8
set grid ytics
set yrange [0:*]
set ylabel "of raw"
do for [n = 0:panels - 1] {
	set title system(sprintf("grep '^\"' %s | sed -n %dp | tr -d '\"'", data, n + 1))
	plot data index n every ::1 using 2:xtic(1) title "blksnap", \
		'' index n every ::1 using 3 title "best of dm-snapshot and dm-thin", \
		'' index n every ::1 using 4 title "dm-snapshot, 4 KiB, persistent"
}
unset multiplot
