# Read by the other scripts here: `install PACKAGE...` with apt-get where that is allowed.

# Debian packages, as root or with a sudo that asks for nothing.
install() {
    command -v apt-get >/dev/null 2>&1 || return 1
    if [ "$(id -u)" = 0 ]; then
        as_root=
    elif sudo -n true 2>/dev/null; then
        as_root=sudo
    else
        return 1
    fi
    echo "Installing $* with apt-get."
    $as_root apt-get update -q >/dev/null && DEBIAN_FRONTEND=noninteractive $as_root apt-get install -qy "$@" >/dev/null
}
