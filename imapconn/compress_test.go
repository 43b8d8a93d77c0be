package imapconn_test

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/internal/test/heap"
	"github.com/mailconn/mailconn/internal/test/scripttest"
	"github.com/mailconn/mailconn/policy"
)

const (
	offering  = "C: AUTHENTICATE *\nS: <tag> OK [CAPABILITY IMAP4rev1 COMPRESS=DEFLATE] welcome\n"
	deflating = offering + "C: COMPRESS DEFLATE\nS: <tag> OK go on\nDEFLATE\n"
)

// Compression is asked for only if the program wants it, the login is over, and the server
// lists it. A refusal is no error.
func TestCompress(t *testing.T) {
	for name, c := range map[string]struct {
		server            string
		without           bool
		asked, compressed bool
	}{
		"consent":            {deflating, false, true, true},
		"refusal":            {offering + "C: COMPRESS DEFLATE\nS: <tag> NO [COMPRESSIONACTIVE] already\n", false, true, false},
		"bad":                {offering + "C: COMPRESS DEFLATE\nS: <tag> BAD what\n", false, true, false},
		"not wanted":         {deflating, true, false, false},
		"not listed":         {strings.Replace(deflating, "=DEFLATE]", "=LZ4]", 1), false, false, false},
		"listed in part":     {strings.Replace(deflating, "=DEFLATE]", "=DEFLATE2 COMPRESS]", 1), false, false, false},
		"listed before only": {strings.Replace(deflating, " COMPRESS=DEFLATE]", "]", 1), false, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			lines := inside("S: * OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN COMPRESS=DEFLATE] ready\n" + c.server + "C: NOOP\nS: <tag> OK done")
			client, session, err := open(t, policy.ImplicitTLS, lines, &imapconn.Options{Auth: password(), Compress: !c.without})
			if err != nil {
				t.Fatal(err)
			}
			if err := client.Noop().Wait(); err != nil || client.Compressed() != c.compressed {
				t.Errorf("NOOP: %v; compressed: %v", err, client.Compressed())
			}
			rec, said := closed(client, session)
			if strings.Contains(said, "COMPRESS DEFLATE") != c.asked || len(rec.Unexpected) > 0 {
				t.Errorf("said %q, unexpected %q", said, rec.Unexpected)
			}
		})
	}
}

// In the clear compression is for programs that have chosen that.
func TestCompressInTheClear(t *testing.T) {
	const lines = "S: * OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR COMPRESS=DEFLATE] ready\n" + deflating + "C: CAPABILITY\nS: * CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR COMPRESS=DEFLATE\nS: <tag> OK done\nC: NOOP\nS: <tag> OK done"
	for pol, want := range map[policy.Policy]bool{policy.NoTLS: true, policy.OpportunisticSTARTTLS: false} {
		client, session, err := open(t, pol, lines, &imapconn.Options{Auth: cleartext(), Compress: true})
		if err != nil {
			t.Fatal(err)
		}
		if err := client.Noop().Wait(); err != nil || client.Compressed() != want {
			t.Errorf("%v: %v, compressed: %v", pol, err, client.Compressed())
		}
		client.Close()
		if said := string(session.Record().Clear); strings.Contains(said, "COMPRESS DEFLATE") != want {
			t.Errorf("%v: said %q", pol, said)
		}
	}
}

// Without a login nothing is compressed.
func TestCompressWithoutLogin(t *testing.T) {
	client, session, err := open(t, policy.ImplicitTLS, inside("S: * OK [CAPABILITY IMAP4rev1 COMPRESS=DEFLATE] ready\n"+deflating), &imapconn.Options{Compress: true})
	if err != nil || client.Compressed() {
		t.Fatalf("%v", err)
	}
	if _, said := closed(client, session); said != "" {
		t.Errorf("said %q", said)
	}
}

// A server that ends the connection in place of an answer fails the beginning.
func TestCompressIsNotAnswered(t *testing.T) {
	for answer, want := range map[string]error{"S: * BYE overloaded\nFIN": io.EOF, "S: x OK done": policy.ErrInjected, "S: + go on": policy.ErrInjected, "FIN": io.EOF} {
		_, session, err := open(t, policy.ImplicitTLS, inside(listing+offering+"C: COMPRESS DEFLATE\n"+answer), &imapconn.Options{Auth: password(), Compress: true})
		var failed *dial.Error
		if !errors.As(err, &failed) || failed.Phase != dial.PhaseCapability || !errors.Is(err, want) {
			t.Errorf("%q: %v", answer, err)
		}
		session.Record()
	}
}

// What comes with the server's consent, in one segment, is compressed data: words in the
// clear, which an attacker might add where they cost nothing, end the session.
func TestBehindTheConsent(t *testing.T) {
	deflated := func(text string) []byte {
		p := newPacker()
		io.WriteString(p, text)
		return p.take()
	}
	player := scripttest.New(t)
	for text, c := range map[string]struct {
		behind []byte
		want   error
	}{
		"in the clear":     {[]byte("* 1 EXISTS\r\n"), policy.ErrMalformed},
		"an answer":        {[]byte("T1 OK done\r\n"), policy.ErrMalformed},
		"not whole":        {[]byte{0, 1}, policy.ErrMalformed},
		"the end":          {[]byte{3, 0}, io.EOF},
		"compressed":       {deflated("* OK still here\r\n"), nil},
		"a foreign answer": {deflated("T1 OK done\r\n"), policy.ErrInjected},
	} {
		synctest.Test(t, func(t *testing.T) {
			client := compressed(t, player, c.behind, done)
			synctest.Wait()
			err := client.Noop().Wait()
			if !errors.Is(err, c.want) || !errors.Is(client.Err(), c.want) {
				t.Errorf("%s: %v, Err: %v", text, err, client.Err())
			}
			client.Close()
		})
	}
}

// A server that says without end what compresses to nothing ends the session, and what it
// says takes no memory.
func TestCompressedChatter(t *testing.T) {
	player := scripttest.New(t)
	lines := strings.Repeat("* STILL "+strings.Repeat("h", 1000)+"ere\r\n", 100)
	before := heap.InUse()
	client := compressed(t, player, nil, func(w *packer, tag, command string) {
		w.repeat(lines, 250) // 25 MB
		done(w, tag, "")
	})
	err := client.Noop().Wait()
	if !errors.Is(err, policy.ErrLimit) || !errors.Is(client.Err(), policy.ErrLimit) {
		t.Errorf("got %v", err)
	}
	if grown := heap.InUse() - before; grown > 8<<20 {
		t.Errorf("the heap has grown by %d bytes", grown)
	}
	client.Close()
}

// What a mailbox may hold is no bomb: large messages that compress to nothing, and many
// lines that are the same.
func TestCompressesWell(t *testing.T) {
	const size = 9 << 20
	player := scripttest.New(t)
	client := compressed(t, player, nil, func(w *packer, tag, command string) {
		switch {
		case strings.HasPrefix(command, "FETCH"):
			for n := range 2 {
				fmt.Fprintf(w, "* %d FETCH (BODY[] {%d}\r\n", n+1, size)
				w.repeat(strings.Repeat("\x00", 64<<10), size/(64<<10))
				io.WriteString(w, ")\r\n")
			}
		case command == "EXPUNGE":
			w.repeat(strings.Repeat("* 1 EXPUNGE\r\n", 5000), 10)
		}
		done(w, tag, "")
	})
	cmd := client.Fetch(imap.SeqSetNum(1, 2), &imap.FetchOptions{BodySection: []*imap.FetchItemBodySection{{Peek: true}}})
	for range 2 {
		if n, err := io.Copy(io.Discard, bodyOf(cmd)); n != size || err != nil {
			t.Fatalf("%d bytes, %v", n, err)
		}
	}
	if err := cmd.Close(); err != nil {
		t.Error(err)
	}
	if list, err := client.Expunge().Collect(); len(list) != 50_000 || err != nil {
		t.Errorf("%d messages, %v", len(list), err)
	}
	client.Close()
}

// Compressed data that breaks off, or breaks, ends the session.
func TestCompressedDataBreaks(t *testing.T) {
	player := scripttest.New(t)
	for name, c := range map[string]struct {
		server string
		want   error
	}{
		"in a line":            {"S- * OK half\nFIN", io.ErrUnexpectedEOF},
		"in a body":            {"S: * 1 FETCH (BODY[] {100000}\nS: half\nFIN", io.ErrUnexpectedEOF},
		"between two":          {"S: * 3 EXISTS\nFIN", io.EOF},
		"a literal is refused": {"S: <tag> NO [OVERQUOTA] full", nil},
	} {
		synctest.Test(t, func(t *testing.T) {
			client, session := begin(t, player, t.Context(), "C: APPEND *\n"+c.server+"\nC: FETCH *\n"+c.server+"\nC: NOOP\nS: <tag> OK done", imapconn.Options{Compress: true})
			var err error
			if c.want == nil {
				cmd := client.Append("INBOX", 5, nil)
				_, err := io.WriteString(cmd, "hello")
				err = errors.Join(err, cmd.Close())
				_, refused := cmd.Wait()
				if err != nil || refused == nil || client.Noop().Wait() != nil {
					t.Errorf("%s: %v, %v", name, err, refused)
				}
			} else {
				_, err = client.Fetch(imap.SeqSetNum(1), &imap.FetchOptions{BodySection: []*imap.FetchItemBodySection{{Peek: true}}}).Collect()
			}
			if !errors.Is(err, c.want) || !errors.Is(client.Err(), c.want) {
				t.Errorf("%s: %v, Err: %v", name, err, client.Err())
			}
			client.Close()
			session.Record()
		})
	}
}

// The transcript of a compressed session ends with its consent.
func TestTranscriptOfCompressed(t *testing.T) {
	player := scripttest.New(t)
	var out strings.Builder
	session := player.Play(t, policy.IMAP, policy.ImplicitTLS, inside(deflating+"C: NOOP\nS: <tag> OK done"))
	dialer := player.Dialer()
	dialer.Transcript = &out
	conn, err := dialer.NewConn(t.Context(), session.Client, session.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	client, err := imapconn.New(t.Context(), conn, &imapconn.Options{Auth: password(), Compress: true})
	if err != nil || client.Noop().Wait() != nil {
		t.Fatal(err)
	}
	client.Close()
	session.Record()
	_, shown, _ := strings.Cut(out.String(), "COMPRESS DEFLATE\n")
	shape := regexp.MustCompile(`^\d+ \S+ S: \S+ OK go on\n.* -- closed by this side\n\d+ \S+ C: \[\d+ bytes\]\n\d+ \S+ S: \[\d+ bytes\]\n`)
	if !shape.MatchString(shown) {
		t.Errorf("%q", shown)
	}
}
