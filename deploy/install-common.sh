# Shared by install-agent.sh and install-collector.sh (sourced, not run). Everything that changes
# the host goes through act, so that --dry-run is one place.
# shellcheck shell=bash

DESTDIR=${DESTDIR:-}
prefix=/usr/local
binaries=
dry_run=no
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

fail() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# parse_options PROGRAM ARGUMENT... — the options that both scripts take.
parse_options() {
    local program=$1
    shift
    while [ $# -gt 0 ]; do
        case "$1" in
            --bin) [ $# -ge 2 ] || fail "--bin needs a folder"; binaries=$2; shift 2 ;;
            --bin=*) binaries=${1#*=}; shift ;;
            --prefix) [ $# -ge 2 ] || fail "--prefix needs a folder"; prefix=$2; shift 2 ;;
            --prefix=*) prefix=${1#*=}; shift ;;
            --dry-run) dry_run=yes; shift ;;
            -h | --help) usage "$program"; exit 0 ;;
            *) usage "$program" >&2; exit 64 ;;
        esac
    done
    case "$prefix" in /*) ;; *) fail "--prefix $prefix: must begin with /" ;; esac
    if [ -z "$binaries" ]; then
        binaries=$(cd "$here/.." && swift build -c release --show-bin-path 2>/dev/null) \
            || fail "no --bin DIR given and no swift to ask for the build folder"
    fi
    [ -x "$binaries/$program" ] \
        || fail "$binaries/$program: no such program; run make build first, or give --bin DIR"
    if [ -z "$DESTDIR" ] && [ "$dry_run" = no ] && [ "$(id -u)" -ne 0 ]; then
        fail "installing into / needs root; use sudo, or --dry-run, or DESTDIR=FOLDER"
    fi
}

usage() {
    cat <<TEXT
Usage: ${0##*/} [--bin DIR] [--prefix DIR] [--dry-run]
Installs $1 with its systemd units and default configuration. Running it again is an update:
an existing configuration is never overwritten, a changed default is put beside it as .new.
  --bin DIR      folder with the built program (default: this checkout's release build)
  --prefix DIR   where bin/ lies (default: /usr/local)
  --dry-run      say what would be done and write nothing
  DESTDIR=DIR    in the environment: install below DIR, without users, groups and systemctl
TEXT
}

# act SENTENCE COMMAND... — does it, or says that it would.
act() {
    local sentence=$1
    shift
    if [ "$dry_run" = yes ]; then
        printf 'would %s\n' "$sentence"
    else
        printf '%s\n' "$sentence"
        "$@"
    fi
}

make_group() {
    [ -z "$DESTDIR" ] || return 0
    getent group "$1" >/dev/null || act "create group $1" groupadd --system "$1"
}

# make_user NAME HOME — a system user with a group of its own and no shell.
make_user() {
    [ -z "$DESTDIR" ] || return 0
    local group=(--user-group)
    # A group of its name may be there from an older version.
    if getent group "$1" >/dev/null; then group=(--gid "$1"); fi
    getent passwd "$1" >/dev/null || act "create user $1" \
        useradd --system "${group[@]}" --home-dir "$2" --no-create-home \
        --shell /usr/sbin/nologin "$1"
}

# make_folder PATH MODE [OWNER:GROUP]
make_folder() {
    [ -d "$DESTDIR$1" ] || act "create folder $DESTDIR$1" install -d -m "$2" "$DESTDIR$1"
    own "$1" "${3:-}"
}

own() {
    if [ -z "$DESTDIR" ] && [ -n "$2" ] && [ "$dry_run" = no ]; then
        chown "$2" "$1"
    fi
}

# hand_over FOLDER OWNER:GROUP MODE — a folder of an older version, with what lies in it, to its new owner.
hand_over() {
    [ -z "$DESTDIR" ] && [ -d "$1" ] || return 0
    [ "$(stat -c %U "$1")" != "${2%:*}" ] || return 0
    act "hand $1 to ${2%:*}" give "$@"
}

give() {
    chown -R --no-dereference "$2" "$1"
    chmod -R g+rX "$1"
    chmod "$3" "$1"
}

# install_file SOURCE TARGET MODE — only when it differs from what is there.
install_file() {
    local target=$DESTDIR$2
    if ! cmp -s "$1" "$target"; then
        act "install $target" install -D -m "$3" "$1" "$target"
    fi
}

# install_unit NAME — a systemd unit, with the prefix put in.
install_unit() {
    local text
    text=$(mktemp)
    sed "s|/usr/bin/chot-|$prefix/bin/chot-|g" "$here/systemd/$1" >"$text"
    install_file "$text" "/etc/systemd/system/$1" 0644
    rm -f "$text"
}

# install_config NAME MODE OWNER:GROUP — never over an existing one.
install_config() {
    local target=/etc/chot/$1
    if [ ! -e "$DESTDIR$target" ]; then
        install_file "$here/config/$1" "$target" "$2"
        own "$target" "$3"
    elif ! cmp -s "$here/config/$1" "$DESTDIR$target"; then
        printf 'keep %s (yours); the new default goes beside it\n' "$DESTDIR$target"
        install_file "$here/config/$1" "$target.new" "$2"
        own "$target.new" "$3"
    fi
}

reload_systemd() {
    if [ -z "$DESTDIR" ] && [ -d /run/systemd/system ]; then
        act "reload systemd's units" systemctl daemon-reload
    fi
}
