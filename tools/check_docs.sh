#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tools: what the program prints about itself is what is committed; every event has a place that emits it.
#
#   tools/check_docs.sh [PROGRAM]           compares; default build/dev/gatepost
#   tools/check_docs.sh --write [PROGRAM]   writes the files anew
set -euo pipefail
cd "$(dirname "$0")/.."
write=
if [ "${1:-}" = --write ]; then write=yes; shift; fi
program=${1:-build/dev/gatepost}
[ -x "$program" ] || { echo "check_docs: $program is not built"; exit 1; }
bad=0
new=$(mktemp)
trap 'rm -f "$new"' EXIT

# page FILE ARGUMENTS...: FILE is what `gatepost ARGUMENTS` prints.
page() {
  local file=$1
  shift
  if ! "$program" "$@" </dev/null >"$new"; then
    echo "gatepost $*: failed"
    bad=1
  elif [ -n "$write" ]; then
    mkdir -p "$(dirname "$file")"
    cat "$new" >"$file"
  elif ! diff -u --label "$file" --label "gatepost $*" "$file" "$new"; then
    echo "$file is not what 'gatepost $*' prints (tools/check_docs.sh --write)"
    bad=1
  fi
}
page config/gatepost.conf manual sample
page config/gatepost.conf.5 manual config
for topic in sendmail mailq newaliases; do page "config/$topic.1" manual "$topic"; done
for topic in settings commands control events metrics extensions replies users bans; do page "config/manual/$topic.txt" manual "$topic"; done

# The sample is a configuration gatepost itself finds right.
[ ! -f config/gatepost.conf ] || "$program" config -d -c config/gatepost.conf </dev/null >/dev/null || { echo "config/gatepost.conf is not accepted"; bad=1; }

# An event nobody emits is a row that lies.
emitted=$(grep -rhoE 'log::[A-Z][A-Za-z]+\b' src --include='*.cpp' --include='*.h' | sort -u)
for event in $(sed -nE 's/^struct ([A-Z][A-Za-z]+) (: [A-Za-z<> ]+)?\{$/\1/p' src/log/*_events.h); do
  grep -qx "log::$event" <<<"$emitted" || { echo "src/log: the event $event is never emitted"; bad=1; }
done
exit $bad
