#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tools: the rooms that decide may call memory, text and unwinding, and nothing of the world; the linker is the witness.
#
#   tools/check_purity.sh [BUILD]     BUILD: a build directory, default build/dev
#   tools/check_purity.sh --self-test
set -euo pipefail
cd "$(dirname "$0")/.."
pure='base mail smtp policy screen queue auth tables config control'

# Reads "room symbol" lines, prints those that are not allowed.
judge() {
  awk '
    function allowed(room, s) {
      # The control socket reads the counters of the log; nobody else that is pure sees it.
      if (room == "control" && s ~ /^gatepost::log::(Counters::[a-z_]+\(.*\) const|describe\()/) return 1
      # Ours, the formatter, and the libraries a row of src/LAYERS gives to that room.
      if (s ~ /^(gatepost::log|gatepost::net|gatepost::tls|gatepost::storage|gatepost::state|gatepost::system)::/) return 0
      if (s ~ /gatepost::/ || s ~ /^(char const\* |void |auto |int |unsigned |bool )?fmt::/) return 1
      if (room == "tables" && s ~ /^(pcre2_|reg(comp|exec|free|error)$)/) return 1
      if (room == "auth" && s ~ /^(mbedtls_(md(_[a-z_]+)?|pkcs5_pbkdf2_hmac_ext)|crypt_r)$/) return 1
      if ((room == "config" || room == "control") && s ~ /^(unsafe_)?yyjson_/) return 1
      # base says its last words before it aborts.
      if (room == "base" && s ~ /^(write|strerror_r)$/) return 1
      # The standard library, but for its doors to the world.
      if (s ~ /std::/) return s !~ /(ios_base|basic_[io]?f?stream|_stream|basic_filebuf|std::(cout|cerr|clog|cin)|locale|filesystem|_clock::now|thread|mutex|condition_variable|future|random_device|getline)/
      if (s ~ /^(vtable|typeinfo|VTT|guard variable) for/) return 1
      if (s ~ /^operator (new|delete)/) return 1
      if (s ~ /^(mem(cpy|move|set|cmp|chr|rchr|mem)|str(len|nlen|cmp|ncmp|casecmp|ncasecmp|chr|rchr|toul|tol|toull|toll)|bcmp|inet_(ntop|pton)|explicit_bzero|abort|malloc|free|calloc|realloc)$/) return 1
      if (s ~ /^(__cxa_|_Unwind_|__gxx_personality|__stack_chk_|__(mem|str|explicit_bzero)[a-z]*_chk|__(asan|ubsan|tsan)_|__dso_handle|__libc_single_threaded|_GLOBAL_OFFSET_TABLE_|__isoc23_strto|__udiv|__div|__umod|__mod|__popcount|__clz|__errno_location|__aeabi_)/) return 1
      return 0
    }
    { room = $1; symbol = $0; sub(/^[^ ]+ /, "", symbol); if (!allowed(room, symbol)) print room ": " symbol }'
}

if [ "${1:-}" = --self-test ]; then
  said=$(judge <<'END'
mail memcpy
mail gatepost::base::f(std::basic_string_view<char>)
mail std::__throw_bad_alloc()
tables pcre2_match_8
mail pcre2_match_8
mail open
smtp clock_gettime
smtp std::chrono::_V2::system_clock::now()
queue std::basic_ofstream<char>::basic_ofstream()
queue gatepost::log::emit(int)
END
  )
  want='mail: pcre2_match_8
mail: open
smtp: clock_gettime
smtp: std::chrono::_V2::system_clock::now()
queue: std::basic_ofstream<char>::basic_ofstream()
queue: gatepost::log::emit(int)'
  [ "$said" = "$want" ] || { echo "check_purity self-test: got"; echo "$said"; exit 1; }
  exit 0
fi

objects=${1:-build/dev}/CMakeFiles/gatepost_core.dir/src
found=0 bad=0
for room in $pure; do
  [ -d "$objects/$room" ] || continue
  for object in "$objects/$room"/*.o; do
    # An object of a source that is gone proves nothing.
    [ -f "src/$room/$(basename "$object" .o)" ] || continue
    found=$((found + 1))
    said=$(nm -u -C "$object" | sed -E "s/^ *[Uwv] /$room /" | sort -u | judge)
    if [ -n "$said" ]; then
      printf '%s\n' "$said" | sed "s|^|src/$room/$(basename "$object" .o): |"
      bad=1
    fi
  done
done
[ $found -gt 0 ] || { echo "check_purity: no objects under $objects"; exit 1; }
exit $bad
