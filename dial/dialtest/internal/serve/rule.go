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
	Choose       func(Moment) Rule
	Reply        string
	Obey         bool
	Skip         bool
	Bytes        int
	End          End
}

// none reports whether a rule that was chosen has nothing done.
func (r Rule) none() bool {
	return r.Delay == 0 && r.Do == nil && r.Reply == "" && !r.Skip && r.Bytes == 0 && r.End == GoOn
}

// Moment is when a rule applies.
type Moment struct {
	Command string  // or the moment's name
	Conn    int     // the connection's number, from 0
	Message Message // what an SMTP client has said of a message so far
}

// The moments that are no commands.
const (
	Connect     = "connect"
	Greeting    = "greeting"
	Credentials = "credentials"
	Idling      = "idling" // IMAP alone
	Closed      = "closed"
)

// Moments returns the moments that are no commands, of all protocols.
func Moments() []string { return []string{Connect, Greeting, Credentials, Idling, Closed} }

// Message is a message that an SMTP client sends.
type Message struct {
	From       string
	MailParams []string
	To         []string
	RcptParams [][]string // of each recipient
	Data       []byte
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
	forgets  bool // commands
	commands []string
}

// NewRules returns no rules. They keep the commands that they were asked about, or
// forget them.
func NewRules(forget bool) *Rules { return &Rules{forgets: forget} }

// Commands returns the moments so far that were commands.
func (r *Rules) Commands() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.commands)
}

// counted is a rule, and how often its moment has come and it has applied.
type counted struct {
	Rule
	passed, applied int
}

// Add adds rules after those that are there.
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

// Unused returns the patterns of the rules that have not applied.
func (r *Rules) Unused() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var unused []string
	for _, c := range r.list {
		if c.applied == 0 {
			unused = append(unused, c.At)
		}
	}
	return unused
}

// take returns the first rule that applies at a moment, on a server with so many
// open connections, and counts it. The zero Rule is none.
func (r *Rules) take(m Moment, open int) Rule {
	r.note(m.Command)
	for i := 0; ; i++ {
		var c *counted
		if i, c = r.next(i, m.Command, open); c == nil {
			return Rule{}
		}
		if c.Choose == nil {
			return c.Rule
		}
		if rule := c.Choose(m); !rule.none() && r.claim(c) { // unlocked: it may use the server
			return rule
		}
	}
}

// claim counts a rule that was chosen, unless other connections have used it up meanwhile.
func (r *Rules) claim(c *counted) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c.Times > 0 && c.applied >= c.Times {
		return false
	}
	c.applied++
	return true
}

func (r *Rules) note(command string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.forgets && !slices.Contains(Moments(), command) {
		r.commands = append(r.commands, command)
	}
}

// next returns the next rule from the i-th that applies, or may choose to, and
// where it stands.
func (r *Rules) next(i int, moment string, open int) (int, *counted) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for ; i < len(r.list); i++ {
		c := r.list[i]
		if open <= c.Over || !matches(c.At, moment) {
			continue
		}
		if c.passed++; c.passed <= c.After || c.Times > 0 && c.applied >= c.Times {
			continue
		}
		if c.Choose == nil {
			c.applied++
		}
		return i, c
	}
	return i, nil
}

// matches reports whether a pattern is that of a moment, in any case. A "*" in it
// stands for anything, and so does what follows a blank after it.
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
	return rest == "" || rest[0] == ' ' || strings.HasSuffix(pattern, "*")
}
