// Command prizegen runs instant-win prize draws that anyone can check. See the
// README for a tour, and prizegen help for its commands.
package main

import (
	"os"
	_ "time/tzdata" // makes TZ work on systems without time zone data
)

// The linker sets these; see thisBuild for builds without them.
var (
	version = ""
	commit  = ""
	date    = ""
)

func main() {
	os.Exit(run(systemApp(), os.Args[1:]))
}
