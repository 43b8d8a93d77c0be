package stream

// input is what was read from a server and not used yet.
type input struct {
	buf        []byte
	start, end int // of what was not used
}

// Sizes of the buffer: of a session that has little to do, and of one that reads much.
const (
	smallBuffer = 512
	largeBuffer = 32 << 10
)

// data returns what was not used.
func (in *input) data() []byte { return in.buf[in.start:in.end] }

// use takes n bytes of the data.
func (in *input) use(n int) { in.start += n }

// reserve makes room for at least a byte more, and for need bytes of data. hold is how long
// the responses are for which a large buffer is kept.
func (in *input) reserve(need, hold int) {
	data := in.data()
	size := max(len(in.buf), smallBuffer)
	switch {
	case len(data) == 0 && size > max(largeBuffer, 2*hold):
		size = smallBuffer // a long response is behind us
	case len(in.buf) > 0 && in.end == len(in.buf) && size < largeBuffer:
		size *= 2 // the last read has filled the buffer
	}
	for need = max(need, len(data)+1); size < need; {
		size *= 2
	}
	switch {
	case size != len(in.buf):
		buf := make([]byte, size)
		copy(buf, data)
		in.buf = buf
	case in.start > 0:
		copy(in.buf, data)
	}
	in.start, in.end = 0, len(data)
}

// free returns where more can be read to.
func (in *input) free() []byte { return in.buf[in.end:] }
