# shellcheck shell=sh disable=SC2034
# Finds a JDK 25 or newer. For scripts that read this file with ".": find_jdk sets jdk, or ends the script.

fail() {
    echo "${0##*/}: $1" >&2
    exit 1
}

# A JDK tells its version in the file "release"; to start its java and ask would cost more than most commands.
is_jdk_25() {
    [ -r "$1/release" ] && [ -x "$1/bin/javac" ] || return 1
    version=
    while IFS='="' read -r key _ value; do
        if [ "$key" = JAVA_VERSION ]; then
            version=${value%\"}
        fi
    done < "$1/release"
    major=${version%%[!0-9]*}
    [ "${major:-0}" -ge 25 ] || return 1
    jdk=$1
}

is_java_of_path() {
    java=$(command -v java) && java=$(readlink -f "$java") && is_jdk_25 "${java%/bin/java}"
}

find_jdk() {
    is_jdk_25 "${JAVA_HOME:-/nowhere}" && return
    is_jdk_25 "${JAVA25_HOME:-/nowhere}" && return
    is_java_of_path && return
    user=${HOME:-/nowhere}
    for candidate in /usr/lib/jvm/* /usr/java/* /opt/* /opt/*/* /usr/local/*jdk* /usr/local/lib/jvm/* \
            "$user"/.sdkman/candidates/java/* "$user"/.jdks/* "$user"/.jenv/versions/* \
            "$user"/.asdf/installs/java/* "$user"/.local/share/mise/installs/java/*; do
        is_jdk_25 "$candidate" && return
    done
    fail 'needs JDK 25 or newer and found none; get one from https://adoptium.net or your distribution
  (Debian: apt-get install openjdk-25-jdk-headless), or name the one you have: JAVA25_HOME=/path/to/jdk'
}
