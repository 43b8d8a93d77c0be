// Package line says what the upgrade of a connection, and the beginning of a
// session, need to know of a mail protocol. Each protocol is a package below this
// one: its lines, its [Dialect], and its [Protocol], the row of facts about it.
package line

import (
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/mailconn/mailconn/internal/wire"
	"github.com/mailconn/mailconn/policy"
)

// Protocol is the row of facts about a protocol.
type Protocol struct {
	Name    string        // for people: "IMAP"
	ALPN    string        // the registered id (RFC 7301); empty if there is none
	Timeout time.Duration // what a dial may take if the caller does not say
	Upgrade string        // the keyword of a list that offers the upgrade
	// ListFirst says that the client must ask for the list of capabilities before
	// it demands the upgrade (RFC 3207 §4).
	ListFirst bool
	// Greets reports whether a server of the protocol may begin with text.
	Greets func(text string) bool
	// Dialect begins a conversation over l, of a client that names itself in the
	// protocols in which clients do.
	Dialect func(l wire.Lines, client Named) Dialect
	// Scribe follows a conversation for a transcript.
	Scribe func() Scribe
}

// Named is a client that has a name.
type Named interface {
	LocalName() string // what it calls itself, as after EHLO
}

// Offers reports whether a list of capabilities offers the upgrade, with or
// without parameters that the keyword should not have.
func (p Protocol) Offers(list []string) bool {
	return slices.ContainsFunc(list, func(entry string) bool {
		keyword, _, _ := strings.Cut(entry, " ")
		return keyword == p.Upgrade
	})
}

// Dialect is a conversation with a server before its session begins. The engine
// that upgrades a connection and the session that goes on from there ask their
// questions through the same Dialect. Every error is final: a violation, the end of
// the connection, or an error of I/O.
type Dialect interface {
	// Greet reads the server's greeting, and returns an error unless it asks the
	// client to go on.
	Greet() (Greeting, error)

	// Capabilities asks for the list of capabilities.
	Capabilities() (List, error)

	// StartTLS demands the upgrade. What the server answers is an acceptance or a
	// refusal; anything else is an error.
	StartTLS() (Answer, error)

	// WithoutList does what the protocol wants of a client that goes on although
	// the server refused to list its capabilities, and returns the list that it
	// goes on with. secure tells that the conversation is inside TLS.
	WithoutList(refusal Reply, secure bool) ([]string, error)

	// Ready returns an error unless a session may begin: list is one of the
	// protocol, if it is known, and nothing waits that answers no command.
	Ready(list []string) error
}

// Greeting is what a server says first.
type Greeting struct {
	Text         string
	Capabilities []string // nil if the greeting has none
	Preauth      bool     // no login is needed (RFC 9051 §7.1.4)
}

// List is the answer to the question for a server's capabilities.
type List struct {
	Status  Status
	Entries []string // not nil if the status is Listed
	Reply   Reply    // the server's words, if there is no list
}

// Status says whether a server has a list of capabilities.
type Status uint8

const (
	Listed  Status = iota // it has, and showed it
	NoList                // it does not know the question: it is older than lists
	Refused               // it would not answer the question
)

// Reply is a server's words, and what its parser has seen in them.
type Reply struct {
	Text      string
	Transient bool  // a code says that the refusal will pass, or words do where there is no code
	Cause     error // what the server refuses, if the parser knows: [ErrClientName], [ErrTooSoon]
}

// ErrClientName is the cause of a refusal that speaks of the name by which the client
// has introduced itself.
var ErrClientName = errors.New("server does not accept this client's name")

// ErrTooSoon is the cause of a refusal of what a client says before it was greeted.
var ErrTooSoon = errors.New("server wants to speak first")

// ErrPipelining is in the chain of an error of a session that wrote commands ahead, and
// whose server may not be able to take that.
var ErrPipelining = errors.New("commands were sent ahead of replies, since the server lists PIPELINING, and it may not keep to that; Options.NoPipelining does without")

// passing are words by which servers say that a refusal will pass.
var passing = []string{
	"too many", "maximum", "limit reached", "limit exceeded", "exceeded", "again later", "try later", "retry later", "temporar",
	"busy", "overload", "unavailable", "maintenance", "shutting down", "no more connections", "server full", "server is full", "high load",
}

// Passes reports whether a refusal without a code says that it will pass.
func Passes(words string) bool {
	words = strings.ToLower(words)
	return slices.ContainsFunc(passing, func(w string) bool { return strings.Contains(words, w) })
}

// Violation returns the violation of a server that said r.
func (r Reply) Violation(reason error) *policy.Violation {
	v := wire.Violation(reason, r.Text)
	v.Transient, v.Err = r.Transient, r.Cause
	return v
}

// Answer is the server's answer to a demand.
type Answer struct {
	Accepted bool
	Reply    Reply // the server's words
}

// Capabilities returns the list that a session begins with, for a connection
// whose list is not known yet.
func Capabilities(d Dialect, secure bool) ([]string, error) {
	list, err := d.Capabilities()
	switch {
	case err != nil:
		return nil, err
	case list.Status == NoList:
		return d.WithoutList(list.Reply, secure)
	case list.Status == Refused:
		return nil, list.Reply.Violation(policy.ErrRefused)
	}
	return list.Entries, nil
}

// AuthCommand returns the command that begins a SASL exchange, and whether the initial
// response ir, nil for none, is in it: only if that makes no line of more than longest
// bytes, CRLF included (RFC 4954 §4, RFC 5034 §4). verb is AUTH or AUTHENTICATE.
func AuthCommand(verb, mechanism string, ir []byte, longest int) (command string, sent bool) {
	full := append(append(make([]byte, 0, 256), verb...), ' ')
	full = append(full, mechanism...)
	bare := len(full)
	full = append(full, ' ')
	if len(ir) == 0 {
		full = append(full, '=')
	}
	full = base64.StdEncoding.AppendEncode(full, ir)
	if ir == nil || len(full)+len("\r\n") > longest {
		return string(full[:bare]), false
	}
	return string(full), true
}
