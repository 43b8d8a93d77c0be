package report

import "slices"

// Harm is what a finding comes to for the people who use the server.
type Harm string

// The harms, the greatest first.
const (
	Suspect     Harm = "suspect"     // there may be an attacker in the server's place
	Exposed     Harm = "exposed"     // passwords or mail can be read, or changed, by others
	Locked      Harm = "locked"      // programs that keep their policy cannot use the server
	NoLogin     Harm = "login"       // user and password were not taken
	Undelivered Harm = "undelivered" // mail from other servers may not arrive
	Unlike      Harm = "unlike"      // not as the run was told to expect
	Unknown     Harm = "unknown"     // it could not be looked at
	Soon        Harm = "soon"        // it will stop working
	Weaker      Harm = "weaker"      // weaker than it could be
)

// Harms returns all harms, the greatest first.
func Harms() []Harm {
	return []Harm{Suspect, Exposed, Locked, NoLogin, Undelivered, Unlike, Unknown, Soon, Weaker}
}

// Finding is something that is not as it should be.
type Finding struct {
	ID    string   `json:"id"`    // the same for all findings of one kind
	Harm  Harm     `json:"harm"`  // what they are ordered by
	Where []string `json:"where"` // endpoints, or a domain
	What  string   `json:"what"`  // what is wrong
	Next  string   `json:"next"`  // what to do, and who does it; settings and commands stand in backquotes
}

// Sort orders findings by harm, the greatest first, and otherwise leaves their order.
func Sort(all []Finding) {
	slices.SortStableFunc(all, func(a, b Finding) int {
		return slices.Index(Harms(), a.Harm) - slices.Index(Harms(), b.Harm)
	})
}

// The status of a program for scripts.
const (
	StatusPromised = 0 // all was looked at, and nothing found
	StatusFindings = 1
	StatusNoLook   = 2 // something could not be looked at, and nothing was found elsewhere
)

// Status returns the exit status for what was found.
func (r *Report) Status() int {
	status := StatusPromised
	for _, f := range r.Findings {
		if f.Harm != Unknown {
			return StatusFindings
		}
		status = StatusNoLook
	}
	return status
}
