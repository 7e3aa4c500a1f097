#!/usr/bin/env bash
# Part of `make e2e`. Parses the Jenkinsfile with Groovy and the GitHub workflow as YAML. It
# compares the two, and runs their shell steps in the same order as Jenkins and GitHub do.
#
#   deploy/e2e/pipelines.sh [machines]
#
# Without an argument, it runs the steps that do not need machines. Steps that match
# PIPELINE_SKIP are skipped. With `machines`, it runs the other steps on the machines in
# INVENTORY; ansible.sh does this.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
need docker groovy python3
cd "$root"
work=$(mktemp -d)
registry=
trap '[[ -n $registry ]] && kill "$registry"; rm -rf "$work"' EXIT

say "Parse both"
groovy deploy/jenkins/steps.groovy deploy/jenkins/Jenkinsfile >"$work/jenkins" || fail "the Jenkinsfile is invalid"
python3 - >"$work/github" <<'END' || fail "the workflow is invalid"
import re, yaml
flow = yaml.safe_load(open(".github/workflows/delivery.yml"))
assert flow["permissions"] == {"contents": "read"}, "permissions"
for step in flow["jobs"]["deliver"]["steps"]:
    if "uses" in step:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", step["uses"]), step["uses"] + " is not pinned by commit"
    else:
        assert "${{" not in step["run"], step["name"] + ": an expression in a script may contain untrusted text"
        print("stage", step["name"], sep="\t")
        for line in step["run"].splitlines():
            print("step", line, sep="\t")
END
note "$(grep -c ^stage "$work/jenkins") stages, $(grep -c ^step "$work/jenkins") steps, credentials $(sed -n 's/^credential\t//p' "$work/jenkins" | sort -u | paste -sd' ')"
# targets FILE lists the make targets of the steps. Targets in deploy/Makefile are listed as
# deploy/TARGET.
targets() { sed -n -e 's|^step\t *make -C deploy \([^ ]*\).*|deploy/\1|p' -e 's|^step\t *make \([a-z][^ ]*\).*|\1|p' "$1"; }
diff <(targets "$work/jenkins") <(targets "$work/github") || fail "the pipelines run different targets"
for target in $(targets "$work/jenkins" | sort -u); do
	makefile=Makefile
	[[ $target == deploy/* ]] && makefile=deploy/Makefile
	grep -q "^${target#deploy/}:.*## " "$makefile" || fail "$makefile has no target ${target#deploy/}"
done

# run COMMAND runs a step as Jenkins does.
run() {
	note "$1"
	sh -xe -c "$1" >"$work/step.log" 2>&1 || { tail -40 "$work/step.log" >&2 && fail "$1"; }
}

if [[ ${1:-} == machines ]]; then
	say "Run the steps that need machines"
	for target in provision deploy smoke rollback smoke; do run "make -C deploy $target"; done
	note "passed"
	exit
fi

say "Run the steps that do not need machines"
need docker-registry
port=${E2E_REGISTRY_PORT:-5008}
export REGISTRY=127.0.0.1:$port TAG=pipeline REGISTRY_USER=somebody REGISTRY_PASSWORD=something DOCKER_CONFIG=$work/docker URL=https://play.example.org
printf 'version: 0.1\nstorage: {filesystem: {rootdirectory: %s/registry}}\nhttp: {addr: "127.0.0.1:%s"}\n' "$work" "$port" >"$work/registry.yml"
docker-registry serve "$work/registry.yml" >"$work/registry.log" 2>&1 &
registry=$!
wait_for "the registry" curl -sf "http://$REGISTRY/v2/"
# vulndb [JSON] writes a vulnerability database. Without an argument, the database is empty.
vulndb() {
	mkdir -p "$work/vulndb/index" "$work/vulndb/ID"
	echo '{"modified":"2026-01-01T00:00:00Z"}' >"$work/vulndb/index/db.json"
	echo "${1:-[]}" >"$work/vulndb/index/modules.json"
	echo '[]' >"$work/vulndb/index/vulns.json"
}
if ! curl -sf --max-time 10 -o /dev/null https://vuln.go.dev/index/db.json; then
	note "vuln.go.dev is not reachable; the scan uses a database that was created for this test"
	vulndb '[{"path":"github.com/spf13/cobra","vulns":[{"id":"GO-2026-0000","modified":"2026-01-01T00:00:00Z"}]}]'
	cat >"$work/vulndb/ID/GO-2026-0000.json" <<-'END'
		{"schema_version":"1.3.1","id":"GO-2026-0000","modified":"2026-01-01T00:00:00Z","published":"2026-01-01T00:00:00Z",
		 "summary":"created for a test","affected":[{"package":{"name":"github.com/spf13/cobra","ecosystem":"Go"},
		 "ranges":[{"type":"SEMVER","events":[{"introduced":"0"}]}],
		 "ecosystem_specific":{"imports":[{"path":"github.com/spf13/cobra"}]}}]}
	END
	export VULNDB=file://$work/vulndb
	make -C deploy scan >"$work/scan.log" 2>&1 && fail "the scan did not find a vulnerability"
	grep -q GO-2026-0000 "$work/scan.log" || { tail "$work/scan.log" >&2 && fail "the scan failed for a different reason"; }
	vulndb
fi
sed -n 's/^step\t//p' "$work/jenkins" >"$work/steps"
while read -r step <&3; do
	case $step in
	"make -C deploy provision" | "make -C deploy deploy" | "make -C deploy smoke"* | "make -C deploy rollback") continue ;;
	esac
	if [[ -n ${PIPELINE_SKIP:-} && $step =~ $PIPELINE_SKIP ]]; then
		note "$step: skipped"
		continue
	fi
	run "$step"
done 3<"$work/steps"
tags=$(curl -sf "http://$REGISTRY/v2/prizegen/tags/list")
has "$tags" '"pipeline"' || fail "the image is not in the registry: $tags"

say "Check how the GitHub workflow handles keys"
export RUNNER_TEMP=$work/runner GITHUB_ENV=$work/env INVENTORY_YML='all: {}' VAULT_YML=sealed VAULT_KEY=key SSH_KEY=key KNOWN_HOSTS=hosts
mkdir -p "$RUNNER_TEMP"
script() { sed -n "/^stage\t$1\$/,/^stage\t/s/^step\t//p" "$work/github"; }
run "$(script 'Unlock the machines')"
[[ $(stat -c %a "$RUNNER_TEMP/keys/ssh-key") == 600 ]] || fail "other users can read the key"
grep -q '^ANSIBLE_PRIVATE_KEY_FILE=' "$GITHUB_ENV" || fail "GITHUB_ENV does not contain the path of the key"
run "$(script 'Remove the keys')"
[[ ! -e $RUNNER_TEMP/keys ]] || fail "the keys were not removed"
say "Pipelines: passed"
