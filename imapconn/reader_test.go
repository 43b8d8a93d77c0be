package imapconn_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/internal/test/scripttest"
	"github.com/mailconn/mailconn/policy"
)

// fetched answers a FETCH of two messages, of which the first is as given.
func fetched(items string) string {
	return "C: FETCH *\nS: * 1 FETCH (" + items + ")\nS: * 2 FETCH (UID 12 FLAGS (\\Seen))\nS: <tag> OK done"
}

// One odd message costs an item of that message, and is reported; the other messages
// come, and the session goes on.
func TestOddMessage(t *testing.T) {
	const address = `((NIL NIL "joe" "a.test"))`
	player := scripttest.New(t)
	for name, c := range map[string]struct {
		items, notice  string
		subject, media string
	}{
		"unescaped quotes":         {`UID 11 ENVELOPE (NIL "say "hi" now" ` + address + ` NIL NIL NIL NIL NIL NIL NIL)`, "dropped #1 11 ENVELOPE cannot be read", "", ""},
		"an item of another house": {`UID 11 X-GM-LABELS ("\\Inbox") ENVELOPE (NIL "hello" ` + address + ` NIL NIL NIL NIL NIL NIL NIL)`, "dropped #1 11 FETCH X-GM-LABELS is not known to go-imap", "hello", ""},
		"a structure by halves":    {`UID 11 BODYSTRUCTURE ("text" "plain" NIL NIL """" "7bit" 3 1)`, "dropped #1 11 BODYSTRUCTURE cannot be read", "", ""},
		"a structure with blanks":  {`UID 11 BODYSTRUCTURE ("text" "plain" NIL NIL NIL "7bit" 3 1 NIL NIL NIL NIL )`, "mended #1 11 blanks", "", "text/plain"},
		"an empty disposition":     {`UID 11 BODYSTRUCTURE ("text" "plain" NIL NIL NIL "7bit" 3 1 NIL "inline" NIL NIL)`, "mended #1 11 a disposition that is no list", "", "text/plain"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var notices []string
				o := imapconn.Options{Notice: func(n imapconn.Notice) { notices = append(notices, shown(n)) }}
				client, session := begin(t, player, t.Context(), fetched(c.items)+"\nC: NOOP\nS: <tag> OK done", o)
				messages, err := client.Fetch(imap.SeqSet{{Start: 1, Stop: 2}}, nil).Collect()
				if err != nil || len(messages) != 2 || messages[0].UID != 11 || messages[1].UID != 12 {
					t.Fatalf("got %v, %v", messages, err)
				}
				subject, media := "", ""
				if e := messages[0].Envelope; e != nil {
					subject = e.Subject
					if e.From[0].Addr() != "joe@a.test" {
						t.Errorf("from %v", e.From)
					}
				}
				if b := messages[0].BodyStructure; b != nil {
					media = b.MediaType()
				}
				if subject != c.subject || media != c.media {
					t.Errorf("got %q, %q", subject, media)
				}
				if err := client.Noop().Wait(); err != nil {
					t.Error(err)
				}
				synctest.Wait()
				if !slices.Equal(notices, []string{c.notice}) {
					t.Errorf("notices %q", notices)
				}
				client.Close()
				session.Record()
			})
		})
	}
}

// shown returns a notice as one line.
func shown(n imapconn.Notice) string {
	about := ""
	if n.SeqNum > 0 || n.UID > 0 {
		about = fmt.Sprintf(" #%d %d", n.SeqNum, n.UID)
	}
	text := func(err error) string {
		var broken *policy.Violation
		if errors.As(err, &broken) {
			if broken.Reason != policy.ErrMalformed || broken.Protocol != policy.IMAP {
				return "another violation: " + err.Error()
			}
			err = broken.Err
		}
		return strings.TrimPrefix(err.Error(), "imapconn: ")
	}
	switch {
	case n.Dropped != nil:
		return "dropped" + about + " " + text(n.Dropped)
	case n.Mended != nil:
		return "mended" + about + " " + text(n.Mended)
	case n.Farewell != nil:
		return "farewell " + n.Farewell.Reply
	}
	return "alert " + n.Alert
}

// Each limit of the server's words ends the session with a violation, and each can be
// set.
func TestBounds(t *testing.T) {
	player := scripttest.New(t)
	var numbers strings.Builder
	for i := range 10000 {
		fmt.Fprintf(&numbers, " %d", i+1)
	}
	for name, c := range map[string]struct {
		server string
		bounds imapconn.Bounds // under which it is too much; the default is not
	}{
		"a line":             {"S: * OK " + strings.Repeat("x", 5000), imapconn.Bounds{Line: 4096}},
		"a literal":          {"S: * LIST () NIL {5000}\nS: " + strings.Repeat("x", 5000), imapconn.Bounds{Literal: 4096}},
		"a search":           {"S: * SEARCH" + numbers.String(), imapconn.Bounds{Set: 1000}},
		"many small answers": {"S* 2000 * LIST () NIL x", imapconn.Bounds{Line: 4096}},
	} {
		t.Run(name, func(t *testing.T) {
			command := map[bool]string{true: "SEARCH", false: "LIST"}[strings.Contains(c.server, "SEARCH")]
			for _, bounds := range []imapconn.Bounds{{}, c.bounds} {
				synctest.Test(t, func(t *testing.T) {
					client, session := begin(t, player, t.Context(), "C: "+command+" *\n"+c.server+"\nS: <tag> OK done", imapconn.Options{Bounds: bounds})
					var err error
					if command == "SEARCH" {
						_, err = client.Search(&imap.SearchCriteria{}, nil).Wait()
					} else {
						_, err = client.List("", "*", nil).Collect()
					}
					tooMuch := bounds != imapconn.Bounds{}
					if errors.Is(err, policy.ErrLimit) != tooMuch || errors.Is(client.Err(), policy.ErrLimit) != tooMuch {
						t.Errorf("%+v: got %v; Err: %v", bounds, err, client.Err())
					}
					client.Close()
					session.Record()
				})
			}
		})
	}
	_, err := imapconn.Dial(t.Context(), dial.Endpoint{Protocol: policy.IMAP, Host: "mail.test", Policy: policy.ImplicitTLS},
		&imapconn.Options{Dialer: &dial.Dialer{NetDialer: scripttest.NoNetwork(t)}, Bounds: imapconn.Bounds{Line: -1}})
	var failed *dial.Error
	if !errors.As(err, &failed) || failed.Phase != dial.PhaseConfig {
		t.Errorf("a negative bound: %v", err)
	}
}

// A body that is cut is never a whole one, and one of another length than announced ends
// the session.
func TestBodiesAreWhole(t *testing.T) {
	player := scripttest.New(t)
	for name, c := range map[string]struct {
		body string
		want error
	}{
		"cut":       {"{1000}\nS: twenty-four bytes, no more\nFIN", io.ErrUnexpectedEOF},
		"too short": {"{200000}\nS~ 100000 x\nS: )\nS: <tag> OK done\nHANG", os.ErrDeadlineExceeded},
		"too long":  {"{100000}\nS~ 100010 x\nS: )\nS: <tag> OK done", policy.ErrMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client, session := begin(t, player, t.Context(), "C: FETCH *\nS: * 1 FETCH (UID 1 BODY[] "+c.body, imapconn.Options{ReplyTimeout: replyTime})
				cmd := client.Fetch(imap.SeqSetNum(1), &imap.FetchOptions{BodySection: []*imap.FetchItemBodySection{{}}})
				var err error
				if body := bodyOf(cmd); body != nil { // a small one is not begun before it has come
					_, err = io.ReadAll(body)
				}
				err = errors.Join(err, cmd.Close())
				if !errors.Is(err, c.want) || !errors.Is(client.Err(), c.want) {
					t.Errorf("got %v; Err: %v", err, client.Err())
				}
				client.Close()
				session.Record()
			})
		})
	}
}

// An answer that is lost makes its command fail, while the session goes on.
func TestLostAnswer(t *testing.T) {
	player := scripttest.New(t)
	synctest.Test(t, func(t *testing.T) {
		client, session := begin(t, player, t.Context(), "C: NAMESPACE\nS: * NAMESPACE what is this\nS: <tag> OK done\nC: NOOP\nS: <tag> OK done", imapconn.Options{})
		_, err := client.Namespace().Wait()
		var refused *imap.Error
		if !errors.As(err, &refused) || refused.Code != imapconn.ResponseCodeUnreadable {
			t.Errorf("got %v", err)
		}
		if err := client.Noop().Wait(); err != nil || client.Err() != nil {
			t.Errorf("got %v; Err: %v", err, client.Err())
		}
		client.Close()
		session.Record()
	})
}

// A literal that the server refuses costs the command, and not the session.
func TestRefusedLiteral(t *testing.T) {
	player := scripttest.New(t)
	synctest.Test(t, func(t *testing.T) {
		client, session := begin(t, player, t.Context(), "C: APPEND *\nS: <tag> NO [OVERQUOTA] full\nC: NOOP\nS: <tag> OK done", imapconn.Options{})
		for range 3 {
			cmd := client.Append("INBOX", 11, nil)
			_, err := io.WriteString(cmd, "hello world")
			if err := errors.Join(err, cmd.Close()); err != nil {
				t.Error(err)
			}
			_, err = cmd.Wait()
			var refused *imap.Error
			if !errors.As(err, &refused) || refused.Code != imap.ResponseCodeOverQuota {
				t.Errorf("got %v", err)
			}
			if err := client.Noop().Wait(); err != nil {
				t.Error(err)
			}
		}
		client.Close()
		if said := string(session.Record().Inside); strings.Contains(said, "hello") {
			t.Errorf("the message was sent: %q", said)
		}
	})
}

// Whatever a server says, the reply time counts to a command's own answer.
func TestChatterDoesNotExtend(t *testing.T) {
	player := scripttest.New(t)
	synctest.Test(t, func(t *testing.T) {
		client, session := begin(t, player, t.Context(), "C: NOOP\nDRIP\nS* 5000 * 3 EXISTS", imapconn.Options{ReplyTimeout: replyTime})
		start := time.Now()
		err := client.Noop().Wait()
		if took := time.Since(start); took != replyTime || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("got %v after %v", err, took)
		}
		client.Close()
		session.Record()
	})
}
