package journal

import (
	"testing"
	"time"

	"github.com/mailconn/mailconn/smtpconn"
)

// The bytes of each kind of line, as the documentation of package outbox shows them.
func TestLine(t *testing.T) {
	const key = "AAAAAAAAAAAAAAA2"
	at := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	failure := &Failure{Outcome: smtpconn.InDoubt, Phase: smtpconn.PhaseEnd, Error: "cut"}
	for name, test := range map[string]struct {
		entry Entry
		want  string
	}{
		"format": {Entry{Format: Format},
			`{"n":7,"format":"mailconn outbox 1","sum":"b267a653"}`},
		"put": {Entry{Msg: key, Do: DoPut, ID: "order 17", Time: at, Envelope: &Envelope{From: "", To: []string{"ann@example.org"}},
			Size: 412, Sum: &Digest{1}},
			`{"n":7,"msg":"AAAAAAAAAAAAAAA2","do":"put","id":"order 17","time":"2000-01-01T00:00:00Z","envelope":{"from":"","to":["ann@example.org"]},"size":412,"sha256":"0100000000000000000000000000000000000000000000000000000000000000","sum":"9c158b8b"}`},
		"mark": {Entry{Msg: key, Do: DoMark, To: []int{0}, Relay: 1},
			`{"n":7,"msg":"AAAAAAAAAAAAAAA2","do":"mark","to":[0],"relay":1,"sum":"964a8fb6"}`},
		"accepted": {Entry{Msg: key, Do: DoState, Recipients: []Recipient{{State: Accepted, Attempts: 1, Reply: "2.0.0 queued as 4Xy"}}},
			`{"n":7,"msg":"AAAAAAAAAAAAAAA2","do":"state","recipients":[{"to":0,"state":"accepted","attempts":1,"reply":"2.0.0 queued as 4Xy"}],"sum":"20a0f640"}`},
		"in doubt": {Entry{Msg: key, Do: DoState, Recipients: []Recipient{{To: 1, State: InDoubt, Attempts: 2, Failure: failure, DoubtTold: true}},
			Tries: 2, Next: at},
			`{"n":7,"msg":"AAAAAAAAAAAAAAA2","do":"state","recipients":[{"to":1,"state":"in doubt","attempts":2,"failure":{"outcome":3,"phase":"end","error":"cut"}}],"tries":2,"next":"2000-01-01T00:00:00Z","sum":"de4a7da7"}`},
		"told": {Entry{Msg: key, Do: DoTold, To: []int{0}, Time: at},
			`{"n":7,"msg":"AAAAAAAAAAAAAAA2","do":"told","time":"2000-01-01T00:00:00Z","to":[0],"sum":"2345eb8e"}`},
		"kept": {Entry{Do: DoKept, ID: "order 17", Time: at, Sum: &Digest{1}},
			`{"n":7,"do":"kept","id":"order 17","time":"2000-01-01T00:00:00Z","sha256":"0100000000000000000000000000000000000000000000000000000000000000","sum":"53721eec"}`},
		"forget": {Entry{Msg: key, Do: DoForget},
			`{"n":7,"msg":"AAAAAAAAAAAAAAA2","do":"forget","sum":"2a7a4a66"}`},
	} {
		if line, err := test.entry.Line(7); string(line) != test.want+"\n" || err != nil {
			t.Errorf("%s: %v\n%s, want\n%s", name, err, line, test.want)
		}
	}
}
