#!/usr/bin/env bash
# Installs chot-collector and its TLS front on a host of the centre. See --help.
set -euo pipefail
# shellcheck source=deploy/install-common.sh
. "$(dirname "${BASH_SOURCE[0]}")/install-common.sh"
parse_options chot-collector "$@"

# chot may connect to the admin socket; the others decide what a member may do there.
for group in chot chot-read chot-operate chot-privacy; do
    make_group "$group"
done
make_user chot-collector /var/lib/chot-collector
# nginx's own: it reaches the agents' sockets, and neither the admin socket nor the state folder.
make_user chot-front /nonexistent
# May have sealed backups made and nothing else (its group may); reads none of them.
make_user chot-backup /nonexistent
make_folder /etc/chot 0755
make_folder /etc/chot/collector.json5.d 0755
make_folder /var/lib/chot-collector 0700 chot-collector:chot-collector
# The collector writes into it, by its group.
make_folder /var/lib/chot-backup 0770 chot-backup:chot-collector
install_file "$binaries/chot-collector" "$prefix/bin/chot-collector" 0755
# Readable by the staff: their commands find the admin socket in it.
install_config collector.json5 0644 root:root
install_unit chot-collector.service
install_unit chot-collector-front.service
install_unit chot-collector-backup.service
install_unit chot-collector-backup.timer
install_file "$here/logrotate/chot-collector-front" /etc/logrotate.d/chot-collector-front 0644
reload_systemd

cat <<TEXT

Next:
 1. The front is Debian's nginx: apt-get install nginx
    (its own service on port 80 is not needed: systemctl disable --now nginx)
 2. Make keys, database and certificate, with the address that agents will use:
      runuser -u chot-collector -- $prefix/bin/chot-collector init \\
          --state /var/lib/chot-collector --listen ADDRESS:8470
 3. Put the same ADDRESS:8470 into /etc/chot/collector.json5 ("listen").
 4. $prefix/bin/chot-collector check-config
 5. On another machine, for backups: $prefix/bin/chot-collector backup-key backup.key
    Keep backup.key there; bring backup.key.pub here as /etc/chot/backup.pub (0644).
    systemctl enable --now chot-collector chot-collector-front chot-collector-backup.timer
 6. Let a member of the staff use it: adduser NAME chot && adduser NAME chot-operate
 7. Register units, systems, services and accounts: chot-collector registry import FOLDER
    and give each system a token: chot-collector agent token SYSTEM
TEXT
