package trust_test

import (
	"bytes"
	"strings"
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

func TestKeyHashTexts(t *testing.T) {
	whole := strings.Repeat("0aB1", 16)
	for text, want := range map[string]trust.KeyHash{
		"":    {},
		whole: trust.KeyHash(bytes.Repeat([]byte{0x0a, 0xb1}, 16)),
	} {
		h := trust.KeyHash{9}
		if err := h.UnmarshalText([]byte(text)); err != nil || h != want {
			t.Errorf("%q: %v, %v", text, h, err)
		}
		if back, err := h.MarshalText(); err != nil || string(back) != strings.ToLower(text) {
			t.Errorf("%q became %q, %v", text, back, err)
		}
	}
	for _, text := range []string{whole[:63], whole[:62], whole + "0", whole + "00", whole[:62] + "0g", "0", "x", " " + whole[1:]} {
		h := trust.KeyHash{9}
		if err := h.UnmarshalText([]byte(text)); err == nil || h != (trust.KeyHash{9}) {
			t.Errorf("%q was read: %v, %v", text, h, err)
		}
	}
}
