package interop

import (
	"bufio"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/mailconn/mailconn/policy"
)

// rules are what must come of every cell of one server's matrix, as a file in
// testdata/matrix has it. The file is three tables, with # before comments:
//
//	connect  POLICY...             a line for each scenario, and what comes of
//	SCENARIO OUTCOME...            dialling under each policy; "-" is no cell
//
//	login     CHANNEL...           a line for each mechanism, and what comes of
//	MECHANISM OUTCOME...           it on the connections that came about
//
//	except                         for both: patterns, the first that matches
//	SCENARIO POLICY MECHANISM OUTCOME    counts, before the table above
//
// A channel is an outcome of the first table that is a connection.
type rules struct {
	scenarios, policies  []string
	mechanisms, channels []string
	connect, login       map[[2]string]string
	exceptions           []exception
	used                 map[string]bool
}

type exception struct{ scenario, policy, mechanism, outcome string }

func readRules(name string) (*rules, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r := &rules{connect: map[[2]string]string{}, login: map[[2]string]string{}, used: map[string]bool{}}
	part := ""
	for lines := bufio.NewScanner(f); lines.Scan(); {
		text, _, _ := strings.Cut(lines.Text(), "#")
		fields := strings.Fields(text)
		if len(fields) == 0 {
			continue
		}
		switch fields[0] {
		case "connect":
			part, r.policies = fields[0], fields[1:]
		case "login":
			part, r.channels = fields[0], fields[1:]
		case "except":
			part = fields[0]
		default:
			if err := r.add(part, fields); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return r, nil
}

func (r *rules) add(part string, fields []string) error {
	columns, table := r.policies, r.connect
	switch part {
	case "connect":
		r.scenarios = append(r.scenarios, fields[0])
	case "login":
		r.mechanisms = append(r.mechanisms, fields[0])
		columns, table = r.channels, r.login
	case "except":
		columns = []string{"policy", "mechanism", "outcome"}
	}
	if len(fields) != 1+len(columns) {
		return fmt.Errorf("%q has %d outcomes, not %d", fields[0], len(fields)-1, len(columns))
	}
	if part == "except" {
		r.exceptions = append(r.exceptions, exception{fields[0], fields[1], fields[2], fields[3]})
		return nil
	}
	for i, column := range columns {
		table[[2]string{fields[0], column}] = fields[1+i]
	}
	return nil
}

// exists reports whether there is a cell.
func (r *rules) exists(scenario string, pol policy.Policy) bool {
	w, ok := r.connect[[2]string{scenario, pol.String()}]
	return ok && w != "-"
}

// want returns the outcome of a cell, "connection login", or the connection's
// alone if there is none.
func (r *rules) want(c cell) string {
	connect := r.connect[[2]string{c.scenario, c.policy.String()}]
	if !slices.Contains(r.channels, connect) {
		return connect
	}
	for i, e := range r.exceptions {
		if match(e.scenario, c.scenario) && match(e.policy, c.policy.String()) && match(e.mechanism, c.mechanism) {
			r.used[fmt.Sprint("exception ", i+1)] = true
			return connect + " " + e.outcome
		}
	}
	r.used[c.mechanism+" on "+connect] = true
	return connect + " " + r.login[[2]string{c.mechanism, connect}]
}

func match(pattern, name string) bool {
	ok, err := path.Match(pattern, name)
	return ok && err == nil
}

// unused returns the rules that no cell has asked for: they say nothing.
func (r *rules) unused() (all []string) {
	for i := range r.exceptions {
		if name := fmt.Sprint("exception ", i+1); !r.used[name] {
			all = append(all, name)
		}
	}
	for key := range r.login {
		if name := key[0] + " on " + key[1]; !r.used[name] {
			all = append(all, name)
		}
	}
	return all
}
