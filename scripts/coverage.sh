#!/usr/bin/env bash
# Prints the coverage of each package in a coverage profile from `go test`. It fails if the
# coverage of a group of packages is below its threshold:
#
#	scripts/coverage.sh PROFILE [GROUP=PERCENT...]
#
# A group is a top-level folder (cmd, pkg, serve), or all.
set -euo pipefail
profile=$1
shift

# With -coverpkg, every test binary lists every block. A block counts as covered if at least one
# test binary ran it.
awk -v thresholds="$*" '
	NR > 1 {
		statements[$1] = $2
		if ($3 > 0) covered[$1] = $2
	}
	END {
		for (block in statements) {
			package = block
			sub(/\/[^\/]*$/, "", package)
			match(package, /\/(cmd|pkg|serve)(\/|$)/)
			package = substr(package, RSTART + 1)
			group = package
			sub(/\/.*/, "", group)
			total[package] += statements[block]; hit[package] += covered[block]
			groupTotal[group] += statements[block]; groupHit[group] += covered[block]
			groupTotal["all"] += statements[block]; groupHit["all"] += covered[block]
		}
		for (package in total)
			printf "coverage %5.1f%%  %s\n", 100 * hit[package] / total[package], package | "sort -k3"
		close("sort -k3")
		count = split(thresholds, list, " ")
		for (i = 1; i <= count; i++) {
			split(list[i], pair, "=")
			if (!groupTotal[pair[1]]) {
				printf "coverage: the profile contains no statements in %s\n", pair[1]
				failed = 1
				continue
			}
			percent = 100 * groupHit[pair[1]] / groupTotal[pair[1]]
			printf "coverage %5.1f%%  %s in total, threshold %s%%\n", percent, pair[1], pair[2]
			if (percent < pair[2]) {
				printf "coverage: %s is below its threshold\n", pair[1]
				failed = 1
			}
		}
		exit failed
	}' "$profile"
