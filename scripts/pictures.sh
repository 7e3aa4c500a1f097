#!/usr/bin/env bash
# Makes the pictures of the README from what the program itself shows.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
make -s build

# picture NAME COMMAND... shows a command line and its output, in colour, as SVG.
picture() {
	local name=$1
	shift
	{
		printf '\033[90m$\033[0m prizegen %s\n' "$*"
		CLICOLOR_FORCE=1 COLUMNS=100 ./build/prizegen "$@"
	} | go tool -modfile=tools/freeze.mod freeze --language ansi --font.family monospace --line-height 1.3 \
		--background '#171717' --padding 20 --border.radius 8 --output "docs/pictures/$name.svg" >/dev/null
	echo "docs/pictures/$name.svg"
}

picture draw draw --seed 42 --start 9 -n 8
picture odds odds --draws 10000
