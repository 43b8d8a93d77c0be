package deflate

import "io"

// window is how far back a copy may reach (RFC 1951 §2).
const window = 32 << 10

// longest is the length of the longest copy.
const longest = 258

// inflater inflates compressed data. It gets its input in pieces of any length. At the end
// of a piece it stops, and continues with the next one.
type inflater struct {
	bitReader

	state state
	final bool // the block is the last one
	left  int  // bytes of a stored block that are still to come
	lens  lengths
	lit   huffman // codes of literals and lengths
	dist  huffman // codes of distances

	out        [2 * window]byte // the window, and after it the output that was not read yet
	start, end int              // of that output
	err        error            // after that output
}

// state says what comes next in the input.
type state int

const (
	header state = iota
	stored
	raw
	counts
	meta
	codes
	symbols
	over
)

// read reads the output so far. It returns 0 bytes and no error if it needs more input, and
// io.EOF after the last block.
func (z *inflater) read(p []byte) (int, error) {
	if z.start == z.end && z.err == nil {
		z.slide()
		z.err = z.run()
	}
	n := copy(p, z.out[z.start:z.end])
	if z.start += n; n > 0 {
		return n, nil
	}
	return 0, z.err
}

// slide makes room for more output, if there is little.
func (z *inflater) slide() {
	if z.end > window+window/2 {
		copy(z.out[:], z.out[z.end-window:z.end])
		z.start, z.end = window, window
	}
}

// run inflates until the input or the room for output ends.
func (z *inflater) run() error {
	for more := true; more; {
		var err error
		switch z.state {
		case header:
			more, err = z.header()
		case stored:
			more, err = z.stored()
		case raw:
			more = z.raw()
		case counts, meta, codes:
			more, err = z.tables()
		case symbols:
			more, err = z.symbols()
		case over:
			return io.EOF
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// header reads the header of a block, unless the block before was the last.
func (z *inflater) header() (bool, error) {
	if z.final {
		z.state = over
		return true, nil
	}
	if !z.need(3) {
		return false, nil
	}
	z.final = z.take(1) == 1
	switch z.take(2) {
	case 0:
		z.take(z.n % 8)
		z.state = stored
	case 1:
		z.fixed()
		z.state = symbols
	case 2:
		z.state = counts
	default:
		return false, errCorrupt
	}
	return true, nil
}

// stored reads the length of a stored block.
func (z *inflater) stored() (bool, error) {
	if !z.need(32) {
		return false, nil
	}
	n := z.take(16)
	if z.take(16) != n^0xffff {
		return false, errCorrupt
	}
	z.left, z.state = n, raw
	return true, nil
}

// raw copies a stored block.
func (z *inflater) raw() (more bool) {
	for ; z.left > 0 && z.n > 0 && z.end < len(z.out); z.left-- {
		z.out[z.end] = byte(z.take(8))
		z.end++
	}
	if z.n == 0 {
		n := copy(z.out[z.end:], z.in[:min(z.left, len(z.in))])
		z.in = z.in[n:]
		z.end += n
		z.left -= n
	}
	if z.left == 0 {
		z.state = header
	}
	return z.left == 0
}

// lengthBase and lengthExtra are those of the symbols from 257 on, distBase and
// distExtra those of distances (RFC 1951 §3.2.5).
var (
	lengthBase  = [...]uint16{3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258}
	lengthExtra = [...]uint8{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0}
	distBase    = [...]uint16{1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577}
	distExtra   = [...]uint8{0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13}
)

const (
	endOfBlock  = 256
	firstLength = 257
)

// symbols decodes literals and copies until the block, the input or the room for output
// ends.
func (z *inflater) symbols() (more bool, err error) {
	for z.end <= len(z.out)-longest {
		z.fill()
		s, n := z.lit.decode(z.bits)
		switch {
		case n > z.n || n == 0 && z.n < maxCode:
			return false, nil
		case n == 0 || s >= firstLength+uint16(len(lengthBase)):
			return false, errCorrupt
		case s == endOfBlock:
			z.take(n)
			z.state = header
			return true, nil
		case s < endOfBlock:
			z.take(n)
			z.out[z.end] = byte(s)
			z.end++
			continue
		}
		if more, err := z.copy(s-firstLength, n); !more {
			return false, err
		}
	}
	return false, nil
}

// copy decodes a copy. The code of its length, of n bits, was not taken yet: the copy is
// decoded only when all its bits are available, at most 48.
func (z *inflater) copy(symbol uint16, n uint) (more bool, err error) {
	b := z.bits >> n
	extra := uint(lengthExtra[symbol])
	length := int(lengthBase[symbol]) + int(b&(1<<extra-1))
	b, n = b>>extra, n+extra
	d, dn := z.dist.decode(b)
	switch {
	case n+dn > z.n || dn == 0 && z.n < n+maxCode:
		return false, nil
	case dn == 0 || int(d) >= len(distBase):
		return false, errCorrupt
	}
	b, n = b>>dn, n+dn
	extra = uint(distExtra[d])
	if n+extra > z.n {
		return false, nil
	}
	distance := int(distBase[d]) + int(b&(1<<extra-1))
	if distance > z.end {
		return false, errCorrupt
	}
	z.take(n + extra)
	z.repeat(distance, length)
	return true, nil
}

// repeat copies length bytes from so far back, which may be less than length.
func (z *inflater) repeat(distance, length int) {
	for length > 0 {
		n := copy(z.out[z.end:z.end+length], z.out[z.end-distance:z.end])
		z.end += n
		length -= n
		distance += n
	}
}
