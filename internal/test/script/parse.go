package script

import (
	"errors"
	"fmt"
	"strings"

	"github.com/mailconn/mailconn/policy"
)

// Case is one script.
type Case struct {
	Name      string
	About     string
	Protocol  policy.Protocol
	TLS       string // kind of TLS on the port for it; see TLSConfig
	Pending   string
	Elsewhere string
	Expect    map[policy.Policy]Outcome // of a dial
	session   map[policy.Policy]Outcome

	implicitClear bool
	joinedOnly    bool
	clear, inside *part
}

// Outcome is what must come of a case: a word for the result, and for a
// failure the phase in which it must show ("" for any).
type Outcome struct {
	Result string
	Phase  string
}

func (o Outcome) String() string { return strings.TrimSpace(o.Result + " " + o.Phase) }

// part is what a server does at one level, in the clear or inside TLS.
type part struct {
	greeting []step
	rules    []rule
}

type rule struct {
	command string
	steps   []step
}

// Parse reads a script; with a vary header it makes several cases.
func Parse(name, text string) ([]*Case, error) {
	words := []string{""}
	for line := range strings.Lines(text) {
		if list, ok := strings.CutPrefix(line, "vary:"); ok {
			words = strings.Fields(list)
		}
	}
	var cases []*Case
	for _, w := range words {
		c := &Case{Name: name, Expect: map[policy.Policy]Outcome{}, session: map[policy.Policy]Outcome{}, TLS: "good"}
		if w != "" {
			c.Name += "/" + w
		}
		if err := c.parse(strings.ReplaceAll(text, "<v>", w)); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		cases = append(cases, c)
	}
	return cases, nil
}

func (c *Case) parse(text string) error {
	var at *part
	for n, line := range strings.Split(text, "\n") {
		var err error
		switch key, value, header := strings.Cut(line, ":"); {
		case strings.TrimSpace(line) == "":
		case strings.HasPrefix(line, "#"):
			c.About = strings.TrimSpace(c.About + " " + strings.TrimSpace(line[1:]))
		case line == "--- tls":
			c.inside = &part{}
			at = c.inside
		case at == nil && header && key == strings.ToLower(key):
			err = c.header(key, strings.TrimSpace(value))
		default:
			if at == nil {
				c.clear = &part{}
				at = c.clear
			}
			err = at.add(line)
		}
		if err != nil {
			return fmt.Errorf("line %d: %w", n+1, err)
		}
	}
	if !c.Protocol.Valid() || c.About == "" {
		return errors.New("no protocol or no description")
	}
	return nil
}

func (c *Case) header(key, value string) error {
	if name, ok := strings.CutPrefix(key, "expect "); ok {
		return expect(c.Expect, name, value)
	}
	if name, ok := strings.CutPrefix(key, "session "); ok {
		return expect(c.session, name, value)
	}
	switch key {
	case "protocol":
		for p := policy.IMAP; p.Valid(); p++ {
			if p.String() == value {
				c.Protocol = p
				return nil
			}
		}
		return fmt.Errorf("unknown protocol %q", value)
	case "tls":
		c.TLS = value
	case "pending":
		c.Pending = value
	case "elsewhere":
		c.Elsewhere = value
	case "implicit":
		c.implicitClear = value == "clear"
	case "segments":
		c.joinedOnly = value == "joined"
	case "vary":
	default:
		return fmt.Errorf("unknown header %q", key)
	}
	return nil
}

func expect(m map[policy.Policy]Outcome, name, value string) error {
	p, err := policy.Parse(name)
	if err != nil || p == 0 {
		return fmt.Errorf("unknown policy %q", name)
	}
	result, phase, _ := strings.Cut(value, " ")
	m[p] = Outcome{result, phase}
	return nil
}

// Session returns what must come of the case for a session that logs in: what
// the script says, or what follows from the outcome of the dial.
func (c *Case) Session(p policy.Policy) Outcome {
	if o, ok := c.session[p]; ok {
		return o
	}
	o := c.Expect[p]
	if o.Result == "plain" || o.Result == "downgrade" {
		return Outcome{"auth-cleartext", "auth"}
	}
	return o
}

// Segmentations returns the ways to cut what the server says that make sense
// for the case.
func (c *Case) Segmentations() []Segments {
	switch {
	case c.joinedOnly:
		return []Segments{Joined}
	case c.size() > 4096:
		return []Segments{Joined, Lines}
	}
	return []Segments{Joined, Lines, Bytes}
}

// add adds a line of the script to a part.
func (p *part) add(line string) error {
	if command, ok := strings.CutPrefix(line+" ", "C: "); ok {
		command = strings.TrimSuffix(command, " ")
		p.rules = append(p.rules, rule{command: command})
		return nil
	}
	s, err := parseStep(line)
	if err != nil {
		return err
	}
	if len(p.rules) == 0 {
		p.greeting = append(p.greeting, s)
		return nil
	}
	last := &p.rules[len(p.rules)-1]
	last.steps = append(last.steps, s)
	return nil
}

// match returns the answer to a command, and whether there is one.
func (p *part) match(command string) ([]step, bool) {
	for _, r := range p.rules {
		want, any := strings.CutSuffix(r.command, "*")
		if want == `\` { // "\*": a star, as it cancels an authentication
			want, any = "*", false
		}
		if strings.EqualFold(command, want) || any && len(command) >= len(want) && strings.EqualFold(command[:len(want)], want) {
			return r.steps, true
		}
	}
	return nil, false
}
