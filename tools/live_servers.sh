#!/bin/sh
# Sees to it that there are servers for the tests of live shows: nginx with RTMP, and ngircd for chats. Without them
# those tests are skipped and say so; this never fails, but with $CI set, where they must run.
set -u
. "$(dirname "$0")/apt.sh"

nginx=/usr/sbin/nginx ngircd=/usr/sbin/ngircd rtmp=/usr/lib/nginx/modules/ngx_rtmp_module.so
there() { [ -x "$nginx" ] && [ -x "$ngircd" ] && [ -f "$rtmp" ]; }
there && exit 0
# Neither is to run by itself: a policy that says so stands for as long as they are installed.
policy=/usr/sbin/policy-rc.d
if [ "$(id -u)" = 0 ] && [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' > "$policy" && chmod +x "$policy"
    trap 'rm -f "$policy"' EXIT
fi
install nginx-light libnginx-mod-rtmp ngircd && there && exit 0
echo "No nginx with RTMP, or no ngircd, was found: tests of streams and chats are skipped." >&2
echo "On Debian: sudo apt-get install nginx-light libnginx-mod-rtmp ngircd." >&2
[ -z "${CI:-}" ]
