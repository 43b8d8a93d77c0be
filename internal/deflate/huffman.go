package deflate

import "math/bits"

const (
	maxCode  = 15 // the length of the longest code
	fastBits = 9  // codes up to this length are looked up in one step
)

// huffman is a code, in canonical order (RFC 1951 §3.2.2).
type huffman struct {
	count  [maxCode + 1]uint16   // codes of each length
	symbol [288]uint16           // in the order of their codes
	fast   [1 << fastBits]uint16 // symbol and length of the code that these bits begin with, or 0
}

// build makes the code whose symbols have codes of the given lengths, and reports whether
// it is complete: each sequence of bits must begin with exactly one code. As in other
// decoders, the code may also have a single symbol, or none.
func (h *huffman) build(lengths []uint8) bool {
	*h = huffman{}
	for _, n := range lengths {
		h.count[n]++
	}
	h.count[0] = 0
	var offsets, codes [maxCode + 2]int
	left := 1 // codes of length n that are not taken
	for n := 1; n <= maxCode; n++ {
		if left = left<<1 - int(h.count[n]); left < 0 {
			return false
		}
		offsets[n+1] = offsets[n] + int(h.count[n])
		codes[n+1] = (codes[n] + int(h.count[n])) << 1
	}
	if used := offsets[maxCode+1]; left > 0 && used > 0 && !(used == 1 && h.count[1] == 1) {
		return false
	}
	for s, n := range lengths {
		if n == 0 {
			continue
		}
		h.symbol[offsets[n]] = uint16(s)
		h.quicken(codes[n], int(n), uint16(s))
		offsets[n]++
		codes[n]++
	}
	return true
}

// quicken enters a short code into the table, with its bits in the order of the input.
func (h *huffman) quicken(code, n int, symbol uint16) {
	if n > fastBits {
		return
	}
	reversed := int(bits.Reverse16(uint16(code)) >> (16 - n))
	for i := reversed; i < len(h.fast); i += 1 << n {
		h.fast[i] = symbol<<4 | uint16(n)
	}
}

// decode returns the symbol whose code the bits begin with, and the length of that code,
// which is 0 if there is none of up to maxCode bits.
func (h *huffman) decode(b uint64) (symbol uint16, n uint) {
	if e := h.fast[b&(1<<fastBits-1)]; e != 0 {
		return e >> 4, uint(e & 15)
	}
	code, first, index := 0, 0, 0
	for n := 1; n <= maxCode; n++ {
		code |= int(b & 1)
		b >>= 1
		count := int(h.count[n])
		if code-first < count {
			return h.symbol[index+code-first], uint(n)
		}
		index += count
		first = (first + count) << 1
		code <<= 1
	}
	return 0, 0
}
