package main

import (
	"bytes"
	"strings"
	"testing"
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
