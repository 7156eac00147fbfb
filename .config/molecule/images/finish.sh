#!/bin/sh
# Last step of both ways to build an image, inside it: nothing starts unless a scenario starts it, and machines differ.
set -eu
for service in postfix postfix-resolvconf.path supervisor nginx postgresql redis-server; do
    systemctl disable "$service" > /dev/null 2>&1 || true
done
# Of no use in a container: slow or failing there.
systemctl mask apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service \
    fstrim.timer getty.target console-getty.service systemd-timesyncd.service > /dev/null 2>&1
rm -rf /var/cache/apt/*.bin /var/lib/apt/lists/* /var/log/journal
: > /etc/machine-id
