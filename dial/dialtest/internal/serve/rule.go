package serve

import (
	"slices"
	"strings"
	"sync"
	"time"
)

// Rule is one thing that a server does otherwise; see package dialtest.
type Rule struct {
	At           string
	After, Times int
	Over         int
	Delay        time.Duration
	Do           func(command string)
	Reply        string
	Skip         bool
	Bytes        int
	End          End
}

// End is how a connection ends.
type End uint8

// The values of End.
const (
	GoOn End = iota
	Close
	Reset
	Stall
)

// Rules are those of a server, in the order in which they were given.
type Rules struct {
	mu       sync.Mutex
	list     []*counted
	commands []string
}

// Commands returns the moments so far that were commands.
func (r *Rules) Commands() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.commands)
}

// counted is a rule and how often it has matched.
type counted struct {
	Rule
	matched int
}

// Add adds rules behind those that are there.
func (r *Rules) Add(rules ...Rule) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, rule := range rules {
		r.list = append(r.list, &counted{Rule: rule})
	}
}

// Clear removes all rules.
func (r *Rules) Clear() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list = nil
}

// take returns the first rule that applies at a moment, on a server with so many
// open connections, and counts it.
func (r *Rules) take(moment string, open int) (Rule, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.Contains([]string{"connect", "greeting", "credentials", "idling"}, moment) {
		r.commands = append(r.commands, moment)
	}
	for _, c := range r.list {
		if open <= c.Over || !matches(c.At, moment) {
			continue
		}
		c.matched++
		if c.matched > c.After && (c.Times == 0 || c.matched <= c.After+c.Times) {
			return c.Rule, true
		}
	}
	return Rule{}, false
}

// matches reports whether a pattern is that of a moment, in any case. A "*" in it
// stands for anything, and so does what follows a blank behind it.
func matches(pattern, moment string) bool {
	moment = strings.ToUpper(moment)
	parts := strings.Split(strings.ToUpper(pattern), "*")
	rest, ok := strings.CutPrefix(moment, parts[0])
	if !ok {
		return false
	}
	for _, part := range parts[1:] {
		i := strings.Index(rest, part)
		if i < 0 {
			return false
		}
		rest = rest[i+len(part):]
	}
	return rest == "" || rest[0] == ' ' || parts[len(parts)-1] == ""
}
