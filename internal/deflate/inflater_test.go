package deflate

import (
	"bytes"
	"compress/flate"
	"encoding/hex"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
)

// inflate gives the input in pieces of a length to an inflater.
func inflate(input []byte, piece int) (out []byte, err error) {
	z := new(inflater)
	buf := make([]byte, 1000)
	for {
		n, err := z.read(buf)
		out = append(out, buf[:n]...)
		switch {
		case err != nil:
			return out, err
		case n > 0:
			continue
		case len(z.in) > 0:
			return out, errors.New("input is left")
		case len(input) == 0:
			return out, io.ErrUnexpectedEOF
		}
		n = min(piece, len(input))
		z.in, input = input[:n], input[n:]
	}
}

// samples are texts of all kinds.
func samples() map[string][]byte {
	random := rand.NewChaCha8([32]byte{1})
	noise := make([]byte, 20_000)
	random.Read(noise)
	listing := strings.Builder{}
	for i := range 1500 {
		listing.WriteString("* " + strings.Repeat("1", i%7+1) + " FETCH (UID 7 FLAGS (\\Seen))\r\n")
	}
	return map[string][]byte{
		"nothing": {}, "a byte": []byte("x"), "zeros": make([]byte, 200_000), "noise": noise, "listing": []byte(listing.String()),
		"both": append(append([]byte(listing.String()), noise...), listing.String()...),
	}
}

// deflated compresses a text at a level, with a flush after each 777 bytes.
func deflated(text []byte, level int) []byte {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, level)
	for len(text) > 0 {
		n := min(777*(1+len(text)%50), len(text))
		w.Write(text[:n])
		w.Flush()
		text = text[n:]
	}
	w.Close()
	return b.Bytes()
}

func TestInflate(t *testing.T) {
	for name, text := range samples() {
		for _, level := range []int{flate.HuffmanOnly, flate.NoCompression, flate.BestSpeed, flate.DefaultCompression} {
			input := deflated(text, level)
			for _, piece := range []int{1, 3, 100, 4096, len(input)} {
				if out, err := inflate(input, piece); err != io.EOF || !bytes.Equal(out, text) {
					t.Errorf("%s, level %d, by %d: %d bytes of %d, %v", name, level, piece, len(out), len(text), err)
				}
			}
		}
	}
}

// TestFlushes flushes in the ways that zlib has: what was flushed is there at once.
func TestFlushes(t *testing.T) {
	for name, input := range map[string]string{
		"Z_SYNC_FLUSH":    "4a4c02000000ffff",
		"Z_PARTIAL_FLUSH": "4a4c0208",
		"Z_BLOCK":         "4a4c02",
		"a stored block":  "000200fdff6162",
	} {
		z := &inflater{bitReader: bitReader{in: unhex(t, input)}}
		buf := make([]byte, 10)
		if n, err := z.read(buf); string(buf[:n]) != "ab" || err != nil {
			t.Errorf("%s: %q, %v", name, buf[:n], err)
		}
	}
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestCorrupt(t *testing.T) {
	for name, input := range map[string]string{
		"type of a block":    "07",
		"length of a block":  "0001000000",
		"copy from nowhere":  "020200",
		"counts of codes":    "fcffff",
		"lengths of codes":   "04e0ffffffffffffffff",
		"repeat of nothing":  "0400022400",
		"clear text":         hex.EncodeToString([]byte("* 1 EXISTS\r\n")),
		"more in clear text": hex.EncodeToString([]byte("T1 OK done\r\n")),
	} {
		if out, err := inflate(unhex(t, input), 1); err != errCorrupt {
			t.Errorf("%s: %q, %v", name, out, err)
		}
	}
}

// What compress/flate reads the inflater reads, in pieces of any length, and what that
// does not read it does not read.
func FuzzInflate(f *testing.F) {
	for _, text := range samples() {
		f.Add(deflated(text[:min(len(text), 5000)], 6), uint8(3))
		f.Add(deflated(text[:min(len(text), 500)], 1), uint8(1))
	}
	f.Fuzz(func(t *testing.T, input []byte, piece uint8) {
		const most = 1 << 20
		want, wantErr := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(input)), most))
		out, err := inflate(input, int(piece)+1)
		switch {
		case len(out) >= most:
		case wantErr == nil && err != io.EOF, wantErr != nil && err == io.EOF:
			t.Fatalf("%v, not %v", err, wantErr)
		case !bytes.HasPrefix(out, want), wantErr == nil && len(out) != len(want):
			t.Fatalf("%d bytes, not %d", len(out), len(want))
		}
	})
}

func BenchmarkInflate(b *testing.B) {
	for name, text := range samples() {
		if len(text) < 1000 {
			continue
		}
		input := deflated(text, 6)
		b.Run(strings.ReplaceAll(name, " ", "-"), func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				io.Copy(io.Discard, reading{&inflater{bitReader: bitReader{in: input}}})
			}
		})
		b.Run(strings.ReplaceAll(name, " ", "-")+"/flate", func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				io.Copy(io.Discard, flate.NewReader(bytes.NewReader(input)))
			}
		})
	}
}

// reading is an inflater that has all of its input.
type reading struct{ *inflater }

func (r reading) Read(p []byte) (int, error) { return r.read(p) }
