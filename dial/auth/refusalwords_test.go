package auth_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/dial/auth"
)

// TestVerdicts prints the table of what comes of each answer.
func TestVerdicts(t *testing.T) {
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "protocol\twith\tanswer\tkind\tprobably\ttemporary\tsent again\thint")
	rows := slices.Concat(answers, spoken)
	for _, row := range rows {
		s := &server{p: row.p, lists: []string{"PLAIN", "LOGIN", "OAUTHBEARER", "XOAUTH2"}, noIR: row.how == unsent}
		s.play = func(x *talk, mechanism string) outcome {
			if row.how == challenged {
				x.first()
				x.ask(`{"status":"400","schemes":"Bearer","scope":"https://mail.example.com/"}`)
			}
			if mechanism == "LOGIN" && row.how != unsent && len(x.initial) != 2 {
				x.ask("User Name")
				x.ask("Password")
			}
			x.say(x.tag + row.answer)
			return said
		}
		password := testPassword
		if row.how == unsent {
			password += strings.Repeat("-", 400) // too long for a command of SMTP or POP3
		}
		var creds auth.Credentials = auth.Password{User: testUser, Secret: auth.NewSecret(password)}
		if row.how == byTokenSent || row.how == challenged {
			creds = auth.Token{User: testUser, Secret: auth.NewSecret(testToken)}
		}
		if row.how == named {
			s.lists, creds = []string{"SCRAM-SHA-256"}, bySCRAM("SCRAM-SHA-256")
		}
		_, err := login(t, s, creds)
		var failed *auth.Error
		var where *dial.Error
		if !errors.As(err, &failed) || !errors.As(err, &where) {
			t.Errorf("%v %s %q: %v", row.p, row.how, row.answer, err)
			continue
		}
		if failed.Kind != row.kind || failed.Guessed != row.probably || where.Temporary() != row.temporary {
			t.Errorf("%v %s %q: %v, guessed %v, temporary %v", row.p, row.how, row.answer, failed, failed.Guessed, where.Temporary())
		}
		if hint := where.Hint(); !strings.Contains(hint, row.hint) {
			t.Errorf("%v %s %q: hint %q", row.p, row.how, row.answer, hint)
		}
		times := timesSent(s, canary)
		if times != row.times {
			t.Errorf("%v %s %q: sent %d times\n%s", row.p, row.how, row.answer, times, s.transcript())
		}
		fmt.Fprintf(w, "%v\t%s\t%.60q\t%s\t%v\t%v\t%v\t%.60s\n", row.p, row.how, row.answer, failed.Kind, failed.Guessed, where.Temporary(), times > 1, where.Hint())
	}
	w.Flush()
	t.Logf("%d rows\n%s", len(rows), table.String())
}

// Each of the words that are known decides, in any case and in the middle of a
// sentence, and no row further up takes it away.
func TestKnownWords(t *testing.T) {
	words := auth.KnownWords()
	for w, kind := range words {
		text := strings.ReplaceAll(w, "*", "all of the ")
		for _, reply := range []string{text, "535 5.7.8 " + strings.ToUpper(text) + " for joe@example.org.", "-ERR Sorry: " + text} {
			if got := auth.WordsOf(reply); got != kind {
				t.Errorf("%q: %q, want %q", reply, got, kind)
			}
		}
	}
	t.Logf("%d words", len(words))
}

// timesSent counts the lines of the client that have a secret in them.
func timesSent(s *server, secret string) (n int) {
	for line := range strings.Lines(s.transcript()) {
		words := strings.Fields(line)
		if words[0] != "C:" {
			continue
		}
		decoded, _ := base64.StdEncoding.DecodeString(words[len(words)-1])
		if strings.Contains(line, secret) || strings.Contains(string(decoded), secret) {
			n++
		}
	}
	return n
}
