package filestore_test

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial/peers"
	"github.com/mailconn/mailconn/dial/peers/filestore"
	"github.com/mailconn/mailconn/dial/trust"
	"github.com/mailconn/mailconn/policy"
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

// Every record that a Store takes can be read again. Otherwise one would make the whole
// file unreadable.
func FuzzRecord(f *testing.F) {
	r := record(1)
	f.Add(peer(1).Host, uint16(143), uint8(r.Policy), uint8(r.Verified), r.Version, uint32(r.Mechanisms), r.FirstSeen.Unix(), r.LastSeen.UnixNano(), int64(r.Lifetime))
	f.Add("fe80::1%Eth0", uint16(1), uint8(1), uint8(2), uint16(0x0405), uint32(1), int64(-62135596800), int64(0), int64(1<<62))
	f.Add("a..b", uint16(1), uint8(1), uint8(1), uint16(0xfefd), uint32(1), int64(0), int64(1), int64(time.Second-1))
	f.Fuzz(func(t *testing.T, host string, port uint16, pol, verified uint8, version uint16, mechanisms uint32, first, last, life int64) {
		p := peers.Peer{Protocol: policy.IMAP, Host: host, Port: port}
		r := peers.Record{
			Policy: policy.Policy(pol), Verified: trust.Method(verified), Version: version, Leaf: trust.KeyHash{1},
			Mechanisms: peers.Mechanisms(mechanisms & (1<<17 - 1)), FirstSeen: time.Unix(first, 0), LastSeen: time.Unix(0, last), Lifetime: time.Duration(life),
		}
		r = r.Rounded()
		if p.Validate() != nil || r.Validate() != nil {
			return
		}
		line := filestore.Line(p, &r)
		p2, r2, err := filestore.Parse(bytes.TrimSuffix(line, []byte("\n")))
		if err != nil || p2 != p || *r2 != r || len(line) > 1024 {
			t.Errorf("%v %+v is written as %q and read as %v %+v, %v", p, r, line, p2, r2, err)
		}
	})
}
