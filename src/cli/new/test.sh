#!/bin/sh
# test.sh BOT BIN: the bot before a Discord of its own: what is said, and what must be answered.
set -eu
dir=$(mktemp -d)
export XDG_RUNTIME_DIR="$dir" TUTTI_STATE="$dir" DISCORD_BOT_TOKEN=sandbox-token
unset TUTTI_PORT TUTTI_CONFIG RUNTIME_DIRECTORY
end() {
	kill $bot $tuttid 2>/dev/null || :
	exec 3>&-
	rm -rf "$dir"
}
bot='' tuttid=''
trap end EXIT

wait_for() { # what to look for, in whose output
	timeout 20 tail -n +1 -f "$dir/$2" | grep -q -m1 "$1" && return
	echo "not ok: nobody said $1; the end of the output of $2:" >&2
	tail "$dir/$2" >&2
	exit 1
}
heard() { # what is said, what must be answered
	echo "$1" >&3
	wait_for "$2" discord
	echo "ok $1 -> $2"
}

mkfifo "$dir/lines"
"$2/tutti" sandbox --port 0 <"$dir/lines" >"$dir/discord" 2>&1 &
exec 3>"$dir/lines"
wait_for '^listening' discord
cat >"$dir/tutti.toml" <<END
[discord]
api_url = "$(grep -o 'http://[^ ]*' "$dir/discord" | head -1)"
[zmq]
port = $((20000 + $$ % 10000))
[journal]
size = "8MiB"
max_event = "1MiB"
END
"$2/tuttid" --config "$dir/tutti.toml" 2>"$dir/tuttid" &
tuttid=$!
wait_for ' ready .*shard=0' tuttid
"$1" --config "$dir/tutti.toml" >"$dir/bot" 2>&1 &
bot=$!
wait_for ' welcome ' bot

heard ',hello world' 'hello, world'
