// Package heap measures what tests hold the use of memory to.
package heap

import "runtime"

// InUse returns how many bytes of the heap are in use when what is garbage was collected.
func InUse() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
