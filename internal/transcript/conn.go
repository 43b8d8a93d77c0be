package transcript

import (
	"fmt"
	"io"
	"net"
	"sync"

	"github.com/mailconn/mailconn/internal/line"
	"github.com/mailconn/mailconn/internal/wire"
)

// Transcript is the transcript of one connection, in the clear and inside TLS.
type Transcript struct {
	sink     *sink
	protocol line.Protocol
}

// New returns a transcript that is written to w.
func New(w io.Writer, p line.Protocol) *Transcript {
	return &Transcript{sink: newSink(w), protocol: p}
}

// Note writes a note between the lines: a phase, a fact about TLS, an error. A nil
// Transcript writes nothing.
func (t *Transcript) Note(format string, args ...any) {
	if t != nil {
		t.sink.line("--", fmt.Sprintf(format, args...))
	}
}

// End ends the transcript. After it has returned, the writer is not called any more.
func (t *Transcript) End() {
	if t != nil {
		t.sink.end()
	}
}

// Follow returns a connection over c whose conversation is written down. A nil
// Transcript returns c itself.
func (t *Transcript) Follow(c net.Conn) net.Conn {
	if t == nil {
		return c
	}
	f := &followed{Conn: c, transcript: t, scribe: t.protocol.Scribe()}
	f.sent = direction{kind: "C:", of: f, show: f.scribe.Sent}
	f.received = direction{kind: "S:", of: f, show: f.scribe.Received}
	return f
}

// followed is a connection whose conversation is written down.
type followed struct {
	net.Conn
	transcript *Transcript

	mu             sync.Mutex // held over the scribe, which sees both directions
	scribe         line.Scribe
	sent, received direction

	now wire.Now // reads Conn
}

func (f *followed) Read(p []byte) (int, error) {
	n, err := f.Conn.Read(p)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.received.take(p[:n])
	if err != nil {
		f.received.flush()
	}
	return n, err
}

// ReadNow reads what has arrived, as [wire.NowReader] says.
func (f *followed) ReadNow(p []byte) (int, error) {
	n, err := f.now.Read(f.Conn, p)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.received.take(p[:n])
	return n, err
}

// Write writes p down before it is sent, since the reply may be read before the write
// returns.
func (f *followed) Write(p []byte) (int, error) {
	f.mu.Lock()
	f.sent.take(p)
	f.mu.Unlock()
	return f.Conn.Write(p)
}

// Close writes down incomplete lines first.
func (f *followed) Close() error {
	f.mu.Lock()
	f.sent.flush()
	f.received.flush()
	f.mu.Unlock()
	return f.Conn.Close()
}
