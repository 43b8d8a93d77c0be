package pop3watch

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"hash"
)

// digest is a hash of a message by which it is known again. The header fields in which a
// server that keeps mail in a file of its own notes what was read are left out, since it
// adds them to a message once that was read.
type digest struct {
	hash  hash.Hash
	start []byte // of a line of the header that is not told apart yet
	known bool   // the line is told apart
	skip  bool   // it is of a field that is left out
	body  bool   // the header is over
}

func newDigest() *digest { return &digest{hash: sha256.New()} }

// marks are the fields that are left out, in lower case.
var marks = [][]byte{[]byte("status:"), []byte("x-status:"), []byte("x-keywords:"), []byte("x-uidl:")}

// maxMark is the length of the longest of them.
const maxMark = len("x-keywords:")

// Write adds a part of the message. It never fails.
func (d *digest) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 && !d.body {
		end := bytes.IndexByte(p, '\n') + 1
		if end == 0 {
			d.header(p, false)
			return n, nil
		}
		d.header(p[:end], true)
		p = p[end:]
	}
	d.hash.Write(p)
	return n, nil
}

// header adds a part of a line of the header, the last one if the line ends.
func (d *digest) header(part []byte, ends bool) {
	if !d.known {
		d.start = append(d.start, part...)
		if part = d.start; !ends && len(part) < maxMark {
			return
		}
		d.known = true
		d.body = len(bytes.TrimRight(part, "\r\n")) == 0
		if part[0] != ' ' && part[0] != '\t' { // else it goes on with the field before it
			d.skip = isMark(part)
		}
	}
	if !d.skip {
		d.hash.Write(part)
	}
	if ends {
		d.start, d.known = d.start[:0], false
	}
}

// isMark reports whether a line begins a field that is left out.
func isMark(line []byte) bool {
	line = bytes.ToLower(line[:min(len(line), maxMark)])
	for _, m := range marks {
		if bytes.HasPrefix(line, m) {
			return true
		}
	}
	return false
}

// sumSize is how many bytes of the hash are kept.
const sumSize = sha256.Size / 2

// sum returns the hash as text.
func (d *digest) sum() string {
	if !d.known {
		d.hash.Write(d.start) // a message that ends in its header, and in no line end
		d.start = nil
	}
	return hex.EncodeToString(d.hash.Sum(nil)[:sumSize])
}
