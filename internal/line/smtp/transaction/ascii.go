package transaction

import (
	"encoding/binary"
	"errors"
	"io"

	"github.com/mailconn/mailconn/internal/wire"
)

// ErrEightBit is the error of content that is not ASCII where only ASCII can be sent.
var ErrEightBit = errors.New("the content has bytes beyond ASCII, and only ASCII can be sent: encode it as quoted-printable or base64")

// LookThrough reads all of r, by way of buf, and returns an error if it is not ASCII.
func LookThrough(r io.Reader, buf []byte) error {
	for {
		n, err := wire.ReadSome(r, buf)
		switch {
		case !isASCII(buf[:n]):
			return ErrEightBit
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
	}
}

// isASCII looks at eight bytes at a time.
func isASCII(p []byte) bool {
	const high = 0x8080808080808080
	for ; len(p) >= 8; p = p[8:] {
		if binary.LittleEndian.Uint64(p)&high != 0 {
			return false
		}
	}
	for _, b := range p {
		if b >= 0x80 {
			return false
		}
	}
	return true
}
