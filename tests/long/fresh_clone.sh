#!/usr/bin/env bash
# A bare Debian 12 with python3, python3-venv and make, a fresh clone in it: `make run` has to show the page, `make test`
# has to pass. Needs root and debootstrap (apt-get install debootstrap).
#   fresh_clone.sh [run] [test]     both without arguments; KEEP=1 leaves the folder, BARE=folder uses one that was kept
set -euo pipefail
root=$(git -C "$(dirname "${BASH_SOURCE[0]}")" rev-parse --show-toplevel)
steps=${*:-run test}
PATH=$PATH:/usr/sbin:/sbin

[[ $(id -u) -eq 0 ]] || { echo 'fresh_clone.sh: needs root for chroot' >&2; exit 2; }
command -v debootstrap >/dev/null || { echo 'fresh_clone.sh: needs debootstrap (apt-get install debootstrap)' >&2; exit 2; }

bare=${BARE:-$(mktemp -d /var/tmp/banyan-bare-XXXXXX)}
demo=
finish() {
    [[ -z $demo ]] || { kill -- "-$demo" 2>/dev/null || true; wait "$demo" 2>/dev/null || true; }
    umount "$bare/proc" 2>/dev/null || true
    [[ -n ${KEEP:-} || -n ${BARE:-} ]] || rm -rf --one-file-system "$bare" "$bare.log"
}
trap finish EXIT

if [[ ! -x $bare/usr/bin/make ]]; then
    mirror=$(grep -rhoE '^(URIs: |deb )https?://[^ ]+/debian/?( |$)' /etc/apt/sources.list /etc/apt/sources.list.d 2>/dev/null |
        grep -oE 'https?://[^ ]+' | head -n 1 || true)
    debootstrap --variant=minbase --include=python3,python3-venv,make,ca-certificates bookworm "$bare" ${mirror:+"$mirror"} >"$bare.log"
fi
cp /etc/resolv.conf "$bare/etc/resolv.conf"
cp /etc/hosts "$bare/etc/hosts"
# A site with an authority of its own: the bare system trusts whom this one trusts.
cp /etc/ssl/certs/ca-certificates.crt "$bare/etc/ssl/certs/ca-certificates.crt"
mount -t proc proc "$bare/proc"

rm -rf "$bare/srv/banyan"
git clone --quiet "$root" "$bare/srv/banyan"
inside() {
    chroot "$bare" /usr/bin/env -i HOME=/root PATH=/usr/bin:/bin:/usr/sbin:/sbin LANG=C.UTF-8 \
        PIP_CERT=/etc/ssl/certs/ca-certificates.crt ${CI:+CI="$CI"} /bin/sh -c "cd /srv/banyan && $1"
}

if [[ $steps == *run* ]]; then
    log=$(mktemp)
    set -m
    inside 'exec make run' >"$log" 2>&1 &
    demo=$!
    set +m
    for _ in $(seq 1 600); do
        page=$(grep -aoE 'http://127\.0\.0\.1:[0-9]+[^ ]*' "$log" | head -n 20 || true)
        for url in $page; do
            if curl --silent --fail --max-time 5 "$url" 2>/dev/null | grep -qi '<html'; then
                echo "make run: the page answers at $url"
                break 2
            fi
        done
        kill -0 "$demo" 2>/dev/null || { cat "$log"; echo 'make run: ended early' >&2; exit 1; }
        [[ $SECONDS -lt 600 ]] || { cat "$log"; echo 'make run: no page in 10 minutes' >&2; exit 1; }
        sleep 1
    done
    kill -- "-$demo" 2>/dev/null || true
    wait "$demo" 2>/dev/null || true
    demo=
fi
if [[ $steps == *test* ]]; then
    inside 'make test'
    echo 'make test: passed in a bare Debian'
fi
