package discover

import (
	"errors"
	"fmt"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/internal/wire"
)

// Result is what [Find] has found.
type Result struct {
	Reading Servers // IMAP and POP3
	Sending Servers // Submission
	// Empty are the sources that answered and have nothing for the domain.
	Empty []Source
	// Failed has the sources that could not be asked, and the parts of sources that
	// could not be used. It is not known what they would have said.
	Failed []*SourceError
	// NoDomain says that the domain does not exist in the DNS: the address is probably
	// mistyped.
	NoDomain bool
}

// Servers are the candidates for one use, reading or sending. Each list is ordered by
// the strongest proof, and among equals as the source orders them.
type Servers struct {
	// Ready has servers that the domain itself vouches for, and servers under the
	// domain, which prove themselves by a certificate for their names.
	Ready []Candidate
	// AskFirst has servers outside the domain that only unsigned DNS, another host or a
	// table names, and guesses, if a source has failed that may have known better. A
	// program should ask a person before it connects to one (RFC 6186 §6). Find has
	// sent nothing to servers outside the domain.
	AskFirst []Candidate
	// Refused has servers that a source names without TLS. They are not to be used.
	Refused []Candidate
	// Absent has the services, such as "imaps", that the domain's SRV records declare
	// not to exist.
	Absent []string
}

// Candidate is a server that the address may have.
type Candidate struct {
	Endpoint dial.Endpoint // its port is always set
	// Users has the names to log in with, at most eight, the likeliest first. Only a
	// login can tell which is right.
	Users []string
	// Auth has the ways to log in that the source names, in its order; nil if it names
	// none.
	Auth []Method
	// Issuer is the https URL of the OAuth issuer that the source names; empty if it
	// names none. A program uses it to choose among the issuers that it knows. It must
	// not trust what it finds at the URL because a source names it.
	Issuer string
	Proofs []Proof // the strongest first; Users, Auth and Issuer are each from the strongest that has them
	Why    error   // why it is in Refused: ErrCleartext; otherwise nil
}

// Method is a way to log in that a source names.
type Method string

// The methods that sources name, with the credentials of package auth for them.
const (
	MethodPassword    Method = "password"           // auth.Password
	MethodEncrypted   Method = "encrypted password" // auth.Password, by challenge and response only
	MethodOAuth       Method = "oauth"              // auth.Token
	MethodCertificate Method = "client certificate" // auth.External
	MethodGSSAPI      Method = "gssapi"             // auth.SASL
	MethodNone        Method = "none"               // no login at all
)

// ErrCleartext is the reason why a candidate is in [Servers.Refused]: its source names it
// without TLS.
var ErrCleartext = errors.New("the source names this server without TLS")

// SourceError is the error of a source that could not be asked, or of a part of one that
// could not be used.
type SourceError struct {
	Source Source // the source
	Err    error  // the cause
}

// Error returns the source and the cause, printable and at most 512 bytes long.
func (e *SourceError) Error() string {
	return wire.Printable(fmt.Sprintf("discover: %s: %v", e.Source, e.Err))
}

// Unwrap returns the cause: a *dns.Error, an error of package net/http, which may wrap
// that of a certificate, an error of this package, or that of the source's timeout.
func (e *SourceError) Unwrap() error { return e.Err }
