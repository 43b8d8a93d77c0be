package journal

import (
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"time"
)

// Format is the format of the journal and its version, in the first line.
const Format = "mailconn outbox 1"

// maxLine is the limit of a line of the journal, in bytes. A message with the most
// recipients, each with the longest address, options and reply, has less.
const maxLine = 4 << 20

// What a line does.
const (
	DoPut    = "put"    // a new message
	DoMark   = "mark"   // an attempt is about to give the end of the message to a relay
	DoState  = "state"  // what is known of recipients; the attempt is over
	DoTold   = "told"   // ends of recipients were told
	DoKept   = "kept"   // the id of a message that is over
	DoForget = "forget" // a message or an id is removed
)

// Entry is a line of the journal.
type Entry struct {
	N      int    `json:"n"`                // number of the line, counted from 1
	Format string `json:"format,omitempty"` // first line only
	Msg    string `json:"msg,omitempty"`    // key of the message
	Do     string `json:"do,omitempty"`

	ID       string    `json:"id,omitempty"`
	Time     time.Time `json:"time,omitzero"` // put, told, kept: when
	Envelope *Envelope `json:"envelope,omitempty"`
	Size     int64     `json:"size,omitempty"`
	Sum      *Digest   `json:"sha256,omitempty"` // put: of the content; kept: the fingerprint

	To         []int       `json:"to,omitempty"` // mark, told: recipients
	Relay      int         `json:"relay,omitempty"`
	Recipients []Recipient `json:"recipients,omitempty"` // state
	Tries      int         `json:"tries,omitempty"`      // state: attempts of the message
	Next       time.Time   `json:"next,omitzero"`        // state: the next attempt
}

// Digest is a SHA-256, in hexadecimal in the journal.
type Digest [32]byte

// MarshalText returns the digest in hexadecimal.
func (d Digest) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, d[:]), nil }

// UnmarshalText reads what MarshalText returns.
func (d *Digest) UnmarshalText(text []byte) error {
	if len(text) != 2*len(d) {
		return errors.New("not a SHA-256")
	}
	_, err := hex.Decode(d[:], text)
	return err
}

// sealing is the format of the end of a line, and sealLen its length.
const (
	sealing = `,"sum":"%08x"}`
	sealLen = len(`,"sum":"00000000"}`)
)

var errSum = errors.New("checksum does not match")

// Line returns the entry as the nth line, which ends in its checksum and a newline.
func (e *Entry) Line(n int) ([]byte, error) {
	e.N = n
	b, err := marshal(e)
	if err != nil {
		return nil, err
	}
	if b = Seal(b[:len(b)-1]); len(b) > maxLine {
		return nil, fmt.Errorf("a line is longer than %d bytes", maxLine)
	}
	return b, nil
}

// Seal ends a line, which is an object without its closing brace.
func Seal(b []byte) []byte { return fmt.Appendf(b, sealing+"\n", crc32.ChecksumIEEE(b)) }

// parse parses a line without its newline.
func parse(line []byte) (*Entry, error) {
	body := line[:max(0, len(line)-sealLen)]
	if string(line[len(body):]) != fmt.Sprintf(sealing, crc32.ChecksumIEEE(body)) {
		return nil, errSum
	}
	var e Entry
	if err := unmarshal(append(append([]byte(nil), body...), '}'), &e); err != nil {
		return nil, err
	}
	return &e, nil
}
