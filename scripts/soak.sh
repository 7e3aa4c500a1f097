#!/usr/bin/env bash
# Runs the tests that take too long for `make test`, all of them or the named ones:
#
#	scripts/soak.sh [fuzz] [properties] [kills] [repeat] [rows] [bench]
#
#	fuzz        each fuzz target for FUZZTIME (10m)
#	properties  each property test with CHECKS (20000) random cases
#	kills       kills of a core while people play: KILLS (1000) on each database
#	repeat      every test REPEAT (5) times in random order, with the race detector
#	rows        all pages of a site that has ROWS (3000000) stored draws
#	bench       the growth sections of `make bench` with ten million stored draws
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export CGO_ENABLED=1 GORACE=atexit_sleep_ms=0
module=$(go list -m)

# packages PATTERN lists the packages whose tests match a regular expression.
packages() {
	git grep -lE "$1" -- '*_test.go' | xargs -r -n1 dirname | sort -u | sed "s|^|$module/|"
}

fuzz() {
	local package name listed
	for package in $(packages '^func Fuzz'); do
		listed=$(go test -list '^Fuzz' "$package")
		while read -r name _ <&3; do
			[[ $name == Fuzz* ]] || continue
			echo "soak: fuzz $name of $package"
			go test -run '^$' -fuzz "^$name\$" -fuzztime "${FUZZTIME:-10m}" "$package"
		done 3<<<"$listed"
	done
}

properties() {
	local package
	for package in $(packages 'rapid\.Check\('); do
		go test -timeout 0 -count 1 -rapid.checks "${CHECKS:-20000}" "$package"
	done
}

# One run of the test kills a core ten times on each database.
kills() {
	local listed
	listed=$(go test -list '^TestKilledCore' ./cmd/prizegen)
	[[ $listed == *TestKilledCore* ]] || { echo "soak: cmd/prizegen has no test TestKilledCore…" >&2 && return 1; }
	go test -race -timeout 0 -run '^TestKilledCore' -count $(((${KILLS:-1000} + 9) / 10)) ./cmd/prizegen
}

repeat() { go test -race -timeout 0 -shuffle on -count "${REPEAT:-5}" ./...; }

rows() { PRIZEGEN_BENCH_ROWS=${ROWS:-3000000} go test -timeout 0 -run '^$' -bench '^BenchmarkGrowth$' -benchtime 200x ./serve; }

bench() { make bench BENCH=growth LONG=1; }

parts=("$@")
((${#parts[@]})) || parts=(fuzz properties kills repeat rows bench)
for part in "${parts[@]}"; do
	case $part in
	fuzz | properties | kills | repeat | rows | bench) ;;
	*) echo "soak: unknown part \"$part\"" >&2 && exit 2 ;;
	esac
done
for part in "${parts[@]}"; do
	printf '\n=== %s\n' "$part"
	"$part"
done
