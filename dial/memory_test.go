package dial_test

import (
	"context"
	"crypto/tls"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/dialtest"
	"github.com/mailconn/mailconn/dial/peers"
	"github.com/mailconn/mailconn/internal/test/papers"
	"github.com/mailconn/mailconn/internal/test/testserver"
	"github.com/mailconn/mailconn/policy"
)

// outcomes has the outcome of a dial for each record, network and policy. It is the
// same for every protocol. "key" and "issuer" mean that the change is reported.
const outcomes = `
remembered      network    opportunistic         required              implicit              no-tls
nothing         honest     TLS                   TLS                   TLS                   clear
nothing         stripped   clear                 fail NotOffered       -                     clear
nothing         TLS 1.2    TLS                   TLS                   TLS                   clear
TLS             honest     TLS                   TLS                   TLS                   clear
TLS             stripped   fail Remembered       fail NotOffered       -                     clear
TLS             renewed    TLS                   TLS                   TLS                   clear
TLS             TLS 1.2    TLS                   TLS                   TLS                   clear
TLS, floor      TLS 1.2    fail VersionLowered   fail VersionLowered   fail VersionLowered   clear
TLS, floor      honest     TLS                   TLS                   TLS                   clear
TLS 1.2, floor  TLS 1.2    TLS                   TLS                   TLS                   clear
TLS 1.2, floor  honest     TLS                   TLS                   TLS                   clear
other key       honest     TLS key               TLS key               TLS key               clear
other issuer    honest     TLS issuer            TLS issuer            TLS issuer            clear
other key       stripped   fail Remembered       fail NotOffered       -                     clear
expired         honest     TLS                   TLS                   TLS                   clear
expired         stripped   clear expired         fail NotOffered       -                     clear
expired, floor  TLS 1.2    TLS                   TLS                   TLS                   clear
future          stripped   fail Remembered       fail NotOffered       -                     clear
far future      stripped   fail Remembered       fail NotOffered       -                     clear
unreadable      honest     TLS                   TLS                   TLS                   clear
unreadable      stripped   fail Memory           fail NotOffered       -                     clear
unreadable      TLS 1.2    TLS                   TLS                   TLS                   clear
corrupt         stripped   fail Memory           fail NotOffered       -                     clear
corrupt         honest     TLS                   TLS                   TLS                   clear
may be forgot   stripped   clear                 fail NotOffered       -                     clear
`

// fixed is a store that has one record for every peer, and never changes.
type fixed struct {
	record *peers.Record
	err    error
}

func (f fixed) Recall(context.Context, peers.Peer) (*peers.Record, error) { return f.record, f.err }
func (f fixed) Remember(context.Context, peers.Peer, peers.Record) error  { return nil }

// remembering returns the store and the rules that a first column stands for. home is
// the record of the honest server.
func remembering(t *testing.T, state string, home peers.Record) (peers.Store, peers.Rules) {
	t.Helper()
	name, floor := strings.CutSuffix(state, ", floor")
	options := peers.Rules{HoldVersion: floor}
	r := home
	switch name {
	case "nothing":
		return fixed{}, options
	case "unreadable":
		return fixed{err: errors.New("disk on fire")}, options
	case "may be forgot":
		options.InsecureForget = true
		return fixed{err: errors.New("disk on fire")}, options
	case "corrupt":
		r.Version = 0
	case "TLS":
	case "TLS 1.2":
		r.Version = tls.VersionTLS12
	case "other key":
		r.Leaf[0] ^= 1
	case "other issuer":
		r.Issuer[0] ^= 1
	case "expired":
		r.FirstSeen = r.FirstSeen.Add(-2 * r.Lifetime)
		r.LastSeen = r.FirstSeen
	case "future":
		r.LastSeen = r.LastSeen.Add(time.Hour)
	case "far future":
		r.LastSeen = r.LastSeen.AddDate(50, 0, 0)
	default:
		t.Fatalf("remembered %q", state)
	}
	return fixed{record: &r}, options
}

// networks has the servers of a protocol for STARTTLS and for implicit TLS, by second
// column.
func networks(t *testing.T, ca *dialtest.CA, p policy.Protocol) map[string][2]*dialtest.Server {
	t.Helper()
	all := map[string][2]*dialtest.Server{}
	for name, c := range map[string]dialtest.Config{
		"honest":   {},
		"renewed":  {},
		"stripped": {NoSTARTTLS: true},
		"TLS 1.2":  {TLS: &tls.Config{MaxVersion: tls.VersionTLS12}},
	} {
		c.Protocol, c.CA = p, ca
		var pair [2]*dialtest.Server
		for i := range pair {
			c.Implicit = i == 1
			pair[i] = testserver.Start(t, c)
		}
		all[name] = pair
	}
	return all
}

func newCA(t *testing.T) *dialtest.CA {
	t.Helper()
	ca, err := dialtest.NewCA()
	if err != nil {
		t.Fatal(err)
	}
	return ca
}

// learned returns the record that a dial adds.
func learned(t *testing.T, d dial.Dialer, e dial.Endpoint) peers.Record {
	t.Helper()
	var got peers.Record
	d.Peers = fixed{}
	d.Trace = &dial.Trace{Remembered: func(_ dial.Endpoint, r peers.Record, _ error) { got = r }}
	conn, err := d.Dial(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	return got
}

func TestMemoryOutcomes(t *testing.T) {
	reasons := map[string]error{
		"NotOffered": policy.ErrNotOffered, "Remembered": policy.ErrRemembered,
		"Memory": policy.ErrMemory, "VersionLowered": policy.ErrVersionLowered,
	}
	policies := []policy.Policy{policy.OpportunisticSTARTTLS, policy.RequiredSTARTTLS, policy.ImplicitTLS, policy.NoTLS}
	ca, cells := newCA(t), 0
	for _, proto := range []policy.Protocol{policy.IMAP, policy.POP3, policy.Submission, policy.SMTP} {
		servers := networks(t, ca, proto)
		d := dial.Dialer{TLSConfig: ca.ClientConfig(), LocalName: "client.test"}
		home := learned(t, d, servers["honest"][0].Endpoint(policy.RequiredSTARTTLS))
		for row := range strings.SplitSeq(strings.TrimSpace(outcomes), "\n") {
			c := fields(row)
			if c[0] == "remembered" {
				continue
			}
			d.Peers, d.PeerRules = remembering(t, c[0], home)
			for i, p := range policies {
				if c[2+i] == "-" {
					continue
				}
				server := servers[c[1]][0]
				if p == policy.ImplicitTLS {
					server = servers[c[1]][1]
				}
				cells++
				conn, err := d.Dial(t.Context(), server.Endpoint(p))
				if got := outcome(conn, err); got != c[2+i] && !(err != nil && reasons[strings.TrimPrefix(c[2+i], "fail ")] == got) {
					t.Errorf("%v, %s, %s, %v: %v (%v), want %s", proto, c[0], c[1], p, got, err, c[2+i])
				}
				if conn != nil {
					conn.Abort()
				}
			}
		}
	}
	papers.Says(t, "SECURITY.md", "%d cells", cells)
}

// outcome returns the outcome of a dial as the table names it. For a violation that is
// the reason.
func outcome(conn *dial.Conn, err error) any {
	var v *policy.Violation
	if errors.As(err, &v) {
		return v.Reason
	}
	if err != nil {
		return err
	}
	s := conn.Security()
	words := "clear"
	if s.Encrypted() {
		words = "TLS"
	}
	var past *peers.Known
	if s.Downgrade != nil && errors.As(s.Downgrade, &past) && past.Expired {
		words += " expired"
	}
	if s.KeyChanged() {
		words += " key"
	}
	if s.IssuerChanged() {
		words += " issuer"
	}
	return words
}

// fields splits a row at two or more blanks.
func fields(row string) []string {
	var list []string
	for cell := range strings.SplitSeq(row, "  ") {
		if cell = strings.TrimSpace(cell); cell != "" {
			list = append(list, cell)
		}
	}
	return list
}
