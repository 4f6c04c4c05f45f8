#!/bin/sh
# Installs beam, or upgrades it:   curl -fsSL BASE/install.sh | sh
#
#   BEAM_VERSION       which version (the newest)
#   BEAM_INSTALL_DIR   where to (~/.local/bin; for root /usr/local/bin)
#   BEAM_BASE_URL      where releases are: another server, a mirror, or a folder, as docs/release.md lays them out
#   BEAM_COMPLETIONS   no: neither completions nor the manual page
#
# No root is needed. Everything is in one function that the last line calls: a download that was cut
# runs nothing. `beam uninstall` takes all of it back.

install_beam() {
  # The address of the project's releases; a release for a closed network may have its own here.
  release_base=''
  oldest_glibc=2.27

  umask 022
  work='' made=''

  fail() { # WHAT [MEND]
    echo "install: Cannot install beam: $1." >&2
    [ -z "${2:-}" ] || echo "install: $2" >&2
    exit 1
  }

  # Takes away what is unfinished, and folders that were made for it.
  clean() {
    [ -z "$work" ] || rm -rf "$work"
    while [ -n "$made" ] && rmdir "$made" 2>/dev/null && [ "$made" != "$first_made" ]; do
      made=${made%/*}
    done
  }

  has() { command -v "$1" >/dev/null 2>&1; }

  # find_machine: sets $arch, or fails where no release fits this machine.
  find_machine() {
    system=$(uname -s)
    case $system in
      Linux) ;;
      Darwin) fail "its executable is for Linux, and this is macOS" "A Mac runs beam from a checkout: scripts/beam." ;;
      *) fail "its executable is for Linux, and this is $system" ;;
    esac
    machine=$(uname -m)
    case $machine in
      x86_64 | amd64) arch=x86_64 ;;
      aarch64 | arm64) arch=aarch64 ;;
      *) fail "there are executables for x86_64 and aarch64, and this machine is $machine" ;;
    esac
    if [ "$(getconf LONG_BIT 2>/dev/null)" = 32 ]; then
      fail "it takes a 64-bit system, and this one's programs are of 32 bits"
    fi
    libc=$(getconf GNU_LIBC_VERSION 2>/dev/null) || libc=$( (ldd --version 2>&1 || true) | head -n 1)
    case $libc in
      *musl*) libc=musl ;;
      *[0-9].[0-9]*) libc=$(echo "$libc" | sed 's/.*[^0-9.]\([0-9][0-9]*\.[0-9][0-9]*\).*/\1/') ;;
      *)
        libc=
        # Neither program is there: the loader's name tells.
        for loader in /lib/ld-musl-*; do [ ! -e "$loader" ] || libc=musl; done
        for loader in /lib*/ld-linux-* /lib/*/ld-linux-*; do [ ! -e "$loader" ] || libc=; done
        ;;
    esac
    case $libc in
      musl)
        fail "it takes glibc $oldest_glibc or newer, and this system has musl (as Alpine has)" \
          "Use an image of Debian, Ubuntu, Fedora or another system with glibc."
        ;;
      [0-9]*)
        old=$(printf '%s\n%s\n' "$libc" "$oldest_glibc" | sort -t . -k 1,1n -k 2,2n | head -n 1)
        [ "$libc" = "$oldest_glibc" ] || [ "$old" = "$oldest_glibc" ] ||
          fail "it takes glibc $oldest_glibc or newer, and this system has $libc"
        ;;
    esac
  }

  # find_tools: what fetches and what checks.
  find_tools() {
    if has curl; then fetcher=curl
    elif ! has wget; then fail "there is neither curl nor wget" "Install one of them."
    else
      case $(wget --version 2>&1) in *GNU*) fetcher='wget -t 2 -T 60' ;; *) fetcher=wget ;; esac
    fi
    if has sha256sum; then digester=sha256sum
    elif has shasum; then digester='shasum -a 256'
    elif has openssl; then digester='openssl dgst -sha256 -r'
    else fail "there is none of sha256sum, shasum and openssl to check what is fetched" "Install one of them."; fi
  }

  # fetch URL FILE [shown]: on failure $why says why.
  fetch() {
    why=
    if [ "${3:-}" = shown ] && [ -t 2 ]; then
      fetch_with -# "$1" "$2" && return 0 # its own words are on the terminal
    else
      fetch_with -s "$1" "$2" 2>"$work/why" && return 0
      case $1:$fetcher in
        file:*) why='there is no such file' ;;
        *:curl) why=$(sed -n '$s/^curl: ([0-9]*) *//p' "$work/why") ;;
        *) why=$(grep -E 'rror|ERROR|nable|ailed|refused|bad address' "$work/why" | tail -n 1 | sed 's/^wget: //') ;;
      esac
    fi
    has_room || fail_room
    : "${why:=the download did not end well}"
    why=${why%.}
    return 1
  }
  fetch_with() { # LOUDNESS URL FILE
    case $2 in
      https://*) only='=https' ;; # nothing leads to less
      *) only='=http,https' ;;
    esac
    case $2:$fetcher in
      file:*) cp "${2#file://}" "$3" ;;
      *:curl)
        curl -fSL "$1" --proto "$only" --proto-redir "$only" --connect-timeout 20 --retry 2 \
          --speed-limit 1 --speed-time 60 -o "$3" "$2"
        ;;
      *) $fetcher -O "$3" "$2" ;;
    esac
  }
  # Programs say little of a disk that is full: try.
  has_room() {
    dd if=/dev/zero of="$work/room" bs=1024 count=256 2>/dev/null || return 1
    rm -f "$work/room"
  }
  fail_room() {
    fail "there is no room left in $dir" "Make room for about 200 MB, or name another folder in BEAM_INSTALL_DIR."
  }

  digest_of() { $digester <"$1" | sed 's/ .*//'; }

  # sum_of NAME: what SHA256SUMS says of a file of the release; nothing where it does not name it.
  sum_of() {
    escaped=$(echo "$1" | sed 's/[.+]/\\&/g')
    sed -n "s/^\([0-9a-f]\{64\}\) [ *]$escaped\$/\1/p" "$work/sums" | head -n 1
  }

  # verify FILE SUM NAME: fails where the file is not what the release says.
  verify() {
    actual=$(digest_of "$1")
    [ "$actual" = "$2" ] ||
      fail "$from/$3 is not what its checksum says: SHA-256 must be $2, and is $actual" \
        "The download was cut or changed on its way; try again, or another BEAM_BASE_URL."
  }

  # fetch_new: $work/beam, from the tarball where this system opens it, since that is a third of the size.
  fetch_new() {
    packed=beam-$version-linux-$arch
    packed_sum=$(sum_of "$packed.tar.gz")
    if [ -n "$packed_sum" ] && has tar && has gzip; then
      fetch "$from/$packed.tar.gz" "$work/packed" shown || fail "$from/$packed.tar.gz cannot be fetched whole ($why)" "Try again."
      verify "$work/packed" "$packed_sum" "$packed.tar.gz"
      gzip -dc <"$work/packed" 2>"$work/why" | (cd "$work" && tar -xf - "$packed/bin/beam" 2>>why) || true
      if [ -f "$work/$packed/bin/beam" ]; then mv "$work/$packed/bin/beam" "$work/beam"; fi
      rm -f "$work/packed"
      has_room || fail_room
      [ -f "$work/beam" ] || fail "$packed.tar.gz cannot be unpacked ($(tail -n 1 "$work/why"))"
    else
      fetch "$from/$name" "$work/beam" shown || fail "$from/$name cannot be fetched whole ($why)" "Try again."
    fi
    verify "$work/beam" "$expected" "$name"
  }

  # make_dir DIR: makes it, remembering what was made, so that a failure takes it back.
  make_dir() {
    [ ! -d "$1" ] || return 0
    made=$1 first_made=$1
    while parent=${first_made%/*} && [ -n "$parent" ] && [ ! -d "$parent" ]; do first_made=$parent; done
    mkdir -p "$1" 2>/dev/null
  }

  # What was there before: the version in $former, empty for none.
  find_former() {
    former=
    [ ! -d "$dir/beam" ] || fail "$dir/beam is a folder" "Remove it, or name another folder in BEAM_INSTALL_DIR."
    [ -e "$dir/beam" ] || return 0
    former=$("$dir/beam" version 2>/dev/null </dev/null | head -n 1) || former=
    case $former in
      'beam '*) former=$(echo "$former" | cut -d ' ' -f 2) ;;
      *)
        # One of ours that does not start any more has our name inside.
        if grep -q 'BEAM_RUNTIME_DIR' "$dir/beam" 2>/dev/null; then former=broken
        else fail "$dir/beam is another program" "Name another folder in BEAM_INSTALL_DIR."; fi
        ;;
    esac
  }

  # try_new: what was fetched must run here, before it takes a place.
  try_new() {
    chmod 755 "$work/beam"
    said=$("$work/beam" version 2>"$work/why" </dev/null) && case $said in "beam $version"*) return 0 ;; esac
    why=$(head -n 1 "$work/why")
    case $why in
      *GLIBC*) fail "this system's C library is too old for it ($why)" ;;
      *ermission\ denied*)
        fail "programs may not run in $dir (it is mounted noexec)" "Name another folder in BEAM_INSTALL_DIR."
        ;;
    esac
    fail "what was fetched does not run here: ${why:-it says \"$said\" instead of beam $version}"
  }

  # put_extras: completions and the manual page, beside a folder called bin. What fails here harms nothing.
  put_extras() {
    extras=
    case ${BEAM_COMPLETIONS:-yes} in no | 0 | false) return 0 ;; esac
    case $dir in */bin) share=${dir%/bin}/share ;; *) return 0 ;; esac
    put_extra 'completions bash' bash-completion/completions/beam
    put_extra 'completions zsh' zsh/site-functions/_beam
    put_extra 'completions fish' fish/vendor_completions.d/beam.fish
    put_extra man man/man1/beam.1
  }
  put_extra() { # WORDS FILE
    # shellcheck disable=SC2086  # the words are words
    mkdir -p "$share/${2%/*}" 2>/dev/null && "$dir/beam" $1 >"$work/extra" 2>/dev/null </dev/null &&
      cp "$work/extra" "$share/$2" 2>/dev/null && extras=yes
    return 0
  }

  # How this user's shell finds beam, where it does not yet.
  tell_path() {
    case :$PATH: in
      *:"$dir":*)
        found=$(command -v beam || true)
        [ -z "$found" ] || [ "$found" = "$dir/beam" ] ||
          echo "But \`beam\` is $found here: it stands before $dir in PATH."
        return 0
        ;;
    esac
    echo
    echo "$dir is not in PATH. To have it there:"
    case ${SHELL##*/} in
      fish) echo "  fish_add_path $dir" ;;
      zsh) echo "  echo 'export PATH=\"$dir:\$PATH\"' >> ~/.zshrc && . ~/.zshrc" ;;
      bash) echo "  echo 'export PATH=\"$dir:\$PATH\"' >> ~/.bashrc && . ~/.bashrc" ;;
      *) echo "  export PATH=\"$dir:\$PATH\"       # and into ~/.profile" ;;
    esac
  }

  case ${1:-} in
    '') ;;
    -h | --help)
      echo "Installs beam, or upgrades it. Say by variables what shall be otherwise:"
      echo "  BEAM_VERSION=0.1.0       this version instead of the newest"
      echo "  BEAM_INSTALL_DIR=DIR     there instead of ~/.local/bin (root: /usr/local/bin)"
      echo "  BEAM_BASE_URL=URL        from there: a mirror in a closed network, or a folder"
      echo "  BEAM_COMPLETIONS=no      without completions and the manual page"
      return 0
      ;;
    *)
      echo "install: Cannot use $1: there are no arguments, only variables." >&2
      echo "install: See --help." >&2
      return 2
      ;;
  esac

  SHELL=${SHELL:-}
  base=${BEAM_BASE_URL:-$release_base}
  base=${base%/}
  case $base in
    https://?* | http://?* | file:///?*) ;;
    /?*) base=file://$base ;;
    '') fail "no release address yet: set BEAM_BASE_URL" "It is the address of a folder with releases, such as https://mirror.example/beam." ;;
    *) fail "BEAM_BASE_URL=$base must begin with https://, http:// or / (a folder)" ;;
  esac

  find_machine
  find_tools

  dir=${BEAM_INSTALL_DIR:-}
  if [ -z "$dir" ]; then
    if [ "$(id -u)" = 0 ]; then dir=/usr/local/bin
    elif [ -n "${HOME:-}" ]; then dir=$HOME/.local/bin
    else fail "there is no home folder (HOME is not set)" "Name a folder in BEAM_INSTALL_DIR."; fi
  fi
  case $dir in /*) ;; *) dir=$PWD/$dir ;; esac
  [ "$dir" = / ] || dir=${dir%/}

  trap clean EXIT
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
  first_made=
  make_dir "$dir"
  if ! why=$(mktemp -d "$dir/.beam-install-XXXXXX" 2>&1); then
    case $why in *'No space'*) fail_room ;; esac
    fail "$dir cannot be written" "Name a folder of your own in BEAM_INSTALL_DIR, or run as who may write there."
  fi
  work=$why
  find_former

  version=${BEAM_VERSION:-}
  if [ -z "$version" ]; then
    # Releases on GitHub have the newest beside the numbered ones.
    case $base in
      */releases/download) newest=${base%/download}/latest/download/VERSION ;;
      *) newest=$base/latest/VERSION ;;
    esac
    fetch "$newest" "$work/version" || fail "$newest cannot be fetched ($why)" "Look at the network and BEAM_BASE_URL, or name a version in BEAM_VERSION."
    version=$(head -n 1 "$work/version")
  fi
  version=${version#v}
  case $version in
    '' | *[!0-9A-Za-z.+-]*) fail "\"$version\" is no version" ;;
  esac

  name=beam-linux-$arch
  from=$base/v$version
  fetch "$from/SHA256SUMS" "$work/sums" ||
    fail "$from/SHA256SUMS cannot be fetched ($why)" "Is there a release $version? See BEAM_VERSION and BEAM_BASE_URL."
  expected=$(sum_of "$name")
  [ -n "$expected" ] || fail "$from/SHA256SUMS names no $name: this release is not for this machine"

  if [ -n "$former" ] && [ "$(digest_of "$dir/beam")" = "$expected" ]; then
    echo "beam $version is installed already: $dir/beam"
    tell_path
    return 0
  fi

  echo "Fetching beam $version for $arch from $base"
  fetch_new
  try_new

  # A rename: a beam that runs keeps the file that it was started from.
  mv -f "$work/beam" "$dir/beam" || fail "$dir/beam cannot be replaced"
  made=
  put_extras

  case $former in
    '') echo "Installed beam $version: $dir/beam" ;;
    broken) echo "Installed beam $version in place of one that did not start: $dir/beam" ;;
    *) echo "Upgraded beam from $former to $version: $dir/beam" ;;
  esac
  [ -z "$extras" ] || echo "Completions and the manual page are below $share."
  [ -z "$former" ] || echo "A node that runs here goes on with the former one; \`beam up --replace\` puts this one in its place."
  tell_path
  echo
  echo "Begin with \`beam up --head\`. To undo this: \`$dir/beam uninstall\`"
}

install_beam "$@"
