#!/bin/sh
# Before a removal, not before an upgrade (deb: upgrade, rpm: 1): the service ends.
set -e
case "$1" in
remove | 0) ;;
*) exit 0 ;;
esac
if [ -d /run/systemd/system ]; then
	systemctl disable --now prizegen.socket prizegen.service || :
fi
