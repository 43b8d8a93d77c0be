package cost_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/internal/test/scripttest"
	"github.com/mailconn/mailconn/internal/test/sockettest"
	"github.com/mailconn/mailconn/policy"
)

// messages is what a server says to a FETCH: the items of n messages.
func messages(n int, items string) []byte {
	var b bytes.Buffer
	for i := range n {
		fmt.Fprintf(&b, "* %d FETCH (UID %d %s)\r\n", i+1, i+1, items)
	}
	return b.Bytes()
}

// metadata is what a mail client shows of a message.
const metadata = `FLAGS (\Seen) ENVELOPE ("Mon, 7 Feb 1994 21:52:25 -0800" "a subject" (("Joe" NIL "joe" "a.test")) (("Joe" NIL "joe" "a.test")) (("Joe" NIL "joe" "a.test")) (("Ann" NIL "ann" "b.test")) NIL NIL NIL "<1@a.test>") ` +
	`BODYSTRUCTURE (("text" "plain" ("charset" "utf-8") NIL NIL "7bit" 12 1 NIL NIL NIL NIL)("text" "html" ("charset" "utf-8") NIL NIL "7bit" 120 10 NIL NIL NIL NIL) "alternative" ("boundary" "x") NIL NIL NIL)`

// fetching returns a connection to a server that says the same to each FETCH, inside TLS if
// there is a config.
func fetching(b *testing.B, said []byte, config *tls.Config) net.Conn {
	client, server := sockettest.Pair(b, "tcp")
	if config != nil {
		server = tls.Server(server, config)
	}
	go func() {
		defer server.Close()
		io.WriteString(server, "* PREAUTH [CAPABILITY IMAP4rev1] ready\r\n")
		in := bufio.NewReader(server)
		for {
			line, err := in.ReadString('\n')
			if err != nil {
				return
			}
			tag, command, _ := strings.Cut(line, " ")
			if strings.HasPrefix(command, "FETCH") {
				server.Write(said)
			}
			io.WriteString(server, tag+" OK done\r\n")
		}
	}()
	return client
}

// fetcher is what the bare client and a session have in common.
type fetcher interface {
	Fetch(imap.NumSet, *imap.FetchOptions) *imapclient.FetchCommand
	Close() error
}

// BenchmarkFetch shows what the reader costs beside go-imap's client alone.
func BenchmarkFetch(b *testing.B) {
	for _, c := range []struct {
		name  string
		n     int
		items string
		tls   bool
	}{
		{"flags", 10000, `FLAGS (\Seen)`, false},
		{"metadata", 10000, metadata, false},
		{"bodies of 4 KB", 2000, "BODY[] {4096}\r\n" + strings.Repeat("x", 4096), false},
		{"a body of 50 MB", 1, "BODY[] {52428800}\r\n" + strings.Repeat("x", 50<<20), false},
		{"bodies of 4 KB over TLS", 2000, "BODY[] {4096}\r\n" + strings.Repeat("x", 4096), true},
		{"a body of 50 MB over TLS", 1, "BODY[] {52428800}\r\n" + strings.Repeat("x", 50<<20), true},
	} {
		said := messages(c.n, c.items)
		for _, over := range []string{"imapclient", "mailconn"} {
			b.Run(c.name+"/"+over, func(b *testing.B) {
				client := connected(b, over, said, c.tls)
				defer client.Close()
				b.SetBytes(int64(len(said)))
				b.ReportAllocs()
				for b.Loop() {
					drain(b, client.Fetch(imap.SeqSet{{Start: 1, Stop: 0}}, nil))
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(c.n), "ns/message")
			})
		}
	}
}

func connected(b *testing.B, over string, said []byte, inTLS bool) fetcher {
	player, pol := scripttest.New(b), policy.NoTLS
	var config *tls.Config
	if inTLS {
		var err error
		if config, err = player.TLS("good"); err != nil {
			b.Fatal(err)
		}
		pol = policy.ImplicitTLS
	}
	raw := fetching(b, said, config)
	if over == "imapclient" {
		if inTLS {
			trust := player.CA.ClientConfig()
			trust.ServerName = "mail.test"
			raw = tls.Client(raw, trust)
		}
		return imapclient.New(raw, nil)
	}
	conn, err := player.Dialer().NewConn(context.Background(), raw, dial.Endpoint{Protocol: policy.IMAP, Host: "mail.test", Policy: pol})
	if err != nil {
		b.Fatal(err)
	}
	client, err := imapconn.New(context.Background(), conn, nil)
	if err != nil {
		b.Fatal(err)
	}
	return client
}

// drain reads all messages, and their bodies.
func drain(b *testing.B, cmd *imapclient.FetchCommand) {
	for message := cmd.Next(); message != nil; message = cmd.Next() {
		for item := message.Next(); item != nil; item = message.Next() {
			if body, ok := item.(imapclient.FetchItemDataBodySection); ok {
				io.Copy(io.Discard, body.Literal)
			}
		}
	}
	if err := cmd.Close(); err != nil {
		b.Fatal(err)
	}
}
