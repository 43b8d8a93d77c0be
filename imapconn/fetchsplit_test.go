package imapconn_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/imapconn"
)

// writer writes values as a server may: a string quoted or as a literal, as it likes.
type writer struct {
	*rand.Rand
}

// str returns a string in one of its forms; "" may be NIL.
func (w writer) str(text string) string {
	switch {
	case text == "" && w.IntN(2) == 0:
		return "NIL"
	case w.IntN(2) == 0 || strings.ContainsAny(text, "\r\n"):
		return fmt.Sprintf("{%d}\r\n%s", len(text), text)
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}

// made is a message that a test has made, as it has to come.
type made struct {
	uid     imap.UID
	subject string
	name    string
	box     string
	depth   int
	body    string
}

// madeMessages returns n messages: with quotes, backslashes, what is not ASCII, nothing at all.
func madeMessages(r *rand.Rand, n int) []made {
	texts := []string{"", "plain", `q"u\o`, "Grüße", "\xff\xfe raw", ") * 1 FETCH (UID 9)", "a {3}", strings.Repeat("long ", 50), "NIL"}
	all := make([]made, n)
	for i := range all {
		pick := func() string { return texts[r.IntN(len(texts))] }
		all[i] = made{uid: imap.UID(i + 1), subject: pick(), name: pick(), box: pick() + "x", depth: r.IntN(3), body: strings.Repeat(pick()+"\r\n", r.IntN(20))}
	}
	all[n/2].depth = 50
	return all
}

// response returns a FETCH with the message.
func (w writer) response(m made) string {
	address := "((" + w.str(m.name) + " NIL " + w.str(m.box) + ` "example.org"))`
	items := []string{
		fmt.Sprintf("UID %d", m.uid),
		fmt.Sprintf("RFC822.SIZE %d", len(m.body)),
		`FLAGS (\Seen $x)`,
		"ENVELOPE (NIL " + w.str(m.subject) + " " + address + " NIL NIL " + address + ` NIL NIL NIL NIL)`,
		"BODYSTRUCTURE " + strings.Repeat("(", m.depth) + `("text" "plain" NIL NIL ` + w.str(m.name) + ` "7bit" 3 1)` + strings.Repeat(` "mixed")`, m.depth),
		fmt.Sprintf("BODY[]<0> {%d}\r\n%s", len(m.body), m.body),
	}
	w.Shuffle(len(items), func(i, j int) { items[i], items[j] = items[j], items[i] })
	return fmt.Sprintf("* %d FETCH (%s)\r\n", m.uid, strings.Join(items, " "))
}

// check fails if m is not what was made.
func (want made) check(t *testing.T, m *imapconn.Message, body []byte) {
	t.Helper()
	e := m.Envelope
	if m.UID != want.uid || e == nil || e.Subject != want.subject || len(e.From) != 1 || e.From[0].Name != want.name ||
		e.From[0].Mailbox != want.box || len(e.To) != 1 || len(e.Cc) != 0 || string(body) != want.body || len(m.Flags) != 2 {
		t.Errorf("%+v %+v %q\nwant %+v", m, e, body, want)
	}
	depth := 0
	for part := m.BodyStructure; ; depth++ {
		multi, ok := part.(*imap.BodyStructureMultiPart)
		if !ok {
			break
		}
		part = multi.Children[0]
	}
	if depth != want.depth {
		t.Errorf("UID %d: %d parts within each other, want %d", m.UID, depth, want.depth)
	}
}

// pieces is a connection whose writes arrive in two pieces, or byte by byte.
type pieces struct {
	net.Conn
	at int // where the answer is split; 0: everywhere
}

func (c pieces) Write(p []byte) (n int, err error) {
	if c.at > 0 && c.at < len(p) {
		c.Conn.Write(p[:c.at])
		_, err = c.Conn.Write(p[c.at:])
		return len(p), err
	}
	for i := 0; c.at == 0 && i < len(p); i++ {
		if _, err = c.Conn.Write(p[i : i+1]); err != nil {
			return i, err
		}
	}
	if c.at > 0 {
		return c.Conn.Write(p)
	}
	return len(p), nil
}

// fetchMade fetches messages from a server that says answer in pieces.
func fetchMade(t *testing.T, all []made, answer string, at int) {
	t.Helper()
	client, server := net.Pipe()
	s := &recorder{answer: func(command string) string {
		if !strings.Contains(command, "BODY") {
			var sizes strings.Builder
			for _, m := range all {
				fmt.Fprintf(&sizes, "* %d FETCH (UID %d RFC822.SIZE %d)\r\n", m.uid, m.uid, len(m.body))
			}
			return sizes.String()
		}
		return answer
	}}
	go s.serve(pieces{server, at}, "")
	c := over(t, client, nil)
	defer c.Close()
	n := 0
	for m, err := range c.FetchEach(t.Context(), imap.UIDSet{{Start: 1}}, &imapconn.FetchOptions{Envelope: true, BodyStructure: true}) {
		if err != nil {
			t.Fatalf("split at %d: %v", at, err)
		}
		body, err := io.ReadAll(m)
		if err != nil {
			t.Fatalf("split at %d: %v", at, err)
		}
		all[n].check(t, m, body)
		n++
	}
	if n != len(all) {
		t.Errorf("split at %d: %d messages, want %d", at, n, len(all))
	}
}

// Messages come as they were made, in whatever form and in whatever pieces a server sends them.
func TestFetchEachIsAsMade(t *testing.T) {
	for seed := range uint64(5) {
		r := rand.New(rand.NewPCG(seed, 1))
		all := madeMessages(r, 200)
		var answer strings.Builder
		for _, m := range all {
			answer.WriteString(writer{r}.response(m))
		}
		fetchMade(t, all, answer.String(), 1+r.IntN(answer.Len()))
	}
	r := rand.New(rand.NewPCG(7, 7))
	all := madeMessages(r, 3)
	var answer strings.Builder
	for _, m := range all {
		answer.WriteString(writer{r}.response(m))
	}
	for at := range answer.Len() {
		fetchMade(t, all, answer.String(), at)
	}
}
