package smtpconn_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode"

	"github.com/emersion/go-smtp"

	"github.com/mailconn/mailconn/smtpconn"
)

// The phase tells how far a message got, whatever ended it: a refusal, a server that
// hangs up, and one that falls silent, with pipelining and without.
func TestPhase(t *testing.T) {
	for at, want := range map[string]smtpconn.Phase{"MAIL": smtpconn.PhaseMail, "RCPT": smtpconn.PhaseRcpt, "DATA": smtpconn.PhaseData, ".": smtpconn.PhaseEnd, "LAST": smtpconn.PhaseEnd, "BDAT": smtpconn.PhaseContent} {
		for _, how := range []string{"554 5.0.0 no", "451 4.0.0 later", "421 4.3.2 going", "hang up", "silence"} {
			for _, extensions := range [][]string{all, {"CHUNKING", "BINARYMIME"}} {
				for _, n := range []int{1, 2} {
					synctest.Test(t, func(t *testing.T) { testPhase(t, at, want, how, extensions, n) })
				}
			}
		}
	}
}

func testPhase(t *testing.T, at string, want smtpconn.Phase, how string, extensions []string, rcpts int) {
	r := with(extensions...)
	done := false
	r.answer = func(_ int, command, usual string) string {
		switch {
		case done && how == "silence":
			return ""
		case !strings.HasPrefix(command, at):
			return usual
		}
		done = true
		switch how {
		case "hang up":
			r.out.Flush()
			r.conn.Close()
			return ""
		case "silence":
			return ""
		}
		return how
	}
	c, hangUp := dialRelay(t, r, &smtpconn.Options{ReplyTimeout: time.Second})
	defer hangUp()
	e := envelope(recipients(rcpts)...)
	if at == "LAST" || at == "BDAT" {
		e = binary(e.To...)
	}
	_, err := c.Send(t.Context(), e, strings.NewReader(note))
	if got := asResult(nil, err).err; got.Phase != want || got.Outcome == smtpconn.InDoubt && want != smtpconn.PhaseEnd {
		t.Errorf("%s, %s, %d recipients, %d extensions: %s, %v", at, how, rcpts, len(extensions), got.Phase, err)
	}
}

// What is wrong before anything is said has phase config, or content if that is what is
// wrong; what is wrong with the call is not the message's fault.
func TestPhaseConfig(t *testing.T) {
	c, hangUp := dialRelay(t, with("PIPELINING", "SIZE 1000"), nil)
	defer hangUp()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for name, k := range map[string]struct {
		ctx       context.Context
		envelope  smtpconn.Envelope
		content   string
		phase     smtpconn.Phase
		fault     bool
		temporary bool
	}{
		"nil context":   {envelope: envelope(), content: "x", phase: smtpconn.PhaseConfig},
		"nil content":   {ctx: t.Context(), envelope: envelope(), phase: smtpconn.PhaseConfig},
		"ended context": {ctx: ended, envelope: envelope(), content: "x", phase: smtpconn.PhaseConfig, temporary: true},
		"no recipients": {ctx: t.Context(), content: "x", phase: smtpconn.PhaseConfig, fault: true},
		"address":       {ctx: t.Context(), envelope: envelope("no one@x"), content: "x", phase: smtpconn.PhaseConfig, fault: true},
		"extension":     {ctx: t.Context(), envelope: binary(), content: "x", phase: smtpconn.PhaseConfig, fault: true},
		"too large":     {ctx: t.Context(), envelope: envelope(), content: strings.Repeat("x\r\n", 1000), phase: smtpconn.PhaseContent, fault: true},
		"bare LF":       {ctx: t.Context(), envelope: envelope(), content: "a\nb", phase: smtpconn.PhaseContent, fault: true},
	} {
		content := strings.NewReader(k.content)
		var err error
		if k.content == "" {
			_, err = c.Send(k.ctx, k.envelope, nil)
		} else {
			_, err = c.Send(k.ctx, k.envelope, content)
		}
		got := asResult(nil, err).err
		if got.Outcome != smtpconn.NotSent || got.Phase != k.phase || got.MessageAtFault() != k.fault || got.Temporary() != k.temporary {
			t.Errorf("%s: phase %s, at fault %v, temporary %v: %v", name, got.Phase, got.MessageAtFault(), got.Temporary(), err)
		}
	}
}

// A client that is busy says so to a second call, which is no fault of its message.
func TestBusy(t *testing.T) {
	c, hangUp := dialRelay(t, with(all...), nil)
	defer hangUp()
	n := 0
	for _, err := range c.SendEach(t.Context(), repeated(3)) {
		if n++; err != nil {
			t.Error(err)
		}
		_, err := c.Send(t.Context(), envelope(), strings.NewReader(note))
		got := asResult(nil, err).err
		if !errors.Is(err, smtpconn.ErrBusy) || got.Outcome != smtpconn.NotSent || got.Phase != smtpconn.PhaseConfig || got.MessageAtFault() {
			t.Error(err)
		}
		for _, err := range c.SendEach(t.Context(), slices.Values([]smtpconn.Message{message(note)})) {
			if !errors.Is(err, smtpconn.ErrBusy) {
				t.Error(err)
			}
		}
		if err := c.Quit(t.Context()); !errors.Is(err, smtpconn.ErrBusy) {
			t.Error(err)
		}
	}
	if n != 3 || c.Err() != nil {
		t.Errorf("%d results, %v", n, c.Err())
	}
}

// An Outcome is in the chain of the error, and no other is.
func TestOutcomeIs(t *testing.T) {
	for _, o := range []smtpconn.Outcome{smtpconn.NotSent, smtpconn.Refused, smtpconn.InDoubt} {
		err := fmt.Errorf("wrapped: %w", &smtpconn.SendError{Outcome: o})
		for _, other := range []smtpconn.Outcome{smtpconn.NotSent, smtpconn.Refused, smtpconn.InDoubt} {
			if errors.Is(err, other) != (o == other) {
				t.Errorf("%v is %v", o, other)
			}
		}
	}
}

// The text of an error is printable and short, whatever a server said and however
// many recipients it refused.
func TestErrorText(t *testing.T) {
	evil := "\x1b[2J\u202e" + strings.Repeat("x", 3000) + "\xff"
	for _, at := range []string{"MAIL", "RCPT", "DATA", "."} {
		r := with(all...)
		r.answer = func(_ int, command, usual string) string {
			if strings.HasPrefix(command, at) {
				return "554-5.7.1 " + evil + "\r\n554 5.7.1 " + evil
			}
			return usual
		}
		c, hangUp := dialRelay(t, r, nil)
		_, err := c.Send(t.Context(), envelope(recipients(50)...), strings.NewReader(note))
		hangUp()
		printable := func(err error) bool {
			return len(err.Error()) <= 512 && !strings.ContainsFunc(err.Error(), func(r rune) bool { return !unicode.IsPrint(r) })
		}
		var reply *smtp.SMTPError
		if !printable(err) || !errors.As(err, &reply) || len(reply.Message) > 512 {
			t.Errorf("%s: %d bytes, %q", at, len(err.Error()), err)
		}
	}
}
