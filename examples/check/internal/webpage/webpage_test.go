package webpage

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/examples/check/internal/report"
	"github.com/mailconn/mailconn/examples/check/internal/words"
)

// hostile is what a server may put into any text.
const hostile = "</li></svg></style><script>alert(1)</script><img src=//evil.test/x onerror=alert(1)>\"' onload=x {{.}}\x1b[2J\u202egnp.exe\u2066\x00"

// poison fills every text of a value, with at least one element in each list.
func poison(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(hostile)
	case reflect.Slice:
		if v.Len() == 0 {
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		}
		for i := range v.Len() {
			poison(v.Index(i))
		}
	case reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		poison(v.Elem())
	case reflect.Struct:
		switch v.Interface().(type) {
		case time.Time:
		case dial.Endpoint: // which can hold no text but a name
			v.Set(reflect.ValueOf(dial.MustParseEndpoint("imaps://mail.example.org")))
		default:
			for i := range v.NumField() {
				poison(v.Field(i))
			}
		}
	case reflect.Int, reflect.Int64:
		v.SetInt(-7)
	case reflect.Bool:
		v.SetBool(true)
	}
}

// Whatever is in a report, the page has no more elements than those of the template, and
// leads nowhere.
func TestHostile(t *testing.T) {
	r := new(report.Report)
	poison(reflect.ValueOf(r).Elem())
	r.Findings[0].Harm = report.Exposed
	var page strings.Builder
	if err := Write(&page, r); err != nil {
		t.Fatal(err)
	}
	text := page.String()
	if strings.Count(text, "alert(1)") < 20 {
		t.Errorf("few texts are on the page:\n%s", text)
	}
	for _, bad := range []string{"<script", "<img", "\x1b", "\u202e", "\u2066", "\x00"} {
		if strings.Contains(text, bad) {
			t.Errorf("%q is on the page", bad)
		}
	}
	leadsNowhere(t, text)
}

// leadsNowhere looks for what would make a browser ask the network.
func leadsNowhere(t *testing.T, text string) {
	t.Helper()
	for _, link := range regexp.MustCompile(`(?:href|src)="([^"]*)"`).FindAllStringSubmatch(text, -1) {
		if !strings.HasPrefix(link[1], "#") && link[1] != "data:," {
			t.Errorf("leads to %q", link[1])
		}
	}
	if strings.Contains(text, "url(") || strings.Contains(text, "@import") {
		t.Error("the style asks for a file")
	}
}

// The page of the demo has its headings in order, and a target for each link.
func TestDemo(t *testing.T) {
	f, err := os.Open("../../testdata/demo.json")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := report.Read(f)
	if err != nil {
		t.Fatal(err)
	}
	var page strings.Builder
	if err := Write(&page, r); err != nil {
		t.Fatal(err)
	}
	leadsNowhere(t, page.String())
	level := byte('0')
	for _, h := range regexp.MustCompile(`<h([1-6])`).FindAllStringSubmatch(page.String(), -1) {
		if h[1][0] > level+1 {
			t.Errorf("a heading of level %s below one of level %c", h[1], level)
		}
		level = h[1][0]
	}
	for _, link := range regexp.MustCompile(`href="#([^"]*)"`).FindAllStringSubmatch(page.String(), -1) {
		if strings.Count(page.String(), `id="`+link[1]+`"`) != 1 {
			t.Errorf("link to %s", link[1])
		}
	}
	for _, said := range []string{words.Demo, words.Answer(r), "<code>ssl = required</code>", `data-label="required-starttls"`} {
		if !strings.Contains(page.String(), said) {
			t.Errorf("%q is not on the page", said)
		}
	}
	for _, f := range r.Findings {
		if !strings.Contains(page.String(), string(f.Harm)) {
			t.Errorf("%s is not on the page", f.ID)
		}
	}
	if n := strings.Count(page.String(), "<svg "); n != len(r.Endpoints) {
		t.Errorf("%d charts for %d servers", n, len(r.Endpoints))
	}
}

// Where a browser draws the bars of a chart.
func TestChart(t *testing.T) {
	c := newChart([]report.Step{{Phase: "connect", Took: 500}, {Phase: "handshake", At: 500, Took: 500, Fail: true}})
	if c.Height != 2*rowHeight || c.Words != "connect 0.5 ms; handshake 0.5 ms, failed" {
		t.Errorf("%+v", c)
	}
	if a, b := c.Bars[0], c.Bars[1]; a.X != barsFrom || a.X+a.Width != b.X || b.X+b.Width != barsTo {
		t.Errorf("%+v %+v", a, b)
	}
}
