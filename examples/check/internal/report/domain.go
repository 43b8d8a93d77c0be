package report

import "github.com/mailconn/mailconn/dial"

// Domain is what is known of the domain of a mail address.
type Domain struct {
	Name    string   `json:"name"`
	Missing bool     `json:"missing,omitempty"` // it does not exist, by its DNS
	Sources []Source `json:"sources"`
	// Reading and Sending are the servers for each use, the best first.
	Reading []Candidate `json:"reading"`
	Sending []Candidate `json:"sending"`
	Absent  []string    `json:"absent,omitempty"` // services that the domain says it does not have
	MX      *MX         `json:"mx,omitempty"`     // nil if it was not asked
}

// Source is a way to learn of servers, and how it answered.
type Source struct {
	Name  string      `json:"name"`
	State SourceState `json:"state"`
	Error string      `json:"error,omitempty"` // of a source that failed
}

// SourceState is how a source answered.
type SourceState string

// The states.
const (
	Answered SourceState = "answered"
	Empty    SourceState = "empty"  // it has nothing for the domain
	Failed   SourceState = "failed" // what it would have said is not known
)

// Standing is whether a program may use a server without a question.
type Standing string

// The standings.
const (
	Ready    Standing = "ready"     // the domain vouches for it
	AskFirst Standing = "ask-first" // a person has to agree
	Rejected Standing = "rejected"  // named without TLS, and never used
)

// Candidate is a server that may be the domain's.
type Candidate struct {
	URL      dial.Endpoint `json:"url"`
	Standing Standing      `json:"standing"`
	Proofs   []Proof       `json:"proofs"` // the strongest first
	Users    []string      `json:"users,omitempty"`
	Ways     []string      `json:"ways,omitempty"` // to log in, as the sources name them
	Issuer   string        `json:"issuer,omitempty"`
}

// Proof is a source that names a server, and who vouches for that.
type Proof struct {
	Source  string `json:"source"`
	Voucher string `json:"voucher"`
	Host    string `json:"host"`
}
