package trust_test

import (
	"testing"

	"github.com/mailconn/mailconn/dial/trust"
)

func TestMethodTexts(t *testing.T) {
	for v, word := range []string{"none", "pkix", "pinned", "dane"} {
		verified, read := trust.Method(v), trust.Method(99)
		text, err := verified.MarshalText()
		if err != nil || string(text) != word || read.UnmarshalText(text) != nil || read != verified {
			t.Errorf("%v: %q, %v, read as %v", verified, text, err, read)
		}
	}
	for _, word := range []string{"", "PKIX", "pkix ", "method(4)"} {
		v := trust.Pinned
		if v.UnmarshalText([]byte(word)) == nil || v != trust.Pinned {
			t.Errorf("%q was read: %v", word, v)
		}
	}
	if _, err := trust.Method(4).MarshalText(); err == nil {
		t.Error("a way to verify that is none was written")
	}
	if got := trust.Method(7).String(); got != "method(7)" {
		t.Error(got)
	}
}
