package saslprep_test

import (
	"testing"

	"github.com/mailconn/mailconn/internal/saslprep"
)

// RFC 4013 §3, and what Unicode 3.2 did not know.
func TestPrepare(t *testing.T) {
	for in, want := range map[string]string{
		"I\u00adX": "IX", "user": "user", "USER": "USER", "\u00aa": "a", "\u2168": "IX", "a\u00a0b": "a b", "p\U0001f600": "p\U0001f600",
		"\u0007": "", "\u0627\u0031": "", "\u00ad": "", // prohibited; bidi; nothing left
	} {
		got, err := saslprep.Prepare(in)
		if (err == nil) != (want != "") || err == nil && got[0] != want {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
}
