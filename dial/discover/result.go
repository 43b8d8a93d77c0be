package discover

import (
	"errors"
	"fmt"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/internal/wire"
)

// Result is what was found.
type Result struct {
	Reading Servers // IMAP and POP3
	Sending Servers // Submission
	// Empty are the sources that have answered, and have nothing for the domain.
	Empty []Source
	// Failed are the sources that could not be asked, or parts of them that could
	// not be used. What they would have said is not known.
	Failed []*SourceError
	// NoDomain says that the domain does not exist, by its DNS: the address is
	// probably mistyped.
	NoDomain bool
}

// Servers are the candidates for one use. Each list has the best first: in the
// order of the strongest proof, and among equals as the source has them.
type Servers struct {
	// Ready are servers that the domain itself vouches for, or that are under it
	// by name: a certificate for that name is the proof.
	Ready []Candidate
	// AskFirst are servers outside the domain for which only unsigned DNS, another
	// host or a table speaks; and guesses, if a source has failed that may have
	// known better. Before a connection to one is made, a person should be asked
	// (RFC 6186 §6). Nothing has been sent to servers outside the domain.
	AskFirst []Candidate
	// Refused are servers that a source names without TLS. They cannot be used;
	// Why says so.
	Refused []Candidate
	// Absent are the services, as in "imaps", that the domain's SRV records
	// declare not to exist.
	Absent []string
}

// Candidate is a server that may be the address's.
type Candidate struct {
	Endpoint dial.Endpoint // its port is always set
	// Users are the names to log in with, at most eight, the likeliest first. Only a login can
	// tell which is right.
	Users []string
	// Auth are the ways to log in that the source names, in its order; nil if it
	// names none.
	Auth []Method
	// Issuer is the https URL of the OAuth issuer that the source names, "" if it
	// names none. A program uses it to choose among issuers that it knows; what is
	// found at the URL is not to be trusted for being there.
	Issuer string
	Proofs []Proof // the strongest first; Users, Auth and Issuer are each from the strongest that has them
	Why    error   // of a Refused one: ErrCleartext
}

// Method is a way to log in that a source names.
type Method string

// The methods that sources name, with the credentials of package auth for them.
const (
	MethodPassword    Method = "password"           // auth.Password
	MethodEncrypted   Method = "encrypted password" // auth.Password that goes by challenge and response only
	MethodOAuth       Method = "oauth"              // auth.Token
	MethodCertificate Method = "client certificate" // auth.External
	MethodGSSAPI      Method = "gssapi"             // auth.SASL
	MethodNone        Method = "none"               // no login at all
)

// ErrCleartext is why a candidate is refused: its source names it without TLS.
var ErrCleartext = errors.New("the source names this server without TLS")

// SourceError is a source that could not be asked, or a part of one that could
// not be used.
type SourceError struct {
	Source Source // which one
	Err    error  // why
}

// Error returns the source and the cause, printable and in at most 512 bytes.
func (e *SourceError) Error() string {
	return wire.Printable(fmt.Sprintf("discover: %s: %v", e.Source, e.Err))
}

// Unwrap returns the cause: a *dns.Error, an error of package net/http with the
// certificate's in it, one of this package, or the end of the source's time.
func (e *SourceError) Unwrap() error { return e.Err }
