#!/bin/sh
# Before a removal: stops the service. Does nothing before an upgrade (deb: upgrade, rpm: 1).
set -e
case "$1" in
remove | 0) ;;
*) exit 0 ;;
esac
if [ -d /run/systemd/system ]; then
	systemctl disable --now prizegen.socket prizegen.service || :
fi
