package serve

import (
	"bytes"
	"strings"

	vm "github.com/VictoriaMetrics/metrics"
)

// processMetrics returns the metrics of the process and of the Go runtime that are served.
// Their names are the ones that Prometheus client libraries use.
func processMetrics() []family {
	return []family{
		{name: "go_gc_duration_seconds", kind: summaryKind, help: "Pauses of recent garbage collections."},
		{name: "go_goroutines", kind: gaugeKind, help: "Goroutines that exist."},
		{name: "go_info", kind: gaugeKind, help: "Always 1, with the version of Go as a label."},
		{name: "go_memstats_alloc_bytes_total", kind: counterKind, help: "Bytes allocated on the heap, including freed ones."},
		{name: "go_memstats_alloc_bytes", kind: gaugeKind, help: "Bytes of allocated objects on the heap."},
		{name: "go_memstats_buck_hash_sys_bytes", kind: gaugeKind, help: "Bytes of memory for profiling data."},
		{name: "go_memstats_frees_total", kind: counterKind, help: "Objects freed on the heap."},
		{name: "go_memstats_gc_sys_bytes", kind: gaugeKind, help: "Bytes of memory for garbage collection."},
		{name: "go_memstats_heap_alloc_bytes", kind: gaugeKind, help: "Bytes of allocated objects on the heap, the same as go_memstats_alloc_bytes."},
		{name: "go_memstats_heap_idle_bytes", kind: gaugeKind, help: "Bytes of heap memory without objects."},
		{name: "go_memstats_heap_inuse_bytes", kind: gaugeKind, help: "Bytes of heap memory with objects."},
		{name: "go_memstats_heap_objects", kind: gaugeKind, help: "Allocated objects on the heap."},
		{name: "go_memstats_heap_released_bytes", kind: gaugeKind, help: "Bytes of heap memory that were returned to the operating system."},
		{name: "go_memstats_heap_sys_bytes", kind: gaugeKind, help: "Bytes of heap memory obtained from the operating system."},
		{name: "go_memstats_last_gc_time_seconds", kind: gaugeKind, help: "Time of the last garbage collection, in seconds since 1970."},
		{name: "go_memstats_mallocs_total", kind: counterKind, help: "Objects allocated on the heap."},
		{name: "go_memstats_mcache_inuse_bytes", kind: gaugeKind, help: "Bytes of memory in use for mcache structures."},
		{name: "go_memstats_mcache_sys_bytes", kind: gaugeKind, help: "Bytes of memory obtained for mcache structures."},
		{name: "go_memstats_mspan_inuse_bytes", kind: gaugeKind, help: "Bytes of memory in use for mspan structures."},
		{name: "go_memstats_mspan_sys_bytes", kind: gaugeKind, help: "Bytes of memory obtained for mspan structures."},
		{name: "go_memstats_next_gc_bytes", kind: gaugeKind, help: "Size of the heap at which the next garbage collection starts."},
		{name: "go_memstats_other_sys_bytes", kind: gaugeKind, help: "Bytes of memory for other parts of the runtime."},
		{name: "go_memstats_stack_inuse_bytes", kind: gaugeKind, help: "Bytes of memory in use for stacks."},
		{name: "go_memstats_stack_sys_bytes", kind: gaugeKind, help: "Bytes of memory obtained for stacks."},
		{name: "go_memstats_sys_bytes", kind: gaugeKind, help: "Bytes of memory obtained from the operating system."},
		{name: "go_threads", kind: gaugeKind, help: "Threads that were created."},
		{name: "process_cpu_seconds_total", kind: counterKind, help: "Processor time of the process in seconds."},
		{name: "process_max_fds", kind: gaugeKind, help: "Maximum number of open file descriptors."},
		{name: "process_open_fds", kind: gaugeKind, help: "Open file descriptors."},
		{name: "process_resident_memory_bytes", kind: gaugeKind, help: "Memory of the process in RAM, in bytes."},
		{name: "process_start_time_seconds", kind: gaugeKind, help: "Start of the process, in seconds since 1970."},
		{name: "process_virtual_memory_bytes", kind: gaugeKind, help: "Virtual memory of the process in bytes."},
	}
}

// writeProcessMetrics writes the metrics of the process.
func writeProcessMetrics(w *bytes.Buffer) {
	var all bytes.Buffer
	vm.WriteProcessMetrics(&all)
	vm.WriteFDMetrics(&all)
	text := all.String()
	for _, f := range processMetrics() {
		headed := false
		for line := range strings.Lines(text) {
			if !f.contains(line) {
				continue
			}
			if !headed {
				f.writeHeader(w)
				headed = true
			}
			w.WriteString(line)
		}
	}
}

// contains reports whether a line contains a metric of the family.
func (f *family) contains(line string) bool {
	name := line[:strings.IndexAny(line, "{ ")]
	if f.kind == summaryKind {
		name = strings.TrimSuffix(strings.TrimSuffix(name, "_sum"), "_count")
	}
	return name == f.name
}
