#!/usr/bin/env bash
# Installs chot-agent and its gateway on a host of the unit. See --help.
set -euo pipefail
# shellcheck source=deploy/install-common.sh
. "$(dirname "${BASH_SOURCE[0]}")/install-common.sh"
parse_options chot-agent "$@"

make_user chot-agent /var/lib/chot-agent
# nginx's own: it reaches authorize.sock and its logs, and nothing else of the agent's.
make_user chot-gateway /nonexistent
make_folder /etc/chot 0755
make_folder /etc/chot/agent.json5.d 0755
make_folder /var/lib/chot-agent 0700 chot-agent:chot-agent
hand_over /var/lib/chot-agent/nginx chot-gateway:chot-agent 2750
install_file "$binaries/chot-agent" "$prefix/bin/chot-agent" 0755
install_config agent.json5 0640 root:chot-agent
install_unit chot-agent.service
install_unit chot-agent-gateway.service
install_file "$here/logrotate/chot-agent-gateway" /etc/logrotate.d/chot-agent-gateway 0644
reload_systemd

cat <<TEXT

Next:
 1. The gateway is Debian's nginx: apt-get install nginx libnginx-mod-http-js
    (its own service on port 80 is not needed: systemctl disable --now nginx)
 2. Edit /etc/chot/agent.json5: collector.url and gateway.upstream.
 3. Ask the centre for an enrolment token, put it into a file, and enrol:
      runuser -u chot-agent -- $prefix/bin/chot-agent enroll --collector https://HOST:8470 \\
          --token-file FILE --state /var/lib/chot-agent
    Several systems behind this agent: a token each, and --systems (see agent.json5).
 4. $prefix/bin/chot-agent check-config
 5. systemctl enable --now chot-agent chot-agent-gateway
 6. Point the information system at http://127.0.0.1:8471 instead of the LGSP.
TEXT
