# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Packages: of this machine, and those of other suites by a private apt whose
# state is in the cache. Signatures are checked by Debian's archive keyring.

KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

packages() { grep -v '^#' "$VM/packages.$1"; }

# host_packages LIST: installs what is missing of packages.LIST
host_packages() {
	local missing
	# shellcheck disable=SC2046
	missing=$(comm -13 \
		<(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' \
			$(packages "$1") 2>/dev/null | sed -n 's/^ii  *//p' | sort -u) \
		<(packages "$1" | sort -u))
	[ -n "$missing" ] || return 0
	say "installing $(xargs <<<"$missing")"
	mkdir -p "$LOGS"
	# shellcheck disable=SC2086
	if ! { apt-get -q update && DEBIAN_FRONTEND=noninteractive \
		apt-get -qy install --no-install-recommends $missing; } \
		>"$LOGS/prepare-host.log" 2>&1; then
		tail -n 30 "$LOGS/prepare-host.log" >&2
		die "cannot install packages"
	fi
}

# The mirror this machine uses for CODENAME, or else DEFAULT
mirror_of() {
	local url
	# shellcheck disable=SC2016
	url=$(apt-get indextargets --format '$(CODENAME) $(ORIGIN) $(REPO_URI)' \
		'Created-By: Packages' |
		awk -v name="$1" '$1 == name && $2 == "Debian" { print $3; exit }')
	echo "${url:-$2}"
}

# The sources.list of the suites asked for
sources() {
	local suite main security
	main=$(mirror_of bookworm http://deb.debian.org/debian)
	security=$(mirror_of bookworm-security http://deb.debian.org/debian-security)
	for suite; do
		case $suite in
		*-security) echo "deb [signed-by=$KEYRING] $security $suite main" ;;
		*) echo "deb [signed-by=$KEYRING] $main $suite main" ;;
		esac
	done
}

# An apt that knows the packages of all suites and has nothing installed
make_apt() {
	local dir=$1
	mkdir -p "$dir"/{state/lists/partial,cache/archives/partial,parts}
	touch "$dir/status"
	sources bookworm bookworm-security trixie trixie-security \
		trixie-backports >"$dir/sources.list"
	private_apt "$dir" apt-get -q update
}

# private_apt DIR COMMAND...
private_apt() {
	local dir=$1
	shift
	"$@" \
		-o Dir::State="$dir/state" \
		-o Dir::State::status="$dir/status" \
		-o Dir::Cache="$dir/cache" \
		-o Dir::Etc::sourcelist="$dir/sources.list" \
		-o Dir::Etc::sourceparts="$dir/parts" \
		-o Dir::Etc::preferencesparts="$dir/parts" \
		-o Dir::Etc::trustedparts="$dir/parts" \
		-o APT::Architecture=amd64 \
		-o APT::Sandbox::User=root \
		-o Acquire::Languages=none
}

# Downloads packages into DIR
download() {
	local dir=$1
	shift
	mkdir -p "$dir"
	(cd "$dir" && private_apt "$CACHE/apt" apt-get -q download "$@")
}
