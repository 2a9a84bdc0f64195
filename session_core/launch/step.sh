#!/bin/sh
# step.sh TITLE COMMAND...: one line that says what goes on while the command runs, its output only when it fails.
# The same as session_core.launch.progress, for the steps before there is a virtual environment.
title=$1
shift
log=$(mktemp "${TMPDIR:-/tmp}/whahook-step.XXXXXX") || exit 1
started=$(date +%s)

"$@" >"$log" 2>&1 </dev/null &
child=$!
trap 'kill "$child" 2>/dev/null; wait "$child" 2>/dev/null; rm -f "$log"; exit 130' INT TERM HUP

[ -t 1 ] || echo "$title..."
seconds=0
while kill -0 "$child" 2>/dev/null; do
  if [ -t 1 ]; then
    printf '\r%s... %s s' "$title" "$seconds"
  elif [ "$seconds" -gt 0 ] && [ $((seconds % 15)) -eq 0 ]; then
    echo "$title... $seconds s"
  fi
  sleep 1
  seconds=$(($(date +%s) - started))
done
wait "$child"
code=$?

[ -t 1 ] && printf '\r\033[K'
if [ "$code" -eq 0 ]; then
  echo "$title: done (${seconds} s)"
else
  echo "$title: failed after ${seconds} s (exit code $code). Its last lines:" >&2
  tail -n 40 "$log" | sed 's/^/    /' >&2
fi
rm -f "$log"
exit "$code"
