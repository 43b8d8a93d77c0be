package outbox

import (
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"time"
)

// format is the format of the journal and its version, in the first line.
const format = "mailconn outbox 1"

// maxLine is the limit of a line of the journal, in bytes. A message with the most
// recipients, each with the longest address, options and reply, has less.
const maxLine = 4 << 20

// What a line does.
const (
	doPut    = "put"    // a new message
	doMark   = "mark"   // an attempt is about to give the end of the message to a relay
	doState  = "state"  // what is known of recipients; the attempt is over
	doTold   = "told"   // ends of recipients were told
	doKept   = "kept"   // the id of a message that is over
	doForget = "forget" // a message or an id is removed
)

// entry is a line of the journal.
type entry struct {
	N      int    `json:"n"`                // number of the line, counted from 1
	Format string `json:"format,omitempty"` // first line only
	Msg    string `json:"msg,omitempty"`    // key of the message
	Do     string `json:"do,omitempty"`

	ID       string    `json:"id,omitempty"`
	Time     time.Time `json:"time,omitzero"` // put, told, kept: when
	Envelope *envelope `json:"envelope,omitempty"`
	Size     int64     `json:"size,omitempty"`
	Sum      *digest   `json:"sha256,omitempty"` // put: of the content; kept: the fingerprint

	To         []int       `json:"to,omitempty"` // mark, told: recipients
	Relay      int         `json:"relay,omitempty"`
	Recipients []recipient `json:"recipients,omitempty"` // state
	Tries      int         `json:"tries,omitempty"`      // state: attempts of the message
	Next       time.Time   `json:"next,omitzero"`        // state: the next attempt
}

// digest is a SHA-256, in hexadecimal in the journal.
type digest [32]byte

func (d digest) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, d[:]), nil }

func (d *digest) UnmarshalText(text []byte) error {
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

// line returns the entry as the nth line, which ends in its checksum and a newline.
func (e *entry) line(n int) ([]byte, error) {
	e.N = n
	b, err := marshal(e)
	if err != nil {
		return nil, err
	}
	if b = seal(b[:len(b)-1]); len(b) > maxLine {
		return nil, fmt.Errorf("a line is longer than %d bytes", maxLine)
	}
	return b, nil
}

// seal ends a line, which is an object without its closing brace.
func seal(b []byte) []byte { return fmt.Appendf(b, sealing+"\n", crc32.ChecksumIEEE(b)) }

// parse parses a line without its newline.
func parse(line []byte) (*entry, error) {
	body := line[:max(0, len(line)-sealLen)]
	if string(line[len(body):]) != fmt.Sprintf(sealing, crc32.ChecksumIEEE(body)) {
		return nil, errSum
	}
	var e entry
	if err := unmarshal(append(append([]byte(nil), body...), '}'), &e); err != nil {
		return nil, err
	}
	return &e, nil
}
