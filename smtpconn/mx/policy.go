package mx

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/mailconn/mailconn/dial/dns"
)

// Mode is what an MTA-STS policy demands (RFC 8461 §5).
type Mode string

const (
	Enforce Mode = "enforce" // a host that fails the policy gets no mail
	Testing Mode = "testing" // it does, and the failure is in Session.Untrue
	None    Mode = "none"    // as if there were no policy
)

// Policy is an MTA-STS policy (RFC 8461 §3.2).
type Policy struct {
	ID      string        // of the TXT record under which it was fetched
	Mode    Mode          // what it demands
	MX      []string      // names of hosts, as A-labels; "*." in front stands for one label
	MaxAge  time.Duration // how long it counts, a year at most
	Fetched time.Time     // when it was fetched

	unsaved bool // it could not be put into the store
}

// Limits on policies: the bytes of a document, its MX patterns, and what RFC 8461 §3.2 has
// for the largest max_age, in seconds.
const (
	maxPolicy   = 64 << 10
	maxPatterns = 256
	maxMaxAge   = 31557600
)

// expired reports whether the policy has ceased to count.
func (p *Policy) expired(now time.Time) bool { return !now.Before(p.Fetched.Add(p.MaxAge)) }

// old reports whether it is time to fetch the policy again (RFC 8461 §10.2), or to put it
// into the store.
func (p *Policy) old(now time.Time) bool {
	return p.unsaved || now.Sub(p.Fetched) > min(renewAfter, p.MaxAge/2)
}

// copy returns a copy for a program, which may change it.
func (p *Policy) copy() *Policy {
	if p == nil {
		return nil
	}
	c := *p
	c.MX = slices.Clone(p.MX)
	return &c
}

// allows reports whether the policy names a host (RFC 8461 §4.1).
func (p *Policy) allows(host string) bool {
	_, parent, _ := strings.Cut(host, ".")
	return slices.Contains(p.MX, host) || parent != "" && slices.Contains(p.MX, "*."+parent)
}

// parsePolicy reads a document. Keys that are not known are ignored, and so are repeated
// ones but for mx, and patterns that name no host. The policy holds nothing else of text,
// as it is kept for long.
func parsePolicy(text string) (*Policy, error) {
	p, seen := new(Policy), map[string]string{}
	for line := range strings.Lines(text) {
		if line = strings.TrimRight(line, "\r\n"); strings.Trim(line, " \t") == "" {
			continue
		}
		key, value, ok := strings.Cut(line, ":")
		if value = strings.Trim(value, " \t"); !ok {
			return nil, fmt.Errorf("policy has a line without a colon: %.64q", line)
		}
		if key == "mx" {
			p.add(value)
		} else if _, again := seen[key]; !again {
			seen[key] = value
		}
	}
	if err := p.complete(seen); err != nil {
		return nil, err
	}
	return p, nil
}

// complete fills in what a document says beside its patterns.
func (p *Policy) complete(keys map[string]string) error {
	seconds, err := strconv.ParseUint(keys["max_age"], 10, 64)
	p.Mode, p.MaxAge = Mode(strings.Clone(keys["mode"])), time.Duration(min(seconds, maxMaxAge))*time.Second
	switch {
	case keys["version"] != "STSv1":
		return fmt.Errorf("policy of version %.64q", keys["version"])
	case p.Mode != Enforce && p.Mode != Testing && p.Mode != None:
		return fmt.Errorf("policy in mode %.64q", p.Mode)
	case err != nil && !errors.Is(err, strconv.ErrRange):
		return fmt.Errorf("policy with max_age %.64q", keys["max_age"])
	case p.MX == nil && p.Mode != None:
		return errors.New("policy that names no hosts")
	case len(p.MX) > maxPatterns:
		return fmt.Errorf("policy with more than %d hosts", maxPatterns)
	}
	return nil
}

// add adds a pattern, if it is one.
func (p *Policy) add(pattern string) {
	host, wild := strings.CutPrefix(pattern, "*.")
	name, err := dns.Canonical(host)
	if err != nil {
		return
	}
	if wild {
		name = "*." + name
	}
	if len(p.MX) <= maxPatterns {
		p.MX = append(p.MX, strings.Clone(name))
	}
}

// text returns the policy as it is stored: a document, with the id and the time as keys of
// its own.
func (p *Policy) text() []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "version: STSv1\nid: %s\nfetched: %s\nmode: %s\nmax_age: %d\n",
		p.ID, p.Fetched.UTC().Format(time.RFC3339), p.Mode, int64(p.MaxAge/time.Second))
	for _, host := range p.MX {
		fmt.Fprintf(&b, "mx: %s\n", host)
	}
	return []byte(b.String())
}

// parseStored reads what text returned.
func parseStored(text string) (*Policy, error) {
	p, err := parsePolicy(text)
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		switch key {
		case "id":
			p.ID = strings.Clone(value)
		case "fetched":
			if p.Fetched, err = time.Parse(time.RFC3339, value); err != nil {
				return nil, err
			}
		}
	}
	if p.ID == "" || p.Fetched.IsZero() {
		return nil, errors.New("a stored policy without its id or its time")
	}
	return p, nil
}

// policyID returns the id that TXT records announce a policy with, and "" if they
// announce none (RFC 8461 §3.1).
func policyID(records []string) (id string) {
	count := 0
	for _, text := range records {
		fields := strings.Split(text, ";")
		if strings.Trim(fields[0], " \t") != "v=STSv1" || text[0] != 'v' {
			continue
		}
		count++
		for _, field := range fields[1:] {
			key, value, _ := strings.Cut(strings.Trim(field, " \t"), "=")
			if key == "id" && id == "" && isID(value) {
				id = strings.Clone(value) // the policy that is kept has it
			}
		}
	}
	if count != 1 {
		return ""
	}
	return id
}

func isID(s string) bool {
	alnum := func(r rune) bool {
		return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
	}
	return s != "" && len(s) <= 32 && strings.IndexFunc(s, func(r rune) bool { return !alnum(r) }) < 0
}
