package pool

import "testing"

// A length that an int cannot hold, as that of 3 GiB on 32 bits, is unknown and not another.
func TestLengthOfLargeContent(t *testing.T) {
	for _, length := range []int64{0, 1, 1<<31 - 1, 1 << 31, 3 << 30, 1<<32 - 1, 1<<32 + 5} {
		s := source{length: length}
		if n := int64(s.Len()); n != length && (n != -1 || length < 1<<31) {
			t.Errorf("content of %d bytes says it has %d", length, n)
		}
	}
}
