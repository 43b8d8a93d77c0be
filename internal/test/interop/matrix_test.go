package interop

import (
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/internal/test/interop/servers"
	"github.com/mailconn/mailconn/internal/test/sessions"
	"github.com/mailconn/mailconn/policy"
)

// voices are the servers of the matrix, and what they speak. Each pair has its
// rules in testdata/matrix/NAME-PROTOCOL.txt.
var voices = map[string][]policy.Protocol{
	"dovecot": {policy.IMAP, policy.POP3, policy.Submission},
	"postfix": {policy.SMTP, policy.Submission},
	"exim":    {policy.Submission},
	"node":    {policy.Submission},
	"cyrus":   {policy.IMAP, policy.POP3},
}

// cell is one of the matrix.
type cell struct {
	scenario  string
	policy    policy.Policy
	mechanism string
}

// withoutCert is the one scenario that is not called as the server's variant.
const withoutCert = "no-client-certificate"

// setting returns what the server is like in the cell, and whether the client
// brings a certificate.
func (c cell) setting() (v servers.Variant, bring bool) {
	if c.scenario == withoutCert {
		return servers.ClientCert, false
	}
	return servers.Variant(c.scenario), c.scenario == string(servers.ClientCert)
}

// TestMatrix tries every policy with every server, certificate and mechanism,
// and compares what came of it with what the rules say.
func TestMatrix(t *testing.T) {
	var cells atomic.Int64
	t.Cleanup(func() { t.Logf("%d cells in all", cells.Load()) })
	for name, protocols := range voices {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lab := servers.New(t)
			server := starts[name](lab)
			for _, p := range protocols {
				t.Run(p.String(), func(t *testing.T) {
					t.Parallel()
					file := filepath.Join("testdata", "matrix", name+"-"+p.String()+".txt")
					m := matrix{t, lab, server, p, must(readRules(file))(t)}
					cells.Add(int64(m.run(name)))
				})
			}
		})
	}
}

// matrix is that of one server and one protocol.
type matrix struct {
	t        *testing.T
	lab      *servers.Lab
	server   finder
	protocol policy.Protocol
	rules    *rules
}

// run returns how many cells there are.
func (m *matrix) run(name string) int {
	cells := m.cells()
	table := newTable(name+", "+m.protocol.String(), m.rules.mechanisms)
	for i, got := range m.tryAll(cells) {
		c := cells[i]
		if want := m.rules.want(c); got != want {
			m.t.Errorf("%s, %s, %s, %v, %s:\n got %s\nwant %s", name, m.protocol, c.scenario, c.policy, c.mechanism, got, want)
		}
		table.add(c, got)
	}
	if !m.t.Failed() {
		for _, rule := range m.rules.unused() {
			m.t.Errorf("%s, %s: no cell for the rule: %s", name, m.protocol, rule)
		}
	}
	m.t.Log(table)
	return table.cells
}

func (m *matrix) cells() (all []cell) {
	for _, scenario := range m.rules.scenarios {
		for pol := policy.NoTLS; pol <= policy.RequiredSTARTTLS; pol++ {
			if !m.rules.exists(scenario, pol) {
				continue
			}
			for _, mechanism := range m.rules.mechanisms {
				all = append(all, cell{scenario, pol, mechanism})
			}
		}
	}
	return all
}

// atOnce is how many cells of one server and protocol are tried at a time:
// servers answer a login that failed when they like.
const atOnce = 8

func (m *matrix) tryAll(cells []cell) []string {
	results := make([]string, len(cells))
	free := make(chan struct{}, atOnce)
	var all sync.WaitGroup
	for i, c := range cells {
		free <- struct{}{}
		all.Go(func() {
			results[i] = m.try(c)
			<-free
		})
	}
	all.Wait()
	return results
}

// try returns what comes of a cell.
func (m *matrix) try(c cell) string {
	ctx := m.t.Context()
	v, bring := c.setting()
	addr := find(m.server, m.protocol, c.policy, v)
	if addr == "" {
		return "nowhere"
	}
	conn, err := dialer(m.lab, addr, bring).Dial(ctx, endpoint(m.protocol, c.policy))
	if err != nil {
		return word(err)
	}
	channel := channel(conn.Security())
	cred := credentials(c.mechanism)
	s, err := sessions.New(ctx, conn, cred)
	if err != nil {
		return channel + " " + word(err)
	}
	defer sessions.Quit(ctx, s)
	if got := s.Security().Login.Mechanism; got != named(strings.TrimSuffix(c.mechanism, "!")) && got != "" {
		return channel + " in:" + strings.ReplaceAll(got, " ", "-")
	}
	return channel + " in"
}

// channel puts what was achieved into one word.
func channel(s dial.Security) string {
	switch {
	case s.Downgrade != nil:
		return "downgrade"
	case !s.Encrypted():
		return "clear"
	case !s.Confidential():
		return "unverified"
	}
	return map[uint16]string{0x303: "tls1.2", 0x304: "tls1.3"}[s.TLS.Version]
}
