// Package report is what a run of check has seen: facts, and what they mean for a person.
// The terminal, JSON and the page show the same Report.
//
// Texts of servers are kept as they came, and may hold anything: escape sequences, markup,
// letters that turn the direction of writing. [Visible] makes them harmless.
package report

import (
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/policy"
)

// Schema is the version of the JSON form. It grows when a member changes its meaning or
// goes; a new member does not change it.
const Schema = 1

// Report is what one run has seen.
type Report struct {
	Schema    int        `json:"schema"`
	Asked     []string   `json:"asked"`            // the arguments of the run
	Demo      bool       `json:"demo,omitempty"`   // the servers are invented, each with one fault
	Made      time.Time  `json:"made"`             // when the run began
	Days      int        `json:"days"`             // how long a certificate is to be good for
	Expect    []string   `json:"expect,omitempty"` // what the run expected of each endpoint
	Domain    *Domain    `json:"domain,omitempty"` // of the mail address that was asked about
	Endpoints []Endpoint `json:"endpoints"`
	Findings  []Finding  `json:"findings"` // the most harmful first
}

// Endpoint is what is known of one endpoint.
type Endpoint struct {
	URL   dial.Endpoint `json:"url"`
	About string        `json:"about,omitempty"` // why it was looked at
	// Outcomes are those of the policies that have a meaning on the port, the strongest
	// first: [Endpoint.Main] is the first.
	Outcomes []Outcome     `json:"outcomes"`
	TLS      *TLS          `json:"tls,omitempty"`      // nil without a connection with TLS
	OldTLS   *OldTLS       `json:"old_tls,omitempty"`  // nil if it was not asked
	Chain    []Certificate `json:"chain,omitempty"`    // as the server sent it, its own first
	STARTTLS *STARTTLS     `json:"starttls,omitempty"` // nil on ports for implicit TLS
	Greeting string        `json:"greeting,omitempty"`
	Clear    *Offer        `json:"clear,omitempty"`  // what it lists without TLS
	Inside   *Offer        `json:"inside,omitempty"` // what it lists inside TLS
	Login    *Login        `json:"login,omitempty"`  // nil if no login was tried, or not to its end
	// Cut means that the run ended before all of the endpoint was looked at.
	Cut bool `json:"cut_short,omitempty"`
}

// Main is the outcome of the strongest policy, which the findings go by.
func (e *Endpoint) Main() *Outcome { return &e.Outcomes[0] }

// Implicit reports whether TLS begins with the first byte on the port.
func (e *Endpoint) Implicit() bool { return e.URL.Policy == policy.ImplicitTLS }

// Result is what became of a connection.
type Result string

// The results.
const (
	Protected Result = "protected" // TLS with a server that was verified, or pinned by the person
	Clear     Result = "clear"     // in the clear, as no-tls wants it
	Downgrade Result = "downgrade" // in the clear, since no TLS was offered
	None      Result = "none"      // no connection: Reason, Error and Hint say why
)

// Outcome is what one policy comes to.
type Outcome struct {
	Policy     policy.Policy `json:"policy"`
	Result     Result        `json:"result"`
	Reason     Reason        `json:"reason,omitempty"` // of a downgrade too
	Phase      dial.Phase    `json:"phase,omitempty"`  // where the connection failed
	Error      string        `json:"error,omitempty"`
	Hint       string        `json:"hint,omitempty"`
	Temporary  bool          `json:"temporary,omitempty"` // the same may succeed later
	Steps      []Step        `json:"steps,omitempty"`
	Transcript []string      `json:"transcript,omitempty"` // what both sides said, without secrets
}

// Step is the time that one phase took.
type Step struct {
	Phase dial.Phase `json:"phase"`
	At    int64      `json:"at_us"`   // since the beginning, in microseconds
	Took  int64      `json:"took_us"` // in microseconds
	Fail  bool       `json:"failed,omitempty"`
}

// TLS is what a handshake came to.
type TLS struct {
	Version     string `json:"version"`
	Suite       string `json:"suite"`
	KeyExchange string `json:"key_exchange,omitempty"`
	PostQuantum bool   `json:"post_quantum"` // what is recorded today is safe from quantum computers
	ALPN        string `json:"alpn,omitempty"`
	ServerName  string `json:"server_name"` // that the certificate was verified for
	Verified    string `json:"verified"`    // "pkix" or "pinned"
	Root        string `json:"root,omitempty"`
	// GoodUntil is when the last of the chains that verified ends, by the first of its
	// certificates to expire, and DaysLeft the days until then. Both are zero for a key that is
	// pinned.
	GoodUntil time.Time `json:"good_until,omitzero"`
	DaysLeft  int       `json:"days_left"`
}

// OldTLS is which versions before TLS 1.2 the server takes, asked on ports for implicit TLS.
type OldTLS struct {
	TLS10 bool `json:"tls1_0"`
	TLS11 bool `json:"tls1_1"`
}

// Any reports whether the server takes an old version.
func (o *OldTLS) Any() bool { return o != nil && (o.TLS10 || o.TLS11) }

// Certificate is one of a chain.
type Certificate struct {
	Names     []string  `json:"names,omitempty"` // that it is for
	Subject   string    `json:"subject"`
	Issuer    string    `json:"issuer"`
	Key       string    `json:"key"`      // as in "ECDSA P-256"
	KeyHash   string    `json:"key_hash"` // SHA-256 of the public key, in hexadecimal
	NotBefore time.Time `json:"not_before"`
	NotAfter  time.Time `json:"not_after"`
	DaysLeft  int       `json:"days_left"` // negative if it has expired
}

// STARTTLS is what a server makes of the upgrade.
type STARTTLS struct {
	Offered bool `json:"offered"` // it is in the list
	Works   bool `json:"works"`   // demanded, it led to TLS that was verified
	// Injected means that the client noticed bytes where an honest server sends none.
	Injected bool `json:"injected"`
	// Required means that no login is offered before it.
	Required bool `json:"required"`
}

// Offer is what a server lists.
type Offer struct {
	Capabilities []string `json:"capabilities"`
	Mechanisms   []string `json:"mechanisms"` // ways to log in
}

// Login is what became of one.
type Login struct {
	User      string `json:"user"`
	Mechanism string `json:"mechanism,omitempty"` // "" if the login failed
	Binding   string `json:"binding,omitempty"`   // of the login to the TLS connection
	Unbound   string `json:"unbound,omitempty"`   // why a binding that is offered did not work
	Error     string `json:"error,omitempty"`
	Hint      string `json:"hint,omitempty"`
}
