package deflate

// lengths are the lengths of the codes of a block, as they are read.
type lengths struct {
	literals, distances, metas int // how many there are of each
	read                       int // of those that are being read
	of                         [286 + 30]uint8
}

// metaOrder is the order of the lengths of the code for lengths (RFC 1951 §3.2.7).
var metaOrder = [19]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// fixed makes the codes of a block without tables (RFC 1951 §3.2.6).
func (z *inflater) fixed() {
	var of [288]uint8
	for s := range of {
		switch {
		case s < 144:
			of[s] = 8
		case s < 256:
			of[s] = 9
		case s < 280:
			of[s] = 7
		default:
			of[s] = 8
		}
	}
	z.lit.build(of[:])
	for s := range 32 {
		of[s] = 5
	}
	z.dist.build(of[:32])
}

// tables reads a part of the tables of a block (RFC 1951 §3.2.7).
func (z *inflater) tables() (more bool, err error) {
	l := &z.lens
	switch z.state {
	case counts:
		if !z.need(14) {
			return false, nil
		}
		*l = lengths{literals: z.take(5) + 257, distances: z.take(5) + 1, metas: z.take(4) + 4}
		if l.literals > 286 || l.distances > 30 {
			return false, errCorrupt
		}
		z.state = meta
	case meta:
		for ; l.read < l.metas; l.read++ {
			if !z.need(3) {
				return false, nil
			}
			l.of[metaOrder[l.read]] = uint8(z.take(3))
		}
		if !z.lit.build(l.of[:len(metaOrder)]) { // z.lit has the code for lengths until they are read
			return false, errCorrupt
		}
		l.read, z.state = 0, codes
	case codes:
		for l.read < l.literals+l.distances {
			if more, err := z.codeLength(); !more {
				return false, err
			}
		}
		if !z.lit.build(l.of[:l.literals]) || !z.dist.build(l.of[l.literals:l.read]) {
			return false, errCorrupt
		}
		z.state = symbols
	}
	return true, nil
}

// codeLength reads the length of a code, or of several.
func (z *inflater) codeLength() (more bool, err error) {
	const extraBits = 7 // the most
	z.need(maxCode + extraBits)
	l := &z.lens
	s, n := z.lit.decode(z.bits)
	switch {
	case n > z.n || n == 0 && z.n < maxCode:
		return false, nil
	case n == 0 || s == 16 && l.read == 0:
		return false, errCorrupt
	case s < 16:
		z.take(n)
		l.of[l.read] = uint8(s)
		l.read++
		return true, nil
	}
	again, extra, value := 3, uint(2), uint8(0)
	switch s {
	case 16:
		value = l.of[l.read-1]
	case 17:
		extra = 3
	case 18:
		again, extra = 11, 7
	}
	if n+extra > z.n {
		return false, nil
	}
	z.take(n)
	if again += z.take(extra); again > l.literals+l.distances-l.read {
		return false, errCorrupt
	}
	for range again {
		l.of[l.read] = value
		l.read++
	}
	return true, nil
}
