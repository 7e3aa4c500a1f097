# The version that the binary and the image report. Outside a Git repository, the binary
# reports Go's build information instead.
VERSION ?= $(patsubst v%,%,$(shell git describe --tags --dirty 2>/dev/null))
COMMIT  ?= $(shell git rev-parse --short HEAD 2>/dev/null)
DATE    ?= $(shell git log -1 --format=%cI 2>/dev/null)
