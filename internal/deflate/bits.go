package deflate

import (
	"encoding/binary"
	"errors"
)

// errCorrupt is the error for input that is not compressed data.
var errCorrupt = errors.New("deflate: what the server has sent is not compressed data")

// bitReader reads compressed data bit by bit.
type bitReader struct {
	in   []byte // the bytes that are not in bits yet
	bits uint64 // the next bits, the first one lowest
	n    uint   // the number of bits in bits
}

// need reports whether n bits are available.
func (r *bitReader) need(n uint) bool {
	for r.n < n && len(r.in) > 0 {
		r.bits |= uint64(r.in[0]) << r.n
		r.n += 8
		r.in = r.in[1:]
	}
	return r.n >= n
}

// fill makes as many bits available as there is room for.
func (r *bitReader) fill() {
	if len(r.in) < 8 {
		r.need(56)
		return
	}
	r.bits |= binary.LittleEndian.Uint64(r.in) << r.n
	bytes := (63 - r.n) / 8
	r.in = r.in[bytes:]
	r.n += 8 * bytes
	r.bits &= 1<<r.n - 1
}

// take removes n bits, which must be available, and returns them.
func (r *bitReader) take(n uint) int {
	v := r.bits & (1<<n - 1)
	r.bits >>= n
	r.n -= n
	return int(v)
}
