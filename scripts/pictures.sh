#!/usr/bin/env bash
# Creates the pictures in README.md and docs/tui.md from the output of the program. Requires
# tmux.
#
#	scripts/pictures.sh [NAME...]    for example: tui-draw odds
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
make -s build
wanted=" $* "

# freeze NAME LINE_HEIGHT converts coloured text from standard input to an SVG picture.
freeze() {
	go tool -modfile=tools/freeze.mod freeze --language ansi --font.family monospace --line-height "$2" \
		--background '#171717' --padding 20 --border.radius 8 --output "docs/pictures/$1.svg" >/dev/null
	echo "docs/pictures/$1.svg"
}

# skipped NAME reports whether the script's arguments exclude the picture NAME.
skipped() { [[ $wanted != '  ' && $wanted != *" $1 "* ]]; }

# picture NAME ARGUMENT... creates a picture of a prizegen command and its output.
picture() {
	local name=$1
	shift
	skipped "$name" && return
	{
		printf '\033[90m$\033[0m prizegen %s\n' "$*"
		CLICOLOR_FORCE=1 COLUMNS=100 ./build/prizegen "$@"
	} | freeze "$name" 1.3
}

work=$(mktemp -d)
cleanup() {
	local socket
	for socket in "$work"/*.socket; do
		tmux -S "$socket" kill-server 2>/dev/null || true
	done
	[[ -z ${server:-} ]] || kill "$server" 2>/dev/null || true
	rm -rf "$work"
}
trap cleanup EXIT
# term runs a tmux command on the server for the current picture. Each picture has its own server.
term() { tmux -S "$work/$name.socket" "$@"; }

# until_shown TEXT waits until the terminal shows TEXT.
until_shown() {
	local shown
	for _ in {1..1200}; do
		shown=$(term capture-pane -p)
		[[ $shown == *"$1"* ]] && return
		sleep 0.1
	done
	printf 'pictures: the terminal does not show "%s":\n%s\n' "$1" "$shown" >&2
	exit 1
}

# screen NAME ARGUMENTS STEP... starts the interactive program, performs the steps, and creates a
# picture of the screen. The step =TEXT waits until the screen shows TEXT, +TEXT types TEXT, and
# any other step presses that key.
screen() {
	local name=$1 step
	local -a arguments
	read -ra arguments <<<"$2"
	shift 2
	skipped "$name" && return
	term -f /dev/null new-session -d -x 92 -y 27 \
		env TERM=xterm-256color COLORTERM=truecolor XDG_CONFIG_HOME="$work" XDG_DATA_HOME="$work" \
		./build/prizegen tui --no-animation --db "$work/prizegen.db" "${arguments[@]}"
	for step in "$@"; do
		case $step in
		=*) until_shown "${step#=}" ;;
		+*) term send-keys -l "${step#+}" ;;
		*) term send-keys "$step" ;;
		esac
	done
	# freeze does not support the escape sequence for the default colour.
	term capture-pane -e -p | sed 's/\x1b\[39m/\x1b[0m/g' | freeze "$name" 1.2
	term kill-server
}

# promotion creates a campaign with some plays, one claimed prize and one void draw.
promotion() {
	local db=$work/prizegen.db first last id
	./build/prizegen --quiet campaign create summer --open --db "$db" >/dev/null
	while read -r first last; do
		./build/prizegen --quiet draw -n 5 --campaign summer --first-name "$first" --last-name "$last" --db "$db" >/dev/null
	done <<-'PEOPLE'
		Ann Lee
		Zoë Müller-Lüdenscheidt
		Amara Okafor
		Sofía Núñez
		Jan Novák
	PEOPLE
	id=$(./build/prizegen campaign draws summer --won --limit 1 --db "$db" -o ndjson | sed 's/^{"id":"\([^"]*\)".*/\1/')
	./build/prizegen --quiet campaign claim "$id" --db "$db" >/dev/null
	id=$(./build/prizegen campaign draws summer --status unclaimed --limit 1 --db "$db" -o ndjson | sed 's/^{"id":"\([^"]*\)".*/\1/')
	./build/prizegen --quiet campaign void "$id" --reason 'played by the staff' --db "$db" >/dev/null
}

# services ADDRESS starts all services at ADDRESS.
services() {
	./build/prizegen serve --listen "$1" --db "$work/core.db" --log-level error >"$work/serve.log" 2>&1 &
	server=$!
	for _ in {1..1200}; do
		./build/prizegen status --remote "http://$1" >/dev/null 2>&1 && break
		sleep 0.1
	done
	kill -0 "$server" 2>/dev/null || {
		cat "$work/serve.log" >&2
		exit 1
	}
}

picture draw draw --seed 42 --start 9 -n 8
picture odds odds --draws 10000

screen tui-draw '--seed 42 --start 9' '=Press space' Space '=starts with A'
screen tui-odds '--seed 42' '=Press space' 2 '=The odds of'
screen tui-bulk '--seed 42' '=Press space' 3 '=Draw many' m '=First index' C-u +10000000 Tab Tab Enter '=chi-square'
skipped tui-history || promotion
screen tui-history '--campaign summer' '=campaign summer' 4 '=Novák' Down Down
skipped tui-services || services 127.0.0.1:9080
screen tui-services '--remote http://127.0.0.1:9080' '=127.0.0.1' 5 '=services are ready' r r r r r r '=█'
screen tui-rules '--seed 42' '=Press space' 6 '=sha256'
