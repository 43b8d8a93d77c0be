package main

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"

	"github.com/mailconn/mailconn/smtpconn"
	"github.com/mailconn/mailconn/smtpconn/mx"
)

// The demonstration ends in what each rule promises.
func TestDemo(t *testing.T) {
	var out, errs bytes.Buffer
	if status := run(t.Context(), []string{"demo"}, nil, &out, &errs); status != statusOK || errs.Len() > 0 {
		t.Fatalf("status %d, %s", status, &errs)
	}
	for domain, want := range map[string]string{
		"signed.example": "Action: relayed", "attacked.example": "Action: delayed", "bank.example": "Action: relayed",
		"plain.example": "Action: relayed", "guarded.example": "Action: delayed", "none.example": "Action: failed",
	} {
		if !strings.Contains(out.String(), "Final-Recipient: rfc822;ann@"+domain+"\n"+want+"\n") {
			t.Errorf("%s is not %q in\n%s", domain, want, &out)
		}
	}
}

func TestUsage(t *testing.T) {
	for line, want := range map[string]int{
		"-h": statusOK, "look -h": statusOK, "": statusUsage, "look": statusUsage, "send": statusUsage, "what x": statusUsage, "look -rule x d.example": statusUsage,
		"look -rule d.example=best d.example": statusUsage, "look -resolver x d.example": statusUsage, "look -rule a%b=may d.example": statusUsage,
	} {
		var out, errs bytes.Buffer
		status := run(t.Context(), strings.Fields(line), strings.NewReader(""), &out, &errs)
		if status != want || (status == statusUsage) != (errs.Len() > 0) {
			t.Errorf("%q: status %d, %s%s", line, status, &out, &errs)
		}
	}
	o, err := parse([]string{"send", "-rule", ".bank.example=secure,a.example,b.example", "-from", "x@y", "u@d.example"}, nil)
	if err != nil || o.config.Rules[".bank.example"].Names[1] != "b.example" || o.from != "x@y" || o.args[0] != "u@d.example" {
		t.Errorf("%+v, %v", o, err)
	}
}

// A resolver that does not answer is a reason to try later.
func TestSendLater(t *testing.T) {
	var out, errs bytes.Buffer
	args := []string{"send", "-resolver", "127.0.0.1:9", "u@d.example"}
	if status := run(t.Context(), args, strings.NewReader("Subject: x\n\nx\n"), &out, &errs); status != statusLater || !strings.Contains(out.String(), "Status: 4.4.3") {
		t.Errorf("status %d, %s%s", status, &out, &errs)
	}
	if status := run(t.Context(), []string{"send", "u@d.example", "v@e.example"}, strings.NewReader("x"), &out, &errs); status != statusUnavailable {
		t.Errorf("two domains: status %d", status)
	}
}

// Each recipient has a status (RFC 3464 §2.3.4): its own if a server has refused it.
func TestStatus(t *testing.T) {
	refused := []smtpconn.Refusal{
		{Recipient: "b@d.example", Reply: &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user"}},
		{Recipient: "c@d.example", Reply: &smtp.SMTPError{Code: 450, Message: "later"}},
		{Recipient: "d@d.example", Reply: &smtp.SMTPError{Code: 551, EnhancedCode: smtp.EnhancedCode{2, 0, 0}}},
	}
	text := func(exit int, status ...string) string { return fmt.Sprintln(exit, strings.Join(status, " ")) }
	for want, print := range map[string]func(io.Writer) int{
		text(statusLater, "a relayed 2.0.0", "b failed 5.1.1", "c delayed 4.0.0", "d failed 5.0.0"): func(w io.Writer) int {
			return delivered(w, &smtpconn.Receipt{Accepted: []string{"a@d.example"}, Refused: refused})
		},
		text(statusUnavailable, "b failed 5.1.1"): func(w io.Writer) int {
			return delivered(w, &smtpconn.Receipt{Refused: refused[:1]})
		},
		text(statusInDoubt, "a delayed 4.4.2", "b failed 5.1.1"): func(w io.Writer) int {
			return notDelivered(w, []string{"a@d.example", "b@d.example"}, &smtpconn.SendError{Outcome: smtpconn.InDoubt, Refused: refused[:1], Err: &mx.Error{Status: [3]int{4, 4, 2}}})
		},
		text(statusLater, "b failed 5.1.1", "c delayed 4.0.0"): func(w io.Writer) int {
			return notDelivered(w, []string{"b@d.example", "c@d.example"}, &smtpconn.SendError{Outcome: smtpconn.Refused, Refused: refused[:2], Err: &mx.Error{Status: [3]int{4, 0, 0}}})
		},
		text(statusUnavailable, "a failed 5.1.2"): func(w io.Writer) int {
			return notDelivered(w, []string{"a@d.example"}, &smtpconn.SendError{Outcome: smtpconn.NotSent, Err: &mx.Error{Status: [3]int{5, 1, 2}}})
		},
	} {
		var out bytes.Buffer
		exit := print(&out)
		fields := regexp.MustCompile(`Final-Recipient: rfc822;(.)@d.example\nAction: (\S+)\nStatus: (\S+)\n`)
		var got []string
		for _, m := range fields.FindAllStringSubmatch(out.String(), -1) {
			got = append(got, strings.Join(m[1:], " "))
		}
		if text(exit, got...) != want {
			t.Errorf("got %swant %s%s", text(exit, got...), want, &out)
		}
	}
}
