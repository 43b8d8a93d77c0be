package journal

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
	"strings"
	"testing"
)

// FuzzJournal reads any text as a journal. What is understood of it can be written, and
// is read again without damage. If each line gets its checksum, more is understood.
func FuzzJournal(f *testing.F) {
	f.Add([]byte(journalText), true)
	f.Add([]byte(journalText), false)
	_, anew, err := rewritten(sealed(journalText))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(anew, false)
	f.Fuzz(func(t *testing.T, text []byte, seal bool) {
		if seal {
			text = sealed(string(text))
		}
		r, anew, err := rewritten(text)
		if err != nil {
			return
		}
		messages, kept := len(r.Book.Messages), len(r.Book.Kept)
		again, same, err := rewritten(anew)
		if err != nil || len(again.Damage) > 0 || len(again.Book.Messages) != messages || len(again.Book.Kept) != kept || messages > bytes.Count(text, []byte("\n")) {
			t.Fatalf("%d messages and %d ids, read again: %+v, %v\n%s", messages, kept, again, err, anew)
		}
		if !bytes.Equal(anew, same) {
			t.Fatalf("written as\n%s\nand then as\n%s", anew, same)
		}
	})
}

// rewritten reads a journal, and writes what is known after it as a new one.
func rewritten(text []byte) (*Reader, []byte, error) {
	r, err := Read(bytes.NewReader(text))
	if err != nil {
		return nil, nil, err
	}
	r.Book.Recover()
	var anew bytes.Buffer
	j := &File{Snapshot: func(put func(*Entry) error) error {
		bySerial := func(a, b *Message) int { return cmp.Compare(a.Serial, b.Serial) }
		var entries []*Entry
		for _, m := range slices.SortedFunc(maps.Values(r.Book.Messages), bySerial) {
			entries = append(entries, m.Entries()...)
		}
		for _, id := range slices.Sorted(maps.Keys(r.Book.Kept)) {
			k := r.Book.Kept[id]
			entries = append(entries, &Entry{Do: DoKept, ID: id, Sum: &k.Fingerprint, Time: k.Over})
		}
		for _, e := range entries {
			if err := put(e); err != nil {
				return err
			}
		}
		return nil
	}}
	_, err = j.writeAll(&anew)
	return r, anew.Bytes(), err
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
		lines = append(lines, Seal([]byte(strings.TrimSuffix(line, "\n")))...)
	}
	return lines
}

// The journal of the seeds is understood as it is meant.
func TestJournalText(t *testing.T) {
	r, anew, err := rewritten(sealed(journalText))
	if err != nil || len(r.Book.Messages) != 1 || len(r.Book.Kept) != 1 || len(r.Damage) > 0 {
		t.Errorf("%+v, %v", r, err)
	}
	if n := bytes.Count(anew, []byte("\n")); n != 4 || !bytes.Contains(anew, []byte(`"state":"in doubt"`)) {
		t.Errorf("written anew:\n%s", anew)
	}
}
