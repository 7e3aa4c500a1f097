#!/usr/bin/env bash
# Runs the tests that take too long for `make test`: all of them, or only the given parts.
#
#	scripts/soak.sh [fuzz] [properties] [plays] [kills] [hostile] [repeat] [rows] [bench]
#
#	fuzz        runs each fuzz target for FUZZTIME (10m)
#	properties  runs each property test with CHECKS (20000) random cases
#	plays       makes PLAYS (1000000) plays through several cores on each database
#	kills       kills a core KILLS (1000) times during plays on each database
#	hostile     makes plays beside hostile requests for HOSTILE_SECONDS (60)
#	repeat      runs every test REPEAT (5) times in random order, with the race detector
#	rows        measures every page of a site with ROWS (3000000) stored draws
#	bench       runs the growth sections of `make bench` with ten million stored draws
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export CGO_ENABLED=1 GORACE=atexit_sleep_ms=0
module=$(go list -m)

# packages PATTERN lists the packages whose test files match the regular expression PATTERN.
packages() {
	git grep -lE "$1" -- '*_test.go' | xargs -r -n1 dirname | sort -u | sed "s|^|$module/|"
}

fuzz() {
	local package name listed
	for package in $(packages '^func Fuzz'); do
		listed=$(go test -list '^Fuzz' "$package")
		while read -r name _ <&3; do
			[[ $name == Fuzz* ]] || continue
			echo "soak: fuzzing $name in $package"
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

# again TEST COUNT runs TEST in cmd/prizegen COUNT times.
again() {
	local listed
	listed=$(go test -list "^$1\$" ./cmd/prizegen)
	[[ $listed == "$1"* ]] || { echo "soak: no test named $1 in cmd/prizegen" >&2 && return 1; }
	go test -race -timeout 0 -run "^$1\$" -count "$2" ./cmd/prizegen
}

# Each run of the test makes 4000 plays on each database.
plays() { again TestReplicasUnderLoad $(((${PLAYS:-1000000} + 3999) / 4000)); }

# Each run of the test kills a core five times on each database.
kills() { again TestKilledCoreLosesNothing $(((${KILLS:-1000} + 4) / 5)); }

hostile() { HOSTILE_SECONDS=${HOSTILE_SECONDS:-60} go test -timeout 0 -count 1 -v -run '^TestHostileMinute$' ./cmd/prizegen; }

repeat() { go test -race -timeout 0 -shuffle on -count "${REPEAT:-5}" ./...; }

rows() { PRIZEGEN_BENCH_ROWS=${ROWS:-3000000} go test -timeout 0 -run '^$' -bench '^BenchmarkGrowth$' -benchtime 200x ./serve; }

bench() { make bench BENCH=growth LONG=1; }

parts=("$@")
((${#parts[@]})) || parts=(fuzz properties plays kills hostile repeat rows bench)
for part in "${parts[@]}"; do
	case $part in
	fuzz | properties | plays | kills | hostile | repeat | rows | bench) ;;
	*) echo "soak: unknown part \"$part\"" >&2 && exit 2 ;;
	esac
done
for part in "${parts[@]}"; do
	printf '\n=== %s\n' "$part"
	"$part"
done
