package smtpconn_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/emersion/go-smtp"

	"github.com/mailconn/mailconn/smtpconn"
)

// One round trip a message in a series, two for a single one, at every size, whether
// CHUNKING is listed or not.
func TestTurnsAtEverySize(t *testing.T) {
	sizes := []int{2 << 10, 15 << 10, 17 << 10, 100 << 10, 1 << 20}
	if !testing.Short() {
		sizes = append(sizes, 10<<20)
	}
	for _, size := range sizes {
		text := strings.Repeat("0123456789012345678901234567890123456789\r\n", size/42)
		for _, extensions := range [][]string{{"PIPELINING", "8BITMIME", "CHUNKING", "BINARYMIME"}, {"PIPELINING", "8BITMIME"}} {
			r := with(extensions...)
			c, hangUp := dialRelay(t, r, nil)
			if _, err := c.Send(t.Context(), envelope(), strings.NewReader(text)); err != nil || r.count() != 2 {
				t.Errorf("%d bytes, %d extensions: Send took %d turns, %v", size, len(extensions), r.count(), err)
			}
			list := slices.Repeat([]smtpconn.Message{{}}, 3)
			for i := range list {
				list[i] = message(text)
			}
			before := r.count()
			for _, res := range results(c.SendEach(t.Context(), slices.Values(list))) {
				if res.err != nil {
					t.Error(res.err)
				}
			}
			if turns := r.count() - before; turns != len(list)+1 || strings.Contains(r.wire()[:1000], "BDAT") {
				t.Errorf("%d bytes, %d extensions: SendEach took %d turns", size, len(extensions), turns)
			}
			hangUp()
			for _, m := range r.took() {
				if m.body != text {
					t.Errorf("%d bytes: content changed", size)
				}
			}
		}
	}
}

// The fault matrix for messages of 100 KB and 10 MB: cut at the edges of what is
// written, and here and there.
func TestFaultMatrixLargeMessages(t *testing.T) {
	sizes := []int{100 << 10}
	if os.Getenv("MAILCONN_FULL") != "" {
		sizes = append(sizes, 10<<20)
	}
	for _, size := range sizes {
		text := strings.Repeat("0123456789012345678901234567890123456789\r\n", size/42)
		for _, way := range []struct {
			extensions []string
			body       smtp.BodyType
		}{{[]string{"PIPELINING"}, ""}, {nil, ""}, {[]string{"PIPELINING", "CHUNKING", "BINARYMIME"}, smtp.BodyBinaryMIME}} {
			count, n := map[string]int{}, 0
			total := size + 300
			cuts := []int{0, 10, 60, 100, 150, 1000, size - 1}
			for c := 16 << 10; c < total; c += max(16<<10, size/20) {
				cuts = append(cuts, c-1, c, c+1)
			}
			for end := total - 320; end < total; end += 3 {
				cuts = append(cuts, end)
			}
			for _, cut := range cuts {
				n++
				synctest.Test(t, func(t *testing.T) {
					r := &relay{extensions: way.extensions, fault: &fault{reads: cut, writes: -1, blocks: true}}
					c, hangUp := dialRelay(t, r, nil)
					r.fault.arm()
					m := message(text)
					m.Mail = &smtp.MailOptions{Body: way.body}
					res := asResult(c.Send(t.Context(), m.Envelope, m.Content))
					hangUp()
					taken := len(r.took()) > 0
					outcome := res.outcome()
					count[fmt.Sprintf("%s, taken %v", outcome, taken)]++
					if (outcome == "sent") != taken && outcome != smtpconn.InDoubt.Error() || taken && r.took()[0].body != text {
						t.Errorf("%d bytes, %d extensions, cut at %d: %s, taken %v", size, len(way.extensions), cut, outcome, taken)
					}
				})
			}
			t.Logf("%d bytes, %d extensions, %q: %d runs: %v", size, len(way.extensions), way.body, n, count)
		}
	}
}
