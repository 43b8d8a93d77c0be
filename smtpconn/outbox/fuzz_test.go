package outbox_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/smtpconn/outbox"
)

// FuzzJournal reads any text as a journal. What is understood of it can be written, and
// is read again without damage. If each line gets its checksum, more is understood.
func FuzzJournal(f *testing.F) {
	f.Add([]byte(journalText), true)
	f.Add([]byte(journalText), false)
	_, _, _, anew, err := outbox.Journal(bytes.NewReader(sealed(journalText)))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(anew, false)
	f.Fuzz(func(t *testing.T, text []byte, seal bool) {
		if seal {
			text = sealed(string(text))
		}
		messages, kept, _, anew, err := outbox.Journal(bytes.NewReader(text))
		if err != nil {
			return
		}
		again, keptAgain, damage, same, err := outbox.Journal(bytes.NewReader(anew))
		if err != nil || damage > 0 || again != messages || keptAgain != kept || messages > bytes.Count(text, []byte("\n")) {
			t.Fatalf("%d messages and %d ids, read again %d and %d: %d damaged, %v\n%s", messages, kept, again, keptAgain, damage, err, anew)
		}
		if kept < 2 && !bytes.Equal(anew, same) { // more are in no order
			t.Fatalf("written as\n%s\nand then as\n%s", anew, same)
		}
	})
}

// journalText is a journal without checksums, with each kind of line.
const journalText = `{"n":1,"format":"mailconn outbox 1"
{"n":2,"msg":"AAAAAAAAAAAAAAA2","do":"put","id":"order 1","time":"2000-01-01T00:00:00Z","envelope":{"from":"","to":["a@mail.test","b@mail.test"],"mail":{"Body":"8BITMIME","Size":0,"RequireTLS":true,"UTF8":false,"Return":"","EnvelopeID":"","Auth":null}},"size":4,"sha256":"0000000000000000000000000000000000000000000000000000000000000000"
{"n":3,"msg":"AAAAAAAAAAAAAAA3","do":"put","id":"order 2","time":"2000-01-01T00:00:00Z","envelope":{"from":"c@mail.test","to":["d@mail.test"]},"size":4,"sha256":"0000000000000000000000000000000000000000000000000000000000000000"
{"n":4,"msg":"AAAAAAAAAAAAAAA2","do":"mark","to":[0,1],"relay":1
{"n":5,"msg":"AAAAAAAAAAAAAAA2","do":"state","recipients":[{"to":0,"state":"refused","attempts":1,"failure":{"outcome":2,"phase":"rcpt","code":550,"enhanced":[5,1,1],"text":"no"}},{"to":1,"state":"waiting","attempts":1}],"tries":1,"next":"2000-01-01T00:01:00Z"
{"n":6,"msg":"AAAAAAAAAAAAAAA2","do":"told","to":[0],"time":"2000-01-01T00:00:01Z"
{"n":7,"msg":"AAAAAAAAAAAAAAA3","do":"forget"
{"n":8,"do":"kept","id":"order 0","time":"1999-01-01T00:00:00Z","sha256":"0000000000000000000000000000000000000000000000000000000000000000"
{"n":9,"msg":"AAAAAAAAAAAAAAA2","do":"mark","to":[1]
`

// sealed returns lines with checksums.
func sealed(text string) (lines []byte) {
	for line := range strings.Lines(text) {
		lines = append(lines, outbox.Seal([]byte(strings.TrimSuffix(line, "\n")))...)
	}
	return lines
}

// The journal of the seeds is understood as it is meant.
func TestJournalText(t *testing.T) {
	messages, kept, damage, anew, err := outbox.Journal(bytes.NewReader(sealed(journalText)))
	if messages != 1 || kept != 1 || damage > 0 || err != nil {
		t.Errorf("%d messages, %d ids, %d damaged, %v", messages, kept, damage, err)
	}
	if n := bytes.Count(anew, []byte("\n")); n != 4 || !bytes.Contains(anew, []byte(`"state":"in doubt"`)) {
		t.Errorf("written anew:\n%s", anew)
	}
}
