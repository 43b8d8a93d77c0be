package script

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/mailconn/mailconn/policy"
)

//go:embed cases honest
var files embed.FS

// Cases returns all cases, in the order of their names.
func Cases() ([]*Case, error) {
	var all []*Case
	err := fs.WalkDir(files, "cases", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := files.ReadFile(file)
		if err != nil {
			return err
		}
		cases, err := Parse(strings.TrimSuffix(path.Base(file), ".txt"), string(text))
		all = append(all, cases...)
		return err
	})
	return all, err
}

// Honest returns the script of an honest server.
func Honest(p policy.Protocol) (*Case, error) {
	name := "honest/" + p.String() + ".txt"
	if p == policy.Submission {
		name = "honest/smtp.txt"
	}
	text, err := files.ReadFile(name)
	if err != nil {
		return nil, err
	}
	cases, err := Parse(name, string(text))
	if err != nil {
		return nil, err
	}
	if len(cases) != 1 {
		return nil, fmt.Errorf("%s: not one case", name)
	}
	return cases[0], nil
}

// Resets reports whether the case resets connections, which only TCP can.
func (c *Case) Resets() bool {
	return slices.ContainsFunc(c.steps(), func(s step) bool { return s.op == opRST })
}

// Stalls reports whether the server of the case may fall silent, or nearly so,
// with the connection open.
func (c *Case) Stalls() bool {
	return slices.ContainsFunc(c.steps(), func(s step) bool { return s.op == opHang || s.op == opDrip })
}

// Policies returns all policies, the weakest first.
func Policies() []policy.Policy {
	return []policy.Policy{policy.NoTLS, policy.OpportunisticSTARTTLS, policy.RequiredSTARTTLS, policy.ImplicitTLS}
}

// size returns how much a server may say, in bytes.
func (c *Case) size() int {
	n := 0
	for _, s := range c.steps() {
		n += len(s.text)
	}
	return n
}

// steps returns everything that a server of the case may do.
func (c *Case) steps() []step {
	var all []step
	for _, p := range []*part{c.clear, c.inside} {
		if p == nil {
			continue
		}
		all = append(all, p.greeting...)
		for _, r := range p.rules {
			all = append(all, r.steps...)
		}
	}
	return all
}

// Words returns what a server of the case says in the clear: its greeting, then
// its answer to each command.
func (c *Case) Words() []string {
	if c.clear == nil {
		return nil
	}
	list := []string{said(c.clear.greeting)}
	for _, r := range c.clear.rules {
		list = append(list, said(r.steps))
	}
	return list
}

func said(steps []step) string {
	var text string
	for _, s := range steps {
		if s.op == opSend {
			text += s.text
		}
	}
	return text
}
