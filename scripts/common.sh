# Shared by the scripts in this directory; sourced, not run. POSIX sh.
# Expects: program (the name that begins each line for the user), root (the project's directory).

# A TMPDIR that does not exist would have every JVM print a warning.
[ -d "${TMPDIR:-/tmp}" ] || unset TMPDIR

say() { printf '%s: %s\n' "$program" "$1" >&2; }
die() { say "$1"; exit 1; }

# Prints the feature version of the JDK in $1, or nothing when there is no complete JDK.
jdk_version() {
    [ -x "$1/bin/java" ] && [ -x "$1/bin/javac" ] && [ -r "$1/release" ] || return 0
    sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$1/release"
}

# Sets java_home to a JDK 25 or later: JAVA_HOME, then the usual places, then the one on the path.
# JAVA_HOME comes first so that the user decides; the lowest version that suffices is taken from the usual places.
find_jdk() {
    java_home=
    if [ -n "${JAVA_HOME:-}" ]; then
        version=$(jdk_version "$JAVA_HOME")
        if [ "${version:-0}" -ge 25 ]; then
            java_home=$JAVA_HOME
            return 0
        fi
    fi
    best=0
    for candidate in /usr/lib/jvm/* /opt/java/* /opt/jdk* "$HOME"/.sdkman/candidates/java/*; do
        version=$(jdk_version "$candidate")
        if [ "${version:-0}" -ge 25 ] && { [ "$best" -eq 0 ] || [ "$version" -lt "$best" ]; }; then
            best=$version
            java_home=$candidate
        fi
    done
    [ -z "$java_home" ] || return 0
    if on_path=$(command -v java); then
        candidate=$(readlink -f "$on_path")
        candidate=${candidate%/bin/java}
        version=$(jdk_version "$candidate")
        if [ "${version:-0}" -ge 25 ]; then
            java_home=$candidate
            return 0
        fi
    fi
    return 1
}

is_root() { [ "$(id -u)" -eq 0 ]; }
can_install() { is_root && command -v apt-get >/dev/null 2>&1; }
installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

# The first of the named packages that this system offers; nothing when it offers none.
offered() {
    for package in "$@"; do
        if apt-cache show "$package" >/dev/null 2>&1; then
            printf '%s\n' "$package"
            return 0
        fi
    done
}

# Installs the named packages with one progress line. The log is named when it fails.
apt_install() {
    say "installing $*"
    apt_log=$(mktemp "${TMPDIR:-/tmp}/quire-apt.XXXXXX")
    if DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" \
        >"$apt_log" 2>&1 </dev/null; then
        rm -f "$apt_log"
    else
        die "apt-get could not install $*; see $apt_log"
    fi
}

apt_update_once() {
    [ -z "${apt_updated:-}" ] || return 0
    apt_updated=yes
    # A mirror that is down is found out by the installation itself, which names the log.
    apt-get update -q >/dev/null 2>&1 </dev/null || :
}

# A JDK 25 and Maven, installed when we may; otherwise one line saying what to install.
require_jdk() {
    find_jdk && return 0
    if can_install; then
        apt_update_once
        jdk=$(offered openjdk-25-jdk-headless temurin-25-jdk)
        if [ -n "$jdk" ]; then
            apt_install "$jdk"
            find_jdk && return 0
        fi
    fi
    die 'no JDK 25 or later found: install one (openjdk-25-jdk-headless, or Temurin from adoptium.net) or set JAVA_HOME'
}

require_maven() {
    command -v mvn >/dev/null 2>&1 && return 0
    if can_install; then
        apt_update_once
        apt_install maven
        return 0
    fi
    die 'Maven is needed for the build: install maven (apt-get install maven)'
}

has_libfuse() {
    for library in /lib/*/libfuse.so.2 /usr/lib/*/libfuse.so.2 /lib/libfuse.so.2 /usr/lib/libfuse.so.2 \
        /lib64/libfuse.so.2 /usr/lib64/libfuse.so.2 /usr/local/lib/libfuse.so.2; do
        [ -e "$library" ] && return 0
    done
    PATH=$PATH:/sbin:/usr/sbin ldconfig -p 2>/dev/null | grep -q 'libfuse\.so\.2'
}

# libfuse 2 and its fusermount. The package fuse conflicts with fuse3, which is left alone: its fusermount3 may be in
# use, and root needs no fusermount at all.
require_fuse() {
    if has_libfuse && { is_root || command -v fusermount >/dev/null 2>&1 || installed fuse3; }; then
        return 0
    fi
    if can_install; then
        apt_update_once
        missing=
        has_libfuse || missing=$(offered libfuse2t64 libfuse2)
        if ! installed fuse && ! installed fuse3; then
            missing="$missing $(offered fuse)"
        fi
        # shellcheck disable=SC2086 # a list of package names
        apt_install $missing
        return 0
    fi
    has_libfuse || die 'libfuse 2 is missing: install it (Debian: apt-get install libfuse2 fuse)'
}

# Waits for other builds of this project and keeps them waiting, until unlock_build.
lock_build() {
    command -v flock >/dev/null 2>&1 || die 'flock is missing; apt-get install util-linux'
    exec 9>"$root/fuse-frontend/.build.lock" || die "cannot write to $root/fuse-frontend, where the build goes"
    flock 9 || die 'interrupted'
}

unlock_build() { exec 9>&-; }
