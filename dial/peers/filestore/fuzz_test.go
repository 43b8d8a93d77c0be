package filestore_test

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"testing"

	"github.com/mailconn/mailconn/dial/peers/filestore"
)

// A line that is parsed has a valid record, which can be written and parsed again
// without a change.
func FuzzLine(f *testing.F) {
	r := record(1)
	for _, line := range [][]byte{filestore.Line(peer(1), &r), filestore.Line(peer(1), nil)} {
		f.Add(bytes.TrimSuffix(line, []byte("\n")), false)
		body, _, _ := bytes.Cut(line, []byte(`,"sum"`))
		f.Add(body, true)
	}
	f.Add([]byte(`{"format":"mailconn peers 1","generation":"X","records":"7"`), true)
	f.Fuzz(func(t *testing.T, line []byte, sealed bool) {
		if sealed { // a random line does not have the right checksum
			line = fmt.Appendf(line, `,"sum":"%08x"}`, crc32.ChecksumIEEE(line))
		}
		filestore.ParseHead(line)
		p, r, err := filestore.Parse(line)
		if err != nil {
			return
		}
		if r != nil && r.Validate() != nil {
			t.Fatalf("%q: %v", line, r.Validate())
		}
		again := filestore.Line(p, r)
		p2, r2, err := filestore.Parse(bytes.TrimSuffix(again, []byte("\n")))
		if err != nil || p2 != p || (r2 == nil) != (r == nil) || r != nil && *r2 != *r {
			t.Fatalf("%q is written as %q and read as %v %+v, %v", line, again, p2, r2, err)
		}
	})
}
