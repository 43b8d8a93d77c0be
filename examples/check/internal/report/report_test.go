package report

import (
	"strings"
	"testing"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/policy"
)

const hostile = "<script>alert(1)</script>\x1b[2J\u202egnp.exe\x00\u2066\a'\"&"

// What a server says does nothing to a terminal that shows the JSON, and comes back as it was.
func TestWrite(t *testing.T) {
	r := &Report{Schema: Schema, Endpoints: []Endpoint{{
		URL: dial.MustParseEndpoint("imaps://mail.example.org"), Greeting: hostile, Outcomes: []Outcome{{Policy: policy.ImplicitTLS}},
	}}}
	var text strings.Builder
	if err := r.Write(&text); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(text.String(), "\x1b\x00\a\u202e\u2066") {
		t.Errorf("not escaped: %s", &text)
	}
	again, err := Read(strings.NewReader(text.String()))
	if err != nil || again.Endpoints[0].Greeting != hostile {
		t.Errorf("%v, %+v", err, again)
	}
	if got := Visible(hostile); strings.ContainsAny(got, "\x1b\x00\a\u202e\u2066") || !strings.Contains(got, "‹U+202E›") {
		t.Errorf("%q", got)
	}
}

func TestRead(t *testing.T) {
	for _, text := range []string{
		"", "[]", `{"schema":2}`, `{"schema":1,"endpoints":[{"url":"imaps://a.test"}]}`,
		`{"schema":1,"endpoints":[{"url":"http://a.test","outcomes":[{}]}]}`, strings.Repeat(" ", maxFile+1),
	} {
		if _, err := Read(strings.NewReader(text)); err == nil {
			t.Errorf("%.60q was read", text)
		}
	}
}

// The status goes by the worst that was found, and what could not be looked at is its own.
func TestStatus(t *testing.T) {
	for want, harms := range map[int][]Harm{
		StatusPromised: nil, StatusNoLook: {Unknown, Unknown}, StatusFindings: {Unknown, Weaker},
	} {
		r := new(Report)
		for _, h := range harms {
			r.Findings = append(r.Findings, Finding{Harm: h})
		}
		if got := r.Status(); got != want {
			t.Errorf("%v: %d, want %d", harms, got, want)
		}
	}
	all := []Finding{{Harm: Weaker, ID: "a"}, {Harm: Exposed, ID: "b"}, {Harm: Weaker, ID: "c"}}
	if Sort(all); all[0].ID != "b" || all[1].ID != "a" || all[2].ID != "c" {
		t.Errorf("%+v", all)
	}
}
