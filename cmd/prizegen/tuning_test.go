package main

import (
	"testing"
	"testing/fstest"
)

// TestContainerMemory checks the memory limit for the files of both versions of control
// groups.
func TestContainerMemory(t *testing.T) {
	for name, test := range map[string]struct {
		files map[string]string
		want  int64 // 0 means no limit
	}{
		"no control groups": {nil, 0},
		"version 2":         {map[string]string{"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "268435456\n"}, 256 << 20},
		"version 2, none":   {map[string]string{"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "max\n"}, 0},
		"of a group above": {map[string]string{
			"proc/self/cgroup":                                       "0::/system.slice/prizegen.service\n",
			"sys/fs/cgroup/system.slice/memory.max":                  "1000000\n",
			"sys/fs/cgroup/system.slice/prizegen.service/memory.max": "max\n",
		}, 1_000_000},
		"version 1": {map[string]string{
			"proc/self/cgroup": "4:cpu,cpuacct:/docker/x\n3:memory:/docker/x\n", "sys/fs/cgroup/memory/memory.limit_in_bytes": "536870912\n",
		}, 512 << 20},
		"version 1, none": {map[string]string{"proc/self/cgroup": "3:memory:/\n", "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n"}, 0},
	} {
		root := fstest.MapFS{}
		for path, text := range test.files {
			root[path] = &fstest.MapFile{Data: []byte(text)}
		}
		if got, ok := containerMemory(root); got != test.want || ok != (test.want > 0) {
			t.Errorf("%s: got limit %d, %v, want %d, %v", name, got, ok, test.want, test.want > 0)
		}
	}
}
