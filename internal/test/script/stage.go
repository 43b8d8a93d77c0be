package script

import "crypto/tls"

// Segments is how a server cuts what it says into writes.
type Segments uint8

const (
	Joined Segments = iota // as the script says
	Lines                  // one line at a time
	Bytes                  // one byte at a time
)

func (s Segments) String() string { return [...]string{"joined", "lines", "bytes"}[s] }

// Stage is what a case needs to be played.
type Stage struct {
	// Config returns the server's config for a kind of TLS.
	Config func(kind string) (*tls.Config, error)
	// Honest plays what a case leaves out.
	Honest   *Case
	Segments Segments
	// BeforeTLS, if set, is called when all that is said in the clear was.
	BeforeTLS func()
	// Else, if set, answers commands that nothing else has an answer to, with
	// lines and their CRLF; <tag> stands for the command's. They are recorded
	// as unexpected all the same.
	Else func(command string, inside bool) string
	// Trace, if set, is given what either side says, lines and their CRLF or
	// parts of lines: as it is before encryption, and the first bytes of a
	// handshake that no script asked for.
	Trace func(client, inside bool, text string)
}

func (st *Stage) trace(client, inside bool, text string) {
	if st.Trace != nil && text != "" {
		st.Trace(client, inside, text)
	}
}

// Record is what the client did while a case was played.
type Record struct {
	Clear      []byte   // what it sent outside TLS, but for the handshake
	Inside     []byte   // what it sent inside TLS
	Unexpected []string // commands that the script has no answer to
	Handshakes int      // completed ones
	TLSFirst   bool     // its first bytes were those of a TLS handshake
}
