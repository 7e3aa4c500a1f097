#!/bin/sh
# Runs before a removal and stops the service. Before an upgrade (deb: upgrade, rpm: 1), it
# does nothing.
set -e
case "$1" in
remove | 0) ;;
*) exit 0 ;;
esac
if [ -d /run/systemd/system ]; then
	systemctl disable --now prizegen.socket prizegen.service || :
fi
