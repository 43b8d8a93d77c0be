package filestore

import (
	"bytes"
	"crypto/tls"
	"encoding"
	"errors"
	"fmt"
	"hash/crc32"
	"net"
	"strconv"
	"time"

	"github.com/mailconn/mailconn/dial/peers"
)

// maxLine is the limit of a line, which has less than 1 KiB.
const maxLine = 4096

// entry is a line of the file, the record of a server from this line on.
type entry struct {
	peer   peers.Peer
	record *peers.Record // nil if the server is forgotten
}

// line returns the entry as a line, with the newline.
func (e entry) line() []byte {
	if e.record == nil {
		return seal([]string{"forget", e.peer.String()})
	}
	r := e.record
	return seal([]string{
		"peer", e.peer.String(),
		"policy", r.Policy.String(),
		"verified", r.Verified.String(),
		"tls", tls.VersionName(r.Version),
		"leaf", r.Leaf.String(),
		"issuer", r.Issuer.String(),
		"mechanisms", r.Mechanisms.String(),
		"first_seen", r.FirstSeen.Format(time.RFC3339),
		"last_seen", r.LastSeen.Format(time.RFC3339),
		"expires", r.Expires().Format(time.RFC3339),
	})
}

// seal returns fields, which are pairs of key and value, as a line: a JSON object that
// ends in its checksum. No value needs escapes (see [peers.Peer.Validate]).
func seal(fields []string) []byte {
	b := make([]byte, 0, 512)
	sep := byte('{')
	for i := 0; i < len(fields); i += 2 {
		b = append(b, sep, '"')
		b = append(b, fields[i]...)
		b = append(b, `":"`...)
		b = append(b, fields[i+1]...)
		b = append(b, '"')
		sep = ','
	}
	return fmt.Appendf(b, sealing+"\n", crc32.ChecksumIEEE(b))
}

// sealing is the format of the end of a line, and sealLen its length.
const (
	sealing = `,"sum":"%08x"}`
	sealLen = len(`,"sum":"00000000"}`)
)

var errSum = errors.New("checksum does not match")

// unseal checks the checksum of a line without its newline, and returns its fields.
func unseal(line []byte) (*fields, error) {
	body := line[:max(0, len(line)-sealLen)]
	if string(line[len(body):]) != fmt.Sprintf(sealing, crc32.ChecksumIEEE(body)) {
		return nil, errSum
	}
	return &fields{rest: body, sep: '{'}, nil
}

// parse parses a line without its newline.
func parse(line []byte) (entry, error) {
	f, err := unseal(line)
	if err != nil {
		return entry{}, err
	}
	if bytes.HasPrefix(f.rest, []byte(`{"forget"`)) {
		p := f.peer("forget")
		return entry{peer: p}, f.done()
	}
	var r peers.Record
	p := f.peer("peer")
	f.text("policy", &r.Policy)
	f.text("verified", &r.Verified)
	r.Version = f.version("tls")
	f.text("leaf", &r.Leaf)
	f.text("issuer", &r.Issuer)
	f.text("mechanisms", &r.Mechanisms)
	f.text("first_seen", &r.FirstSeen)
	f.text("last_seen", &r.LastSeen)
	var expires time.Time
	f.text("expires", &expires)
	r.Lifetime = expires.Sub(r.LastSeen)
	if err := f.done(); err != nil {
		return entry{}, err
	}
	return entry{p, &r}, r.Validate()
}

// fields parses the fields of a line in the order in which they are written. After an
// error all further values are empty.
type fields struct {
	rest []byte
	sep  byte  // comes before the next field
	err  error // the first error
}

// next returns the value of the next field, which must have the given key.
func (f *fields) next(key string) []byte {
	n := len(key) + len(`,"":"`)
	if b := f.rest; f.err == nil && len(b) > n && b[0] == f.sep && b[1] == '"' && string(b[2:n-3]) == key && string(b[n-3:n]) == `":"` {
		if value, rest, ok := bytes.Cut(b[n:], []byte{'"'}); ok {
			f.rest, f.sep = rest, ','
			return value
		}
	}
	f.fail(fmt.Errorf("no field %q in its place", key))
	return nil
}

func (f *fields) fail(err error) {
	if f.err == nil {
		f.err = err
	}
}

// done returns the first error, or an error if there are more fields.
func (f *fields) done() error {
	if f.err == nil && len(f.rest) > 0 {
		f.err = errors.New("more fields than there should be")
	}
	return f.err
}

func (f *fields) text(key string, v encoding.TextUnmarshaler) {
	if b := f.next(key); f.err == nil {
		if err := v.UnmarshalText(b); err != nil {
			f.fail(fmt.Errorf("%s: %w", key, err))
		}
	}
}

func (f *fields) version(key string) uint16 {
	b := f.next(key)
	for v := uint16(tls.VersionTLS12); f.err == nil && v <= tls.VersionTLS13+0xff; v++ {
		if tls.VersionName(v) == string(b) {
			return v
		}
	}
	f.fail(fmt.Errorf("%s: unknown version %.20q", key, b))
	return 0
}

func (f *fields) peer(key string) (p peers.Peer) {
	b := f.next(key)
	if f.err != nil {
		return p
	}
	protocol, address, _ := bytes.Cut(b, []byte{' '})
	host, port, err := net.SplitHostPort(string(address))
	n, portErr := strconv.ParseUint(port, 10, 16)
	p = peers.Peer{Host: host, Port: uint16(n)}
	if err = errors.Join(err, portErr, p.Protocol.UnmarshalText(protocol)); err == nil {
		err = p.Validate()
	}
	if err != nil {
		f.fail(fmt.Errorf("%s: %w", key, err))
	}
	return p
}
